import { availableParallelism } from 'node:os';
import type { Progress } from '../replay/sim/simulation.ts';
import type { CellLimits } from './cell-watch.ts';
import type { Cell, Sweep } from './sweep-cells.ts';
import { runInThread, type CellEnd } from './sweep-thread.ts';

/** Runs cells, a few at a time. */
export class CellPool {
  readonly #sweep: Sweep;
  readonly #limits: CellLimits;
  readonly #waiting: (() => void)[] = [];
  readonly #abort = new AbortController();
  #free: number;

  /** @param threads how many cells run at a time; default: one per core */
  constructor(sweep: Sweep, limits: CellLimits, threads = availableParallelism()) {
    this.#sweep = sweep;
    this.#limits = limits;
    this.#free = threads;
  }

  /** Runs a cell as soon as a thread is free. @throws MusterError as `runInThread` */
  async run(cell: Cell, onProgress: (progress: Progress) => void): Promise<CellEnd> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      return await runInThread(this.#sweep, cell, { limits: this.#limits, onProgress, signal: this.#abort.signal });
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  /** Ends all threads: no cell ends any more. */
  stop(): void {
    this.#waiting.length = 0;
    this.#abort.abort();
  }
}
