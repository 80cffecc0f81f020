import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { docText } from '../../support/doc-blocks.ts';

const DOCS = readdirSync(new URL('../../../docs', import.meta.url))
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`);
const cli = readdirSync(new URL('../../../src', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((file) => /^cli(\.ts$|[/\\].*\.ts$)/.test(file))
  .map((file) => docText(`src/${file.replaceAll('\\', '/')}`))
  .join('\n');
const COMMANDS = new Set([...cli.matchAll(/command\('([a-z-]+)/g)].map(([, name]) => name!));

/** The command lines of muster in code blocks and code spans, without comments; continued lines are joined. */
function linesOf(doc: string): string[] {
  const text = docText(doc).replace(/\\\n\s*/g, ' ');
  const inBlocks = [...text.matchAll(/^```\w*\n([^]*?)^```$/gm)].flatMap(([, block]) => block!.split('\n'));
  const inSpans = [...text.replace(/^```\w*\n[^]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);
  return [...inBlocks, ...inSpans]
    .flatMap((line) => line.replace(/\s#.*$/, '').split(/ [|&] |&& /))
    .map((line) => line.trim().replace(/^(npm run (--silent )?muster --|kubectl muster) /, 'muster '))
    .filter((line) => /^muster [a-z]/.test(line));
}

/** `muster listens; reading ...` is a line of a log, and no command. */
const isCommand = (line: string) => /^muster [a-z-]+( |$)/.test(line) && !/^muster (is|has|may|would)\b/.test(line);
const isFlag = (flag: string) => new RegExp(`'(-\\w, )?${flag}[ ,']`).test(cli);

test.each([...DOCS, 'README.md', 'CONTRIBUTING.md'])('commands of muster in %s, and their flags, exist', (doc) => {
  const lines = linesOf(doc).filter(isCommand);
  expect(lines.filter((line) => !COMMANDS.has(line.split(' ')[1]!))).toEqual([]);
  const flags = lines.flatMap((line) => [...line.matchAll(/\s(--?[a-z][\w-]*)/g)].map(([, flag]) => ({ flag, line })));
  expect(flags.filter(({ flag }) => !isFlag(flag!))).toEqual([]);
});

test('the documents have commands to check', () => {
  expect(DOCS.flatMap(linesOf).filter(isCommand).length).toBeGreaterThan(40);
  expect(isFlag('--server') && !isFlag('--no-such-flag')).toBe(true);
});
