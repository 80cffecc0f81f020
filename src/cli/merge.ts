import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import { mergedTable, type NamedResult } from '../replay/report/merged.ts';
import { ROWS } from '../replay/report/rows.ts';
import type { PolicyResult, ReplayResult } from '../replay/result.ts';

/** Merges results; a folder stands for all results in it. @returns the exit code */
export function mergeCommand(paths: readonly string[]): number {
  const files = paths.flatMap(filesAt);
  process.stdout.write(`${mergedTable(files.map(readResult))}\n`);
  return 0;
}

/** The fields of a result that the table reads. */
const Result = z.object({
  version: z.literal(2),
  trace: z.object({ name: z.string(), format: z.string() }).loose(),
  nodes: z.object({ name: z.string(), count: z.number() }).loose(),
  seed: z.number(),
  changes: z.array(z.string()),
  options: z.array(z.string()),
  notes: z.array(z.string()),
  complete: z.boolean(),
  policies: z.array(z.custom<PolicyResult>(hasEveryFigure, 'a figure is missing')),
});

function hasEveryFigure(policy: unknown): boolean {
  try {
    return ROWS.map(({ value }) => value(policy as PolicyResult)).every((one) => one === null || Number.isFinite(one));
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

/** @throws MusterError MUSTER_RESULT_INVALID, MUSTER_FILE_UNREADABLE */
function readResult(name: string): NamedResult {
  const text = reading(name, () => readFileSync(name, 'utf8'));
  try {
    return { name, result: Result.parse(JSON.parse(text)) as unknown as ReplayResult };
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
