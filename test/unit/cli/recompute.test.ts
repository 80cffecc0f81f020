import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { JobRecord } from '../../../src/replay/job-record.ts';
import { ROWS } from '../../../src/replay/report/rows.ts';
import type { PolicyResult, ReplayResult } from '../../../src/replay/result.ts';
import { builtCli } from '../../support/cli.ts';
import { jobRecord } from '../../support/job-record.ts';
import { noneOpen, policyResult, replayResult } from '../../support/replay-result.ts';

const ITP = 'bench/traces/msft-itp/cluster03.csv.gz';
const { folder, muster } = builtCli();
const path = (name: string) => join(folder, name);
/** Jobs wait, are evicted, lose nodes, and some are not done: too large, or deadlocked. */
const HARD = [
  'replay',
  ITP,
  '--nodes',
  'preset:S',
  '--load',
  '12',
  '--max-jobs',
  '60',
  '--speed',
  '20',
  '--shorten',
  '4',
];
const POLICIES = ['kube-default', 'fifo-gang', 'muster-preempt'];

/** What no record of a job can tell. */
const NOT_OF_JOBS = ['idle.reserved', 'overcommits'];

function recompute(jobs: string, trace: string, result: string): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/recompute.mjs', jobs, trace, result], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

let result: ReplayResult;
beforeAll(async () => {
  const policies = POLICIES.flatMap((name) => ['--policy', name]);
  const files = ['--jobs', path('jobs.ndjson'), '--json', path('result.json')];
  const { code, err } = await muster(...HARD, ...policies, '--node-failures', '12', ...files);
  expect(code, err).toBe(0);
  result = JSON.parse(readFileSync(path('result.json'), 'utf8')) as ReplayResult;
});

test('the slice is hard enough to tell a wrong figure', () => {
  const all = result.policies;
  expect(all.some(({ evictions }) => evictions > 0)).toBe(true);
  expect(all.every(({ nodeFailures }) => nodeFailures > 0)).toBe(true);
  expect(all.some(({ work }) => work.lostToFailures > 0)).toBe(true);
  expect(all.some(({ waitMs }) => waitMs.atLeast.length > 0)).toBe(true);
});

test('every figure of the main table comes out of the rows per job and the trace', () => {
  const { code, out } = recompute(path('jobs.ndjson'), ITP, path('result.json'));
  expect(out).toContain('Every figure is within 0.1 %.');
  expect(code).toBe(0);
  for (const figure of figuresOf(ROWS.map(({ value }) => value)))
    if (!NOT_OF_JOBS.includes(figure)) expect(out).toContain(`ok    ${figure} `);
});

test("with --work spark, and from a trace in muster's own format with deadlines", async () => {
  const trace = path('day.ndjson');
  await muster('generate', 'S', '--days', '0.02', '-o', trace);
  const lines = readFileSync(trace, 'utf8').trim().split('\n');
  const late = lines.map((line) => JSON.stringify({ ...(JSON.parse(line) as object), deadline_s: 600 }));
  writeFileSync(trace, `${late.join('\n')}\n`);
  const files = ['--jobs', path('own.ndjson'), '--json', path('own.json')];
  const how = ['--load', '20', '--node-failures', '20', '--policy', 'muster-preempt', '--max-jobs', '60'];
  const { code } = await muster('replay', trace, '--nodes', 'preset:S', ...how, '--work', 'spark', ...files);
  expect(code).toBe(0);
  const again = recompute(path('own.ndjson'), trace, path('own.json'));
  expect(again.out).toContain('Every figure is within 0.1 %.');
  expect(again.out).toMatch(/ok {4}deadlines +60 /);
});

test.each([
  'waitMs.p95',
  'largeWaitMs.p95',
  'foretold.runError',
  'slowdown.mean',
  'idle.partial',
  'work.lostToFailures',
  'workShare.window',
  'outcomes.done',
])('a wrong %s is found', (figure) => {
  writeFileSync(path('wrong.json'), JSON.stringify({ ...result, policies: result.policies.map(changed(figure)) }));
  const { code, out } = recompute(path('jobs.ndjson'), ITP, path('wrong.json'));
  expect(code).toBe(1);
  expect(out).toContain(`WRONG ${figure} `);
});

test('which figures are lower bounds is computed, too: here all but the median of two jobs', () => {
  const done = jobRecord({ id: 'a', waitMs: 0 });
  const waiting: JobRecord = {
    ...jobRecord({ id: 'b' }),
    outcome: 'waiting',
    isWaitOpen: true,
    isCompletionOpen: true,
  };
  const open = Object.fromEntries(Object.entries(waiting).filter(([key]) => key !== 'beganMs' && key !== 'endedMs'));
  const job = { submit_s: 0, duration_s: 600, driver: { cpu_m: 1000, mem_mib: 1 } };
  const atLeast = ['mean', 'p95', 'p99', 'max'] as const;
  const waitMs = {
    ...noneOpen,
    count: 2,
    open: 1,
    mean: 397_500,
    p50: 95_000,
    p95: 700_000,
    p99: 700_000,
    max: 700_000,
    atLeast,
  };
  const policy = policyResult('muster', { endMs: 700_000, waitMs });
  writeFileSync(path('two.jobs'), [done, open].map((one) => JSON.stringify(one)).join('\n'));
  writeFileSync(path('two.trace'), ['a', 'b'].map((id) => JSON.stringify({ id, ...job })).join('\n'));
  writeFileSync(path('two.json'), JSON.stringify(replayResult([policy])));
  const { out } = recompute(path('two.jobs'), path('two.trace'), path('two.json'));
  expect(out).toMatch(/ok {4}waitMs\.mean +397500 /);
  expect(out).toMatch(/ok {4}waitMs\.p50 +95000 /);
  expect(out).toMatch(/ok {4}waitMs\.atLeast +mean p95 p99 max {2}mean p95 p99 max$/m);
});

test('a replay that was stopped early is refused', () => {
  writeFileSync(path('part.json'), JSON.stringify({ ...result, complete: false }));
  expect(recompute(path('jobs.ndjson'), ITP, path('part.json')).code).toBe(2);
});

test('a file that is missing, or no JSON, is named', () => {
  const missing = recompute(path('none.ndjson'), ITP, path('result.json'));
  expect([missing.code, missing.err]).toEqual([2, expect.stringMatching(/^\S*none\.ndjson: ENOENT[^\n]*\n$/)]);
  writeFileSync(path('broken.ndjson'), '{"id":\n');
  const broken = recompute(path('broken.ndjson'), ITP, path('result.json'));
  expect([broken.code, broken.err]).toEqual([2, expect.stringMatching(/^\S*broken\.ndjson:1: [^\n]*JSON[^\n]*\n$/)]);
});

test('a missing row, and a job that came at another time, are found', () => {
  const lines = readFileSync(path('jobs.ndjson'), 'utf8').trim().split('\n');
  writeFileSync(path('less.ndjson'), lines.slice(1).join('\n'));
  expect(recompute(path('less.ndjson'), ITP, path('result.json')).out).toContain('WRONG one row per job');
  const trace = execFileSync('gzip', ['-dc', ITP], { encoding: 'utf8' }).split('\n');
  writeFileSync(path('other.csv'), [trace[0], trace[1]?.replace(',9', ',8'), ...trace.slice(2)].join('\n'));
  expect(recompute(path('jobs.ndjson'), path('other.csv'), path('result.json')).out).toContain('WRONG waitMs.mean');
});

/** The figures that these functions read, as paths: `waitMs.p95`. */
function figuresOf(functions: readonly ((policy: PolicyResult) => unknown)[]): string[] {
  const read = new Set<string>();
  const watched = (value: unknown, at: string): unknown => {
    // Of a policy that foretells nothing no figure is read.
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null) read.add(at);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return new Proxy(value, {
      get: (target, key) => watched(Reflect.get(target, key), `${at}${at === '' ? '' : '.'}${String(key)}`),
    });
  };
  for (const policy of result.policies) for (const one of functions) one(watched(policy, '') as PolicyResult);
  return [...read];
}

/** Makes a figure 1 % larger, and 1 where it is 0. */
const changed =
  (figure: string) =>
  (policy: PolicyResult): PolicyResult => {
    const [key = '', inner = ''] = figure.split('.');
    const group = policy[key as 'waitMs'] as unknown as Record<string, number> | undefined;
    return { ...policy, [key]: { ...group, [inner]: (group?.[inner] ?? 0) * 1.01 || 1 } };
  };
