import { createWriteStream } from 'node:fs';
import { finished, pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { MusterError } from '../core/errors.ts';
import type { JobRecord } from '../replay/job-record.ts';
import { CSV_HEADER, toCsv } from '../replay/report/job-file.ts';
import { STANDARD } from './streams.ts';

/** Writes one row per job as the jobs end. */
export interface JobsOut {
  readonly add: (record: JobRecord) => void;
  /** @throws MusterError MUSTER_FILE_UNREADABLE */
  readonly close: () => Promise<void>;
}

const NAME = /\.(csv|ndjson)(\.gz)?$/;

/**
 * Opens the file of `--jobs`: CSV or NDJSON by its ending, packed if that is followed by .gz; `-` is NDJSON on standard
 * output.
 * @throws MusterError MUSTER_USAGE
 */
export function jobsOut(path: string): JobsOut {
  const [, format, gz] = path === STANDARD ? [path, 'ndjson'] : (NAME.exec(path) ?? []);
  if (format === undefined)
    throw new MusterError('MUSTER_USAGE', `--jobs: expected a name that ends in .csv or .ndjson, or -, got ${path}.`);
  const { to, close } = path === STANDARD ? standardOutput() : fileOutput(path, gz !== undefined);
  if (format === 'csv') to.write(`${CSV_HEADER}\n`);
  const lineOf = format === 'csv' ? toCsv : JSON.stringify;
  return { add: (record) => void to.write(`${lineOf(record)}\n`), close };
}

interface Output {
  readonly to: Writable;
  readonly close: () => Promise<void>;
}

const standardOutput = (): Output => ({ to: process.stdout, close: () => Promise.resolve() });

function fileOutput(path: string, isPacked: boolean): Output {
  const file = createWriteStream(path);
  const packing = isPacked ? createGzip() : undefined;
  const to = packing ?? file;
  const ended = packing ? pipeline(packing, file) : finished(file);
  // An error is reported by `close`, at the end of the replay.
  ended.catch(() => undefined);
  const close = async () => {
    to.end();
    await ended.catch((error: unknown) => {
      throw new MusterError('MUSTER_FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
    });
    process.stderr.write(`wrote ${path}\n`);
  };
  return { to, close };
}
