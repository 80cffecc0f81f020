import { WeightEngine } from '../policy/score.ts';
import { RowHeap } from './row-heap.ts';

/** Buffers that a planner reuses. What a call returns is valid until the next call. */
export class Scratch {
  /** A heap of indexes into a list of rows. The list is in the order of rows, so that equal keys go by row. */
  readonly heap = new RowHeap();
  readonly weights = new WeightEngine();
  #keys = new Float64Array(64);

  /** A buffer of at least so many keys, not cleared. */
  keys(length: number): Float64Array {
    if (this.#keys.length < length) this.#keys = new Float64Array(length * 2);
    return this.#keys;
  }
}
