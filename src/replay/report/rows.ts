import type { Figure, LatencyResult, OpenQuantiles, PolicyResult } from '../result.ts';
import { count, percent, ratio, span } from './format.ts';

/** A figure of a policy, and how tables show it. */
export interface Row {
  readonly label: string;
  /** The label for narrow screens. */
  readonly short: string;
  /** Null: unknown, for instance the wait if no job counts. */
  readonly value: (result: PolicyResult) => number | null;
  readonly format: (value: number) => string;
  /** The number that the value is a part of. */
  readonly outOf?: (result: PolicyResult) => number;
  /** Undefined: neither direction is better. */
  readonly better: 'less' | 'more' | undefined;
  /** Only tables with a figure have it. */
  readonly isOptional?: true;
  /** Whether the value is a lower bound, because jobs had not begun, or were not over, when the simulation ended. */
  readonly isLowerBound: (result: PolicyResult) => boolean;
}

type Names = readonly [label: string, short: string];
type Value = (result: PolicyResult) => number;
type Foretold = NonNullable<PolicyResult['foretold']>;
type Queues = NonNullable<PolicyResult['queues']>;
type Extra = Partial<Pick<Row, 'outOf' | 'better' | 'isLowerBound' | 'isOptional'>>;

/** A row of which less is better, unless `extra` says otherwise. */
function row([label, short]: Names, format: Row['format'], value: Row['value'], extra: Extra = {}): Row {
  return { label, short, value, format, better: 'less', isLowerBound: () => false, ...extra };
}

/** A figure of a sample. Null for an empty sample, since 0 s would look like the best policy of all. */
function figure(names: Names, of: (result: PolicyResult) => OpenQuantiles, name: Figure, format: Row['format']): Row {
  return row(names, format, (result) => (of(result).count === 0 ? null : of(result)[name]), {
    isLowerBound: (result) => of(result).atLeast.includes(name),
  });
}

const waits = ({ waitMs }: PolicyResult) => waitMs;
const slowdowns = ({ slowdown }: PolicyResult) => slowdown;
const completions = ({ completionMs }: PolicyResult) => completionMs;

const unfinished = ({ outcomes }: PolicyResult) =>
  outcomes.larger + outcomes.deadlocked + outcomes.waiting + outcomes.working + outcomes.abandoned;
/** Only jobs that the cluster could run: one that is larger than the cluster makes no policy later. */
const hasOpenJobs = ({ outcomes }: PolicyResult) => outcomes.deadlocked + outcomes.waiting + outcomes.working > 0;

/** Unknown before the last end: a policy that ends few jobs early and the others never would look busy. */
const makespanShare = (result: PolicyResult) => (hasOpenJobs(result) ? null : result.workShare.makespan);

/** Marks a value that should be 0 and is not. */
const zero = (value: number) => (value === 0 ? '0' : `${count(value)} !`);

const none: Extra = { better: undefined };
const more: Extra = { better: 'more' };
const less: Extra = { better: 'less' };

/** A sum over the simulation: jobs that still wait, work or hold room would add to it. */
const growing: Extra = { isLowerBound: hasOpenJobs };

/** How what was foretold came out, where it was. */
const foretold = (names: Names, format: Row['format'], value: (of: Foretold) => number | null, extra: Extra = none) =>
  row(names, format, (r) => (r.foretold ? value(r.foretold) : null), { ...extra, isOptional: true });

/** How queues were treated, where there are several. */
const queues = (
  names: Names,
  format: Row['format'],
  value: (of: Queues, jobs: number) => number,
  extra: Extra = less,
) => row(names, format, (r) => (r.queues ? value(r.queues, r.outcomes.jobs) : null), { ...extra, isOptional: true });

const hundredths = (value: number) => value.toFixed(2);

const shareKept = ({ kept, late }: Foretold) => (kept + late === 0 ? null : kept / (kept + late));

/** How late the late starts were. */
const late = (names: Names, name: Figure) =>
  foretold(names, span, ({ lateMs }) => (lateMs.count === 0 ? null : lateMs[name]), {
    isLowerBound: (r) => r.foretold?.lateMs.atLeast.includes(name) ?? false,
  });

/** From core-seconds. */
const coreHours = (names: Names, coreSeconds: Value) => row(names, count, (r) => coreSeconds(r) / 3600, growing);

const DONE = row(['jobs done', 'jobs done'], count, (r) => r.outcomes.done, { ...more, outOf: (r) => r.outcomes.jobs });
const WAIT_MEAN = figure(['wait until work begins, mean', 'wait mean'], waits, 'mean', span);
const WAIT_P95 = figure(['wait p95', 'wait p95'], waits, 'p95', span);

/** One policy in one line, for what is printed while others still run. */
export const summaryOf = (result: PolicyResult): string =>
  `${textOf(DONE, result)} jobs done, mean wait ${textOf(WAIT_MEAN, result)}, p95 ${textOf(WAIT_P95, result)}`;

/** The rows of the comparison, in the terminal and in the HTML report. */
export const ROWS: readonly Row[] = [
  DONE,
  row(['failed by themselves', 'failed'], count, (r) => r.outcomes.failed, none),
  row(['unfinished', 'unfinished'], count, unfinished),
  row(['unfinished: larger than the cluster', 'too large'], count, (r) => r.outcomes.larger, none),
  row(['unfinished: deadlocked while holding room', 'deadlocked'], zero, (r) => r.outcomes.deadlocked),
  row(['unfinished: still waiting', 'waiting'], count, (r) => r.outcomes.waiting),
  row(['unfinished: still working', 'working'], count, (r) => r.outcomes.working),
  row(['unfinished: lost too often, and abandoned', 'abandoned'], count, (r) => r.outcomes.abandoned),
  WAIT_MEAN,
  figure(['wait p50', 'wait p50'], waits, 'p50', span),
  WAIT_P95,
  figure(['wait p99', 'wait p99'], waits, 'p99', span),
  figure(['longest wait', 'longest wait'], waits, 'max', span),
  figure(['wait of large jobs, p95', 'wait p95, 16+ members'], ({ largeWaitMs }) => largeWaitMs, 'p95', span),
  figure(['bounded slowdown, mean', 'slowdown mean'], slowdowns, 'mean', ratio),
  figure(['bounded slowdown p95', 'slowdown p95'], slowdowns, 'p95', ratio),
  figure(['job completion, mean', 'completion mean'], completions, 'mean', span),
  figure(['job completion p95', 'completion p95'], completions, 'p95', span),
  row(['work done per capacity, submission window', 'work in window'], percent, (r) => r.workShare.window, more),
  row(['work done per capacity, makespan', 'work in makespan'], percent, makespanShare, more),
  row(['makespan', 'makespan'], span, (r) => r.makespanMs, growing),
  coreHours(['held without work: partial gangs, core-hours', 'core-h in partial gangs'], (r) => r.idle.partial),
  coreHours(['held without work: starting, core-hours', 'core-h starting'], (r) => r.idle.starting),
  coreHours(['held without work: reserved, core-hours', 'core-h reserved'], (r) => r.idle.reserved),
  coreHours(['held without work: broken gangs, core-hours', 'core-h in broken gangs'], (r) => r.idle.broken),
  row(['pods evicted for others', 'pods evicted'], count, (r) => r.evictions, growing),
  row(['gangs broken by evictions', 'gangs broken'], count, (r) => r.gangsBroken, growing),
  coreHours(['work lost to evictions, core-hours', 'core-h lost to evictions'], (r) => r.work.lostToEvictions),
  coreHours(['work lost to node failures, core-hours', 'core-h lost to failures'], (r) => r.work.lostToFailures),
  row(['deadlines missed', 'deadlines missed'], count, (r) => (r.deadlines === 0 ? null : r.deadlinesMissed), {
    outOf: (r) => r.deadlines,
  }),
  row(
    ['waiting while lower priority holds enough', 'priority inversion'],
    span,
    (r) => r.inversionSeconds * 1000,
    growing,
  ),
  queues(
    ["fairness of queues (Jain's index)", 'fairness of queues'],
    (value) => value.toFixed(3),
    ({ jain }) => jain,
    more,
  ),
  queues(
    ['longest time of a queue under its entitlement', 'under entitlement'],
    span,
    ({ worst }) => worst.underMs,
    growing,
  ),
  queues(['reclaims per 100 jobs', 'reclaims per 100'], hundredths, ({ reclaims }, jobs) =>
    per100(reclaims.count, jobs),
  ),
  queues(['gangs evicted for other queues, per 100 jobs', 'reclaimed per 100'], hundredths, ({ reclaims }, jobs) =>
    per100(reclaims.gangs, jobs),
  ),
  queues(['evicted again within 10 min of a start', 'evicted again'], zero, ({ cycles }) => cycles),
  row(['overcommits', 'overcommits'], zero, (r) => r.overcommits),
  foretold(['told a start time', 'told a start time'], count, ({ starts }) => starts || null),
  foretold(['started by the time promised', 'promises kept'], percent, shareKept, more),
  foretold(['overtaken by more important gangs', 'overtaken'], count, ({ overtaken }) => overtaken || null),
  late(['late starts, p50', 'late starts p50'], 'p50'),
  late(['late starts, p95', 'late starts p95'], 'p95'),
  foretold(['starts missed by, per wait', 'starts missed by'], percent, ({ startError }) => startError, less),
  foretold(['run times missed by a factor, p50', 'run times missed by'], ratio, ({ runError }) =>
    runError === null ? null : Math.exp(runError),
  ),
  foretold(['run times within the foretold p90', 'run times within p90'], percent, ({ withinP90 }) => withinP90),
];

const per100 = (count: number, jobs: number) => (jobs === 0 ? 0 : (100 * count) / jobs);

const calls = ({ decisions }: PolicyResult) => decisions.filter + decisions.prioritize + decisions.preempt;

/** Rows that say how the simulation went and compare nothing. */
export const NOTE_ROWS: readonly Row[] = [
  row(['node failures', 'node failures'], count, (r) => r.nodeFailures, none),
  row(['pods bound', 'pods bound'], count, (r) => r.podsBound, none),
  row(['extender decisions', 'decisions'], count, calls, none),
];

/** Wall-clock rows: they differ from run to run. */
export const WALL_ROWS: readonly (readonly [label: string, value: (latency: LatencyResult) => string])[] = [
  ['decisions per second (wall clock)', (l) => count(Math.round(l.decisionsPerSecond))],
  ['filter p50 / p99 (wall clock)', ({ filterUs }) => `${Math.round(filterUs.p50)} / ${Math.round(filterUs.p99)} µs`],
];

/** `>= 1h 2m`, `3 of 10`, `-` if it is unknown. */
export function textOf({ value, format, outOf, isLowerBound }: Row, result: PolicyResult): string {
  const known = value(result);
  if (known === null) return '-';
  const text = outOf ? `${format(known)} of ${format(outOf(result))}` : format(known);
  return isLowerBound(result) ? `>= ${text}` : text;
}

/** The rows of a table of these policies. */
export const rowsOf = (policies: readonly PolicyResult[]): readonly Row[] =>
  ROWS.filter((one) => !one.isOptional || policies.some((policy) => one.value(policy) !== null));

/** Rows, with those folded away that tell nothing about the differences between policies. */
export interface Folded {
  readonly shown: readonly Row[];
  /** 0 under every policy. */
  readonly zero: readonly Row[];
  /** Unknown under every policy, such as missed deadlines where no job has one. */
  readonly unknown: readonly Row[];
  /** The same text under all of several policies. */
  readonly equal: readonly Row[];
}

/** The first row is never folded. */
export function fold([first, ...rows]: readonly Row[], policies: readonly PolicyResult[]): Folded {
  const folded = { shown: first ? [first] : [], zero: [] as Row[], unknown: [] as Row[], equal: [] as Row[] };
  for (const one of rows) folded[kindOf(one, policies)].push(one);
  return folded;
}

function kindOf(one: Row, policies: readonly PolicyResult[]): keyof Folded {
  const all = (isSo: (policy: PolicyResult) => boolean) => policies.length > 0 && policies.every(isSo);
  if (all((policy) => one.value(policy) === 0)) return 'zero';
  if (all((policy) => one.value(policy) === null)) return 'unknown';
  const isEqual = policies.length > 1 && new Set(policies.map((policy) => textOf(one, policy))).size === 1;
  return isEqual ? 'equal' : 'shown';
}
