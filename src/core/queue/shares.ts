import type { ClusterView } from '../cluster/cluster.ts';
import type { ResourceColumns, Vector } from '../resources.ts';
import { isSharedByDefault } from './quotas.ts';
import { shareOf, ShareTable, type Share } from './share-table.ts';
import type { Tally } from './tally.ts';
import type { QueueNode, QueueTree } from './tree.ts';
import type { Usage } from './usage.ts';
import { UsageMemory } from './usage-memory.ts';
import { isWithin } from './yield-hours.ts';

/** Where a queue stands once a gang has started in it: within its guarantee, within its entitlement, beyond it. */
export type Tier = 0 | 1 | 2;

/** A waiting gang that could start, or one that runs and has lost places. */
export interface Waiting {
  readonly queue: QueueNode;
  /** What it needs to start, or to be whole again, by column. */
  readonly ask: Vector;
}

interface World {
  readonly tree: QueueTree;
  readonly usage: Usage;
  readonly cluster: Pick<ClusterView, 'columns' | 'table'>;
}

/** Shares are computed anew at most this often, in ms. */
const REFRESH_MS = 250;
/** What a weight is multiplied by while its queue yields. */
const YIELDS = 0.1;
/** One unit of the smallest kind: less than that beyond an entitlement does not count. */
const UNIT = 1;
/** Of large amounts, so much is rounding. */
const ROUNDING = 1e-12;

/** Whether an amount is more than a queue is entitled to. Entitlements need not be whole; amounts are. */
const isOver = (amount: number, entitled: number): boolean => amount - entitled >= Math.max(UNIT, ROUNDING * entitled);

/**
 * What each queue is entitled to, as of the last refresh. A calculation from capacity and demand; nothing is held for
 * anybody. Between refreshes the figures are at most some hundred milliseconds old: an admission may then find its queue
 * a tier too low, which nothing but the order depends on.
 */
export class Shares {
  /** Changes with every refresh that changed what a queue is entitled to, or which queues yield. */
  version = 0;
  #madeMs = -Infinity;
  /** What is shared out, by column. */
  capacity: Vector = new Float64Array(0);
  #columns: readonly number[] = [];
  #table: ShareTable | undefined;
  #none: Share = shareOf(0);
  /** What queues have held lately, where that counts. */
  readonly memory = new UsageMemory();
  #yielding: ReadonlySet<QueueNode> = new Set();

  /** When the last refresh was, in ms. */
  get madeMs(): number {
    return this.#madeMs;
  }

  /** The columns that are shared out. */
  get columns(): readonly number[] {
    return this.#columns;
  }

  of(queue: QueueNode): Share {
    return this.#table?.of(queue) ?? this.#none;
  }

  /** Whether the last refresh is some time ago, or the queues or the resources are others since. */
  isDue({ tree, cluster }: Pick<World, 'tree' | 'cluster'>, nowMs: number): boolean {
    return nowMs - this.#madeMs >= REFRESH_MS || !this.#table?.isOf(tree, cluster.columns);
  }

  /** What waits or is held may be another: the next refresh is due at once. */
  forget(): void {
    this.#madeMs = -Infinity;
  }

  /** Computes all shares anew. O(queues x resources x log queues + nodes x resources + waiting gangs). */
  refresh({ tree, usage, cluster }: World, waiting: Iterable<Waiting>, nowMs: number): void {
    this.#madeMs = nowMs;
    const { columns } = cluster;
    if (!this.#table?.isOf(tree, columns)) {
      this.#table = new ShareTable(tree, columns);
      this.#none = shareOf(columns.size);
      this.#columns = sharedColumns(columns, tree.tenancy.fairness.resources);
      this.version++;
    }
    const table = this.#table;
    this.capacity = capacityOf(cluster, usage);
    table.begin(this.capacity);
    for (const { queue, ask } of waiting) table.want(queue, ask);
    if (tree.tenancy.fairness.memory > 0) this.memory.advance(tree, (queue) => this.dominantShare(queue), nowMs);
    const yielding = yieldingOf(table, nowMs);
    const isSame = yielding.size === this.#yielding.size && [...yielding].every((queue) => this.#yielding.has(queue));
    if (!isSame) this.version++;
    this.#yielding = yielding;
    if (table.divide({ capacity: this.capacity, columns: this.#columns, factorOf: this.#factorOf(tree) }))
      this.version++;
  }

  /**
   * The tier of what the queue would hold with this, among its siblings: what it asks nothing of does not count.
   * @param more what it would hold more by then, or less where that is negative
   */
  tierAt(queue: QueueNode, ask: Vector, more?: Vector): Tier {
    const { assured, entitled } = this.of(queue);
    let tier: Tier = 0;
    for (const c of this.#columns) {
      if (!((ask[c] ?? 0) > 0)) continue;
      const after = this.usedOf(queue, c) + ask[c]! + (more?.[c] ?? 0);
      if (isOver(after, entitled[c] ?? 0)) return 2;
      if (after > (assured[c] ?? 0)) tier = 1;
    }
    return tier;
  }

  /** The largest part of its entitlement that the queue would hold with this, of the resources that it asks. */
  saturationAt(queue: QueueNode, ask: Vector, more?: Vector): number {
    return this.#saturation(queue, queue.holds, ask, more);
  }

  /** The same of what one of its users would hold: to be compared with that of others. */
  saturationOfUser(leaf: QueueNode, user: string, ask: Vector, more?: Vector): number {
    return this.#saturation(leaf, leaf.users.get(user), ask, more);
  }

  #saturation(queue: QueueNode, holds: Tally | undefined, ask: Vector, more: Vector | undefined): number {
    const { entitled } = this.of(queue);
    let most = 0;
    for (const c of this.#columns) {
      if (!((ask[c] ?? 0) > 0)) continue;
      const after = (holds ? usedIn(holds, c) : 0) + ask[c]! + (more?.[c] ?? 0);
      most = Math.max(most, after / Math.max(entitled[c] ?? 0, UNIT));
    }
    return most;
  }

  /** The largest part of the cluster that the queue holds of any resource, 0..1. */
  dominantShare(queue: QueueNode): number {
    let most = 0;
    for (const c of this.#columns)
      if (this.capacity[c]! > 0) most = Math.max(most, this.usedOf(queue, c) / this.capacity[c]!);
    return Math.min(1, most);
  }

  /** Whether these are hours in which the queue yields to its siblings. */
  isYielding(queue: QueueNode): boolean {
    return this.#yielding.has(queue);
  }

  #factorOf({ tenancy }: QueueTree): (queue: QueueNode) => number {
    const remembers = tenancy.fairness.memory > 0;
    return (queue) => (remembers ? this.memory.factorOf(queue) : 1) * (this.#yielding.has(queue) ? YIELDS : 1);
  }

  /** What the queue holds of a column, without what is being evicted. */
  usedOf({ holds }: QueueNode, c: number): number {
    return usedIn(holds, c);
  }
}

function yieldingOf(table: ShareTable, nowMs: number): ReadonlySet<QueueNode> {
  return new Set(table.yielding.filter(({ spec }) => isWithin(spec.yields!, nowMs)));
}

const usedIn = ({ vector, leaving }: Tally, c: number) => (vector[c] ?? 0) - (leaving[c] ?? 0);

function sharedColumns({ names }: ResourceColumns, only: readonly string[] | undefined): readonly number[] {
  return names.flatMap((name, c) => ((only ? only.includes(name) : isSharedByDefault(name)) ? [c] : []));
}

/**
 * What there is to share: what nodes can hold less what no queue counts. A cordoned node counts with what still runs
 * there.
 */
function capacityOf({ columns, table }: World['cluster'], { uncounted }: Usage): Vector {
  const cordoned: number[] = [];
  for (let row = 0; row < table.rows; row++) if (table.nodeAt(row)?.unschedulable) cordoned.push(row);
  return Float64Array.from({ length: columns.size }, (_, c) => {
    const [allocatable, free] = [table.allocatable[c]!, table.free[c]!];
    let all = (uncounted.leaving[c] ?? 0) - (uncounted.vector[c] ?? 0);
    for (let row = 0; row < table.rows; row++) all += allocatable[row]!;
    for (const row of cordoned) all -= Math.max(0, free[row]!);
    return Math.max(0, all);
  });
}
