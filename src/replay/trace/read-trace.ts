import { MusterError } from '../../core/errors.ts';
import { itp, philly, swim } from './gang-rows.ts';
import { fileAt, firstLine, type InputFile } from './input-file.ts';
import type { Trace } from './job.ts';
import { native } from './native.ts';
import { openb } from './openb.ts';
import { pai } from './pai.ts';
import { fromFirst, type TraceReader } from './reader.ts';

const READERS: readonly TraceReader[] = [itp, philly, openb, pai, swim, native];
export const FORMATS = READERS.map(({ format }) => format);

/**
 * Reads a trace. The first line tells its format unless `format` does.
 * @param from a path, or a stream that was read
 * @throws MusterError MUSTER_TRACE_INVALID naming file, line, field and value; MUSTER_FILE_UNREADABLE
 */
export async function readTrace(
  from: string | InputFile,
  { format, seed }: { readonly format?: string; readonly seed: number },
): Promise<Trace> {
  const file = typeof from === 'string' ? fileAt(from) : from;
  const reader = format === undefined ? await recognise(file) : READERS.find((one) => one.format === format);
  if (!reader)
    throw new MusterError(
      'MUSTER_TRACE_INVALID',
      `Unknown trace format "${format}"; expected one of ${FORMATS.join(', ')}.`,
    );
  const { jobs, notes, drawn } = await reader.read({ file, seed });
  if (jobs.length === 0) throw new MusterError('MUSTER_TRACE_INVALID', `${file.name}: contains no jobs.`);
  const name = file.name.replace(/\.gz$/, '');
  return { name, format: reader.format, work: reader.work, jobs: fromFirst(jobs), notes, drawn };
}

async function recognise(file: InputFile): Promise<TraceReader> {
  const line = await firstLine(file);
  const reader = READERS.find((one) => one.recognises(line));
  if (reader) return reader;
  const start = JSON.stringify(line.slice(0, 60));
  throw new MusterError(
    'MUSTER_TRACE_INVALID',
    `${file.name}:1: no known trace format begins with ${start}; known: ${FORMATS.join(', ')}.`,
  );
}
