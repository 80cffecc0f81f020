import { cpSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Result } from './benchmark.ts';
import { outputOf } from './command.ts';
import { readReport } from './report.ts';

const LOCK = 'package-lock.json';

/** Where a copy of muster is made, so that neither its files nor what is built of them change while it is measured. */
export interface Tree {
  readonly folder: string;
  readonly stop: AbortSignal;
}

/** @returns the commit's full name. @throws Error where there is none, or where it lacks one of the benchmarks */
export async function commitOf(revision: string, names: readonly string[], stop: AbortSignal): Promise<string> {
  const git = (...args: string[]) => outputOf(['git', ...args], { cwd: '.', stop });
  const commit = await git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`).catch(() => {
    stop.throwIfAborted();
    throw new Error(`There is no revision "${revision}" here: name a commit, branch or tag, or git fetch it first.`);
  });
  const files = (await git('ls-tree', '-r', '--name-only', commit.trim(), 'bench/')).split('\n');
  const lacked = ['bench/run.mjs', 'bench/main.ts', ...names.map((name) => `bench/${name}.ts`)].find(
    (file) => !files.includes(file),
  );
  if (lacked) throw new Error(`Revision "${revision}" has no ${lacked}: compare with a later one, or leave that out.`);
  return commit.trim();
}

/** The files of a commit, by an index of their own: the repository and its worktrees stay as they are. */
export async function copyCommit(commit: string, { folder, stop }: Tree): Promise<void> {
  const context = { cwd: '.', stop, env: { GIT_INDEX_FILE: `${folder}.index` } };
  await outputOf(['git', 'read-tree', commit], context);
  await outputOf(['git', 'checkout-index', '--all', `--prefix=${folder}/`], context);
}

/** The files here, changed and new ones too. */
export async function copyWorkingTree({ folder, stop }: Tree): Promise<void> {
  const list = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = (await outputOf(list, { cwd: '.', stop })).split('\0');
  // A tracked file may be deleted; a folder is another repository.
  const isThere = (file: string) => file !== '' && lstatSync(file, { throwIfNoEntry: false })?.isFile();
  mkdirSync(folder);
  for (const file of files.filter(isThere)) cpSync(file, join(folder, file));
}

/** The packages that are installed here serve, where they are the same. */
export async function installPackages({ folder, stop }: Tree): Promise<void> {
  const isSame = readFileSync(join(folder, LOCK), 'utf8') === readFileSync(LOCK, 'utf8');
  if (isSame) symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  else await outputOf(['npm', 'ci', '--prefer-offline', '--loglevel=error'], { cwd: folder, stop });
}

/** As the tree's own revision builds: its runner builds whatever it then runs, be it the help. */
export async function buildBenchmarks({ folder, stop }: Tree): Promise<void> {
  await outputOf([process.execPath, 'bench/run.mjs', 'main', '--help'], { cwd: folder, stop });
}

/** One run of one benchmark, started as bench/run.mjs does. */
export async function measure(tree: Tree, name: string, quick: boolean): Promise<readonly Result[]> {
  const command = ['--enable-source-maps', '--expose-gc', 'dist/bench/main.js', name, ...(quick ? ['--quick'] : [])];
  const text = await outputOf([process.execPath, ...command], { cwd: tree.folder, stop: tree.stop });
  const file = /^written to (.+)$/m.exec(text)?.[1];
  const results = file === undefined ? [] : readReport(join(tree.folder, file)).results;
  if (results.length === 0) throw new Error(`${name} gave no figures: ${text.trim()}`);
  return results;
}
