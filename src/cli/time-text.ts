import type { z } from 'zod';
import { listed } from '../core/wording.ts';
import { span } from '../replay/report/format.ts';
import type { ExplanationView, ForecastView, StartView } from '../server/api/schemas.ts';

/** What muster foretells, for people, by the clock of this machine. */

const pad = (value: number) => String(value).padStart(2, '0');

/** `14:20` today, `2026-11-23 14:20 CET` on another day. */
export function clockTime(iso: string, now: Date): string {
  const at = new Date(iso);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return time;
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')!.value;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time} ${zone}`;
}

const ends = (names: readonly string[]) => `${listed(names)} ${names.length === 1 ? 'ends' : 'end'}`;

/** Times nearer than this are now. */
const NOW_MS = 60_000;

/** @param who what the sentence is about: `It`, or the name of a file */
export function startText(start: z.output<typeof StartView>, now: Date, who = 'It'): string {
  const { earliest, about, latest, because, unknown, isAtLeast } = start;
  const at = (iso: string) => clockTime(iso, now);
  const nobody = unknown.length > 0 ? `nobody knows when ${ends(unknown)}` : 'nobody knows when there is room';
  if (about === undefined)
    return `${who} has no start time: ${nobody}.${earliest === undefined ? '' : ` Not before ${at(earliest)}.`}`;
  if (isAtLeast) return `${who} starts at ${at(about)} or later: there is more ahead of it than muster looks at.`;
  const isNow = (iso: string | undefined) => iso !== undefined && Date.parse(iso) - now.getTime() < NOW_MS;
  if (isNow(latest)) return `${who} starts now.`;
  const when = because.length > 0 ? `, when ${ends(because)}` : '';
  const supposed =
    latest !== undefined && unknown.length > 0
      ? `Nothing is known of how long ${listed(unknown)} ${unknown.length === 1 ? 'runs' : 'run'}: that is supposed. `
      : '';
  const from = isNow(earliest) ? 'now' : at(earliest ?? about);
  const between = latest === undefined ? `${from} at the earliest; ${nobody}` : `between ${from} and ${at(latest)}`;
  return `${who} starts about ${isNow(about) ? 'now' : at(about)} (${between})${when}. ${supposed}That is no promise: forecasts may be wrong.`;
}

export function forecastText({
  medianSeconds,
  p90Seconds,
  isKnown,
  runs,
  basis,
}: z.output<typeof ForecastView>): string {
  if (medianSeconds === undefined)
    return isKnown ? `It never ends (${basis}).` : `Nothing is known of how long it runs (${basis}).`;
  const most = p90Seconds === undefined ? '' : `, nine times of ten at most ${span(p90Seconds * 1000)}`;
  if (!isKnown)
    return `Nothing is known of how long it runs (${basis}); muster supposes ${span(medianSeconds * 1000)}${most}.`;
  const of = runs === 0 ? basis : `${runs} ended ${runs === 1 ? 'run' : 'runs'}: ${basis}`;
  return `It runs about ${span(medianSeconds * 1000)}${most} (${of}).`;
}

/** The sentences about time in the explanation of a gang. */
export function timeLines({ start, ends: end, forecast }: z.output<typeof ExplanationView>, now: Date): string[] {
  const lines = start ? [startText(start, now)] : [];
  if (start?.promised !== undefined)
    lines.push(`It was told first that it starts by ${clockTime(start.promised, now)}.`);
  if (end?.about !== undefined) {
    const late = end.latest === undefined ? '' : `, nine times of ten by ${clockTime(end.latest, now)}`;
    lines.push(`It ends about ${clockTime(end.about, now)}${late}.`);
  }
  if (forecast) lines.push(forecastText(forecast));
  return lines;
}
