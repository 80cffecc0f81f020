import type { Bits } from '../cluster/eligibility.ts';
import type { TableView } from '../cluster/node-table.ts';
import type { Vector } from '../resources.ts';
import type { FreedRoom, Need, Room, RowTest } from './need.ts';

/** The number of pods of this request that fit at the row, at most `limit`. Exact: rounding cannot add one. */
export function capacityAt(free: Room, row: number, vector: Vector, limit: number): number {
  let capacity = limit;
  for (let c = 0; c < vector.length; c++) {
    const asked = vector[c]!;
    if (asked === 0) continue;
    const room = free[c]![row]!;
    if (room < asked) return 0;
    const fit = fitting(room, asked);
    if (fit < capacity) capacity = fit;
  }
  return capacity;
}

function fitting(room: number, asked: number): number {
  const fit = Math.floor(room / asked);
  return fit * asked > room ? fit - 1 : fit;
}

/**
 * Writes into `out[i]` the fill of row `rows[i]` with the pod there: the largest share, over the requested resources,
 * of its allocatable that is in use; 0 for a pod without requests. Pod slots do not count.
 */
export function fills(
  { allocatable, columns }: TableView,
  free: readonly Float64Array[],
  { rows, vector }: { readonly rows: Int32Array; readonly vector: Vector },
  out: Float64Array,
): void {
  out.fill(0, 0, rows.length);
  for (let c = 0; c < vector.length; c++) {
    const asked = vector[c]!;
    if (asked === 0 || c === columns.pods) continue;
    const [totals, room] = [allocatable[c]!, free[c]!];
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const total = totals[row]!;
      const share = total === 0 ? 0 : 1 - (room[row]! - asked) / total;
      if (share > out[i]!) out[i] = share;
    }
  }
}

type Asked = Pick<Need, 'eligible' | 'vector' | 'count'>;

/** The rows with room for a need, and how many of its pods fit at each. Valid until the next `find`. */
export class RoomyRows {
  #rows = new Int32Array(64);
  #capacity = new Int32Array(64);
  #size = 0;

  /** Ascending. */
  get rows(): Int32Array {
    return this.#rows.subarray(0, this.#size);
  }

  get capacity(): Int32Array {
    return this.#capacity.subarray(0, this.#size);
  }

  /** Works column by column, which is twice as fast as row by row. @param allowed absent: all eligible rows */
  find(free: readonly Float64Array[], { eligible, vector, count }: Asked, allowed?: RowTest): void {
    this.#list(eligible);
    this.#capacity.fill(count, 0, this.#size);
    for (let c = 0; c < vector.length; c++) if (vector[c] !== 0) this.#narrow(free[c]!, vector[c]!, count);
    const [rows, capacity] = [this.#rows, this.#capacity];
    let size = 0;
    for (let i = 0; i < this.#size; i++) {
      const row = rows[i]!;
      if (capacity[i] === 0 || (allowed && !allowed(row))) continue;
      rows[size] = row;
      capacity[size++] = capacity[i]!;
    }
    this.#size = size;
  }

  #list(eligible: Bits): void {
    const most = eligible.length * 32;
    if (this.#rows.length < most) [this.#rows, this.#capacity] = [new Int32Array(most * 2), new Int32Array(most * 2)];
    const rows = this.#rows;
    let size = 0;
    for (let word = 0; word < eligible.length; word++) {
      for (let bits = eligible[word]!; bits !== 0; bits &= bits - 1)
        rows[size++] = word * 32 + 31 - Math.clz32(bits & -bits);
    }
    this.#size = size;
  }

  #narrow(column: Float64Array, asked: number, most: number): void {
    const [rows, capacity, size] = [this.#rows, this.#capacity, this.#size];
    const enough = asked * most;
    for (let i = 0; i < size; i++) {
      const room = column[rows[i]!]!;
      if (room >= enough) continue;
      const fit = room < asked ? 0 : fitting(room, asked);
      if (fit < capacity[i]!) capacity[i] = fit;
    }
  }
}

/** How scratch room differs from the room that it is a copy of. */
export interface RoomChange {
  /** Room that must stay free on every node. */
  readonly leave?: Vector | undefined;
  /** Additional free room. */
  readonly freed?: readonly FreedRoom[] | undefined;
}

/** Copies of the columns that a planner may change; the others are the originals. Copies are reused. */
export class ScratchRoom {
  readonly #copies: Float64Array[] = [];

  of(room: Room, vectors: readonly Vector[], { leave, freed = [] }: RoomChange): Float64Array[] {
    const isChanged = (vector: Vector, c: number) => (vector[c] ?? 0) !== 0;
    return room.map((column, c) => {
      const isAsked = vectors.some((vector) => isChanged(vector, c));
      if (!isAsked && !freed.some(({ vector }) => isChanged(vector, c))) return column;
      let copy = this.#copies[c];
      if (!copy || copy.length !== column.length) this.#copies[c] = copy = new Float64Array(column.length);
      copy.set(column);
      for (const { row, vector } of freed) if (row >= 0) copy[row]! += vector[c] ?? 0;
      const kept = isAsked ? (leave?.[c] ?? 0) : 0;
      if (kept > 0) for (let row = 0; row < copy.length; row++) copy[row]! -= kept;
      return copy;
    });
  }
}
