import { span } from '../replay/report/format.ts';
import { clockTime } from './time-text.ts';
import type { View } from './view.ts';

/** Times nearer than this are now. */
const NOW_MS = 10_000;

/** For people `12m ago`; for programs the time itself. */
export function ago(iso: string | undefined, { isTerminal, now }: View): string {
  if (iso === undefined) return '-';
  if (!isTerminal) return iso;
  const ms = now().getTime() - Date.parse(iso);
  return Math.abs(ms) < NOW_MS ? 'just now' : ms < 0 ? `in ${rounded(-ms)}` : `${rounded(ms)} ago`;
}

/** For people `in about 40m`, or `due` if that is over; for programs the time itself. Absent: it is not known. */
export function until(iso: string | undefined, { isTerminal, now }: View): string {
  if (iso === undefined) return '-';
  if (!isTerminal) return iso;
  const ms = Date.parse(iso) - now().getTime();
  if (ms < -NOW_MS) return 'due';
  return ms < NOW_MS ? 'now' : `in about ${rounded(ms)}`;
}

/** `14:20 (12m ago)` for people; for programs the time itself. */
export const since = (iso: string, view: View): string =>
  view.isTerminal ? `${clockTime(iso, view.now())} (${ago(iso, view)})` : iso;

/** A sentence of muster, its times by the clock of this machine for people; for programs as it is. */
export const withLocalTimes = (text: string, { isTerminal, now }: View): string =>
  isTerminal
    ? text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (iso) =>
        Number.isNaN(Date.parse(iso)) ? iso : clockTime(iso, now()),
      )
    : text;

/** Two units below an hour, one beyond ten: `45s`, `12m`, `3h 5m`, `12h`, `3d 4h`. */
function rounded(ms: number): string {
  const [first = '', second] = span(Math.round(ms / 1000) * 1000).split(' ');
  const isFine = second === undefined || first.endsWith('m') || Number.parseInt(first) >= 10;
  return isFine ? first : `${first} ${second}`;
}
