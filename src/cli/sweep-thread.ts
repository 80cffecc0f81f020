import { parentPort, Worker, workerData } from 'node:worker_threads';
import { MusterError, type ErrorCode } from '../core/errors.ts';
import type { ReplayResult } from '../replay/result.ts';
import type { Progress } from '../replay/sim/simulation.ts';
import { CellWatch, type CellLimits } from './cell-watch.ts';
import { runCell, type Cell, type Sweep } from './sweep-cells.ts';

/** How a cell ended: with a result, or without one, for a reason. */
export type CellEnd =
  { readonly kind: 'result'; readonly result: ReplayResult } | { readonly kind: 'lost'; readonly why: string };

type Message =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'result'; readonly result: ReplayResult }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly what: string };

type Input = readonly [sweep: Sweep, cell: Cell];

/** How often a running cell is looked at. */
const WATCH_MS = 250;

interface ThreadOptions {
  readonly limits: CellLimits;
  readonly onProgress: (progress: Progress) => void;
  /** Ends the thread early; the promise then stays open. */
  readonly signal: AbortSignal;
}

/**
 * Runs a cell in a thread of its own, so that it can be given up and what it breaks is gone with it.
 * @throws MusterError as `runCell`: what is wrong with the input of one cell is wrong with the sweep
 */
export async function runInThread(sweep: Sweep, cell: Cell, options: ThreadOptions): Promise<CellEnd> {
  const { limits, onProgress, signal } = options;
  // The program is one bundled file: in the thread it calls `serveCell`.
  const worker = new Worker(new URL(import.meta.url), { workerData: [sweep, cell] satisfies Input });
  const watch = new CellWatch(limits, performance.now());
  let timer: NodeJS.Timeout | undefined;
  let stop = () => {};
  try {
    return await new Promise<CellEnd>((resolve, reject) => {
      const lose = (why: string) => resolve({ kind: 'lost', why });
      timer = setInterval(() => {
        const why = watch.verdict(performance.now());
        if (why !== undefined) lose(why);
      }, WATCH_MS);
      stop = () => {
        clearInterval(timer);
        void worker.terminate();
      };
      signal.addEventListener('abort', stop);
      worker.on('error', (error) => lose(`failed: ${String(error)}`));
      worker.on('exit', (code) => signal.aborted || lose(`its thread ended with ${code}`));
      worker.on('message', (message: Message) => {
        if (message.kind === 'progress') {
          watch.saw(message.progress, performance.now());
          onProgress(message.progress);
        } else if (message.kind === 'result') resolve(message);
        else reject(new MusterError(message.code, message.what));
      });
    });
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** The main program of a thread. */
export async function serveCell(): Promise<void> {
  const [sweep, cell] = workerData as Input;
  const tell = (message: Message) => parentPort?.postMessage(message);
  try {
    tell({ kind: 'result', result: await runCell(sweep, cell, (progress) => tell({ kind: 'progress', progress })) });
  } catch (error) {
    if (!(error instanceof MusterError) || error.code === 'MUSTER_INVARIANT_BROKEN') throw error;
    tell({ kind: 'failed', code: error.code, what: error.what });
  }
}
