import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import type { NamedResult } from '../replay/report/merged.ts';
import { ROWS } from '../replay/report/rows.ts';
import type { LostRun } from '../replay/report/sweep-result.ts';
import { RESULT_VERSION, type PolicyResult, type ReplayResult } from '../replay/result.ts';
import { requireOut, writeResults, type OutFlags } from './sweep-out.ts';

/** Merges results; a folder stands for all results in it. @returns the exit code */
export function mergeCommand(paths: readonly string[], flags: OutFlags): number {
  requireOut(flags);
  const files = paths.flatMap(filesAt).map(readResults);
  const [named, lost] = [files.flatMap(({ results }) => results), files.flatMap((file) => file.lost)];
  if (named.length === 0)
    throw new MusterError('MUSTER_RESULT_INVALID', `${paths.join(', ')}: there are no results to merge.`);
  writeResults({ named, lost, isStopped: false }, flags);
  return 0;
}

/** The fields of a result that the table reads. */
const Result = z.looseObject({
  version: z.literal(RESULT_VERSION),
  trace: z.looseObject({ name: z.string(), format: z.string(), sha256: z.string() }),
  nodes: z.looseObject({ name: z.string(), count: z.number() }),
  work: z.looseObject({}),
  offered: z.looseObject({ load: z.number() }),
  seed: z.number(),
  changes: z.array(z.string()),
  options: z.array(z.string()),
  notes: z.array(z.string()),
  complete: z.boolean(),
  policies: z.array(z.custom<PolicyResult>(hasEveryFigure, 'a figure is missing')),
});

const Sweep = z.looseObject({
  version: z.literal(RESULT_VERSION),
  kind: z.literal('sweep'),
  lost: z.array(z.object({ run: z.string(), why: z.string() })),
  results: z.array(Result),
});

function hasEveryFigure(policy: unknown): boolean {
  try {
    const figures = ROWS.map((row) => [row.value(policy as PolicyResult), row.isLowerBound(policy as PolicyResult)]);
    return figures.every(([value]) => value === null || Number.isFinite(value));
  } catch {
    return false;
  }
}

function filesAt(path: string): string[] {
  return reading(path, () =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => name.endsWith('.json'))
          .sort()
          .map((name) => join(path, name))
      : [path],
  );
}

interface Read {
  readonly results: readonly NamedResult[];
  readonly lost: readonly LostRun[];
}

/** A result, or all of a sweep. @throws MusterError MUSTER_RESULT_INVALID, MUSTER_FILE_UNREADABLE */
function readResults(name: string): Read {
  const text = reading(name, () => readFileSync(name, 'utf8'));
  try {
    const json: unknown = JSON.parse(text);
    const isSweep = typeof json === 'object' && json !== null && 'kind' in json;
    const { results, lost } = isSweep ? Sweep.parse(json) : { results: [Result.parse(json)], lost: [] };
    return { results: results.map((result) => ({ name, result: result as unknown as ReplayResult })), lost };
  } catch (error) {
    const first = error instanceof z.ZodError ? error.issues[0] : undefined;
    const why = first ? `${first.path.join('.') || 'the file'}: ${first.message}` : (error as Error).message;
    throw new MusterError('MUSTER_RESULT_INVALID', `${name}: ${why}.`, { cause: error });
  }
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}
