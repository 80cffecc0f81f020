/** The file name that stands for standard input or output. */
export const STANDARD = '-';

const USUAL_WIDTH = 100;

/** Columns of the terminal behind a stream; COLUMNS or 100 if there is none, or one that does not know its size. */
export function widthOf({ columns }: { readonly columns?: number }, env = process.env): number {
  const told = Number(env['COLUMNS']);
  return columns || (Number.isInteger(told) && told > 0 ? told : USUAL_WIDTH);
}

/** Standard output is for one thing: the table, or the file that is written there instead. */
export const streamOfTable = (files: readonly (string | undefined)[]) =>
  files.includes(STANDARD) ? process.stderr : process.stdout;
