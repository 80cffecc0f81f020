import type { BoundPod, ClusterView } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import { isDoomed } from './eviction-cost.ts';
import type { PodKind } from './pod-columns.ts';

/** A kind of pods of which one search has said that they may be victims. */
export interface OpenKind {
  readonly kind: PodKind;
  /** Of these pods; undefined: they are single, or no leader has declared it. */
  readonly gang: Gang | undefined;
  /** The rules look at each of the pods. */
  readonly isApart: boolean;
  /** See levelAt. */
  readonly level: number;
  /** Its number among those of the search. */
  readonly index: number;
}

/** The pods that may be victims by themselves, as they were when the census looked at them; in no particular order. */
export class Entries {
  readonly kinds: OpenKind[] = [];
  #size = 0;
  /** By entry: the number of its pod (see PodSlots), its row, its kind's number, when it started (NaN: unknown). */
  slots: Int32Array;
  rows: Int32Array;
  kindIndices: Int32Array;
  startedMs: Float64Array;
  /** How many pods had been numbered before it. */
  orders: Uint32Array;
  /** Whether the entries are in another order than the pods. */
  isDisordered = false;
  #byRow: ByRow | undefined;
  /** By row: 0: not looked up yet, 1: no, 2: yes. */
  #doomed: Uint8Array | undefined;

  readonly #pods: ClusterView['slots'];

  constructor(pods: ClusterView['slots'], capacity: number) {
    this.#pods = pods;
    this.slots = new Int32Array(capacity);
    this.rows = new Int32Array(capacity);
    this.kindIndices = new Int32Array(capacity);
    this.startedMs = new Float64Array(capacity);
    this.orders = new Uint32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  addKind(kind: PodKind, gang: Gang | undefined, { isApart, level }: Pick<OpenKind, 'isApart' | 'level'>): OpenKind {
    const added = { kind, gang, isApart, level, index: this.kinds.length };
    this.kinds.push(added);
    return added;
  }

  add(slot: number, row: number, { index }: OpenKind, startedMs: number): void {
    const entry = this.#size++;
    if (entry === this.slots.length) this.#grow();
    this.slots[entry] = slot;
    this.rows[entry] = row;
    this.kindIndices[entry] = index;
    this.startedMs[entry] = startedMs;
    this.orders[entry] = this.#pods.orderOf(slot);
  }

  /** The pod; undefined: it is gone by now. */
  boundAt(entry: number): BoundPod | undefined {
    const slot = this.slots[entry]!;
    return this.#pods.orderOf(slot) === this.orders[entry] ? this.#pods.at(slot) : undefined;
  }

  /** Whether the node of the row is about to go. */
  isDoomed(cluster: ClusterView, row: number): boolean {
    this.#doomed ??= new Uint8Array(cluster.table.rows);
    if (row >= this.#doomed.length) return isDoomed(cluster, row);
    const known = this.#doomed[row]!;
    if (known > 0) return known === 2;
    const is = isDoomed(cluster, row);
    this.#doomed[row] = is ? 2 : 1;
    return is;
  }

  /** The entries on these rows, ascending; undefined: all. Call it once there are no more to come. */
  on(rows: readonly number[] | undefined): Int32Array {
    if (!rows) return ascending(this.size);
    const { starts, entries } = (this.#byRow ??= groupedByRow(this.rows.subarray(0, this.size)));
    const spans = rows.map((row) => entries.subarray(starts[row] ?? 0, starts[row + 1] ?? 0));
    const out = new Int32Array(spans.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const span of spans) {
      out.set(span, at);
      at += span.length;
    }
    return out.sort();
  }

  #grow(): void {
    const size = Math.max(64, this.rows.length * 2);
    this.slots = widened(this.slots, new Int32Array(size));
    this.rows = widened(this.rows, new Int32Array(size));
    this.kindIndices = widened(this.kindIndices, new Int32Array(size));
    this.startedMs = widened(this.startedMs, new Float64Array(size));
    this.orders = widened(this.orders, new Uint32Array(size));
  }
}

/** The numbers below `count`. */
export function ascending(count: number): Int32Array {
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) out[i] = i;
  return out;
}

/** The entries of row r are those from starts[r] to starts[r + 1]. */
interface ByRow {
  readonly starts: Int32Array;
  readonly entries: Int32Array;
}

function groupedByRow(rows: Int32Array): ByRow {
  const most = rows.reduce((max, row) => Math.max(max, row), -1);
  return grouped(rows, most + 1);
}

/** Indices by their value, ascending within each: those of value v are from starts[v] to starts[v + 1]. */
export function grouped(values: Int32Array, count: number): ByRow {
  const starts = new Int32Array(count + 1);
  for (let i = 0; i < values.length; i++) starts[values[i]! + 1]!++;
  for (let v = 0; v < count; v++) starts[v + 1]! += starts[v]!;
  const next = starts.slice();
  const entries = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) entries[next[values[i]!]!++] = i;
  return { starts, entries };
}

function widened<T extends Int32Array | Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
