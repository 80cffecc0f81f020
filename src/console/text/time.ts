/** Times and spans for people. */

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;

/** `4 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. @param ms negative counts as 0 */
export function spanText(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < MINUTE_S) return `${s} s`;
  if (s < 10 * MINUTE_S) return two(Math.floor(s / MINUTE_S), 'min', s % MINUTE_S, 's');
  if (s < HOUR_S) return `${Math.floor(s / MINUTE_S)} min`;
  if (s < DAY_S) return two(Math.floor(s / HOUR_S), 'h', Math.floor((s % HOUR_S) / MINUTE_S), 'min');
  return two(Math.floor(s / DAY_S), 'd', Math.floor((s % DAY_S) / HOUR_S), 'h');
}

/** `12 min ago`, or `in 12 min`; within two seconds `now`. */
export function relativeText(atMs: number, nowMs: number): string {
  if (Math.abs(atMs - nowMs) < 2000) return 'now';
  return atMs < nowMs ? `${spanText(nowMs - atMs)} ago` : `in ${spanText(atMs - nowMs)}`;
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const hour = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** As `relativeText`, of what is foretold: what should have come by now is due now. */
export const expectedText = (atMs: number, nowMs: number): string =>
  nowMs - atMs >= DUE_MS ? 'due' : relativeText(Math.max(atMs, nowMs), nowMs);

/** What was foretold for longer ago is due. */
const DUE_MS = 10_000;

/** The whole date and time with its zone. */
export const absoluteText = (iso: string) => day.format(new Date(iso));
/** The time of day. */
export const hourText = (iso: string) => hour.format(new Date(iso));

const short = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** A sentence of muster with its times as the clock of this machine shows them. */
export const withLocalTimes = (text: string) =>
  text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (iso) => {
    const at = new Date(iso);
    return Number.isNaN(at.getTime()) ? iso : short.format(at);
  });
