import { parse } from 'csv-parse';
import { MusterError } from '../../core/errors.ts';
import { unreadable, type InputFile } from './input-file.ts';

/** One data row: its cells and its line number (1: the first line of the file). */
export interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

/** In bytes: a file with a longer line is not a trace. */
const MAX_ROW = 1024 * 1024;

/** @throws MusterError MUSTER_TRACE_INVALID */
export function traceError({ name }: InputFile, line: number, what: string): MusterError {
  return new MusterError('MUSTER_TRACE_INVALID', `${name}:${line}: ${what}.`);
}

/** The rows of a CSV or TSV file, as they come; a header is a row like any other. */
export async function* rowsOf(file: InputFile, delimiter: string): AsyncGenerator<Row> {
  const parser = parse({
    delimiter,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    info: true,
    max_record_size: MAX_ROW,
    quote: delimiter === ',' ? '"' : null,
  });
  const bytes = file.open();
  // pipe passes no errors on.
  bytes.on('error', (error) => parser.destroy(error)).pipe(parser);
  const source = parser as AsyncIterable<{ record: string[]; info: { lines: number } }>;
  try {
    for await (const { record, info } of source) yield { cells: record, line: info.lines };
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Reads the cells of a row by column, with errors that name file, line, field and value. */
export class Cells {
  readonly #file: InputFile;
  readonly #columns: readonly string[];

  constructor(file: InputFile, columns: readonly string[]) {
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
