import { sameAmounts, type ResourceColumns, type Vector } from '../resources.ts';
import type { NodeInfo } from '../model.ts';
import { ChangeLog } from './change-log.ts';

/** Read-only view of the nodes. */
export type TableView = Omit<NodeTable, 'upsert' | 'remove' | 'take' | 'give' | 'pin' | 'unpin'>;

/**
 * The nodes as a struct of arrays: one row per node, one Float64Array per resource column.
 * A node keeps its row; the row of a removed node goes to the next new node.
 *
 * `free = allocatable - taken`, kept incrementally; it goes negative if another scheduler takes held room.
 * `empty = allocatable - pinned`: what would be free with no pod there but those that stay with the node.
 */
export class NodeTable {
  readonly columns: ResourceColumns;
  /** Per column, one amount per row; 0 in rows without a node. Only this class writes. */
  readonly free: Float64Array[] = [];
  readonly allocatable: Float64Array[] = [];
  readonly empty: Float64Array[] = [];
  /** Rows whose labels, taints, cordon or existence changed: for masks and domains. */
  readonly shapeLog = new ChangeLog();
  /** Rows where `free` may have grown or more pods may fit: for waiting gangs. */
  readonly roomLog = new ChangeLog();
  /** Rows with any change that decides which pods fit: those of shapeLog, and every change of `free`. */
  readonly rowLog = new ChangeLog();
  /** Rows where the empty cluster may hold more: for gangs that it could not hold. Pods that come and go are not in it. */
  readonly growthLog = new ChangeLog();
  #shrunk = 0;
  readonly #rowOf = new Map<string, number>();
  readonly #nodes: (NodeInfo | undefined)[] = [];
  readonly #vacant: number[] = [];
  #capacity = 64;

  constructor(columns: ResourceColumns) {
    this.columns = columns;
    columns.onAdded = () => this.#widen();
    this.#widen();
  }

  /** One past the highest row in use. */
  get rows(): number {
    return this.#nodes.length;
  }

  /** How many times the empty cluster may have come to hold less: what it could hold then, it may not hold now. */
  get shrunk(): number {
    return this.#shrunk;
  }

  /** The number of nodes. */
  get size(): number {
    return this.#rowOf.size;
  }

  rowOf(name: string): number | undefined {
    return this.#rowOf.get(name);
  }

  nodeAt(row: number): NodeInfo | undefined {
    return this.#nodes[row];
  }

  nameAt(row: number): string {
    return this.#nodes[row]?.name ?? '';
  }

  /** Adds or replaces a node. @returns its row; in a new row the caller must take the room of the node's pods again */
  upsert(node: NodeInfo): { readonly row: number; readonly isNew: boolean } {
    const vector = this.columns.roomVector(node.allocatable);
    const known = this.#rowOf.get(node.name);
    if (known !== undefined) {
      this.#replace(known, node, vector);
      return { row: known, isNew: false };
    }
    const row = this.#vacant.pop() ?? this.#nodes.length;
    if (row === this.#capacity) this.#grow();
    this.#rowOf.set(node.name, row);
    this.#nodes[row] = node;
    this.#setAllocatable(row, vector);
    this.shapeLog.push(row);
    this.roomLog.push(row);
    this.growthLog.push(row);
    return { row, isNew: true };
  }

  /** Forgets a node; its row holds 0 from now on. @returns the row; undefined if there is no such node */
  remove(name: string): number | undefined {
    const row = this.#rowOf.get(name);
    if (row === undefined) return undefined;
    this.#rowOf.delete(name);
    this.#nodes[row] = undefined;
    for (const columns of this.#columnSets()) for (const column of columns) column[row] = 0;
    this.#vacant.push(row);
    this.shapeLog.push(row);
    this.rowLog.push(row);
    this.#shrunk++;
    return row;
  }

  take(row: number, vector: Vector): void {
    for (let c = 0; c < vector.length; c++) this.free[c]![row]! -= vector[c]!;
    this.rowLog.push(row);
  }

  give(row: number, vector: Vector): void {
    for (let c = 0; c < vector.length; c++) this.free[c]![row]! += vector[c]!;
    this.roomLog.push(row);
    this.rowLog.push(row);
  }

  /** A pod that stays with the node has come: beside `take`, which counts all pods. */
  pin(row: number, vector: Vector): void {
    for (let c = 0; c < vector.length; c++) this.empty[c]![row]! -= vector[c]!;
    this.#shrunk++;
  }

  unpin(row: number, vector: Vector): void {
    for (let c = 0; c < vector.length; c++) this.empty[c]![row]! += vector[c]!;
    this.growthLog.push(row);
  }

  /** Whether the row has room for the vector; a column with 0 does not matter, even where `free` is negative. */
  fits(row: number, vector: Vector): boolean {
    for (let c = 0; c < vector.length; c++) {
      if (vector[c]! > 0 && vector[c]! > this.free[c]![row]!) return false;
    }
    return this.#nodes[row] !== undefined;
  }

  #widen(): void {
    for (const columns of this.#columnSets())
      while (columns.length < this.columns.size) columns.push(new Float64Array(this.#capacity));
  }

  #columnSets(): readonly Float64Array[][] {
    return [this.free, this.allocatable, this.empty];
  }

  #replace(row: number, node: NodeInfo, vector: Vector): void {
    const old = this.#nodes[row]!;
    this.#nodes[row] = node;
    if (!sameShape(old, node)) {
      this.shapeLog.push(row);
      this.roomLog.push(row);
      this.rowLog.push(row);
      this.growthLog.push(row);
      this.#shrunk++;
    }
    if (!sameAmounts(old.allocatable, node.allocatable)) this.#setAllocatable(row, vector);
  }

  #setAllocatable(row: number, vector: Vector): void {
    let [hasGrown, hasShrunk] = [false, false];
    for (let c = 0; c < this.free.length; c++) {
      const amount = vector[c] ?? 0;
      const change = amount - this.allocatable[c]![row]!;
      this.free[c]![row]! += change;
      this.empty[c]![row]! += change;
      this.allocatable[c]![row] = amount;
      hasGrown ||= change > 0;
      hasShrunk ||= change < 0;
    }
    this.roomLog.push(row);
    this.rowLog.push(row);
    if (hasGrown) this.growthLog.push(row);
    if (hasShrunk) this.#shrunk++;
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const table of this.#columnSets()) {
      for (let c = 0; c < table.length; c++) {
        const wider = new Float64Array(this.#capacity);
        wider.set(table[c]!);
        table[c] = wider;
      }
    }
  }
}

/** Whether the nodes are equal in all that decides which pods may go there. Heartbeats and images change nothing of it. */
function sameShape(a: NodeInfo, b: NodeInfo): boolean {
  if (a.unschedulable !== b.unschedulable || a.labels.size !== b.labels.size) return false;
  for (const [key, value] of a.labels) if (b.labels.get(key) !== value) return false;
  return (
    a.taints.length === b.taints.length &&
    a.taints.every((taint, i) => {
      const other = b.taints[i]!;
      return taint.key === other.key && taint.value === other.value && taint.effect === other.effect;
    })
  );
}
