import type { Tone, View } from './view.ts';

/** A cell: its text, and a colour. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

export interface Column {
  readonly head: string;
  readonly isRight?: boolean;
  /** May be shortened where the line is too long for the terminal, down to so many characters. */
  readonly least?: number;
  /** The end of a long text says more than its beginning. */
  readonly keepsEnd?: boolean;
}

const GAP = '  ';

/**
 * Lines of aligned columns with a heading. On a terminal they fit its width: columns that may be shortened are, the last
 * one first. Into a pipe nothing is shortened, so that a line can be searched.
 */
export function columnLines(columns: readonly Column[], rows: readonly (readonly Cell[])[], view: View): string[] {
  const texts = rows.map((row) => row.map((cell) => tame(typeof cell === 'string' ? cell : cell.text)));
  const widths = fitted(
    columns,
    columns.map(({ head }, i) => Math.max(head.length, ...texts.map((row) => row[i]?.length ?? 0))),
    view.width,
  );
  const line = (cells: readonly string[], toneOf: (i: number) => Tone | undefined) =>
    cells
      .map((cell, i) => {
        const { isRight, keepsEnd } = columns[i]!;
        const short = shortened(cell, widths[i]!, keepsEnd);
        const tone = toneOf(i);
        const painted = tone === undefined || short === '' ? short : view.paint(tone, short);
        const pad = ' '.repeat(Math.max(0, widths[i]! - short.length));
        if (isRight) return pad + painted;
        return i === cells.length - 1 ? painted : painted + pad;
      })
      .join(GAP)
      .trimEnd();
  const tones = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? undefined : cell.tone)));
  return [
    line(
      columns.map(({ head }) => head),
      () => 'head',
    ),
    ...texts.map((row, at) => line(row, (i) => tones[at]![i])),
  ];
}

/** At most so many characters. */
function shortened(text: string, width: number, keepsEnd = false): string {
  if (text.length <= width) return text;
  return keepsEnd ? `~${text.slice(text.length - width + 1)}` : `${text.slice(0, Math.max(0, width - 1))}~`;
}

/** Names and reasons come from tenants: what moves the cursor or hides text is not printed, and a cell is one line. */
export const tame = (text: string) => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');

function fitted(columns: readonly Column[], wanted: readonly number[], width: number): readonly number[] {
  const out = [...wanted];
  let over = out.reduce((sum, one) => sum + one, 0) + GAP.length * (out.length - 1) - width;
  for (let i = columns.length - 1; i >= 0 && over > 0; i--) {
    const { least, head } = columns[i]!;
    if (least === undefined) continue;
    const cut = Math.max(0, Math.min(over, out[i]! - Math.max(least, head.length)));
    out[i]! -= cut;
    over -= cut;
  }
  return out;
}
