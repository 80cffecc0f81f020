import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly text: { readonly out: string; readonly err: string };
  readonly ended: Promise<Ended>;
}

/** The bundle as it is shipped, for the tests of a file: built before them, its processes ended after them. */
export function builtCli() {
  /** Outside the project: the bundle needs no package beside it. */
  const folder = mkdtempSync(join(tmpdir(), 'muster-cli-'));
  const cli = join(folder, 'cli.js');
  const children: ChildProcess[] = [];
  beforeAll(() => void execFileSync(process.execPath, ['build.mjs', cli], { cwd: ROOT }));
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  /** @param input what the process reads from standard input */
  const start = (args: readonly string[], env: Record<string, string> = {}, input: string | Buffer = ''): Started => {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [cli, ...args], { cwd: ROOT, env: { PATH, ...env }, stdio: 'pipe' });
    const text = { out: '', err: '' };
    children.push(child);
    child.stdin.on('error', () => undefined).end(input);
    child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
    const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, ...text })));
    return { child, text, ended };
  };
  return { folder, start, muster: (...args: readonly string[]) => start(args).ended };
}

/** Waits until the process has written this. */
export async function written(
  { child, text }: Started,
  pattern: RegExp,
  to: 'out' | 'err' = 'out',
): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(text[to]);
    if (found) return found;
    if (child.exitCode !== null) throw new Error(`it ended: ${text.out}${text.err}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
