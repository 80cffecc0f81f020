import { readdirSync } from 'node:fs';
import { blocksOf, docText } from './doc-blocks.ts';

const textOf = (folder: string, files: RegExp): string =>
  readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => files.test(file))
    .map((file) => docText(`${folder}/${file.replaceAll('\\', '/')}`))
    .join('\n');

const src = textOf('src', /\.tsx?$/);
const config = docText('docs/config.md');
const policies = ['policies', 'queues', 'preemption', 'run-times'].map((page) => docText(`docs/${page}.md`)).join('\n');

/** What a page quotes in backquotes, outside of its blocks of code. */
export interface Quoted {
  readonly spans: readonly string[];
  /** The command lines among them, and those in blocks. */
  readonly commands: readonly string[];
}

export function quotedIn(page: string): Quoted {
  const prose = docText(page).replace(/^```\w*\n[^]*?^```$/gm, '');
  const spans = [...new Set([...prose.matchAll(/`([^`]+)`/g)].map(([, span]) => span!))];
  const commands = [...spans, ...blocksOf(page).flatMap(({ text }) => text.split('\n'))]
    .map((line) => line.replace(/ +#.*$/, ''))
    .filter((line) => /^(kubectl|curl) /.test(line) || (/^muster [a-z]+( |$)/.test(line) && !src.includes(line)));
  return { spans, commands };
}

/** The parts of a message between the names and figures, long enough to be found by. */
const partsOf = (message: string) =>
  message
    .split('...')
    .map((part) => part.replace(/^[ ,:.]+|[ ,:]+$/g, ''))
    .filter((part) => part !== '');

const isField = (span: string) =>
  config.includes(`\`${span}\``) || policies.includes(`\`${span}\``) || policies.includes(`\`.${span}\``);

/** Whether muster has this message, Event, label, metric or field: `...` stands for what the code fills in. */
export const isInCode = (span: string): boolean =>
  isField(span.replace(/: \w+$/, '')) || partsOf(span).every((part) => src.includes(part));
