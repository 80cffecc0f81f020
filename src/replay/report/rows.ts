import type { Figure, LatencyResult, PolicyResult, Quantiles } from '../result.ts';

/** A figure of a policy, and how the tables show it. */
export interface Row {
  readonly label: string;
  /** Null: unknown, for instance the wait if no gang became complete. */
  readonly value: (result: PolicyResult) => number | null;
  readonly format: (value: number) => string;
  readonly outOf: ((result: PolicyResult) => number) | undefined;
}

/** 90061000 ms -> `1d 1h`; 61500 -> `1m 2s`; 800 -> `0.8s`. */
export function span(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10}s`;
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const;
  const whole = Math.round(seconds);
  const first = units.findIndex(([, size]) => whole >= size);
  const [name, size] = units[first]!;
  const next = units[first + 1];
  const rest = next ? Math.floor((whole % size) / next[1]) : 0;
  return `${Math.floor(whole / size)}${name}${next && rest > 0 ? ` ${rest}${next[0]}` : ''}`;
}

/** Null for an empty sample, since 0 s would look like the best policy of all. */
const known = (sample: Quantiles, quantile: Figure) => (sample.count === 0 ? null : sample[quantile]);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
export const count = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 1 });
/** Marks a value that should be 0 and is not. */
const zero = (value: number) => (value === 0 ? '0' : `${count(value)} !`);

type Listed = readonly [label: string, value: Row['value'], format: Row['format'], outOf?: Row['outOf']];

const hours = (coreSeconds: number) => coreSeconds / 3600;

const LIST: readonly Listed[] = [
  ['jobs done', (r) => r.outcomes.done, count, (r) => r.outcomes.jobs],
  ['jobs failed by themselves', (r) => r.outcomes.failed, count],
  ['abandoned', (r) => r.outcomes.abandoned, count],
  ['larger than the cluster', (r) => r.outcomes.larger, count],
  ['deadlocked', (r) => r.outcomes.deadlocked, zero],
  ['still waiting', (r) => r.outcomes.waiting, count],
  ['still working', (r) => r.outcomes.working, count],
  ['wait until work begins, mean', (r) => known(r.waitMs, 'mean'), span],
  ['wait p50', (r) => known(r.waitMs, 'p50'), span],
  ['wait p95', (r) => known(r.waitMs, 'p95'), span],
  ['wait p99', (r) => known(r.waitMs, 'p99'), span],
  ['wait max', (r) => known(r.waitMs, 'max'), span],
  ['bounded slowdown, mean', (r) => known(r.slowdown, 'mean'), count],
  ['bounded slowdown p95', (r) => known(r.slowdown, 'p95'), count],
  ['job completion, mean', (r) => known(r.completionMs, 'mean'), span],
  ['job completion p95', (r) => known(r.completionMs, 'p95'), span],
  ['work done per capacity, while jobs are submitted', (r) => r.workShare.window, percent],
  ['work done per capacity, over the makespan', (r) => r.workShare.makespan, percent],
  ['makespan', (r) => r.makespanMs, span],
  ['core-hours held by partial gangs', (r) => hours(r.idle.partial), zero],
  ['core-hours held while pods start', (r) => hours(r.idle.starting), count],
  ['core-hours reserved', (r) => hours(r.idle.reserved), count],
  ['core-hours held by broken jobs', (r) => hours(r.idle.broken), count],
  ['pods evicted for others', (r) => r.evictions, count],
  ['jobs broken by evictions', (r) => r.gangsBroken, count],
  ['core-hours of work lost to evictions', (r) => hours(r.work.lostToEvictions), count],
  ['core-hours of work lost to node failures', (r) => hours(r.work.lostToFailures), count],
  ['deadlines missed', (r) => (r.deadlines === 0 ? null : r.deadlinesMissed), count, (r) => r.deadlines],
  ['waiting while a job of lower priority holds enough', (r) => r.inversionSeconds * 1000, span],
  ['overcommits', (r) => r.overcommits, zero],
  ['pods bound', (r) => r.podsBound, count],
  ['node failures', (r) => r.nodeFailures, count],
  ['extender decisions', (r) => r.decisions.filter + r.decisions.prioritize + r.decisions.preempt, count],
];

/** The rows of the comparison, in the terminal and in the HTML report. */
export const ROWS: readonly Row[] = LIST.map(([label, value, format, outOf]) => ({ label, value, format, outOf }));

export function textOf({ value, format, outOf }: Row, result: PolicyResult): string {
  const figure = value(result);
  if (figure === null) return '-';
  return outOf ? `${format(figure)} of ${format(outOf(result))}` : format(figure);
}

/** Wall-clock rows: they differ from run to run. */
export const WALL_ROWS: readonly (readonly [label: string, value: (latency: LatencyResult) => string])[] = [
  ['decisions per second (wall clock)', (l) => count(Math.round(l.decisionsPerSecond))],
  ['filter p50 / p99 (wall clock)', ({ filterUs }) => `${Math.round(filterUs.p50)} / ${Math.round(filterUs.p99)} µs`],
];
