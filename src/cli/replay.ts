import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MusterError } from '../core/errors.ts';
import { replay, type ReplayPolicy } from '../replay/replay.ts';
import { reportHtml } from '../replay/report/html.ts';
import { summaryOf } from '../replay/report/rows.ts';
import { comparisonTable } from '../replay/report/table.ts';
import type { GroupBy, LatencyResult, PolicyResult, ReplayResult } from '../replay/result.ts';
import { readRules } from '../server/policy-source.ts';
import { VERSION } from '../version.ts';
import { commandLine } from './command-line.ts';
import { jobsOut } from './jobs-out.ts';
import { shortNames } from './policy-names.ts';
import { progressOn } from './progress.ts';
import { STANDARD, streamOfTable, widthOf } from './streams.ts';
import { workloadOf, type WorkloadFlags } from './workload.ts';

export interface ReplayFlags extends WorkloadFlags {
  readonly policy: readonly string[];
  readonly seed: number;
  readonly json?: string;
  readonly jobs?: string;
  readonly report?: string;
  readonly by?: GroupBy;
  readonly notes?: true;
}

/** The exit code after ^C. */
export const INTERRUPTED = 130;

/** @returns the exit code */
export async function replayCommand(source: string, flags: ReplayFlags): Promise<number> {
  requireOutputs({ '--json': flags.json, '--jobs': flags.jobs, '--report': flags.report });
  const policies = policiesOf(flags.policy);
  const { warning, ...workload } = await workloadOf(source, flags, flags.seed);
  if (warning !== undefined) process.stderr.write(`warning: ${warning}\n`);
  const jobs = flags.jobs === undefined ? undefined : jobsOut(flags.jobs);
  const progress = progressOn(process.stderr);
  const abort = new AbortController();
  const onInterrupt = () => (abort.signal.aborted ? process.exit(INTERRUPTED) : abort.abort());
  process.on('SIGINT', onInterrupt);
  const result = await replay({
    ...workload,
    policies,
    muster: VERSION,
    command: commandLine(),
    signal: abort.signal,
    onProgress: progress.show,
    onPolicy: (ended, latency) => {
      progress.clear();
      process.stderr.write(`${endedLine(ended, latency)}\n`);
    },
    ...(jobs ? { onJob: jobs.add } : {}),
  });
  process.off('SIGINT', onInterrupt);
  progress.clear();
  await jobs?.close();
  write(result, flags);
  return result.complete ? 0 : INTERRUPTED;
}

const policiesOf = (sources: readonly string[]): ReplayPolicy[] => {
  const different = [...new Set(sources)];
  const names = shortNames(different);
  return different.map((source, i) => ({ name: names[i] ?? source, source, rules: readRules(source) }));
};

/** Each policy's main figures as soon as it is done: a slow one withholds nothing. */
const endedLine = (result: PolicyResult, { wallSeconds }: LatencyResult) =>
  `${result.policy}: ${summaryOf(result)} (took ${wallSeconds.toFixed(1)} s)`;

function write(result: ReplayResult, { json, jobs, report, by, notes }: ReplayFlags): void {
  const to = streamOfTable([json, jobs, report]);
  const options = { width: widthOf(to), ...(by === undefined ? {} : { by }), notes: notes ?? false };
  to.write(`${comparisonTable(result, options)}\n`);
  writeOut(json, () => `${JSON.stringify(result, undefined, 1)}\n`);
  writeOut(report, () => reportHtml([result]));
}

/**
 * Fails before the work starts if a file could not be written after it.
 * @param files by option
 * @throws MusterError MUSTER_USAGE for two on standard output, MUSTER_FILE_UNREADABLE
 */
export function requireOutputs(files: Readonly<Record<string, string | undefined>>): void {
  const standard = Object.keys(files).filter((option) => files[option] === STANDARD);
  if (standard.length > 1)
    throw new MusterError('MUSTER_USAGE', `Only one of ${standard.join(' and ')} can be written to standard output.`);
  for (const file of Object.values(files)) requireWritable(file);
}

/**
 * Fails before the work starts if the file could not be written after it. @throws MusterError MUSTER_FILE_UNREADABLE
 */
export function requireWritable(file: string | undefined): void {
  if (file === undefined || file === STANDARD) return;
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new Error('expected a file, got a folder');
    accessSync(there ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
}

/** Writes a file, or standard output for `-`. @throws MusterError MUSTER_FILE_UNREADABLE */
export function writeOut(file: string | undefined, content: () => string | Uint8Array): void {
  if (file === undefined) return;
  if (file === STANDARD) {
    process.stdout.write(content());
    return;
  }
  try {
    writeFileSync(file, content());
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
  process.stderr.write(`wrote ${file}\n`);
}
