import { span } from '../format.ts';

/** Maps a value to its place on the plot, 0 (left, bottom) to 1000, and says what stands beside the axis. */
export interface Axis {
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
}

interface Tick {
  readonly at: number;
  readonly label: string;
}

/** An axis of times or spans in ms, which also says what stands at a place. */
export interface SpanAxis extends Axis {
  readonly valueAt: (place: number) => number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Places between the names of two ticks: a name has 36 pixels on the narrowest plot. */
const LEAST_DISTANCE = 130;
const numbers = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
const marks = (seconds: readonly number[], hours: readonly number[], days: readonly number[]) => [
  ...seconds.map((n) => n * SECOND_MS),
  ...seconds.map((n) => n * MINUTE_MS),
  ...hours.map((n) => n * HOUR_MS),
  ...days.map((n) => n * DAY_MS),
];
/** Where a logarithmic axis may have ticks: the first of these with at least three on the axis. */
const MARKS_MS = [
  marks([1, 10], [1, 10], [4, 40]),
  marks([1, 2, 5, 10, 20, 30], [1, 2, 5, 10], [1, 2, 4, 10, 20, 40]),
  marks([...numbers(1, 9), ...numbers(10, 50, 10)], numbers(1, 22), numbers(1, 60)),
] as const;

const place = (share: number) => Math.round(1000 * Math.min(1, Math.max(0, share)));

/** Spans of time on a logarithmic axis that begins at 1 s or later; shorter ones stand at its left end. */
export function logSpanAxis(longestMs: number, shortestMs = SECOND_MS): SpanAxis {
  const low = Math.max(Math.min(shortestMs, longestMs), SECOND_MS);
  const top = Math.max(longestMs, 2 * low);
  const at = (ms: number) => place(Math.log(Math.max(ms, low) / low) / Math.log(top / low));
  const within = MARKS_MS.map((grid) => grid.filter((ms) => ms >= low && ms <= top));
  const grid = within.find((some) => some.length >= 3) ?? within[1] ?? [];
  const ticks = spaced(grid.map((ms) => ({ at: at(ms), label: span(ms) })));
  return { at, ticks, valueAt: (where) => low * (top / low) ** (where / 1000) };
}

/** Without the ticks that are too near to the one before them for their names. */
function spaced(ticks: readonly Tick[]): Tick[] {
  const kept: Tick[] = [];
  for (const tick of ticks) if (tick.at - (kept.at(-1)?.at ?? -Infinity) >= LEAST_DISTANCE) kept.push(tick);
  return kept;
}

/** Shares from 0 to 1. */
export const SHARE_AXIS: Axis = {
  at: place,
  ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => ({ at: place(share), label: `${100 * share} %` })),
};

/** Figures between these two, with about `pieces` ticks at round numbers of a unit. */
export function linearAxis(low: number, high: number, format: (value: number) => string, pieces = 4): Axis {
  const unit = format === span ? spanUnit(high) : 1;
  const step = unit * roundStep((high - low) / pieces / unit);
  const at = (value: number) => place(high === low ? 0.5 : (value - low) / (high - low));
  const ticks: Tick[] = [];
  // Math.ceil may give -0, which would be shown as such.
  for (let i = Math.ceil(low / step) + 0; i * step <= high; i++)
    ticks.push({ at: at(i * step), label: format(i * step) });
  return { at, ticks };
}

const spanUnit = (ms: number) => [HOUR_MS, MINUTE_MS].find((unit) => ms >= 2 * unit) ?? SECOND_MS;

/** The smallest of 1, 2, 5, 10, 20 ... (and .5, .2 ...) that is not below the number. */
function roundStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10);
}

/** Time since the first submission. What comes long after the last submission is compressed into the tail. */
export interface TimeAxis extends SpanAxis {
  readonly endMs: number;
  /** Where the tail begins. Undefined: the axis is linear to its end. */
  readonly tailAt: number | undefined;
}

/** A run that ends within this multiple of the submission window needs no tail. */
const NEAR = 1.25;
/** Share of the width for the submission window where there is a tail. */
const WINDOW_SHARE = 0.8;
const STEPS_MS = [1, 5, 15, 30]
  .map((n) => n * MINUTE_MS)
  .concat([1, 2, 3, 6, 12].map((n) => n * HOUR_MS))
  .concat([1, 2, 5, 10, 30, 100].map((n) => n * DAY_MS));

/** @param windowMs from the first submission to the last; @param endMs until the last run ended */
export function timeAxis(windowMs: number, endMs: number): TimeAxis {
  const window = Math.max(windowMs, SECOND_MS);
  const end = Math.max(endMs, window);
  const isLong = end > NEAR * window;
  const body = isLong ? window : end;
  const share = isLong ? WINDOW_SHARE : 1;
  const at = (ms: number) =>
    place(ms <= body || !isLong ? (share * ms) / body : share + ((1 - share) * (ms - body)) / (end - body));
  const valueAt = (where: number) => {
    const part = where / 1000;
    return part <= share ? (part / share) * body : body + ((part - share) / (1 - share)) * (end - body);
  };
  const step = STEPS_MS.find((one) => body / one <= 4.5) ?? roundStep(body / 4);
  const ticks: Tick[] = [];
  for (let ms = 0; ms < body * (isLong ? 0.93 : 1.001); ms += step) ticks.push({ at: at(ms), label: clock(ms) });
  if (isLong) ticks.push({ at: 1000, label: clock(end) });
  return { at, ticks, endMs: end, tailAt: isLong ? place(share) : undefined, valueAt };
}

/** 5400000 -> `1.5 h`; 600000 -> `10 min`; 259200000 -> `3 d` */
export function clock(ms: number): string {
  const [size, unit] = ms >= 2 * DAY_MS ? [DAY_MS, 'd'] : ms >= HOUR_MS ? [HOUR_MS, 'h'] : [MINUTE_MS, 'min'];
  return ms === 0 ? '0' : `${Math.round((10 * ms) / size) / 10} ${unit}`;
}
