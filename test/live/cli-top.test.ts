import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { builtCli, written } from '../support/cli.ts';

/** Of util-linux: runs a program on a terminal of its own. */
const SCRIPT = '/usr/bin/script';
if (!existsSync(SCRIPT)) console.log('SKIPPED: there is no script (util-linux), which makes a terminal');

const ESC = '\x1b';
const SEQUENCE = new RegExp(`${ESC}\\[[0-9;?]*[A-Za-z]|\r`, 'g');
const [ENTER, LEAVE] = [`${ESC}[?1049h${ESC}[?25l`, `${ESC}[?25h${ESC}[?1049l`];

const { folder, start } = builtCli();

async function served(): Promise<string> {
  const serving = start(['serve', '--demo', '--port', '0']);
  return (await written(serving, /"url":"(http:[^"]+)"/))[1]!;
}

/** Runs the command on a terminal of 80 columns and 24 lines. */
function onTerminal(command: string, env: Record<string, string> = {}) {
  const line = `stty cols 80 rows 24; ${process.execPath} ${join(folder, 'cli.js')} ${command}; echo "code $?"; stty -a`;
  const child = spawn(SCRIPT, ['-qec', line, '/dev/null'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: 'pipe',
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  const ended = new Promise<string>((resolve) => child.on('close', () => resolve(text.out)));
  return { child, text, ended };
}

describe.skipIf(!existsSync(SCRIPT))('muster serve on a terminal', () => {
  test('logs lines for people, and of the demo what its decisions would bury', async () => {
    const serving = onTerminal('serve --demo --port 0', { NO_COLOR: '1' });
    const [line, url] = await written(serving as never, /.*muster serves.*"url":"(http:[^"]+)".*/);
    expect(line).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: muster serves \{"version":/);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/muster_effects_total\{kind="gang-admitted"\} [1-9]/);
    serving.child.stdin.write('\x03');
    const out = await serving.ended;
    expect(out).toContain('INFO: shutting down');
    expect(out).not.toContain('gang-admitted');
  });
});

describe.skipIf(!existsSync(SCRIPT))('muster top on a terminal', () => {
  test.each([
    ['q', 'q'],
    ['^C', '\x03'],
  ])('takes the whole screen, and gives it back as it was after %s', async (_name, key) => {
    const top = onTerminal(`top --server ${await served()}`);
    await written(top as never, /latest decisions[\s\S]*q end/);
    top.child.stdin.write(`${ESC}[B${ESC}[6~${ESC}[C`);
    await written(top as never, /memory, GiB/);
    top.child.stdin.write(key);
    const out = await top.ended;
    expect(out).toContain(ENTER);
    expect(out.indexOf(LEAVE)).toBeGreaterThan(out.lastIndexOf('latest decisions'));
    expect(out).toContain('code 0');
    // Raw mode is over: the terminal echoes, and reads lines.
    expect(out.slice(out.indexOf('code 0'))).toMatch(/ icanon/);
    expect(out.slice(out.indexOf('code 0'))).toMatch(/ echo /);
    const frame = out.slice(out.indexOf(ENTER) + ENTER.length, out.indexOf('q end'));
    for (const row of frame.split('\n')) expect(row.replaceAll(SEQUENCE, '').length).toBeLessThanOrEqual(80);
  });

  test('no muster: one line, and the screen is left alone', async () => {
    const out = await onTerminal('top --server 127.0.0.1:9').ended;
    expect(out).toMatch(/muster: Cannot reach http:\/\/127\.0\.0\.1:9/);
    expect(out).toContain('code 1');
    expect(out).not.toContain(ENTER);
  });

  test('colours on a terminal, and none with NO_COLOR', async () => {
    const server = await served();
    expect(await onTerminal(`nodes --server ${server}`).ended).toContain(`${ESC}[1m`);
    const plain = await onTerminal(`nodes --server ${server}`, { NO_COLOR: '1' }).ended;
    expect(plain.slice(0, plain.indexOf('code 0'))).not.toContain(ESC);
  });
});
