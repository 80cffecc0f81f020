import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MusterError } from '../core/errors.ts';
import { replay, type ReplayPolicy } from '../replay/replay.ts';
import { reportHtml } from '../replay/report/html.ts';
import { comparisonTable } from '../replay/report/table.ts';
import type { ReplayResult } from '../replay/result.ts';
import { readPolicies } from '../server/policy-source.ts';
import { progressOn } from './progress.ts';
import { workloadOf, type WorkloadFlags } from './workload.ts';

export interface ReplayFlags extends WorkloadFlags {
  readonly policy: readonly string[];
  readonly seed: number;
  readonly json?: string;
  readonly report?: string;
}

/** The exit code after ^C. */
export const INTERRUPTED = 130;

/** @returns the exit code */
export async function replayCommand(source: string, flags: ReplayFlags): Promise<number> {
  for (const file of [flags.json, flags.report]) requireFolder(file);
  const workload = await workloadOf(source, flags, flags.seed);
  const policies = flags.policy.map((name): ReplayPolicy => ({ name, policies: readPolicies(name) }));
  const progress = progressOn(process.stderr);
  const abort = new AbortController();
  const onInterrupt = () => (abort.signal.aborted ? process.exit(INTERRUPTED) : abort.abort());
  process.on('SIGINT', onInterrupt);
  const result = await replay({
    ...workload,
    policies,
    signal: abort.signal,
    onProgress: progress.show,
  });
  process.off('SIGINT', onInterrupt);
  progress.clear();
  write(result, flags);
  return result.complete ? 0 : INTERRUPTED;
}

function write(result: ReplayResult, { json, report }: ReplayFlags): void {
  process.stdout.write(`${comparisonTable(result)}\n`);
  writeOut(json, () => `${JSON.stringify(result, undefined, 1)}\n`);
  writeOut(report, () => reportHtml(result));
}

/**
 * Fails before the work starts if the file could not be written after it. @throws MusterError MUSTER_FILE_UNREADABLE
 */
export function requireFolder(file: string | undefined): void {
  if (file === undefined) return;
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
}

/** @throws MusterError MUSTER_FILE_UNREADABLE */
export function writeOut(file: string | undefined, content: () => string | Uint8Array): void {
  if (file === undefined) return;
  try {
    writeFileSync(file, content());
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
  process.stderr.write(`wrote ${file}\n`);
}
