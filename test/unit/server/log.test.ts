import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { openLog } from '../../../src/server/log.ts';
import { builtCli, written } from '../../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { msg: string; i?: number; lines?: number });

function nodesFile(): string {
  const node = { kind: 'Node', metadata: { name: 'node-1' }, status: { allocatable: { cpu: '4', pods: '10' } } };
  const file = join(folder, 'nodes.json');
  writeFileSync(file, JSON.stringify({ kind: 'List', items: [node] }));
  return file;
}

/** What can be read at once; undefined: nothing. */
function available(fd: number): Buffer | undefined {
  const piece = Buffer.alloc(2 ** 16);
  try {
    return piece.subarray(0, readSync(fd, piece));
  } catch {
    return undefined;
  }
}

test('no line is written while it is logged, many are written at once, and none is missing', async () => {
  const fs = await import('node:fs');
  const writes = [vi.spyOn(fs.default, 'write'), vi.spyOn(fs.default, 'writeSync')] as const;
  const file = join(folder, 'log');
  const { logger, flush } = openLog({ level: 'info', fd: openSync(file, 'w') });
  for (let i = 0; i < 1000; i++) logger.info({ i }, 'decided');
  // The first batch is on its way, in another thread.
  expect(writes[0].mock.calls.length).toBeLessThanOrEqual(1);
  await flush();
  await vi.waitFor(() =>
    expect(linesOf(readFileSync(file, 'utf8')).map(({ i }) => i)).toEqual([...Array(1000).keys()]),
  );
  expect(writes[0].mock.calls.length).toBeGreaterThan(0);
  expect(writes[0].mock.calls.length).toBeLessThan(20);
  expect(writes[1]).not.toHaveBeenCalled();
});

test('a reader that stands still holds up nobody: later lines are lost, and counted once it reads again', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('/usr/bin/env', ['mkfifo', pipe]);
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const { logger } = openLog({ level: 'info', fd, most: 300_000 });
  const text = 'x'.repeat(1000);
  const told = 1000;
  for (let i = 0; i < told; i++) logger.info({ i, text }, 'decided');
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const parts: Buffer[] = [];
  await vi.waitFor(
    () => {
      for (let piece = available(reader); piece; piece = available(reader)) parts.push(piece);
      expect(Buffer.concat(parts).toString()).toMatch(/were lost.*\n$/);
    },
    { timeout: 20_000, interval: 5 },
  );
  closeSync(reader);
  const lines = linesOf(Buffer.concat(parts).toString());
  const kept = lines.filter(({ msg }) => msg === 'decided');
  expect(kept.length).toBeGreaterThan(200);
  expect(kept.length).toBeLessThan(400);
  expect(lines.at(-1)!.lines).toBe(told - kept.length);
});

test('SIGTERM right after many answers loses no line', async () => {
  const started = start(['serve', '--nodes', nodesFile(), '--port', '0']);
  const url = (await written(started, /"url":"([^"]+)"/))[1]!;
  const body = JSON.stringify({ Pod: { metadata: { name: 'p', uid: 'u' } }, Nodes: null, NodeNames: ['node-1'] });
  const headers = { 'content-type': 'application/json' };
  for (let i = 0; i < 50; i++) {
    const response = await fetch(`${url}/filter`, { method: 'POST', headers, body });
    expect(await response.text()).toBe('{"NodeNames":["node-1"]}');
  }
  started.child.kill('SIGTERM');
  const { code, out } = await started.ended;
  const messages = linesOf(out).map(({ msg }) => msg);
  expect(code).toBe(0);
  expect(messages.filter((msg) => msg === 'all')).toHaveLength(50);
  expect(messages.at(-1)).toBe('shutting down');
});

test('auto is JSON but on a terminal; pretty says it in a line, and does nothing that a tenant wrote', async () => {
  const texts: string[] = [];
  for (const format of ['auto', 'pretty'] as const) {
    const file = join(folder, format);
    const { logger, flush } = openLog({ level: 'info', format, fd: openSync(file, 'w') });
    logger.info({ gang: 'a/\u001b[2J\u009b\u202e\nx' }, 'said \u001b]0;x\u0007\nINFO: forged');
    logger.warn(Object.assign(new Error('no\u001b[31m'), { stack: 'Error: no\u001b[31m\n    at here' }), 'failed');
    await flush();
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toMatch(/here/));
    texts.push(readFileSync(file, 'utf8'));
  }
  const [auto, pretty] = texts as [string, string];
  expect(linesOf(auto).map(({ msg }) => msg)).toEqual(['said \u001b]0;x\u0007\nINFO: forged', 'failed']);
  expect(pretty).toMatch(
    /^\[\d\d:\d\d:\d\d\] INFO: said \\u001b\]0;x\\u0007\\u000aINFO: forged \{"gang":"a\/.*"\}\n\[/,
  );
  expect(pretty).toMatch(/\] WARN: failed *\n/);
  // eslint-disable-next-line no-control-regex
  expect(pretty).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

/** Of util-linux: runs a program on a terminal of its own. */
const SCRIPT = '/usr/bin/script';
if (!existsSync(SCRIPT)) console.log('SKIPPED: there is no script (util-linux), which makes a terminal');

/** Serves on a terminal until ^C. @returns what the terminal was sent */
async function onTerminal(flags: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const serve = `'${process.execPath}' '${join(built, 'cli.js')}' serve --nodes '${nodesFile()}' --port 0 ${flags.join(' ')}`;
  const { PATH = '' } = process.env;
  const child = spawn(SCRIPT, ['-qefc', serve, '/dev/null'], {
    env: { PATH, SHELL: '/bin/sh', TERM: 'xterm', ...env },
  });
  const ended = new Promise((done) => child.on('close', done));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await vi.waitFor(() => expect(text).toMatch(/muster serves[^]*\n/), { timeout: 60_000 });
  child.stdin.write('\u0003');
  await ended;
  return text;
}

test.skipIf(!existsSync(SCRIPT))('on a terminal lines are for people, unless JSON is wanted', async () => {
  const coloured = await onTerminal([]);
  expect(coloured).toContain('\u001b[32mINFO\u001b[39m');
  expect(coloured).toMatch(/shutting down/);
  expect(await onTerminal([], { NO_COLOR: '1' })).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: muster serves \{.*"url":"http/m);
  expect(await onTerminal(['--log-format', 'json'])).toMatch(/\{"level":30,.*"msg":"muster serves"/);
});

const { start, folder: built } = builtCli();
