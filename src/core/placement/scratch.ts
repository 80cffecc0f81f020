import { WeightEngine } from '../policy/score.ts';
import { RowHeap } from './row-heap.ts';

/** Buffers that a planner uses again from plan to plan. What one call returns is right until the next. */
export class Scratch {
  /** Of places in a list of rows: those are in the order of rows, so that equal keys go by row. */
  readonly heap = new RowHeap();
  readonly weights = new WeightEngine();
  #keys = new Float64Array(64);

  /** At least so many keys; what they hold is left over. */
  keys(length: number): Float64Array {
    if (this.#keys.length < length) this.#keys = new Float64Array(length * 2);
    return this.#keys;
  }
}
