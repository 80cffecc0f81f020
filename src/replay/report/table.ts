import Table from 'cli-table3';
import type { LatencyResult, PolicyResult, Quantiles, ReplayResult } from '../result.ts';

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

/** Of an empty sample nothing is known; 0 s would look like the best policy of all. */
const spanOf = (sample: Quantiles, quantile: 'p50' | 'p95' | 'p99') =>
  sample.count === 0 ? '-' : span(sample[quantile]);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const count = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 1 });
/** Whatever must be 0 and is not stands out. */
const zero = (value: number) => (value === 0 ? '0' : `${count(value)} !`);

/** The rows of the comparison: label, and the value for a policy. The HTML report shows the same. */
export const ROWS: readonly (readonly [label: string, value: (result: PolicyResult) => string])[] = [
  ['gangs done', (r) => `${count(r.gangsDone)} of ${count(r.jobs)}`],
  ['gangs failed by themselves', (r) => count(r.gangsFailed)],
  ['gangs unfinished', (r) => count(r.gangsUnfinished)],
  ['of these deadlocked with room in hand', (r) => zero(r.gangsDeadlocked)],
  ['wait until complete, p50', (r) => spanOf(r.waitMs, 'p50')],
  ['wait p95', (r) => spanOf(r.waitMs, 'p95')],
  ['wait p99', (r) => spanOf(r.waitMs, 'p99')],
  ['wait of the highest priority, p50', (r) => spanOf(r.waitHighestMs, 'p50')],
  ['wait of the highest priority, p95', (r) => spanOf(r.waitHighestMs, 'p95')],
  ['waiting while a lower gang holds enough', (r) => span(r.inversionSeconds * 1000)],
  ['pods evicted for others', (r) => count(r.evictions)],
  ['gangs broken by it', (r) => count(r.gangsBroken)],
  ['core-hours of work lost by it', (r) => count(r.coreSecondsLost / 3600)],
  ['deadlines missed', (r) => (r.deadlines === 0 ? '-' : `${count(r.deadlinesMissed)} of ${count(r.deadlines)}`)],
  ['job completion p50', (r) => spanOf(r.completionMs, 'p50')],
  ['job completion p95', (r) => spanOf(r.completionMs, 'p95')],
  ['makespan', (r) => span(r.makespanMs)],
  ['cpu bound, mean', (r) => percent(r.meanBound)],
  ['cpu at work, mean', (r) => percent(r.meanWorking)],
  ['free cpu too scattered for a worker, mean', (r) => percent(r.meanFragmentation)],
  ['partial-gang seconds', (r) => zero(r.partialGangSeconds)],
  ['degraded-gang seconds (node failures, evictions)', (r) => count(r.degradedGangSeconds)],
  ['overcommits', (r) => zero(r.overcommits)],
  ['pods bound', (r) => count(r.podsBound)],
  ['node failures', (r) => count(r.nodeFailures)],
  ['extender decisions', (r) => count(r.decisions.filter + r.decisions.prioritize + r.decisions.preempt)],
];

/** Wall-clock rows: they differ from run to run. */
export const WALL_ROWS: readonly (readonly [label: string, value: (latency: LatencyResult) => string])[] = [
  ['decisions per second (wall clock)', (l) => count(Math.round(l.decisionsPerSecond))],
  ['filter p50 / p99 (wall clock)', ({ filterUs }) => `${Math.round(filterUs.p50)} / ${Math.round(filterUs.p99)} µs`],
];

/** Names come from files: none may move the cursor or clear the screen. */
// eslint-disable-next-line no-control-regex -- these are what must go
const printable = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');

/** All policies side by side, for a terminal. Waits are of gangs that became complete: read them with `gangs done`. */
export function comparisonTable(result: ReplayResult): string {
  const table = new Table({
    head: ['', ...result.policies.map(({ policy }) => printable(policy))],
    style: { head: [], border: [] },
  });
  for (const [label, value] of ROWS) table.push([label, ...result.policies.map(value)]);
  for (const [label, value] of WALL_ROWS) table.push([label, ...result.latency.map(value)]);
  const { trace, nodes, seed, complete } = result;
  const head = [
    `${trace.name} (${trace.format}): ${count(trace.jobs)} jobs, ${count(trace.pods)} pods, on ${count(nodes.count)} nodes (${nodes.name}), seed ${seed}`,
    ...(complete ? [] : ['STOPPED EARLY: the figures are of the part that ran.']),
    ...[...result.notes, ...result.options].map((note) => `  - ${note}`),
    ...result.drawn.map((note) => `  - drawn: ${note}`),
  ];
  return `${head.map(printable).join('\n')}\n${table.toString()}`;
}
