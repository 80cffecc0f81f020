/** A table for the terminal: one line per row, without rules. */
export interface TextTable {
  /** Titles of the columns; a long one is broken at its spaces. */
  readonly columns: readonly string[];
  readonly rows: readonly TextRow[];
  /** Columns of the terminal. */
  readonly width: number;
}

export interface TextRow {
  readonly label: string;
  /** Where the label does not fit. */
  readonly short: string;
  /** One per column. */
  readonly cells: readonly string[];
}

const GAP = 2;
/** A title may make its column this wide. */
const TITLE_WIDTH = 16;

/** A column as it is printed: the lines of its title, then its cells. */
interface Column {
  readonly width: number;
  readonly title: readonly string[];
  readonly cells: readonly string[];
}

/**
 * Lays the table out in as few blocks as fit the width, each with some of the columns. The short labels stand where the
 * long ones do not fit, or need more blocks. A single column that is too wide is not cut.
 */
export function textTable({ columns, rows, width }: TextTable): string {
  const laid = columns.map((title, at) =>
    columnOf(
      title,
      rows.map(({ cells }) => cells[at] ?? ''),
    ),
  );
  const [long, short] = [rows.map(({ label }) => label), rows.map((row) => row.short)];
  const blocksFor = (labels: readonly string[]) => blocksOf(laid, width - widest(labels));
  const needed = Math.max(...laid.map((column) => GAP + column.width));
  const isLong = widest(long) + needed <= width && blocksFor(long).length <= blocksFor(short).length;
  const labels = isLong ? long : short;
  return blocksFor(labels)
    .map((block) => blockText(labels, block))
    .join('\n\n');
}

function columnOf(title: string, cells: readonly string[]): Column {
  const lines = wrapped(title, Math.max(widest(cells), TITLE_WIDTH));
  return { width: widest([...lines, ...cells]), title: lines, cells };
}

function blocksOf(columns: readonly Column[], room: number): Column[][] {
  const blocks: Column[][] = [[]];
  let left = room;
  for (const column of columns) {
    const needed = GAP + column.width;
    if (needed > left && blocks.at(-1)?.length !== 0) {
      blocks.push([]);
      left = room;
    }
    blocks.at(-1)?.push(column);
    left -= needed;
  }
  return blocks;
}

function blockText(labels: readonly string[], columns: readonly Column[]): string {
  const height = Math.max(0, ...columns.map(({ title }) => title.length));
  const heads = Array.from({ length: height }, (_, line) => [
    '',
    ...columns.map(({ title }) => title[line - height + title.length] ?? ''),
  ]);
  const body = labels.map((label, row) => [label, ...columns.map(({ cells }) => cells[row] ?? '')]);
  const first = widest(labels);
  return [...heads, ...body]
    .map(([label = '', ...cells]) =>
      [label.padEnd(first), ...cells.map((cell, i) => cell.padStart(columns[i]?.width ?? 0))]
        .join(' '.repeat(GAP))
        .trimEnd(),
    )
    .join('\n');
}

/** Breaks a text at its spaces; a word that is too long stands alone. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(({ length }) => length));
