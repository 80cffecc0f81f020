import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReplayResult } from '../../../src/replay/result.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const ITP = 'bench/traces/msft-itp/cluster03.csv.gz';
/** Outside the project: the bundle needs no package beside it. */
const folder = mkdtempSync(join(tmpdir(), 'muster-cli-'));
const cli = join(folder, 'cli.js');

beforeAll(() => void execFileSync(process.execPath, ['build.mjs', cli], { cwd: ROOT }));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], env: Record<string, string> = {}) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [cli, ...args], { cwd: ROOT, env: { PATH, ...env }, stdio: 'pipe' });
  const text = { out: '', err: '' };
  children.push(child);
  child.stdin.end();
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, ...text })));
  return { child, text, ended };
}

const muster = (...args: string[]) => start(args).ended;

/** Waits until the process has written this. */
async function written(child: ChildProcess, text: { out: string }, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(text.out);
    if (found) return found;
    if (child.exitCode !== null) throw new Error(`it ended: ${text.out}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

const small = ['replay', ITP, '--nodes', 'preset:S', '--load', '20', '--max-jobs', '60', '--speed', '50'];
const path = (name: string) => join(folder, name);

test('a replay prints the table, and writes the result and the report', async () => {
  const two = ['--policy', 'kube-default', '--policy', 'scheduler-config/policies/spark.yaml'];
  const files = ['--json', path('a.json'), '--report', path('a.html')];
  const { code, out } = await muster(...small, ...two, ...files);
  expect(code).toBe(0);
  expect(out).toContain('partial-gang seconds');
  const result = JSON.parse(readFileSync(path('a.json'), 'utf8')) as ReplayResult;
  expect(result.policies.map(({ policy, jobs }) => [policy, jobs])).toEqual([
    ['kube-default', 60],
    ['scheduler-config/policies/spark.yaml', 60],
  ]);
  expect(result.policies[1]).toMatchObject({ partialGangSeconds: 0, overcommits: 0 });
  expect(result.notes).toContain('submission times divided by 50');
  expect(readFileSync(path('a.html'), 'utf8')).toMatch(/^<!doctype html>/);
});

test('the same replay twice gives the same JSON, wall-clock figures aside; another seed another', async () => {
  const run = async (seed: string) => {
    const file = path(`seed-${seed}-${runs++}.json`);
    await muster(...small, '--policy', 'muster', '--seed', seed, '--node-failures', '5', '--json', file);
    return { ...(JSON.parse(readFileSync(file, 'utf8')) as ReplayResult), latency: undefined };
  };
  let runs = 0;
  const [one, again, other] = [await run('3'), await run('3'), await run('4')];
  expect(JSON.stringify(again)).toBe(JSON.stringify(one));
  expect(JSON.stringify({ ...other, seed: 3 })).not.toBe(JSON.stringify(one));
});

test('interrupted, a replay writes what there is, says so and ends with 130', async () => {
  const args = ['replay', 'preset:L', '--nodes', 'preset:S', '--policy', 'muster', '--json', path('part.json')];
  const { child, text, ended } = start(args);
  const errs = {
    get out() {
      return text.err;
    },
  };
  await written(child, errs, /jobs ended/);
  child.kill('SIGINT');
  const { code, out } = await ended;
  expect(code).toBe(130);
  expect(out).toContain('STOPPED EARLY');
  const result = JSON.parse(readFileSync(path('part.json'), 'utf8')) as ReplayResult;
  expect(result.complete).toBe(false);
});

test('generate writes a trace and nodes that replay reads', async () => {
  const made = await muster(
    'generate',
    'S',
    '--days',
    '0.02',
    '--seed',
    '9',
    '-o',
    path('s.ndjson.gz'),
    '--nodes',
    path('n.json'),
  );
  expect(made.code).toBe(0);
  const lines = gunzipSync(readFileSync(path('s.ndjson.gz')))
    .toString()
    .trim()
    .split('\n');
  expect(lines.length).toBeGreaterThan(10);
  const { code, out } = await muster('replay', path('s.ndjson.gz'), '--nodes', path('n.json'), '--policy', 'muster');
  expect(code).toBe(0);
  expect(out).toContain(`(muster): ${lines.length} jobs`);
});

test('a reader that has seen enough is no error', async () => {
  const { child, text, ended } = start(['generate', 'M']);
  await written(child, text, /\n/);
  child.stdout.destroy();
  expect(await ended).toMatchObject({ code: 0, err: '' });
});

test('check tells of every file, good and bad', async () => {
  writeFileSync(path('bad.yaml'), 'policies:\n  - name: a\n    strategy: tetris\n');
  const { code, out, err } = await muster(
    'check',
    path('bad.yaml'),
    'scheduler-config/policies/spark.yaml',
    'none.yaml',
  );
  expect(code).toBe(1);
  expect(out).toContain('scheduler-config/policies/spark.yaml: ok');
  expect(err).toContain('bad.yaml');
  expect(err).toContain('none.yaml');
});

test.each([
  ['no command', [], 2, 'Usage: muster'],
  ['an unknown command', ['sail'], 2, 'sail'],
  ['an unknown flag', ['check', '--fast', 'a.yaml'], 2, '--fast'],
  ['a replay without nodes', ['replay', ITP], 2, '--nodes'],
  ['a speed of 0', [...small, '--speed', '0'], 2, 'a number above 0'],
  ['a negative seed', [...small, '--seed', '-1'], 2, 'a whole number'],
  ['a seed of text', [...small, '--seed', 'x'], 2, 'a whole number'],
  ['an infinite load', [...small, '--load', 'Infinity'], 2, 'a number above 0'],
  ['an unknown profile', ['generate', 'XXL'], 2, '"XXL" is not a profile; known: S, M'],
  ['an unknown format', [...small, '--format', 'xml'], 1, '"xml" is not a trace format'],
  ['an unknown preset', [...small, '--policy', 'best'], 1, 'presets: kube-default'],
  ['a trace that is not there', ['replay', 'none.csv', '--nodes', 'preset:S'], 1, 'none.csv'],
  ['a part of a trace without jobs', [...small, '--from-hours', '9e9'], 2, 'leaves no job'],
  ['a place that cannot be written', [...small, '--json', '/none/a.json'], 1, '/none/a.json'],
  ['nothing to serve', ['serve'], 2, '--nodes'],
  ['two clusters to serve', ['serve', '--demo', '--pods', 'a.json'], 2, '--demo'],
  ['a port that is none', ['serve', '--demo', '--port', '99999'], 2, '--port: "99999"'],
])('%s ends with a clear line and a code', async (_, args, code, part) => {
  const ended = await muster(...args);
  expect(ended.err).toContain(part);
  expect(ended.err).not.toMatch(/^\s+at /m);
  expect(ended).toMatchObject({ code, out: '' });
});

test('--verbose says where an error comes from', async () => {
  expect((await muster('generate', 'XXL', '--verbose')).err).toMatch(/^\s+at /m);
});

test('serve answers on the embedded cluster, and ends when told to', async () => {
  const { child, text, ended } = start(['serve', '--demo', '--port', '0']);
  const [, url] = await written(child, text, /"url":"(http:\/\/127\.0\.0\.1:\d+)"/);
  expect(await (await fetch(`${url}/readyz`)).text()).toBe('ok\n');
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^muster_nodes 24$/m);
  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
});

test('a port that is taken is an error for serve', async () => {
  const taken = await listening();
  const { code, err } = await muster('serve', '--demo', '--port', String(taken.port));
  taken.close();
  expect(code).not.toBe(0);
  expect(err).toContain(`Cannot listen on 127.0.0.1:${taken.port}`);
});

test('the demo compares three policies on a real trace, then serves, on a free port where the usual is taken', async () => {
  const taken = await listening();
  const env = { MUSTER_PORT: String(taken.port), MUSTER_LOG_LEVEL: 'silent' };
  const { child, text, ended } = start(['demo', '--report', path('demo.html')], env);
  const [, url] = await written(child, text, /muster serves the embedded cluster at (\S+)/);
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
  taken.close();
  const partial = /partial-gang seconds[^\n]*/
    .exec(text.out)![0]
    .split('│')
    .map((cell) => cell.trim());
  expect(partial.slice(2, 4)).toEqual(['0', '0']);
  expect(
    / overcommits[^\n]*/
      .exec(text.out)![0]
      .split('│')
      .slice(1, 4)
      .map((cell) => cell.trim()),
  ).toEqual(['0', '0', '0']);
  expect(readFileSync(path('demo.html'), 'utf8')).toContain('fifo-gang');
});

/** A port that somebody else has. */
async function listening(): Promise<{ port: number; close: () => void }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => void server.close() };
}
