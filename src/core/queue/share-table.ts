import { NO_QUOTA } from '../policy/tenancy.ts';
import type { ResourceColumns, Vector } from '../resources.ts';
import { divide } from './entitlement.ts';
import { quotaVector } from './quotas.ts';
import type { QueueNode, QueueTree } from './tree.ts';

/** What one queue should have. By column; only columns that are shared out count. */
export interface Share {
  readonly guaranteed: Vector;
  /**
   * The most that it holds within its guarantee: as `guaranteed`. A queue that is guaranteed something may hold any amount
   * of what it is guaranteed nothing of, while its siblings and it together get all that they want of that.
   */
  readonly assured: Vector;
  readonly max: Vector;
  readonly demand: Vector;
  readonly entitled: Vector;
  /** Of its guarantee: idle, and not lent. */
  readonly withheld: Vector;
  /** So much of its idle guarantee others may use. */
  readonly lend: Vector;
}

interface Row extends Share {
  readonly queue: QueueNode;
  /** The place of the queue above it. */
  readonly parent: number;
  /** The places of those below it: from the first to before the last. */
  from: number;
  to: number;
  /** What the file says that it is guaranteed, without what those below it are. */
  readonly own: Vector;
  /** By column: 1 where those below it want more than there is for them. */
  readonly short: Uint8Array;
}

/** What is divided. */
interface Whole {
  /** By column. */
  readonly capacity: Vector;
  /** The columns that are shared out. */
  readonly columns: readonly number[];
  /** What the weight of a queue is multiplied by. */
  readonly factorOf: (queue: QueueNode) => number;
}

/**
 * The figures of all queues of a tree, made once and filled in again and again. What a queue keeps idle of its guarantee
 * is divided as if it wanted it, at every level of the tree.
 */
export class ShareTable {
  readonly #tree: QueueTree;
  readonly #treeVersion: number;
  readonly #columns: ResourceColumns;
  readonly #width: number;
  /** Parents before their children, and the children of a queue one after the other. */
  readonly #rows: readonly Row[];
  readonly #byQueue: ReadonlyMap<QueueNode, Row>;
  /** Of one column at a time, by place. */
  readonly #claims: Float64Array;
  readonly #guaranteed: Float64Array;
  readonly #weights: Float64Array;
  readonly #given: Float64Array;
  #capacity: Vector | undefined;
  /** The queues of which the file says hours in which they yield. */
  readonly yielding: readonly QueueNode[];

  constructor(tree: QueueTree, columns: ResourceColumns) {
    this.#tree = tree;
    this.#treeVersion = tree.version;
    this.#columns = columns;
    this.#width = columns.size;
    this.#rows = rowsOf(tree.root, columns.size);
    this.yielding = this.#rows.map(({ queue }) => queue).filter(({ spec }) => spec.yields !== undefined);
    this.#byQueue = new Map(this.#rows.map((row) => [row.queue, row]));
    const column = () => new Float64Array(this.#rows.length);
    [this.#claims, this.#guaranteed, this.#weights, this.#given] = [column(), column(), column(), column()];
  }

  /** Whether the queues and the resources are still the same. */
  isOf(tree: QueueTree, columns: ResourceColumns): boolean {
    return tree === this.#tree && tree.version === this.#treeVersion && columns.size === this.#width;
  }

  of(queue: QueueNode): Share | undefined {
    return this.#byQueue.get(queue);
  }

  /** The demand becomes what each leaf holds. @param capacity that parts in the file are parts of, by column */
  begin(capacity: Vector): void {
    this.#readQuotas(capacity);
    for (const { queue, demand } of this.#rows) {
      demand.fill(0);
      if (!queue.isLeaf) continue;
      // Victims that leave are still needed: an eviction by itself changes nobody's demand.
      const { vector } = queue.holds;
      for (let c = 0; c < demand.length; c++) demand[c] = vector[c] ?? 0;
    }
  }

  /** Adds what a waiting gang needs to its leaf's demand. */
  want(leaf: QueueNode, ask: Vector): void {
    const demand = this.#byQueue.get(leaf)?.demand;
    if (demand) for (let c = 0; c < demand.length; c++) demand[c]! += ask[c] ?? 0;
  }

  /** @returns whether the entitlement of a queue changed */
  divide({ capacity, columns, factorOf }: Whole): boolean {
    this.#rows.forEach(({ queue }, i) => (this.#weights[i] = queue.spec.weight * factorOf(queue)));
    const isShared = new Set(columns);
    let hasChanged = false;
    for (let c = 0; c < this.#width; c++) {
      this.#sumUp(c);
      if (!isShared.has(c)) continue;
      this.#divideColumn(c, capacity[c]!);
      hasChanged = this.#writeDown(c, capacity[c]!) || hasChanged;
    }
    return this.#assure(columns) || hasChanged;
  }

  /** A queue needs what those below it need, each up to its max, and is guaranteed at least what they are. */
  #sumUp(c: number): void {
    const claims = this.#claims.fill(0);
    const below = this.#guaranteed.fill(0);
    for (let i = this.#rows.length - 1; i >= 0; i--) {
      const { own, guaranteed, demand, max, lend, parent } = this.#rows[i]!;
      const most = max[c]!;
      guaranteed[c] = Math.max(own[c]!, below[i]!);
      demand[c] = Math.min(demand[c]!, most);
      const kept = Math.min(guaranteed[c], most) - lend[c]!;
      claims[i] = Math.max(demand[c], Math.min(claims[i]!, most), kept);
      below[i] = guaranteed[c];
      if (parent < 0) continue;
      below[parent]! += below[i]!;
      claims[parent]! += claims[i]!;
      this.#rows[parent]!.demand[c]! += demand[c];
    }
  }

  #divideColumn(c: number, whole: number): void {
    this.#given[0] = whole;
    const all = { wants: this.#claims, guaranteed: this.#guaranteed, weight: this.#weights };
    for (let i = 0; i < this.#rows.length; i++) {
      const { from, to, short } = this.#rows[i]!;
      if (to === from) continue;
      const isEnough = divide(this.#given[i]!, { ...all, from, to }, this.#given);
      short[c] = isEnough ? 0 : 1;
    }
  }

  /** @returns whether something changed */
  #assure(columns: readonly number[]): boolean {
    let hasChanged = false;
    for (const { guaranteed, assured, parent } of this.#rows) {
      const isGuaranteed = columns.some((c) => guaranteed[c]! > 0);
      for (const c of columns) {
        const isFree = isGuaranteed && guaranteed[c] === 0 && this.#rows[parent]?.short[c] !== 1;
        const most = isFree ? Infinity : guaranteed[c]!;
        hasChanged ||= assured[c] !== most;
        assured[c] = most;
      }
    }
    return hasChanged;
  }

  /** A queue is entitled to what those below it are, and the root to the whole. */
  #writeDown(c: number, whole: number): boolean {
    let hasChanged = false;
    const sums = this.#claims.fill(0);
    for (let i = this.#rows.length - 1; i >= 0; i--) {
      const row = this.#rows[i]!;
      const mine = row.to > row.from ? sums[i]! : this.#given[i]!;
      const entitled = i === 0 ? whole : Math.min(mine, row.demand[c]!);
      hasChanged ||= row.entitled[c] !== entitled;
      row.entitled[c] = entitled;
      row.withheld[c] = Math.max(0, this.#given[i]! - entitled);
      if (i > 0) sums[row.parent]! += entitled;
    }
    return hasChanged;
  }

  /** Parts of the capacity are other amounts when that changes. */
  #readQuotas(capacity: Vector): void {
    if (this.#capacity?.every((amount, c) => amount === capacity[c])) return;
    this.#capacity = capacity;
    const of = { columns: this.#columns, capacity };
    for (const { queue, own, max, lend } of this.#rows) {
      own.set(quotaVector(queue.spec.guaranteed, { ...of, otherwise: 0 }));
      max.set(quotaVector(queue.spec.max, { ...of, otherwise: Infinity }));
      lend.set(quotaVector(queue.spec.lend ?? NO_QUOTA, { ...of, otherwise: queue.spec.lend ? 0 : Infinity }));
    }
  }
}

function rowsOf(root: QueueNode, width: number): readonly Row[] {
  const rows = [newRow(root, -1, width)];
  // The list grows as it is walked.
  for (const [i, row] of rows.entries()) {
    row.from = rows.length;
    for (const child of row.queue.children) rows.push(newRow(child, i, width));
    row.to = rows.length;
  }
  return rows;
}

const newRow = (queue: QueueNode, parent: number, width: number): Row => ({
  queue,
  parent,
  from: 0,
  to: 0,
  own: new Float64Array(width),
  short: new Uint8Array(width),
  ...shareOf(width),
});

/** The share of a queue of which nothing is known yet. */
export const shareOf = (width: number): Share => ({
  guaranteed: new Float64Array(width),
  assured: new Float64Array(width),
  max: new Float64Array(width).fill(Infinity),
  demand: new Float64Array(width),
  entitled: new Float64Array(width),
  withheld: new Float64Array(width),
  lend: new Float64Array(width).fill(Infinity),
});
