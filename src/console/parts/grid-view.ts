/** Rows beyond the edges that are drawn as well. */
const OVERSCAN = 6;
/** However high the window is, no more rows are drawn. */
export const MOST_ROWS = 120;

export interface InView {
  readonly first: number;
  /** The row after the last. */
  readonly end: number;
}

/** Which rows are to be drawn. */
export function inView(top: number, height: number, rowHeight: number, total: number): InView {
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - OVERSCAN, total - 1));
  const end = Math.min(total, Math.ceil((top + height) / rowHeight) + OVERSCAN, first + MOST_ROWS);
  return { first: Math.max(0, first), end: Math.max(0, end) };
}

/** Where a key leads from row `at` of `total`; undefined: nowhere. */
export function nextRow(key: string, at: number, total: number, page: number): number | undefined {
  const to = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: total - 1,
  }[key];
  return to === undefined ? undefined : Math.max(0, Math.min(total - 1, to));
}
