import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { digestOf, type Digest } from './support/digest.ts';
import { DIGEST_CASES } from './support/digest-cases.ts';

const USAGE = `npm run digests -- [--write] [--every N] [TEXT ...]
Replays every shipped trace and compares what muster decides with bench/replay-digests.json.
  --write    store the digests instead: in the commit that changes decisions on purpose
  --every N  every N-th case only
  TEXT       only cases whose name contains one of the texts`;
const FILE = fileURLToPath(new URL('../../bench/replay-digests.json', import.meta.url));

interface Options {
  readonly isWriting: boolean;
  readonly every: number;
  readonly texts: readonly string[];
}

function optionsFrom(args: readonly string[]): Options {
  const texts: string[] = [];
  let [isWriting, every] = [false, 1];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--write') isWriting = true;
    else if (args[i] === '--every') every = Number(args[++i]);
    else if (args[i]!.startsWith('-')) fail(`${args[i]} is not an option.\n\n${USAGE}`);
    else texts.push(args[i]!);
  }
  if (!Number.isSafeInteger(every) || every < 1) fail(`--every: expected a whole number from 1 on.\n\n${USAGE}`);
  return { isWriting, every, texts };
}

function fail(problem: string): never {
  console.error(problem);
  process.exit(2);
}

const { isWriting, every, texts } = optionsFrom(process.argv.slice(2));
const stored = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Digest>;
const chosen = DIGEST_CASES.filter(
  ({ name }, i) => i % every === 0 && (texts.length === 0 || texts.some((text) => name.includes(text))),
);
if (chosen.length === 0) fail(`No case is called ${texts.join(' or ')}.\n\n${USAGE}`);
const different: string[] = [];
for (const [i, one] of chosen.entries()) {
  const { result, decisions } = await digestOf(one);
  const known = stored[one.name];
  const changes = [
    ...(known?.result === result ? [] : ['result']),
    ...(known?.decisions === decisions ? [] : ['decisions']),
  ];
  if (changes.length > 0) different.push(`${one.name}: ${known ? changes.join(' and ') : 'no digest stored'}`);
  stored[one.name] = { result, decisions };
  console.error(`${i + 1}/${chosen.length} ${changes.length === 0 ? 'same     ' : 'different'} ${one.name}`);
}
if (isWriting) {
  const known = new Set(DIGEST_CASES.map(({ name }) => name));
  const kept = Object.entries(stored).filter(([name]) => known.has(name));
  const lines = kept
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, one]) => `  ${JSON.stringify(name)}: ${JSON.stringify(one)}`);
  writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`);
  console.log(`${chosen.length} digests stored, ${different.length} of them new or different: ${FILE}`);
} else if (different.length > 0) {
  console.log(`${different.length} of ${chosen.length} replays are different:\n${different.join('\n')}`);
  process.exitCode = 1;
} else console.log(`${chosen.length} replays: the same results and the same decisions.`);
