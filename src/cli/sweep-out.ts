import { resultsCsv } from '../replay/report/csv.ts';
import { reportHtml } from '../replay/report/html.ts';
import { mergedTable, type NamedResult } from '../replay/report/merged.ts';
import type { LostRun, SweepResult } from '../replay/report/sweep-result.ts';
import { RESULT_VERSION } from '../replay/result.ts';
import { VERSION } from '../version.ts';
import { commandLine } from './command-line.ts';
import { requireOutputs, writeOut } from './replay.ts';
import { streamOfTable, widthOf } from './streams.ts';

/** Where the results of many runs go, and how they are compared. */
export interface OutFlags {
  readonly json?: string;
  readonly csv?: string;
  readonly report?: string;
  /** The column that the others are compared with; default: the first. */
  readonly baseline?: string;
}

/** @throws MusterError as `requireOutputs` */
export function requireOut({ json, csv, report }: OutFlags): void {
  requireOutputs({ '--json': json, '--csv': csv, '--report': report });
}

/** What many runs came to. */
export interface Ended {
  readonly named: readonly NamedResult[];
  readonly lost: readonly LostRun[];
  /** By ^C. */
  readonly isStopped: boolean;
}

/** Prints the table, and writes the files. @throws MusterError MUSTER_RESULT_INVALID, MUSTER_FILE_UNREADABLE */
export function writeResults({ named, lost, isStopped }: Ended, flags: OutFlags): void {
  const results = named.map(({ result }) => result);
  const to = streamOfTable([flags.json, flags.csv, flags.report]);
  if (isStopped) to.write('STOPPED EARLY: the figures cover only the runs that finished.\n');
  for (const { run, why } of lost) to.write(`GIVEN UP: ${run}: ${why}\n`);
  const table = { baseline: flags.baseline, width: widthOf(to) };
  if (named.length > 0) to.write(`${mergedTable(named, table)}\n`);
  const sweep: SweepResult = {
    version: RESULT_VERSION,
    kind: 'sweep',
    muster: VERSION,
    command: commandLine(),
    lost,
    results,
  };
  writeOut(flags.json, () => `${JSON.stringify(sweep, undefined, 1)}\n`);
  writeOut(flags.csv, () => resultsCsv(results));
  if (results.length > 0) writeOut(flags.report, () => reportHtml(results));
}
