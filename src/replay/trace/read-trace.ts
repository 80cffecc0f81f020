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
 * Reads a trace; its format is known by its first line unless it is given. `.gz` is unpacked.
 * @throws MusterError MUSTER_TRACE_INVALID naming file, line, field and value; MUSTER_FILE_UNREADABLE
 */
export async function readTrace(
  path: string,
  { format, seed }: { readonly format?: string; readonly seed: number },
): Promise<Trace> {
  const reader = format === undefined ? await recognise(path) : READERS.find((one) => one.format === format);
  if (!reader)
    throw new MusterError('MUSTER_TRACE_INVALID', `"${format}" is not a trace format; known: ${FORMATS.join(', ')}.`);
  const { jobs, notes, drawn } = await reader.read({ path, seed });
  if (jobs.length === 0) throw new MusterError('MUSTER_TRACE_INVALID', `${basename(path)}: there is no job in it.`);
  return { name: basename(path).replace(/\.gz$/, ''), format: reader.format, jobs: fromFirst(jobs), notes, drawn };
}

async function recognise(path: string): Promise<TraceReader> {
  const line = await firstLine(path);
  const reader = READERS.find((one) => one.recognises(line));
  if (reader) return reader;
  const start = JSON.stringify(line.slice(0, 60));
  throw new MusterError(
    'MUSTER_TRACE_INVALID',
    `${basename(path)}:1: ${start} begins none of the known formats (${FORMATS.join(', ')}).`,
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
