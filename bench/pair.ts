import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAIR_USAGE, pairOptions, type PairOptions } from './support/pair-options.ts';
import { pairTable, ratiosText } from './support/pair-table.ts';
import { judgedBy, orderOf, pairsOf, verdictOf, type Round, type Side } from './support/pairing.ts';
import { progress } from './support/progress.ts';
import { MACHINE, revision } from './support/report.ts';
import {
  buildBenchmarks,
  commitOf,
  copyCommit,
  copyWorkingTree,
  installPackages,
  measure,
  type Tree,
} from './support/trees.ts';

/** As shells have it for ^C. */
const STOPPED = 130;

type Trees = Readonly<Record<Side, Tree>>;

function optionsOrExit(): PairOptions {
  try {
    const options = pairOptions(process.argv.slice(2));
    if (options) return options;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${PAIR_USAGE}`);
    process.exit(2);
  }
  console.log(PAIR_USAGE);
  process.exit(0);
}

/** A folder that is gone when this process is, however it ends. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-pair-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Says in an error which side it is of. */
async function ofSide<T>(side: Side, task: Promise<T>): Promise<T> {
  try {
    return await task;
  } catch (error) {
    throw new Error(`${side.toUpperCase()}: ${(error as Error).message}`, { cause: error });
  }
}

async function prepare(commit: string, stop: AbortSignal): Promise<Trees> {
  const folder = temporaryFolder();
  const trees = { a: { folder: join(folder, 'a'), stop }, b: { folder: join(folder, 'b'), stop } };
  progress('copying both sides');
  await copyWorkingTree(trees.b);
  await copyCommit(commit, trees.a);
  for (const side of ['a', 'b'] as const) {
    progress(`${side.toUpperCase()}: packages and build`);
    await ofSide(side, installPackages(trees[side]));
    await ofSide(side, buildBenchmarks(trees[side]));
  }
  return trees;
}

/** Fills in what each benchmark measured, so that whole rounds are there where a later one fails. */
async function measureAll({ names, rounds, quick }: PairOptions, trees: Trees, found: Map<string, Round[]>) {
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const measured: { -readonly [S in Side]?: Round[S] } = {};
      for (const side of orderOf(round)) {
        progress(`round ${round + 1} of ${rounds}, ${side.toUpperCase()}: ${name}`);
        measured[side] = await ofSide(side, measure(trees[side], name, quick));
      }
      found.set(name, [...(found.get(name) ?? []), { a: measured.a!, b: measured.b! }]);
    }
  }
}

function print({ against, limit, quick }: PairOptions, found: ReadonlyMap<string, Round[]>, sides: string): void {
  progress('');
  for (const [name, rounds] of found) console.log(`\n${name}, rounds: ${rounds.length}\n${pairTable(rounds, limit)}`);
  if (found.size === 0) return;
  console.log(`A: ${against}; ${sides}\n${MACHINE}; Node.js ${process.version}`);
  if (quick) console.log('Quick runs: their figures count for nothing.');
}

/** @returns whether no figure is worse than the limit allows */
function judge(limit: number, found: ReadonlyMap<string, Round[]>): boolean {
  const judged = [...found].flatMap(([name, rounds]) =>
    pairsOf(rounds).map((pair) => ({ name, pair, verdict: verdictOf(pair, limit) })),
  );
  const worse = judged.filter(({ verdict }) => verdict === 'worse');
  const count = judged.filter(({ verdict }) => verdict !== 'not judged').length;
  console.log(`Beyond the limit of ${limit}, by the median of the ratios: ${worse.length} of ${count} figures`);
  for (const { name, pair } of worse) console.log(`  ${name}: ${pair.figure.name}: ${ratiosText(judgedBy(pair))}`);
  return worse.length === 0;
}

async function run(options: PairOptions, stop: AbortSignal): Promise<number> {
  const commit = await commitOf(options.against, options.names, stop);
  const sides = `${commit.slice(0, 10)}\nB: the working tree, ${revision()}`;
  const trees = await prepare(commit, stop);
  const found = new Map<string, Round[]>();
  try {
    await measureAll(options, trees, found);
  } finally {
    print(options, found, sides);
  }
  return options.limit === undefined || judge(options.limit, found) ? 0 : 1;
}

const options = optionsOrExit();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort());
try {
  process.exitCode = await run(options, stop.signal);
} catch (error) {
  console.error(stop.signal.aborted ? 'Stopped.' : (error as Error).message);
  process.exitCode = stop.signal.aborted ? STOPPED : 2;
}
