import type { Resources } from '../../core/resources.ts';
import { requestOf, scoredRequestOf } from './score-plugins.ts';

/**
 * Per row of the node table, by how much the requests of its pods are larger for NodeResourcesFit's score than they are:
 * the defaults of pods that request no cpu or no memory.
 */
export class DefaultLoad {
  #cpu = new Float64Array(64);
  #memory = new Float64Array(64);

  /** A pod with this request came to the row (`sign` 1) or left it (-1). */
  change(row: number, request: Resources, sign: 1 | -1): void {
    const [scored, real] = [scoredRequestOf(request), requestOf(request)];
    if (scored.cpu === real.cpu && scored.memory === real.memory) return;
    if (row >= this.#cpu.length) [this.#cpu, this.#memory] = [widened(this.#cpu, row), widened(this.#memory, row)];
    this.#cpu[row]! += sign * (scored.cpu - real.cpu);
    this.#memory[row]! += sign * (scored.memory - real.memory);
  }

  /** All pods of the row are gone, with the node. */
  clear(row: number): void {
    if (row < this.#cpu.length) this.#cpu[row] = this.#memory[row] = 0;
  }

  cpuAt(row: number): number {
    return this.#cpu[row] ?? 0;
  }

  memoryAt(row: number): number {
    return this.#memory[row] ?? 0;
  }
}

function widened(column: Float64Array<ArrayBuffer>, row: number): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(2 * row);
  wider.set(column);
  return wider;
}
