import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { MusterError } from '../../core/errors.ts';

/** What a trace or a table of nodes is read from. It can be opened more than once: the first line tells the format. */
export interface InputFile {
  /** As the user gave it, for errors. */
  readonly path: string;
  /** Without folder, for reports and for errors that name a line. */
  readonly name: string;
  /** The bytes from the start, unpacked. */
  readonly open: () => Readable;
}

/** A file; unpacked if its name ends in .gz. */
export function fileAt(path: string): InputFile {
  return { path, name: basename(path), open: () => openFile(path) };
}

function openFile(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file;
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}

/** The first two bytes of gzip. */
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * A stream without a file, such as standard input: kept in memory, and unpacked if it begins like gzip.
 * @throws MusterError MUSTER_FILE_UNREADABLE
 */
export async function fromStream(name: string, stream: Readable): Promise<InputFile> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const packed = Buffer.concat(chunks);
    const bytes = GZIP_MAGIC.every((byte, i) => packed[i] === byte) ? gunzipSync(packed) : packed;
    return { path: name, name, open: () => Readable.from([bytes], { objectMode: false }) };
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${name}: ${(error as Error).message}.`, { cause: error });
  }
}

/** Without its line break; empty for an empty file. @throws MusterError MUSTER_FILE_UNREADABLE, MUSTER_TRACE_INVALID */
export async function firstLine(file: InputFile): Promise<string> {
  const bytes = file.open();
  try {
    for await (const line of createInterface({ input: bytes, crlfDelay: Infinity })) return line.replace(/^\uFEFF/, '');
    return '';
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    bytes.destroy();
  }
}

/** The error of a file that cannot be read (system errors), or that does not hold what it should. */
export function unreadable({ path, name }: InputFile, error: unknown): unknown {
  if (error instanceof MusterError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('E'))
    return new MusterError('MUSTER_FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
  return new MusterError('MUSTER_TRACE_INVALID', `${name}: ${(error as Error).message}.`, { cause: error });
}
