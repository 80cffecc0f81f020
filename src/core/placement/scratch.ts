import { WeightEngine } from '../policy/score.ts';
import { RowHeap } from './row-heap.ts';

/** Less than any difference between two nodes that matters. */
const SCATTER = 1e-7;

/** The bits of a row behind the point, the last first (van der Corput's sequence): 0, 1/2, 1/4, 3/4, 1/8 ... */
function mirrored(row: number): number {
  let [out, digit] = [0, 0.5];
  for (let left = row; left > 0; left >>>= 1, digit /= 2) if (left & 1) out += digit;
  return out;
}

/** Buffers that a planner reuses. What a call returns is valid until the next call. */
export class Scratch {
  /** A heap of indexes into a list of rows. The list is in the order of rows, so that equal keys go by row. */
  readonly heap = new RowHeap();
  readonly weights = new WeightEngine();
  #keys = new Float64Array(64);
  #scatter = new Float64Array(0);

  /** A buffer of at least so many keys, not cleared. */
  keys(length: number): Float64Array {
    if (this.#keys.length < length) this.#keys = new Float64Array(length * 2);
    return this.#keys;
  }

  /** A small amount for each row below `rows`: those that have the most, however many, lie evenly over the table. */
  scatter(rows: number): Float64Array {
    if (this.#scatter.length < rows)
      this.#scatter = Float64Array.from({ length: rows * 2 }, (_, row) => SCATTER * mirrored(row));
    return this.#scatter;
  }
}
