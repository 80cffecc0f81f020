import { weightOf } from '../core/account/prices.ts';
import { MusterError } from '../core/errors.ts';
import type { NodeInfo } from '../core/model.ts';
import type { Resources } from '../core/resources.ts';
import { counted } from '../core/wording.ts';
import type { JobRecord } from './job-record.ts';
import { OpenSample } from './quantiles.ts';
import { replay, type ReplayInput, type ReplayPolicy } from './replay.ts';
import type { OpenQuantiles } from './result.ts';
import { CostBook } from './sim/cost.ts';
import { runAloneMs, type TraceJob } from './trace/job.ts';

/** By what jobs are divided among clusters of their own. */
export type IslandKey = 'queue' | 'namespace' | 'user';

/** The jobs of one queue, namespace or user. */
export interface Islanders {
  readonly name: string;
  readonly jobs: readonly TraceJob[];
  /** What their work would cost at default prices, in core-hours. */
  readonly work: number;
}

/** How some jobs fared on a cluster. */
export interface Fare {
  readonly nodes: number;
  readonly perHour: number;
  readonly waitMs: OpenQuantiles;
  /** Jobs that were neither done nor failed by themselves. */
  readonly unfinished: number;
}

/** Some jobs on a cluster: all together, and each group for itself. */
export interface Fares extends Fare {
  readonly groups: ReadonlyMap<string, Pick<Fare, 'waitMs' | 'unfinished'>>;
  readonly endMs: number;
  /** Whether it ran to its end. */
  readonly isComplete: boolean;
}

/** The groups, the one with the most work first, and equal ones by name. */
export function islandersOf(jobs: readonly TraceJob[], by: IslandKey): readonly Islanders[] {
  const groups = new Map<string, TraceJob[]>();
  for (const job of jobs) {
    const group = groups.get(job[by]);
    if (group) group.push(job);
    else groups.set(job[by], [job]);
  }
  const all = [...groups].map(([name, own]) => ({
    name,
    jobs: own,
    work: own.reduce((sum, job) => sum + workOf(job), 0),
  }));
  return all.sort((a, b) => b.work - a.work || (a.name < b.name ? -1 : 1));
}

/**
 * Divides the nodes by how much work each group has: to each at least one, and of each kind its part, because they are
 * dealt evenly over the list. @throws MusterError MUSTER_USAGE if there are fewer nodes than groups
 */
export function divided(nodes: readonly NodeInfo[], groups: readonly Islanders[]): readonly (readonly NodeInfo[])[] {
  const counts = countsFor(nodes.length, groups);
  const hands = groups.map((): NodeInfo[] => []);
  nodes.forEach((node, i) => {
    const owed = counts.map((count, g) => (count * (i + 1)) / nodes.length - hands[g]!.length);
    hands[owed.indexOf(Math.max(...owed))]!.push(node);
  });
  return hands;
}

/** One each, and the others by largest remainder. */
function countsFor(nodes: number, groups: readonly Islanders[]): readonly number[] {
  if (nodes < groups.length)
    throw new MusterError(
      'MUSTER_USAGE',
      `${groups.length} islands cannot divide ${counted(nodes, 'node')}: each needs one. Give more nodes, or another --by.`,
    );
  const all = groups.reduce((sum, { work }) => sum + work, 0);
  const spare = nodes - groups.length;
  const wanted = groups.map(({ work }) => (all > 0 ? (spare * work) / all : spare / groups.length));
  const counts = wanted.map((part) => 1 + Math.floor(part));
  const byRemainder = wanted.map((part, g) => [part - Math.floor(part), g] as const).sort((a, b) => b[0] - a[0]);
  const left = nodes - counts.reduce((sum, count) => sum + count, 0);
  for (const [, g] of byRemainder.slice(0, left)) counts[g]!++;
  return counts;
}

type Run = Pick<ReplayInput, 'trace' | 'nodesName' | 'options' | 'signal' | 'onProgress'>;

/** Replays the jobs of the trace on these nodes. */
export async function fareOn(
  input: Run & { readonly policy: ReplayPolicy },
  nodes: readonly NodeInfo[],
  by: IslandKey,
): Promise<Fares> {
  const { policy, ...run } = input;
  const groups = new Map<string, Sample>();
  const all = new Sample();
  const onJob = (record: JobRecord) => {
    const own = groups.get(record[by]) ?? new Sample();
    groups.set(record[by], own);
    for (const sample of [own, all]) sample.add(record);
  };
  const { policies, complete } = await replay({ ...run, nodes, policies: [policy], onJob });
  const perHour = new CostBook(nodes, policy.rules.tenancy.prices).perHour;
  const rows = [...groups].map(([name, sample]) => [name, sample.fare()] as const);
  const endMs = policies[0]?.endMs ?? 0;
  return { ...all.fare(), nodes: nodes.length, perHour, groups: new Map(rows), endMs, isComplete: complete };
}

class Sample {
  readonly #waits = new OpenSample();
  #unfinished = 0;

  add({ outcome, isLarger, waitMs, isWaitOpen }: JobRecord): void {
    if (outcome !== 'done' && outcome !== 'failed') this.#unfinished++;
    if (!isLarger) this.#waits.add(waitMs, isWaitOpen);
  }

  fare(): Pick<Fare, 'waitMs' | 'unfinished'> {
    return { waitMs: this.#waits.quantiles(), unfinished: this.#unfinished };
  }
}

/** What the room of all its pods costs at default prices while it runs with all workers. */
function workOf(job: TraceJob): number {
  const { leader, workers } = job;
  return ((weighed(leader) + workers.count * weighed(workers.request)) * runAloneMs(job)) / 3_600_000;
}

const weighed = (amounts: Resources): number =>
  [...amounts].reduce((sum, [name, amount]) => sum + weightOf(name) * amount, 0);

/** A wait that is longer by less than this counts as equal: pods are placed one after the other. */
const EQUAL_MS = 60_000;

/** Whether jobs fare as well as they did on the shared cluster: none more is left, and the p95 wait is no longer. */
export const faresAsWell = (
  { waitMs, unfinished }: Pick<Fare, 'waitMs' | 'unfinished'>,
  shared: Pick<Fare, 'waitMs' | 'unfinished'>,
): boolean =>
  unfinished <= shared.unfinished && !waitMs.atLeast.includes('p95') && waitMs.p95 <= shared.waitMs.p95 + EQUAL_MS;

/** Whether how long the jobs waited is known: else no other cluster can be compared with it. */
export const isKnown = ({ waitMs }: Pick<Fare, 'waitMs'>): boolean => !waitMs.atLeast.includes('p95');

/** One queue, namespace or user, on the shared cluster and on clusters of its own. */
export interface Island {
  readonly name: string;
  readonly jobs: number;
  readonly shared: Pick<Fare, 'waitMs' | 'unfinished'>;
  /** On its part of the same nodes. */
  readonly divided: Fare;
  /** On the least nodes on which it fares as well as on the shared cluster; absent: not looked for, or none were found. */
  readonly alone?: Fare;
}

export interface IslandsResult {
  readonly trace: string;
  readonly nodes: string;
  readonly policy: string;
  readonly seed: number;
  readonly by: IslandKey;
  /** The shared cluster with all jobs, and how long it ran. */
  readonly shared: Fare & { readonly endMs: number };
  readonly islands: readonly Island[];
  /** All islands with as short waits; absent: not looked for, or not found for each. */
  readonly apart?: { readonly nodes: number; readonly perHour: number };
  /** What sharing saves of what islands with as short waits cost, 0..1; below 0: it costs more. */
  readonly saved?: number;
}

/** The sums, where every island has been found. */
export function summedUp(islands: readonly Island[], sharedPerHour: number): Pick<IslandsResult, 'apart' | 'saved'> {
  let [nodes, perHour] = [0, 0];
  for (const { alone } of islands) {
    if (!alone) return {};
    nodes += alone.nodes;
    perHour += alone.perHour;
  }
  return { apart: { nodes, perHour }, ...(perHour > 0 ? { saved: 1 - sharedPerHour / perHour } : {}) };
}
