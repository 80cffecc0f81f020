import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtCli, written } from '../../support/cli.ts';
import { cellsOf, fileOf, labelOf, runCell, type SweepFlags } from '../../../src/cli/sweep-cells.ts';
import type { ReplayResult } from '../../../src/replay/result.ts';
import { replayResult, policyResult } from '../../support/replay-result.ts';

const { folder, start, muster } = builtCli();
const path = (name: string) => join(folder, name);

const ITP = 'bench/traces/msft-itp/cluster03.csv.gz';
const args = [ITP, '--nodes', 'preset:S', '--load', '20', '--max-jobs', '40', '--speed', '50', '--shorten', '10'];
const swept = [...args, '--policy', 'kube-default', '--policy', 'muster', '--seeds', '1,2', '--days', '2..3'];

const flags: SweepFlags = {
  nodes: 'preset:S',
  policy: ['kube-default', 'policies/mine.yaml'],
  seeds: [3, 4],
  out: 'x',
  speed: 50,
  shorten: 10,
  load: 20,
  maxJobs: 40,
  cycleMs: 5,
  batch: 5,
  minRegisteredRatio: 0.8,
  maxRegisteredWait: 30,
  serialFraction: 0.05,
  nodeFailures: 0,
  grace: 10,
};

/** Without what differs from run to run. */
const read = (file: string) => ({ ...(JSON.parse(readFileSync(file, 'utf8')) as ReplayResult), latency: undefined });

test('the cells are every policy with every seed on every day', () => {
  const cells = cellsOf({ ...flags, days: [2] });
  expect(cells.map(labelOf)).toEqual([
    'kube-default, seed 3, day 2',
    'policies/mine.yaml, seed 3, day 2',
    'kube-default, seed 4, day 2',
    'policies/mine.yaml, seed 4, day 2',
  ]);
  expect(fileOf(cells[3]!)).toBe('0003-mine-seed-4-day-2.json');
  expect(cellsOf(flags).map(labelOf)).toContain('kube-default, seed 3');
});

test('a cell is the same over threads, alone, and in this process; and the same as the replay of its hours', async () => {
  const threads = await muster('sweep', ...swept, '--out', path('threads'), '--threads', '3');
  expect(threads.code).toBe(0);
  expect(readdirSync(path('threads'))).toHaveLength(8);
  const alone = await muster('sweep', ...swept, '--out', path('alone'), '--cell', '7');
  expect(alone.code).toBe(0);
  const [file] = readdirSync(path('alone'));
  expect(file).toBe('0007-muster-seed-2-day-3.json');
  const result = read(join(path('threads'), file!));
  expect(read(join(path('alone'), file!))).toEqual(result);
  const here = { ...flags, seeds: [1, 2], days: [2, 3], policy: ['kube-default', 'muster'] };
  const inProcess = await runCell({ source: ITP, flags: here }, cellsOf(here)[7]!, () => undefined);
  expect({ ...inProcess, latency: undefined }).toEqual(result);
  const hours = ['--from-hours', '48', '--until-hours', '72'];
  await muster('replay', ...args, ...hours, '--policy', 'muster', '--seed', '2', '--json', path('replay.json'));
  expect(read(path('replay.json'))).toEqual(result);
  const merged = await muster('merge', path('threads'));
  expect(merged).toMatchObject({ code: 0, out: threads.out });
  expect(merged.out).toContain('n = 4');
});

test('^C ends it with the table of what ran', async () => {
  const long = ['preset:M', '--nodes', 'preset:M', '--policy', 'muster', '--out', path('stopped')];
  const started = start(['sweep', ...long, '--seeds', '1..2']);
  await written(started, /jobs ended/, 'err');
  started.child.kill('SIGINT');
  const ended = await started.ended;
  expect(ended.code).toBe(130);
  expect(ended.out).toContain('STOPPED EARLY');
});

test.each([
  ['a sweep without a folder', ['sweep', ...args], 2, '--out'],
  ['seeds that run backwards', ['sweep', ...swept, '--seeds', '3..1', '--out', 'x'], 2, 'such as 1..8'],
  ['seeds that are words', ['sweep', ...swept, '--seeds', '1..x', '--out', 'x'], 2, '--seeds'],
  ['a million million seeds', ['sweep', ...swept, '--seeds', '1..1000000000000', '--out', 'x'], 2, '--seeds'],
  ['day 0', ['sweep', ...swept, '--days', '0..1', '--out', 'x'], 2, 'the first day is 1, got 0'],
  ['a day without jobs', ['sweep', ...swept, '--days', '9000', '--out', path('none')], 2, 'contains no jobs'],
  ['days and hours', ['sweep', ...swept, '--from-hours', '3', '--out', 'x'], 2, 'leave out --from-hours'],
  ['a cell beyond the last', ['sweep', ...swept, '--cell', '8', '--out', 'x'], 2, '--cell: expected 0 to 7, got 8'],
  ['no thread', ['sweep', ...swept, '--threads', '0', '--out', 'x'], 2, 'Expected an integer of at least 1'],
  ['an unknown policy', ['sweep', ...swept, '--policy', 'best', '--out', 'x'], 1, 'presets: kube-default'],
  ['a folder below a file', ['sweep', ...swept, '--out', 'package.json/x'], 1, 'package.json/x'],
  ['a result that is not there', ['merge', path('nothing.json')], 1, 'nothing.json'],
  ['a file that is no result', ['merge', 'package.json'], 1, 'package.json: version'],
  ['a file that is no JSON', ['merge', 'README.md'], 1, 'README.md: '],
])('%s ends with a clear line and a code', async (_, command, code, part) => {
  const ended = await muster(...command);
  expect(ended.err).toContain(part);
  expect(ended.err).not.toMatch(/^\s+at /m);
  expect(ended).toMatchObject({ code, out: '' });
});

test('a result that lacks a figure is not merged', async () => {
  const lacking = { ...replayResult([]), policies: [{ ...policyResult('muster'), outcomes: undefined }] };
  writeFileSync(path('lacks.json'), JSON.stringify(lacking));
  const { code, err } = await muster('merge', path('lacks.json'));
  expect([code, err]).toEqual([1, expect.stringContaining('policies.0: a figure is missing')]);
});
