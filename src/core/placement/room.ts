import type { NodeTable } from '../cluster/node-table.ts';
import type { Vector } from '../resources.ts';

/** How many pods of this request fit at the row, at most `limit`. Exact: no rounding error can add one. */
export function capacityAt(free: readonly Float64Array[], row: number, vector: Vector, limit: number): number {
  let capacity = limit;
  for (let c = 0; c < vector.length; c++) {
    const asked = vector[c]!;
    if (asked === 0) continue;
    const room = free[c]![row]!;
    if (room < asked) return 0;
    let fit = Math.floor(room / asked);
    if (fit * asked > room) fit--;
    if (fit < capacity) capacity = fit;
  }
  return capacity;
}

/** The largest share of the row's allocatable that would be in use with the pod there; 0 for pods that ask nothing. */
export function fillAt(table: NodeTable, free: readonly Float64Array[], row: number, vector: Vector): number {
  let fill = 0;
  for (let c = 0; c < vector.length; c++) {
    const total = table.allocatable[c]![row]!;
    if (vector[c] === 0 || total === 0 || c === table.columns.pods) continue;
    const share = 1 - (free[c]![row]! - vector[c]!) / total;
    if (share > fill) fill = share;
  }
  return fill;
}

/** The columns a planner may change, copied; the others are the table's own. Copies are reused from plan to plan. */
export class ScratchRoom {
  readonly #copies: Float64Array[] = [];

  /** @param leave what is to stay free on every node */
  of(table: NodeTable, vectors: readonly Vector[], leave?: Vector): Float64Array[] {
    return table.free.map((column, c) => {
      if (!vectors.some((vector) => (vector[c] ?? 0) > 0)) return column;
      let copy = this.#copies[c];
      if (!copy || copy.length !== column.length) this.#copies[c] = copy = new Float64Array(column.length);
      copy.set(column);
      const spare = leave?.[c] ?? 0;
      if (spare > 0) for (let row = 0; row < copy.length; row++) copy[row]! -= spare;
      return copy;
    });
  }
}
