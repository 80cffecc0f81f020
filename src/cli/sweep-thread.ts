import { parentPort, Worker, workerData } from 'node:worker_threads';
import { MusterError, type ErrorCode } from '../core/errors.ts';
import type { ReplayResult } from '../replay/result.ts';
import type { Progress } from '../replay/sim/simulation.ts';
import { runCell, type Cell, type Sweep } from './sweep-cells.ts';

type Message =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'result'; readonly result: ReplayResult }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly what: string };

/** A thread that runs cells of a sweep, one after the other. */
export class SweepThread {
  readonly #worker: Worker;

  constructor(sweep: Sweep) {
    // The program is one bundled file: in the thread it calls `serveSweep`.
    this.#worker = new Worker(new URL(import.meta.url), { workerData: sweep });
  }

  /** @throws MusterError as `runCell` */
  run(cell: Cell, onProgress: (progress: Progress) => void): Promise<ReplayResult> {
    return new Promise((resolve, reject) => {
      this.#worker.removeAllListeners();
      this.#worker.on('error', reject);
      this.#worker.on('exit', (code) => reject(new Error(`The thread of cell ${cell.index} ended with ${code}.`)));
      this.#worker.on('message', (message: Message) => {
        if (message.kind === 'progress') onProgress(message.progress);
        else if (message.kind === 'result') resolve(message.result);
        else reject(new MusterError(message.code, message.what));
      });
      this.#worker.postMessage(cell);
    });
  }

  async stop(): Promise<void> {
    this.#worker.removeAllListeners();
    await this.#worker.terminate();
  }
}

/** The main loop of a thread. An error that is not a MusterError ends the thread and the sweep. */
export function serveSweep(): void {
  const sweep = workerData as Sweep;
  const port = parentPort!;
  const tell = (message: Message) => port.postMessage(message);
  const run = async (cell: Cell) => {
    try {
      tell({ kind: 'result', result: await runCell(sweep, cell, (progress) => tell({ kind: 'progress', progress })) });
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      tell({ kind: 'failed', code: error.code, what: error.what });
    }
  };
  port.on('message', (cell: Cell) => void run(cell));
}
