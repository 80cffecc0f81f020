import type { Tenancy } from '../../core/policy/tenancy.ts';
import type { Resources, Vector } from '../../core/resources.ts';
import { routeOf } from '../../core/queue/route.ts';
import { Shares } from '../../core/queue/shares.ts';
import { QueueTree, type QueueNode } from '../../core/queue/tree.ts';
import { Usage } from '../../core/queue/usage.ts';
import type { QueueRow, Queues } from '../result.ts';
import type { TraceJob } from '../trace/job.ts';
import type { JobRun } from './job-run.ts';
import { jainIndex } from './max-min.ts';
import { Sampler } from './sampler.ts';
import type { Truth } from './truth.ts';

/** More queues are likely users with a job each. */
const MOST_QUEUES = 200;
/** A job that waits shorter than this is on its way, in ms. */
const PATIENCE_MS = 60_000;
/** In units of the resource. */
const ROUNDING = 1;

/** What one queue's jobs hold and ask at a time, by column. */
interface Ask {
  readonly held: Vector;
  readonly wanted: Vector;
  /** What each job needs that has waited for its leader's node. */
  readonly waiting: Vector[];
}

interface Sums {
  /** Parts of the cluster x ms. */
  entitled: number;
  held: number;
  served: number;
  underMs: number;
}

/**
 * Measures who gets what it is entitled to, by queue. What a queue is entitled to follows from the policy's tenancy and
 * from what the jobs in the simulation hold and want, so that every scheduler is measured alike, whether it knows of
 * queues or not. The state of a sample counts for the whole time since the previous one.
 */
export class QueueShares {
  readonly #sampler: Sampler;
  readonly #truth: Truth;
  readonly #tree: QueueTree;
  readonly #shares = new Shares();
  readonly #isCounted: (job: TraceJob) => boolean;
  readonly #leaves = new Map<string, QueueNode>();
  readonly #sums = new Map<QueueNode, Sums>();
  /** Whether there are several queues, and not too many. */
  readonly #isCompared: boolean;

  /**
   * @param jobs of the whole trace
   * @param isCounted false for jobs that the cluster cannot hold: a queue is entitled to nothing impossible
   */
  constructor(
    jobs: readonly TraceJob[],
    { truth, tenancy, spanMs, isCounted }: Surroundings & { readonly isCounted: (job: TraceJob) => boolean },
  ) {
    this.#sampler = new Sampler(spanMs, { leastMs: 10_000, most: 5_000 });
    this.#truth = truth;
    this.#tree = new QueueTree(tenancy);
    this.#isCounted = isCounted;
    const queues = new Set(jobs.map((job) => this.#leafOf(job))).size;
    this.#isCompared = queues > 1 && queues <= MOST_QUEUES;
  }

  sample(live: Iterable<JobRun>, nowMs: number): void {
    if (!this.#isCompared) return;
    const sinceMs = this.#sampler.due(nowMs);
    if (sinceMs === 0) return;
    const asks = this.#asks(live, nowMs);
    const waiting = Array.from(asks, ([queue, { wanted }]) => ({ queue, ask: wanted }));
    // Entitlement depends on demand and not on who holds what: all that is wanted may count as waiting.
    this.#shares.refresh({ tree: this.#tree, usage: NOBODY, cluster: this.#truth }, waiting, nowMs);
    for (const [queue, ask] of asks) this.#add(this.#sumsOf(queue), queue, ask, sinceMs);
  }

  /** @returns undefined: there is one queue alone, or very many */
  result(endMs: number): Pick<Queues, 'jain' | 'worst' | 'rows'> | undefined {
    if (!this.#isCompared) return undefined;
    const rows = Array.from(this.#sums, ([{ path }, sums]): QueueRow => rowOf(path, sums, endMs));
    rows.sort((a, b) => b.entitled - a.entitled || (a.queue < b.queue ? -1 : 1));
    const served = rows.flatMap((row) => (row.served === null ? [] : [row.served]));
    const worst = rows.reduce((most, row) => (row.underMs > most.underMs ? row : most), NO_ROW);
    return { jain: jainIndex(served), worst: { queue: worst.queue, underMs: worst.underMs }, rows };
  }

  #leafOf({ queue, namespace, user }: TraceJob): QueueNode {
    const key = `${namespace}/${queue}/${user}`;
    let leaf = this.#leaves.get(key);
    if (leaf) return leaf;
    const applicant = { namespace, user: user || namespace, labels: NO_LABELS, dialect: undefined };
    leaf = this.#tree.leaf(routeOf(this.#tree, applicant, queue).path, namespace);
    this.#leaves.set(key, leaf);
    return leaf;
  }

  #asks(live: Iterable<JobRun>, nowMs: number): Map<QueueNode, Ask> {
    const size = this.#truth.columns.size;
    const none = () => new Float64Array(size);
    const out = new Map<QueueNode, Ask>();
    for (const run of live) {
      if (!this.#isCounted(run.job)) continue;
      const leaf = this.#leafOf(run.job);
      let ask = out.get(leaf);
      if (!ask) out.set(leaf, (ask = { held: none(), wanted: none(), waiting: [] }));
      this.#count(ask, run, nowMs);
    }
    return out;
  }

  #count({ held, wanted, waiting }: Ask, { job, leader, boundWorkers, submitMs }: JobRun, nowMs: number): void {
    const { min } = job.workers;
    const [driver, worker] = [this.#vector(job.leader), this.#vector(job.workers.request)];
    const isWaiting = leader === 'waiting';
    if (!isWaiting) plus(held, driver, 1);
    plus(held, worker, boundWorkers);
    plus(wanted, driver, 1);
    plus(wanted, worker, Math.max(min, boundWorkers));
    if (!isWaiting || nowMs - submitMs < PATIENCE_MS) return;
    const needs = new Float64Array(wanted.length);
    plus(needs, driver, 1);
    plus(needs, worker, Math.max(0, min - boundWorkers));
    waiting.push(needs);
  }

  #vector(request: Resources): Vector {
    return this.#truth.columns.vector(request);
  }

  #add(sums: Sums, queue: QueueNode, { held, wanted, waiting }: Ask, ms: number): void {
    const { entitled } = this.#shares.of(queue);
    const { capacity, columns } = this.#shares;
    const c = scarcest(columns, { wanted, entitled, capacity });
    if (c === undefined) return;
    const part = (amount: number) => (amount / capacity[c]!) * ms;
    sums.entitled += part(entitled[c]!);
    sums.held += part(held[c]!);
    sums.served += part(Math.min(held[c]!, entitled[c]!));
    const isUnder = waiting.some((needs) =>
      columns.every((r) => needs[r] === 0 || held[r]! + needs[r]! <= entitled[r]! + ROUNDING),
    );
    if (isUnder) sums.underMs += ms;
  }

  #sumsOf(queue: QueueNode): Sums {
    let sums = this.#sums.get(queue);
    if (!sums) this.#sums.set(queue, (sums = { entitled: 0, held: 0, served: 0, underMs: 0 }));
    return sums;
  }
}

export interface Surroundings {
  readonly truth: Truth;
  readonly tenancy: Tenancy;
  /** From the first submission to the last. */
  readonly spanMs: number;
}

const NOBODY = new Usage();
const NO_LABELS: ReadonlyMap<string, string> = new Map();

/** The resource of which the queue may have the least part of what it wants; of several, that of which it wants most. */
function scarcest(
  columns: readonly number[],
  { wanted, entitled, capacity }: Readonly<Record<'wanted' | 'entitled' | 'capacity', Vector>>,
): number | undefined {
  const wants = columns.filter((c) => wanted[c]! > 0 && capacity[c]! > 0);
  const part = (c: number) => Math.min(1, (entitled[c]! + ROUNDING) / wanted[c]!);
  const share = (c: number) => wanted[c]! / capacity[c]!;
  return wants.sort((a, b) => part(a) - part(b) || share(b) - share(a))[0];
}

const NO_ROW: QueueRow = { queue: '', entitled: 0, held: 0, served: null, underMs: 0 };

const rowOf = (queue: string, { entitled, held, served, underMs }: Sums, endMs: number): QueueRow => ({
  queue,
  entitled: entitled / Math.max(1, endMs),
  held: held / Math.max(1, endMs),
  served: entitled > 0 ? served / entitled : null,
  underMs,
});

function plus(sum: Vector, vector: Vector, times: number): void {
  if (times > 0) for (let c = 0; c < vector.length; c++) sum[c]! += times * vector[c]!;
}
