import type { ClusterView } from '../cluster/cluster.ts';
import { NO_QUOTA } from '../policy/tenancy.ts';
import type { ResourceColumns, Vector } from '../resources.ts';
import { divide, type Claimant } from './entitlement.ts';
import { quotaVector } from './quotas.ts';
import type { QueueNode, QueueTree } from './tree.ts';
import type { Usage } from './usage.ts';

/** Where a queue stands once a gang has started in it: within its guarantee, within its entitlement, beyond it. */
export type Tier = 0 | 1 | 2;

/** What one queue should have. By column; only columns that are shared out count. */
export interface Share {
  readonly guaranteed: Vector;
  readonly max: Vector;
  readonly demand: Vector;
  readonly entitled: Vector;
  /** Of its guarantee: idle, and not lent. */
  readonly withheld: Vector;
  /** So much of its idle guarantee others may use. */
  readonly lend: Vector;
}

/** A waiting gang that could start. */
export interface Waiting {
  readonly queue: QueueNode;
  /** What it needs to start, by column. */
  readonly ask: Vector;
}

interface World {
  readonly tree: QueueTree;
  readonly usage: Usage;
  readonly cluster: Pick<ClusterView, 'columns' | 'table'>;
}

/** Shares are computed anew at most this often, in ms. */
const REFRESH_MS = 250;
/** One unit of the smallest kind: differences up to it do not count. */
const ROUNDING = 1;

/**
 * What each queue is entitled to, as of the last refresh. A calculation from capacity and demand; nothing is held for
 * anybody. Between refreshes the figures are at most some hundred milliseconds old: an admission may then find its queue
 * a tier too low, which nothing but the order depends on.
 */
export class Shares {
  /** Changes with every refresh that changed something. */
  version = 0;
  #madeMs = -Infinity;
  /** What is shared out, by column. */
  capacity: Vector = new Float64Array(0);
  #columns: readonly number[] = [];
  #shares = new WeakMap<QueueNode, Share>();
  #none: Share = shareOf(0);

  /** The columns that are shared out. */
  get columns(): readonly number[] {
    return this.#columns;
  }

  of(queue: QueueNode): Share {
    return this.#shares.get(queue) ?? this.#none;
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#madeMs >= REFRESH_MS;
  }

  /** The queues are others: the next refresh is due at once. */
  forget(): void {
    this.#madeMs = -Infinity;
  }

  /** Computes all shares anew. O(queues x resources x log queues + waiting gangs). */
  refresh({ tree, usage, cluster }: World, waiting: Iterable<Waiting>, nowMs: number): void {
    this.#madeMs = nowMs;
    const { columns } = cluster;
    this.version++;
    this.#columns = sharedColumns(columns, tree.tenancy.fairness.resources);
    this.capacity = capacityOf(cluster, usage);
    this.#none = shareOf(columns.size);
    this.#shares = new WeakMap();
    for (const node of tree.nodes()) {
      const of = { columns, capacity: this.capacity };
      const share = {
        guaranteed: quotaVector(node.spec.guaranteed, { ...of, otherwise: 0 }),
        max: quotaVector(node.spec.max, { ...of, otherwise: Infinity }),
        demand: node.isLeaf ? usedBy(node, columns.size) : new Float64Array(columns.size),
        entitled: new Float64Array(columns.size),
        withheld: new Float64Array(columns.size),
        lend: quotaVector(node.spec.lend ?? NO_QUOTA, { ...of, otherwise: node.spec.lend ? 0 : Infinity }),
      };
      this.#shares.set(node, share);
    }
    for (const { queue, ask } of waiting) add(this.of(queue).demand, ask);
    this.#sumUp(tree.root);
    this.of(tree.root).entitled.set(this.capacity);
    this.#divideBelow(tree.root);
  }

  /**
   * The tier of what the queue would hold with this, among its siblings: what it asks nothing of does not count.
   * @param less what it would hold less by then
   */
  tierAt(queue: QueueNode, ask: Vector, less?: Vector): Tier {
    const { guaranteed, entitled } = this.of(queue);
    let tier: Tier = 0;
    for (const c of this.#columns) {
      if (!((ask[c] ?? 0) > 0)) continue;
      const after = this.usedOf(queue, c) + ask[c]! - (less?.[c] ?? 0);
      if (after > (entitled[c] ?? 0) + ROUNDING) return 2;
      if (after > (guaranteed[c] ?? 0)) tier = 1;
    }
    return tier;
  }

  /** The largest part of its entitlement that the queue would hold with this, of the resources that it asks. */
  saturationAt(queue: QueueNode, ask: Vector): number {
    const { entitled } = this.of(queue);
    let most = 0;
    for (const c of this.#columns) {
      if (!((ask[c] ?? 0) > 0)) continue;
      most = Math.max(most, (this.usedOf(queue, c) + ask[c]!) / Math.max(entitled[c] ?? 0, ROUNDING));
    }
    return most;
  }

  /** What the queue holds of a column, without what is being evicted. */
  usedOf({ holds }: QueueNode, c: number): number {
    return (holds.vector[c] ?? 0) - (holds.leaving[c] ?? 0);
  }

  /** A queue needs what those below it need, each up to its max, and is guaranteed at least what they are. */
  #sumUp(node: QueueNode): void {
    const { guaranteed, demand, max } = this.of(node);
    const below = new Float64Array(guaranteed.length);
    for (const child of node.children) {
      this.#sumUp(child);
      const share = this.of(child);
      add(below, share.guaranteed);
      add(demand, share.demand);
    }
    for (let c = 0; c < guaranteed.length; c++) {
      guaranteed[c] = Math.max(guaranteed[c]!, below[c]!);
      demand[c] = Math.min(demand[c]!, max[c]!);
    }
  }

  #divideBelow(node: QueueNode): void {
    const children = [...node.children];
    if (children.length === 0) return;
    const { entitled } = this.of(node);
    for (const c of this.#columns) {
      const claimants = children.map((child) => this.#claimantOf(child, c));
      const division = divide(entitled[c]!, claimants);
      children.forEach((child, i) => {
        this.of(child).entitled[c] = division.entitled[i]!;
        this.of(child).withheld[c] = division.withheld[i]!;
      });
    }
    for (const child of children) this.#divideBelow(child);
  }

  #claimantOf(queue: QueueNode, c: number): Claimant {
    const { guaranteed, max, demand, lend } = this.of(queue);
    const { weight } = queue.spec;
    return { demand: demand[c]!, guaranteed: guaranteed[c]!, max: max[c]!, lend: lend[c]!, weight };
  }
}

const shareOf = (size: number): Share => ({
  guaranteed: new Float64Array(size),
  max: new Float64Array(size).fill(Infinity),
  demand: new Float64Array(size),
  entitled: new Float64Array(size),
  withheld: new Float64Array(size),
  lend: new Float64Array(size).fill(Infinity),
});

function add(sum: Vector, vector: Vector): void {
  for (let c = 0; c < sum.length; c++) sum[c]! += vector[c] ?? 0;
}

function usedBy({ holds }: QueueNode, size: number): Vector {
  return Float64Array.from({ length: size }, (_, c) => (holds.vector[c] ?? 0) - (holds.leaving[c] ?? 0));
}

/** Not shared out unless the file names them. */
const isUsual = (name: string) =>
  name !== 'pods' && !name.startsWith('(') && !name.startsWith('hugepages-') && !name.includes('storage');

function sharedColumns({ names }: ResourceColumns, only: readonly string[] | undefined): readonly number[] {
  return names.flatMap((name, c) => ((only ? only.includes(name) : isUsual(name)) ? [c] : []));
}

/**
 * What there is to share: what nodes can hold less what no queue counts. A cordoned node counts with what still runs
 * there.
 */
function capacityOf({ columns, table }: World['cluster'], { uncounted }: Usage): Vector {
  const out = new Float64Array(columns.size);
  for (let row = 0; row < table.rows; row++) {
    const node = table.nodeAt(row);
    if (!node) continue;
    for (let c = 0; c < out.length; c++)
      out[c]! += node.unschedulable
        ? table.allocatable[c]![row]! - Math.max(0, table.free[c]![row]!)
        : table.allocatable[c]![row]!;
  }
  for (let c = 0; c < out.length; c++)
    out[c] = Math.max(0, out[c]! - (uncounted.vector[c] ?? 0) + (uncounted.leaving[c] ?? 0));
  return out;
}
