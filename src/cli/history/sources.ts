import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { MusterError } from '../../core/errors.ts';
import { fileAt, type InputFile } from '../../replay/trace/input-file.ts';

/** A file, or the files of one event log, in their order. `isNamed`: it was given itself, and not found in a folder. */
export interface Source {
  readonly path: string;
  readonly parts: readonly InputFile[];
  readonly isNamed: boolean;
}

/** Spark's rolling event logs: a folder for each app. */
const ROLLING = /^eventlog_v2_/;
const ROLLED = /^events_(\d+)_.*$/;
/** What Spark or its storage keeps beside event logs. */
const BESIDE = /^[._]|^appstatus_|\.crc$/;
const UNREADABLE = /\.(lz4|lzf|snappy)$/;
const ZSTD = /\.(zstd|zst)$/;
/** Spark writes the log still, or was killed while it did. */
const OPEN = /\.inprogress$/;

/**
 * The sources at a path: the file itself, or all that are in the folder and its folders, in the order of their names.
 * @returns the sources, and how many logs are not complete
 * @throws MusterError MUSTER_FILE_UNREADABLE; MUSTER_USAGE for a file that is packed as Node.js cannot unpack it
 */
export function sourcesAt(path: string): { readonly sources: readonly Source[]; readonly open: number } {
  const sources: Source[] = [];
  let open = 0;
  const visit = (at: string, isNamed: boolean) => {
    if (!isFolder(at)) {
      if (OPEN.test(at)) open++;
      else sources.push({ path: at, parts: [inputAt(at)], isNamed });
      return;
    }
    const names = readdirSync(at).sort();
    if (!ROLLING.test(basename(at))) {
      for (const name of names) if (!BESIDE.test(name)) visit(join(at, name), false);
    } else if (names.some((name) => OPEN.test(name))) open++;
    else sources.push({ path: at, parts: rolled(names).map((name) => inputAt(join(at, name))), isNamed });
  };
  visit(path, true);
  return { sources, open };
}

/** The files of a rolling log in their order. A compacted one has taken the place of those before it. */
function rolled(names: readonly string[]): readonly string[] {
  const files = names.flatMap((name) => {
    const [, index] = ROLLED.exec(name) ?? [];
    return index === undefined ? [] : [{ name, index: Number(index), isCompact: name.endsWith('.compact') }];
  });
  const from = Math.max(-1, ...files.filter(({ isCompact }) => isCompact).map(({ index }) => index));
  return files
    .filter(({ index, isCompact }) => index > from || (isCompact && index === from))
    .sort((a, b) => a.index - b.index)
    .map(({ name }) => name);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}

/** In Node.js from 22.15 on. */
const { createZstdDecompress: unpackZstd } = zlib as { createZstdDecompress?: () => zlib.Gunzip };

function inputAt(path: string): InputFile {
  const [, codec] = UNREADABLE.exec(path) ?? [];
  if (codec !== undefined) {
    const remedy = 'give what the History Server says instead: curl HISTORY_SERVER/api/v1/applications > apps.json';
    throw new MusterError('MUSTER_USAGE', `${path}: muster cannot unpack ${codec}; ${remedy}.`);
  }
  const plain = fileAt(path);
  if (!ZSTD.test(path)) return plain;
  if (!unpackZstd) {
    const what = `${path}: Node.js ${process.version} cannot unpack zstd; use 22.15 or later, or unpack it: zstd -d ${path}`;
    throw new MusterError('MUSTER_USAGE', `${what}.`);
  }
  const open = (): Readable => {
    const unpacked = unpackZstd();
    return plain
      .open()
      .on('error', (error) => unpacked.destroy(error))
      .pipe(unpacked);
  };
  return { ...plain, open };
}
