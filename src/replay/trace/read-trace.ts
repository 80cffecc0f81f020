import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { MusterError } from '../../core/errors.ts';
import { itp, philly, swim } from './gang-rows.ts';
import type { Trace } from './job.ts';
import { native } from './native.ts';
import { openb } from './openb.ts';
import { pai } from './pai.ts';
import { fromFirst, type TraceReader } from './reader.ts';
import { openFile, unreadable } from './source.ts';

const READERS: readonly TraceReader[] = [itp, philly, openb, pai, swim, native];
export const FORMATS = READERS.map(({ format }) => format);

/**
 * Reads a trace. The first line tells its format unless `format` does. Files ending in `.gz` are unpacked.
 * @throws MusterError MUSTER_TRACE_INVALID naming file, line, field and value; MUSTER_FILE_UNREADABLE
 */
export async function readTrace(
  path: string,
  { format, seed }: { readonly format?: string; readonly seed: number },
): Promise<Trace> {
  const reader = format === undefined ? await recognise(path) : READERS.find((one) => one.format === format);
  if (!reader)
    throw new MusterError(
      'MUSTER_TRACE_INVALID',
      `Unknown trace format "${format}"; expected one of ${FORMATS.join(', ')}.`,
    );
  const { jobs, notes, drawn } = await reader.read({ path, seed });
  if (jobs.length === 0) throw new MusterError('MUSTER_TRACE_INVALID', `${basename(path)}: contains no jobs.`);
  const name = basename(path).replace(/\.gz$/, '');
  return { name, format: reader.format, work: reader.work, jobs: fromFirst(jobs), notes, drawn };
}

async function recognise(path: string): Promise<TraceReader> {
  const line = await firstLine(path);
  const reader = READERS.find((one) => one.recognises(line));
  if (reader) return reader;
  const start = JSON.stringify(line.slice(0, 60));
  throw new MusterError(
    'MUSTER_TRACE_INVALID',
    `${basename(path)}:1: no known trace format begins with ${start}; known: ${FORMATS.join(', ')}.`,
  );
}

async function firstLine(path: string): Promise<string> {
  const file = openFile(path);
  try {
    for await (const line of createInterface({ input: file, crlfDelay: Infinity })) return line.replace(/^\uFEFF/, '');
    return '';
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    file.destroy();
  }
}
