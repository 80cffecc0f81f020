import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { MusterError } from '../../core/errors.ts';

/** One data row: its cells and its line number (1: the first line of the file). */
export interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

/** In bytes: a file with a longer line is not a trace. */
const MAX_ROW = 1024 * 1024;

/** @throws MusterError MUSTER_TRACE_INVALID */
export function traceError(file: string, line: number, what: string): MusterError {
  return new MusterError('MUSTER_TRACE_INVALID', `${basename(file)}:${line}: ${what}.`);
}

/** The file's bytes; unpacked if its name ends in .gz. */
export function openFile(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file;
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}

/** The rows of a CSV or TSV file, as they come; a header is a row like any other. */
export async function* rowsOf(path: string, delimiter: string): AsyncGenerator<Row> {
  const parser = openFile(path).pipe(
    parse({
      delimiter,
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
      max_record_size: MAX_ROW,
      quote: delimiter === ',' ? '"' : null,
    }),
  );
  const source = parser as AsyncIterable<{ record: string[]; info: { lines: number } }>;
  try {
    for await (const { record, info } of source) yield { cells: record, line: info.lines };
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): unknown {
  if (error instanceof MusterError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('E'))
    return new MusterError('MUSTER_FILE_UNREADABLE', `${path}: ${(error as Error).message}.`, { cause: error });
  return new MusterError('MUSTER_TRACE_INVALID', `${basename(path)}: ${(error as Error).message}.`, { cause: error });
}

/** Reads the cells of a row by column, with errors that name file, line, field and value. */
export class Cells {
  readonly #file: string;
  readonly #columns: readonly string[];

  constructor(file: string, columns: readonly string[]) {
    this.#file = file;
    this.#columns = columns;
  }

  text({ cells, line }: Row, column: string): string {
    const value = cells[this.#columns.indexOf(column)];
    if (value === undefined)
      throw traceError(
        this.#file,
        line,
        `field ${column} is missing (${cells.length} of ${this.#columns.length} columns)`,
      );
    if (value.length > 1000)
      throw traceError(
        this.#file,
        line,
        `field ${column}: must be at most 1000 characters long, got "${value.slice(0, 40)}..."`,
      );
    return value;
  }

  /** A number from 0 to 2^53 - 1. */
  number(row: Row, column: string): number {
    const text = this.text(row, column);
    const value = text.trim() === '' ? NaN : Number(text);
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
    throw traceError(
      this.#file,
      row.line,
      `field ${column}: expected a non-negative number, got "${text.slice(0, 60)}"`,
    );
  }

  /** As `number`; an empty cell is undefined. */
  optional(row: Row, column: string): number | undefined {
    return this.text(row, column) === '' ? undefined : this.number(row, column);
  }

  count(row: Row, column: string, most: number): number {
    const value = this.number(row, column);
    if (Number.isInteger(value) && value <= most) return value;
    throw traceError(this.#file, row.line, `field ${column}: expected an integer of at most ${most}, got ${value}`);
  }
}
