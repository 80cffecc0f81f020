import { expect, test } from 'vitest';
import { span } from '../../../src/replay/report/format.ts';
import { ROWS } from '../../../src/replay/report/rows.ts';
import { comparisonTable } from '../../../src/replay/report/table.ts';
import type { PolicyResult } from '../../../src/replay/result.ts';
import type { QueueRow, Queues } from '../../../src/replay/result.ts';
import { noneOpen, outcomes, policyResult, replayResult } from '../../support/replay-result.ts';

const WIDTH = 100;
const tableOf = (...policies: PolicyResult[]) => comparisonTable(replayResult(policies), { width: WIDTH });

/** The cells of a row of the table. */
function row(table: string, label: string): string[] {
  const line = table.split('\n').find((one) => one.startsWith(label));
  if (line === undefined) throw new Error(`no row ${label}`);
  return line.slice(label.length).trim().split(/ {2,}/);
}

test.each([
  [0, '0s'],
  [849, '0.8s'],
  [9_960, '10s'],
  [59_999, '1m'],
  [61_500, '1m 2s'],
  [3_600_000, '1h'],
  [3_661_000, '1h 1m'],
  [86_400_000, '1d'],
  [90_061_000, '1d 1h'],
  [86_400_000 * 400, '400d'],
])('%d ms is written %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});

/** Four policies: one is stuck, one evicts, one is like the first. */
const four = () => [
  policyResult('kube-default', {
    outcomes: outcomes(1000, { done: 600, deadlocked: 100, waiting: 300 }),
    waitMs: {
      ...noneOpen,
      count: 1000,
      open: 400,
      mean: 7_200_000,
      p50: 9_000,
      p95: 86_400_000,
      p99: 90_000_000,
      max: 90_000_000,
      atLeast: ['mean', 'p95', 'p99', 'max'],
    },
    workShare: { window: 0.31, makespan: 0.4 },
    idle: { partial: 360_000, starting: 7_200, reserved: 0, broken: 0 },
  }),
  policyResult('fifo-gang', { outcomes: outcomes(1000) }),
  policyResult('spark queue.blockAfter=10m', { outcomes: outcomes(1000), workShare: { window: 0.55, makespan: 0.4 } }),
  policyResult('muster-preempt', {
    outcomes: outcomes(1000),
    evictions: 31,
    work: { submitted: 360_000, done: 350_000, lostToEvictions: 37_000, lostToFailures: 0 },
  }),
];

test('labels are unique, and short ones short', () => {
  for (const key of ['label', 'short'] as const) expect(new Set(ROWS.map((one) => one[key])).size).toBe(ROWS.length);
  for (const { short } of ROWS) expect(short.length).toBeLessThanOrEqual(24);
});

test.each([60, 80, 120, 200])('the table fits into %d columns', async (width) => {
  const table = comparisonTable(replayResult(four()), { width });
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
  await expect(table).toMatchFileSnapshot(`tables/width-${width}.txt`);
});

test('every figure is in the table or in a line below it, at every width', () => {
  for (const width of [60, 200]) {
    const table = comparisonTable(replayResult(four()), { width }).replaceAll('\n  ', ' ');
    for (const { label, short } of ROWS) expect(table.includes(label) || table.includes(short), label).toBe(true);
  }
});

test('every policy has its own column, in the order of the result', () => {
  const table = tableOf(policyResult('one', { outcomes: outcomes(1000, { done: 4 }) }), policyResult('two'));
  expect(row(table, 'jobs done')).toEqual(['4 of 1,000', '10 of 10']);
});

test('what must be 0 and is not is marked; a 0 is not', () => {
  const bad = policyResult('bad', { overcommits: 2, outcomes: outcomes(10, { deadlocked: 1 }) });
  const table = tableOf(bad, policyResult('good'));
  expect(row(table, 'overcommits')).toEqual(['2 !', '0']);
  expect(row(table, 'unfinished: deadlocked while holding room')).toEqual(['1 !', '0']);
});

test('what is 0 everywhere, or the same everywhere, is folded; the jobs done never are', () => {
  const table = tableOf(policyResult('one', { evictions: 3 }), policyResult('two'));
  expect(table).toMatch(/^0 in all: failed, unfinished, .*overcommits\.$/ms);
  expect(table).toMatch(/^The same in all: wait mean 12s, wait p50 9s, /m);
  expect(row(table, 'jobs done')).toEqual(['10 of 10', '10 of 10']);
  expect(row(table, 'pods evicted for others')).toEqual(['3', '0']);
  expect(tableOf(policyResult('alone'))).not.toContain('The same in all');
});

test('lower bounds are marked and explained', () => {
  const waitMs = {
    ...noneOpen,
    count: 10,
    mean: 60_000,
    p50: 1000,
    max: 90_000,
    open: 1,
    atLeast: ['mean', 'max'] as const,
  };
  const table = tableOf(policyResult('open', { waitMs }));
  expect(row(table, 'wait until work begins, mean')).toEqual(['>= 1m']);
  expect(row(table, 'wait p50')).toEqual(['1s']);
  expect(table).toContain('>= is a lower bound');
  expect(tableOf(policyResult('closed'))).not.toContain('>=');
});

test('the head says what was replayed and how the trace was changed', () => {
  expect(tableOf(policyResult('one')).split('\n\n')[0]).toBe(
    [
      'day.csv (itp): 10 jobs, 60 pods, on 4 nodes (nodes.json), seed 7',
      'submissions 10 times denser; offered load 0.90 (cpu, over 1d of submissions); work model gang',
    ].join('\n'),
  );
});

test('where all jobs come at once there is no offered load', () => {
  const once = { offered: { load: 0, resource: 'cpu', windowMs: 0 } };
  expect(comparisonTable(replayResult([policyResult('one')], once), { width: WIDTH })).toContain(
    '; all jobs come at once;',
  );
});

test('notes and rows about the simulation are shown on demand', () => {
  const plain = tableOf(policyResult('one'));
  expect(plain).toMatch(/--notes prints 3 notes/);
  expect(plain).not.toContain('a bind takes');
  const full = comparisonTable(replayResult([policyResult('one')]), { width: WIDTH, notes: true });
  expect(full).toContain('- each job got a driver\n- a bind takes 20 ms (assumed)\n- drawn: priorities\n');
  expect(row(full, 'extender decisions')).toEqual(['1,234']);
  expect(row(full, 'decisions per second (wall clock)')).toEqual(['5,432']);
  expect(row(full, 'filter p50 / p99 (wall clock)')).toEqual(['12 / 100 µs']);
  expect(full).not.toContain('--notes');
});

test('a run that was stopped says so', () => {
  const stopped = comparisonTable(replayResult([policyResult('one')], { complete: false }), { width: WIDTH });
  expect(stopped).toContain('STOPPED EARLY');
  expect(tableOf(policyResult('one'))).not.toContain('STOPPED');
});

test('a run stopped before the first policy still gives a table', () => {
  expect(comparisonTable(replayResult([], { complete: false }), { width: WIDTH })).toContain('jobs done');
});

test('a quantile of nothing is not 0', () => {
  const stuck = policyResult('stuck', { waitMs: noneOpen, completionMs: noneOpen });
  expect(row(tableOf(stuck, policyResult('other')), 'wait p50')).toEqual(['-', '9s']);
  expect(tableOf(stuck)).toMatch(/^No figure in any: wait mean, wait p50, .*deadlines missed\.$/ms);
});

const group = (name: string, mean: number, atLeast: 'mean'[] = []) => ({
  name,
  jobs: 5,
  done: 5,
  waitMs: { ...noneOpen, count: 5, mean, p95: 2 * mean, atLeast },
  slowdown: { ...noneOpen, count: 5, mean: 1.5, p95: 3 },
});

const queuesOf = (...rows: QueueRow[]): Queues => ({
  jain: 0.9,
  worst: { queue: 'a', underMs: 60_000 },
  reclaims: { count: 1, gangs: 2, pods: 3 },
  cycles: 0,
  rows,
});

test('waits by group, and how even the shares were', () => {
  const policies = [
    policyResult('one', {
      groups: [{ by: 'user', rows: [group('a', 60_000), group('', 120_000)] }],
      fairness: [{ by: 'user', jain: 0.9, worst: { name: 'a', underShareMs: 3_600_000 } }],
    }),
    policyResult('two', { groups: [{ by: 'user', rows: [group('a', 90_000, ['mean'])] }] }),
  ];
  const table = comparisonTable(replayResult(policies), { width: WIDTH, by: 'user' });
  expect(row(table, 'wait mean, user a (5 jobs)')).toEqual(['1m', '>= 1m 30s']);
  expect(row(table, 'wait p95, user (none) (5 jobs)')).toEqual(['4m', '-']);
  expect(row(table, 'slowdown mean, user a (5 jobs)')).toEqual(['1.50', '1.50']);
  expect(row(table, "fairness (Jain's index, 1 is best)")).toEqual(['0.900', '-']);
  expect(row(table, 'longest time under its share')).toEqual(['1h a', '-']);
  expect(comparisonTable(replayResult(policies), { width: WIDTH, by: 'queue' })).toContain('No groups by queue.');
});

test('what queues got of their entitlement', () => {
  const queues = queuesOf({ queue: 'a', entitled: 0.5, held: 0.75, served: 1, underMs: 0 });
  const policies = [
    policyResult('one', { groups: [{ by: 'queue', rows: [group('a', 60_000)] }], queues }),
    policyResult('two', { queues: queuesOf({ queue: 'a', entitled: 0.5, held: 0.2, served: 0.4, underMs: 60_000 }) }),
  ];
  const table = comparisonTable(replayResult(policies), { width: WIDTH, by: 'queue' });
  expect(row(table, 'entitled to, of the cluster, queue a')).toEqual(['50.0 %', '50.0 %']);
  expect(row(table, 'held, of the cluster, queue a')).toEqual(['75.0 %', '20.0 %']);
  expect(row(table, 'got of its entitlement, queue a')).toEqual(['100.0 %', '40.0 %']);
  expect(row(table, 'under its entitlement, queue a')).toEqual(['0', '1m']);
});

test('control characters of names do not reach the terminal', () => {
  const evil = 'evil\u001b[2J\r\u0007';
  const policy = policyResult(evil, {
    groups: [{ by: 'queue', rows: [group(evil, 1)] }],
    queues: queuesOf({ queue: evil, entitled: 1, held: 1, served: 1, underMs: 1 }),
    fairness: [{ by: 'user', jain: 1, worst: { name: evil, underShareMs: 1 } }],
  });
  const table = comparisonTable(replayResult([policy], { drawn: [evil] }), { width: WIDTH, by: 'queue', notes: true });
  expect(table.replaceAll('\n', '')).not.toMatch(/\p{Control}/u);
});
