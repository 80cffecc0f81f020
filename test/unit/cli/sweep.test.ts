import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtCli, written } from '../../support/cli.ts';
import { cellsOf, fileOf, labelOf, runCell, type GridFlags } from '../../../src/cli/sweep-cells.ts';
import type { SweepResult } from '../../../src/replay/report/sweep-result.ts';
import type { ReplayResult } from '../../../src/replay/result.ts';
import { replayResult, policyResult } from '../../support/replay-result.ts';

const { folder, start, muster } = builtCli();
const path = (name: string) => join(folder, name);

const ITP = 'bench/traces/msft-itp/cluster03.csv.gz';
const args = [ITP, '--nodes', 'preset:S', '--load', '20', '--max-jobs', '40', '--speed', '50', '--shorten', '10'];
const swept = [...args, '--policy', 'kube-default', '--policy', 'muster', '--seeds', '1,2', '--days', '2..3'];

const SPARK = 'scheduler-config/policies/spark.yaml';
const flags: GridFlags = {
  nodes: 'preset:S',
  policy: ['kube-default', SPARK],
  seeds: [3, 4],
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

/** Without what differs from run to run, and from one way to start it to another. */
const plain = (result: ReplayResult) => ({ ...result, latency: [], command: [], cell: undefined });
const read = (file: string) => plain(JSON.parse(readFileSync(file, 'utf8')) as ReplayResult);

test('the cells are every policy with every seed on every day', () => {
  const cells = cellsOf({ ...flags, days: [2] });
  expect(cells.map(labelOf)).toEqual([
    'kube-default, seed 3, day 2',
    'spark, seed 3, day 2',
    'kube-default, seed 4, day 2',
    'spark, seed 4, day 2',
  ]);
  expect(fileOf(cells[3]!)).toBe('0003-spark-seed-4-day-2.json');
  expect(cellsOf(flags).map(labelOf)).toContain('kube-default, seed 3');
});

test('settings are more policies, and sets of nodes vary slowest', () => {
  const grid = { policy: ['muster'], set: ['queue.blockAfter=0,never'], seeds: [1] };
  const cells = cellsOf({ ...flags, ...grid, nodes: 'preset:S,x/n.yaml', nodesCount: [5, 60] });
  expect(cells.map(labelOf)).toEqual([
    'muster queue.blockAfter=0, seed 1, preset:S, 5 nodes',
    'muster queue.blockAfter=never, seed 1, preset:S, 5 nodes',
    'muster queue.blockAfter=0, seed 1, preset:S, 60 nodes',
    'muster queue.blockAfter=never, seed 1, preset:S, 60 nodes',
    'muster queue.blockAfter=0, seed 1, n.yaml, 5 nodes',
    'muster queue.blockAfter=never, seed 1, n.yaml, 5 nodes',
    'muster queue.blockAfter=0, seed 1, n.yaml, 60 nodes',
    'muster queue.blockAfter=never, seed 1, n.yaml, 60 nodes',
  ]);
  expect(fileOf(cells[7]!)).toBe('0007-muster_queue.blockAfter=never-seed-1-n.yaml_60_nodes.json');
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
  const inProcess = await runCell({ source: ITP, flags: here, command: [] }, cellsOf(here)[7]!, () => undefined);
  expect(plain(inProcess)).toEqual(result);
  expect(inProcess.cell).toEqual({ day: 3, settings: {} });
  const hours = ['--from-hours', '48', '--until-hours', '72'];
  await muster('replay', ...args, ...hours, '--policy', 'muster', '--seed', '2', '--json', path('replay.json'));
  expect(read(path('replay.json'))).toEqual(result);
  const merged = await muster('merge', path('threads'));
  expect(merged).toMatchObject({ code: 0, out: threads.out });
  expect(merged.out).toContain('muster (n=4)');
  expect(merged.out).toContain('Difference from kube-default');
  expect(threads.err).toMatch(/^8 of 8: .*: \d+ of \d+ jobs done, mean wait /m);
});

test('a grid of settings and numbers of nodes, compared with a baseline, as JSON and CSV', async () => {
  const small = [ITP, '--nodes', 'preset:S', '--max-jobs', '25', '--speed', '50', '--shorten', '10'];
  const grid = ['--nodes-count', '30,70', '--policy', 'kube-default', '--policy', SPARK];
  const sets = ['--set', 'spark:queue.blockAfter=0,never', '--baseline', 'spark queue.blockAfter=0'];
  const files = ['--json', path('grid.json'), '--csv', path('grid.csv'), '--report', path('grid.html')];
  const swept = await muster('sweep', ...small, ...grid, ...sets, ...files);
  expect(swept.code).toBe(0);
  expect(swept.out).toContain('Difference from spark queue.blockAfter=0 on 30 nodes');
  const { results, lost, kind } = JSON.parse(readFileSync(path('grid.json'), 'utf8')) as SweepResult;
  expect([results.length, lost, kind]).toEqual([6, [], 'sweep']);
  expect(results.map(({ nodes }) => nodes.count)).toEqual([30, 30, 30, 70, 70, 70]);
  expect(results[2]).toMatchObject({ cell: { settings: { 'spark:queue.blockAfter': 'never' } } });
  expect(results[2]!.policies[0]).toMatchObject({ policy: 'spark queue.blockAfter=never', source: SPARK });
  expect(results[2]!.policies[0]!.policyText).toContain('blockAfter: never');
  const [head, ...lines] = readFileSync(path('grid.csv'), 'utf8').trim().split('\n');
  expect(head).toContain('waitMs.p95');
  expect(lines).toHaveLength(6);
  expect(readFileSync(path('grid.html'), 'utf8')).toContain('spark queue.blockAfter=never on 70 nodes');
  const merged = await muster('merge', path('grid.json'), '--baseline', 'spark queue.blockAfter=0');
  expect(merged.out).toBe(swept.out);
});

test('as many nodes as make the offered load the one that is wanted, and a warning if jobs do not fit them', async () => {
  const few = [ITP, '--nodes', 'preset:S', '--max-jobs', '25', '--speed', '50', '--shorten', '10', '--offered', '0.9'];
  const { code, err } = await muster('replay', ...few, '--policy', 'muster', '--json', path('offered.json'));
  expect(code).toBe(0);
  const { offered, nodes } = read(path('offered.json'));
  expect(nodes.name).toBe('preset:S, offered load 0.9');
  expect(Math.abs(offered.load - 0.9)).toBeLessThan(0.9 / nodes.count);
  expect(err).toContain(`larger than the cluster, because it has ${nodes.count} nodes and not 200`);
});

// A day of preset:M takes far longer than either limit.
test.each([
  ['takes too long', ['--cell-timeout', '4'], /^not over after 4 s, (at day|before)/],
  ['stands still', ['--stall', '0.001'], /^no simulated progress for 0.001 s, at day \d.* of \d+ jobs ended$/],
])('a run that %s is given up and named', async (_, limit, why) => {
  const long = ['sweep', 'preset:M', '--nodes', 'preset:M', '--policy', 'muster'];
  const ended = await muster(...long, ...limit, '--json', path('lost.json'));
  expect(ended.code).toBe(3);
  expect(ended.out).toMatch(/^GIVEN UP: muster, seed 1: /);
  const { lost, results } = JSON.parse(readFileSync(path('lost.json'), 'utf8')) as SweepResult;
  expect(lost).toEqual([{ run: 'muster, seed 1', why: expect.stringMatching(why) as string }]);
  expect(results).toEqual([]);
});

test('a run whose thread fails is given up and named, and the others are compared', async () => {
  const groups = 'groups:\n  - { name: many, count: 100000, cpu: 32, memory: 128Gi }\n';
  writeFileSync(path('many.yaml'), groups);
  const small = [ITP, '--max-jobs', '25', '--speed', '50', '--shorten', '10', '--policy', 'muster'];
  const clusters = ['--nodes', `${path('many.yaml')},preset:S`];
  const ended = await start(['sweep', ...small, ...clusters], { NODE_OPTIONS: '--max-old-space-size=80' }).ended;
  expect(ended.code).toBe(3);
  expect(ended.out).toMatch(/^GIVEN UP: muster, seed 1, many\.yaml: failed: .*memory/);
  expect(ended.out).toContain('nodes: 200 (preset:S)');
  expect(ended.out).toContain('jobs done');
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
  ['a cell without a folder', ['sweep', ...args, '--cell', '1'], 2, '--out'],
  ['a range without an end', ['sweep', ...swept, '--nodes-count', '5..', '--out', 'x'], 2, 'such as 1..8'],
  ['two to standard output', ['sweep', ...swept, '--json', '-', '--csv', '-'], 2, 'Only one of --json and --csv'],
  ['seeds that run backwards', ['sweep', ...swept, '--seeds', '3..1', '--out', 'x'], 2, 'such as 1..8'],
  ['seeds that are words', ['sweep', ...swept, '--seeds', '1..x', '--out', 'x'], 2, '--seeds'],
  ['a million million seeds', ['sweep', ...swept, '--seeds', '1..1000000000000', '--out', 'x'], 2, '--seeds'],
  ['day 0', ['sweep', ...swept, '--days', '0..1', '--out', 'x'], 2, 'the first day is 1, got 0'],
  ['a day without jobs', ['sweep', ...swept, '--days', '9000', '--out', path('none')], 2, 'contains no jobs'],
  ['days and hours', ['sweep', ...swept, '--from-hours', '3', '--out', 'x'], 2, 'leave out --from-hours'],
  ['a cell beyond the last', ['sweep', ...swept, '--cell', '8', '--out', 'x'], 2, '--cell: expected 0 to 7, got 8'],
  ['no nodes', ['sweep', ...swept, '--nodes-count', '0..2'], 2, 'a cluster has at least 1 node, got 0'],
  ['two sizes', ['sweep', ...swept, '--offered', '0.9'], 2, 'Give only one of --load, --offered and --nodes-count'],
  ['standard input', ['sweep', '-', ...swept.slice(1)], 2, 'Standard input can be read only once'],
  ['nodes from standard input', ['sweep', ...swept, '--nodes', '-'], 2, 'Standard input can be read only once'],
  ['no value to set', ['sweep', ...swept, '--set', 'gangs='], 2, '--set: expected FIELD=VALUE,VALUE'],
  ['a field that is none', ['sweep', ...swept, '--set', 'gang=on'], 1, 'muster'],
  [
    'a value that is none',
    ['sweep', ...swept, '--set', 'gangs=on,no'],
    1,
    '--set gangs=no: policies[0].gangs: expected on',
  ],
  ['a policy that is none', ['sweep', ...swept, '--set', 'x:gangs=on'], 2, 'there is no policy x'],
  [
    'a baseline that is none',
    ['sweep', ...swept, '--baseline', 'x'],
    2,
    '--baseline: expected one of kube-default, muster',
  ],
  ['a place for the CSV', ['sweep', ...swept, '--csv', 'none/a.csv'], 1, 'none/a.csv'],
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
