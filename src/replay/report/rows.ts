import type { LatencyResult, PolicyResult, Quantiles } from '../result.ts';

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
const known = (sample: Quantiles, quantile: 'p50' | 'p95' | 'p99') => (sample.count === 0 ? null : sample[quantile]);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
export const count = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 1 });
/** Marks a value that should be 0 and is not. */
const zero = (value: number) => (value === 0 ? '0' : `${count(value)} !`);

type Listed = readonly [label: string, value: Row['value'], format: Row['format'], outOf?: Row['outOf']];

const LIST: readonly Listed[] = [
  ['gangs done', (r) => r.gangsDone, count, (r) => r.jobs],
  ['gangs failed by themselves', (r) => r.gangsFailed, count],
  ['gangs unfinished', (r) => r.gangsUnfinished, count],
  ['of these deadlocked while holding room', (r) => r.gangsDeadlocked, zero],
  ['wait until complete, p50', (r) => known(r.waitMs, 'p50'), span],
  ['wait p95', (r) => known(r.waitMs, 'p95'), span],
  ['wait p99', (r) => known(r.waitMs, 'p99'), span],
  ['wait of the highest priority, p50', (r) => known(r.waitHighestMs, 'p50'), span],
  ['wait of the highest priority, p95', (r) => known(r.waitHighestMs, 'p95'), span],
  ['waiting while a lower-priority gang holds enough', (r) => r.inversionSeconds * 1000, span],
  ['pods evicted for others', (r) => r.evictions, count],
  ['gangs broken by evictions', (r) => r.gangsBroken, count],
  ['core-hours of work lost to evictions', (r) => r.coreSecondsLost / 3600, count],
  ['deadlines missed', (r) => (r.deadlines === 0 ? null : r.deadlinesMissed), count, (r) => r.deadlines],
  ['job completion p50', (r) => known(r.completionMs, 'p50'), span],
  ['job completion p95', (r) => known(r.completionMs, 'p95'), span],
  ['makespan', (r) => r.makespanMs, span],
  ['cpu bound, mean', (r) => r.meanBound, percent],
  ['cpu at work, mean', (r) => r.meanWorking, percent],
  ['free cpu too scattered for a worker, mean', (r) => r.meanFragmentation, percent],
  ['partial-gang seconds', (r) => r.partialGangSeconds, zero],
  ['degraded-gang seconds (node failures, evictions)', (r) => r.degradedGangSeconds, count],
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
