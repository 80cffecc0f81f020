import { COLOURS } from './view.ts';

/** Breaks a line at spaces where it is longer than the terminal; what follows is indented. */
export function wrapped(line: string, width: number): string[] {
  if (line.replaceAll(COLOURS, '').length <= width) return [line];
  const indent = `  ${/^[ *]*/.exec(line)![0].replaceAll('*', ' ')}`;
  const out: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const cut = rest.lastIndexOf(' ', width);
    if (cut <= indent.length) break;
    out.push(rest.slice(0, cut));
    rest = indent + rest.slice(cut + 1);
  }
  return [...out, rest];
}
