import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MusterError } from '../core/errors.ts';
import { counted } from '../core/wording.ts';
import { summaryOf } from '../replay/report/rows.ts';
import type { LostRun } from '../replay/report/sweep-result.ts';
import type { PolicyResult, ReplayResult } from '../replay/result.ts';
import type { Progress } from '../replay/sim/simulation.ts';
import { progressOn } from './progress.ts';
import { INTERRUPTED, requireWritable, writeOut } from './replay.ts';
import { requireValid } from './sweep-grid.ts';
import { cellsOf, fileOf, labelOf, type Cell, type GridFlags } from './sweep-cells.ts';
import { requireOut, writeResults, type OutFlags } from './sweep-out.ts';
import { poolOf, requireFiles, untilInterrupted, type PoolFlags } from './sweep-pool.ts';

export interface SweepFlags extends GridFlags, OutFlags, PoolFlags {
  /** A folder for the result of each run. */
  readonly out?: string;
  readonly cell?: number;
}

/** The exit code if runs were given up. Kubernetes may try again: 1 and 2 mean that the input is wrong. */
const INCOMPLETE = 3;

/** Runs all cells over threads, or one alone, and compares the policies. @returns the exit code */
export async function sweepCommand(source: string, flags: SweepFlags): Promise<number> {
  const { cell: index, out } = flags;
  requireFiles([source, ...flags.nodes.split(',')]);
  const all = cellsOf(flags);
  const cells = index === undefined ? all : all.slice(index, index + 1);
  if (index !== undefined && out === undefined)
    throw new MusterError(
      'MUSTER_USAGE',
      '--cell: one run alone compares nothing; name the folder for its result with --out.',
    );
  if (cells.length === 0)
    throw new MusterError('MUSTER_USAGE', `--cell: expected 0 to ${all.length - 1}, got ${index}.`);
  requireValid([...new Set(cells.map(({ policy }) => policy))]);
  requireBaseline(flags, all);
  requireOut(flags);
  if (out !== undefined) makeFolder(out);
  const report = new SweepReport(out, cells.length);
  const pool = poolOf(source, flags);
  const runOne = async (cell: Cell) => {
    const end = await pool.run(cell, report.progressOf(cell));
    if (end.kind === 'result') report.add(cell, end.result);
    else report.lose(cell, end.why);
  };
  const isWhole = await untilInterrupted(pool, () => Promise.all(cells.map(runOne)));
  report.end(flags);
  if (!isWhole) return INTERRUPTED;
  return report.lost.length === 0 ? 0 : INCOMPLETE;
}

/** Before the work starts. @throws MusterError MUSTER_USAGE */
function requireBaseline({ baseline }: OutFlags, cells: readonly Cell[]): void {
  const names = [...new Set(cells.map(({ policy }) => policy.name))];
  if (baseline === undefined || names.some((name) => baseline === name || baseline.startsWith(`${name} on `))) return;
  throw new MusterError('MUSTER_USAGE', `--baseline: expected one of ${names.join(', ')}, got ${baseline}.`);
}

/** Tells of each cell as soon as it ends, and keeps the results for the table. */
class SweepReport {
  readonly lost: LostRun[] = [];
  readonly #out: string | undefined;
  readonly #cells: number;
  readonly #ended: { readonly cell: Cell; readonly result: ReplayResult }[] = [];
  readonly #progress = progressOn(process.stderr);

  constructor(out: string | undefined, cells: number) {
    this.#out = out;
    this.#cells = cells;
  }

  readonly progressOf = (cell: Cell) => (progress: Progress) =>
    this.#progress.show({ ...progress, policy: `${this.#count()}; ${labelOf(cell)}` });

  add(cell: Cell, result: ReplayResult): void {
    this.#ended.push({ cell, result });
    this.#say(cell, result.policies.map(lineOf).join('; '));
    if (this.#out === undefined) return;
    writeOut(join(this.#out, fileOf(cell)), () => `${JSON.stringify(result, undefined, 1)}\n`);
  }

  lose(cell: Cell, why: string): void {
    this.lost.push({ run: labelOf(cell), why });
    this.#say(cell, `GIVEN UP: ${why}`);
  }

  /** @throws MusterError as `writeResults` */
  end(flags: OutFlags): void {
    this.#progress.clear();
    // In the order of the cells and not of the threads.
    this.#ended.sort((a, b) => a.cell.index - b.cell.index);
    const named = this.#ended.map(({ cell, result }) => ({ name: labelOf(cell), result }));
    writeResults({ named, lost: this.lost, isStopped: named.length + this.lost.length < this.#cells }, flags);
  }

  #say(cell: Cell, what: string): void {
    this.#progress.clear();
    process.stderr.write(`${this.#count()}: ${labelOf(cell)}: ${what}\n`);
  }

  #count = () => `${this.#ended.length + this.lost.length} of ${this.#cells}`;
}

/** The main figures, and how many jobs the cluster cannot hold: few nodes may look good without the largest jobs. */
function lineOf(policy: PolicyResult): string {
  const { larger } = policy.outcomes;
  return `${summaryOf(policy)}${larger === 0 ? '' : `, ${counted(larger, 'job')} larger than the cluster`}`;
}

/** @throws MusterError MUSTER_FILE_UNREADABLE */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${folder}: ${(error as Error).message}.`, { cause: error });
  }
  requireWritable(join(folder, 'any.json'));
}
