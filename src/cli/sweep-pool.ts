import { MusterError } from '../core/errors.ts';
import { CellPool } from './cell-pool.ts';
import { commandLine } from './command-line.ts';
import type { GridFlags } from './sweep-cells.ts';

export interface PoolFlags {
  readonly threads?: number;
  /** Seconds. */
  readonly cellTimeout?: number;
  readonly stall: number;
}

/** @throws MusterError MUSTER_USAGE for standard input: each run reads its files for itself */
export function requireFiles(paths: readonly string[]): void {
  if (!paths.includes('-')) return;
  throw new MusterError('MUSTER_USAGE', 'Standard input can be read only once: give the trace and the nodes as files.');
}

export function poolOf(source: string, flags: GridFlags & PoolFlags): CellPool {
  const limits = { timeoutMs: 1000 * (flags.cellTimeout ?? Infinity), stallMs: 1000 * flags.stall };
  return new CellPool({ source, flags, command: commandLine() }, limits, flags.threads);
}

/** Ends the threads of the pool when the work is done, fails, or ^C is pressed. @returns false: stopped by ^C */
export async function untilInterrupted(pool: CellPool, work: () => Promise<unknown>): Promise<boolean> {
  let interrupt = () => {};
  const interrupted = new Promise<false>((resolve) => (interrupt = () => resolve(false)));
  process.on('SIGINT', interrupt);
  try {
    return await Promise.race([work().then(() => true), interrupted]);
  } finally {
    process.off('SIGINT', interrupt);
    pool.stop();
  }
}
