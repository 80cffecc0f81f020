import { readFileSync } from 'node:fs';

/** A fenced block of a document: its language, what is in it, and what follows up to the next block. */
export interface DocBlock {
  readonly heading: string;
  readonly language: string;
  readonly text: string;
  readonly after: string;
}

export const docText = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The fenced blocks of a document, in its order. @param path from the root of the repository */
export function blocksOf(path: string): readonly DocBlock[] {
  const parts = docText(path).split(/^```(\w*)\n([^]*?)^```$/m);
  const out: DocBlock[] = [];
  let heading = '';
  for (let i = 0; i + 3 < parts.length; i += 3) {
    heading = /^#+ (.+)$(?![^]*^#+ )/m.exec(parts[i]!)?.[1] ?? heading;
    out.push({ heading, language: parts[i + 1]!, text: parts[i + 2]!, after: parts[i + 3]! });
  }
  return out;
}
