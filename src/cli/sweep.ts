import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { MusterError } from '../core/errors.ts';
import { mergedTable, type NamedResult } from '../replay/report/merged.ts';
import type { ReplayResult } from '../replay/result.ts';
import { readPolicies } from '../server/policy-source.ts';
import { progressOn } from './progress.ts';
import { INTERRUPTED, requireFolder, writeOut } from './replay.ts';
import { cellsOf, fileOf, labelOf, runCell, type Cell, type Sweep, type SweepFlags } from './sweep-cells.ts';
import { SweepThread } from './sweep-thread.ts';

/** Runs all cells over threads and prints one table, or one cell alone. @returns the exit code */
export async function sweepCommand(source: string, flags: SweepFlags): Promise<number> {
  const cells = cellsOf(flags);
  const { cell: index, out } = flags;
  const chosen = index === undefined ? cells : cells.slice(index, index + 1);
  if (chosen.length === 0)
    throw new MusterError('MUSTER_USAGE', `--cell: expected 0 to ${cells.length - 1}, got ${index}.`);
  for (const policy of flags.policy) readPolicies(policy);
  makeFolder(out);
  const report = new SweepReport(out, chosen.length);
  const isWhole = await (index === undefined ? overThreads : inThisThread)({ source, flags }, chosen, report);
  report.end();
  return isWhole ? 0 : INTERRUPTED;
}

/** Writes results as they arrive and keeps them for the table. */
class SweepReport {
  readonly #out: string;
  readonly #cells: number;
  readonly #results: NamedResult[] = [];
  readonly #progress = progressOn(process.stderr);

  constructor(out: string, cells: number) {
    this.#out = out;
    this.#cells = cells;
  }

  readonly progressOf =
    (cell: Cell): Parameters<typeof runCell>[2] =>
    (progress) =>
      this.#progress.show({ ...progress, policy: `${this.#results.length} of ${this.#cells} done; ${labelOf(cell)}` });

  add(cell: Cell, result: ReplayResult): void {
    const name = join(this.#out, fileOf(cell));
    this.#results.push({ name, result });
    this.#progress.clear();
    process.stderr.write(`${this.#results.length} of ${this.#cells}: ${labelOf(cell)}: `);
    writeOut(name, () => `${JSON.stringify(result, undefined, 1)}\n`);
  }

  end(): void {
    this.#progress.clear();
    if (this.#results.length < this.#cells)
      process.stdout.write('STOPPED EARLY: the figures cover only the runs that finished.\n');
    // In the order of the cells and not of the threads.
    this.#results.sort((a, b) => (a.name < b.name ? -1 : 1));
    if (this.#results.length > 0) process.stdout.write(`${mergedTable(this.#results)}\n`);
  }
}

async function inThisThread(sweep: Sweep, cells: readonly Cell[], report: SweepReport): Promise<boolean> {
  for (const cell of cells) report.add(cell, await runCell(sweep, cell, report.progressOf(cell)));
  return true;
}

/** Each thread takes the next cell. @returns false: stopped by ^C */
async function overThreads(sweep: Sweep, cells: readonly Cell[], report: SweepReport): Promise<boolean> {
  const count = Math.min(sweep.flags.threads ?? availableParallelism(), cells.length);
  const threads = Array.from({ length: count }, () => new SweepThread(sweep));
  const queue = cells.values();
  const work = async (thread: SweepThread) => {
    for (const cell of queue) report.add(cell, await thread.run(cell, report.progressOf(cell)));
  };
  let interrupt = () => {};
  const interrupted = new Promise<false>((resolve) => (interrupt = () => resolve(false)));
  process.on('SIGINT', interrupt);
  try {
    return await Promise.race([Promise.all(threads.map(work)).then(() => true), interrupted]);
  } finally {
    process.off('SIGINT', interrupt);
    await Promise.all(threads.map((thread) => thread.stop()));
  }
}

/** @throws MusterError MUSTER_FILE_UNREADABLE */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${folder}: ${(error as Error).message}.`, { cause: error });
  }
  requireFolder(join(folder, 'any.json'));
}
