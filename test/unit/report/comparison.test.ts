import { expect, test } from 'vitest';
import { comparison, type ComparedRow } from '../../../src/replay/report/comparison.ts';
import { ROWS } from '../../../src/replay/report/rows.ts';
import { columnsOf } from '../../../src/replay/report/runs.ts';
import type { PolicyResult } from '../../../src/replay/result.ts';
import { closed, outcomes, policyResult, replayResult } from '../../support/replay-result.ts';

const MINUTE_MS = 60_000;
const waits = (minutes: number) => closed({ mean: minutes * MINUTE_MS });
const compare = (...policies: PolicyResult[]) => comparison(columnsOf([replayResult(policies)]));
/** The row of the mean wait. */
const meanWait = ({ different }: { readonly different: readonly ComparedRow[] }) =>
  different.find(({ label }) => /wait.*mean|mean.*wait/.test(label))?.cells;

test('rows in which all policies are the same are folded away, zeros among them', () => {
  const { different, same } = compare(policyResult('a', { evictions: 3 }), policyResult('b'));
  expect(different.map(({ label, cells }) => [label, ...cells.map(({ text }) => text)])).toEqual([
    ['jobs done', '10 of 10', '10 of 10'],
    ['pods evicted for others', '3', '0'],
  ]);
  expect(different.length + same.length).toBe(ROWS.length);
});

test('the best value of a row is marked, alone or with others', () => {
  const cells = meanWait(compare(...[30, 10, 20].map((wait, i) => policyResult(`p${i}`, { waitMs: waits(wait) }))));
  expect(cells?.map(({ text, best }) => [text, best])).toEqual([
    ['30m', undefined],
    ['10m', 'alone'],
    ['20m', undefined],
  ]);
  const shared = meanWait(compare(...[30, 10, 10].map((wait, i) => policyResult(`p${i}`, { waitMs: waits(wait) }))));
  expect(shared?.map(({ best }) => best)).toEqual([undefined, 'shared', 'shared']);
});

test('a lower bound is shown as one and is never the best', () => {
  const open = { ...waits(5), open: 2, atLeast: ['mean'] as const };
  const cells = meanWait(compare(policyResult('a', { waitMs: open }), policyResult('b', { waitMs: waits(10) })));
  expect(cells?.map(({ text, best }) => [text, best])).toEqual([
    ['≥ 5m', undefined],
    ['10m', undefined],
  ]);
});

test('while jobs wait, sums over time are lower bounds, and the work over the makespan is not known', () => {
  const stuck = policyResult('stuck', {
    outcomes: outcomes(10, { done: 1, deadlocked: 2, waiting: 7 }),
    idle: { partial: 360_000, starting: 0, reserved: 0, broken: 0 },
    workShare: { window: 0.1, makespan: 0.9 },
  });
  const { different } = compare(stuck, policyResult('whole'));
  const rowOf = (name: string) => different.find(({ label }) => label.startsWith(name))?.cells;
  expect(rowOf('held without work: starting')).toEqual([{ text: '≥ 0' }, { text: '2' }]);
  expect(rowOf('held without work: partial')?.[0]).toEqual({ text: '≥ 100' });
  expect(rowOf('makespan')?.[0]?.text).toMatch(/^≥ /);
  expect(rowOf('work done per capacity, makespan')).toEqual([{ text: '-' }, { text: '40.0 %' }]);
});

test('one policy alone keeps its figures; only zeros are folded', () => {
  const { different, same } = compare(policyResult('a'));
  expect(meanWait({ different })?.[0]?.text).toBe('12s');
  expect(same.every(({ cells }) => /^[-0]/.test(cells[0]?.text ?? ''))).toBe(true);
});

/** Runs with seeds 0, 1 ... of the policies a and b: their mean waits in minutes. */
const runs = (...waitsOfBoth: readonly (readonly [a: number, b: number])[]) =>
  waitsOfBoth.map(([a, b], seed) =>
    replayResult([policyResult('a', { waitMs: waits(a) }), policyResult('b', { waitMs: waits(b) })], { seed }),
  );

test('several runs show their median and their spread, and the best only where the difference is clear', () => {
  expect(meanWait(comparison(columnsOf(runs([30, 5], [20, 5], [25, 5]))))).toEqual([
    { text: '25m', spread: '20m .. 30m' },
    { text: '5m', best: 'alone' },
  ]);
  expect(meanWait(comparison(columnsOf(runs([30, 5], [2, 5], [60, 5]))))).toEqual([
    { text: '30m', spread: '2m .. 1h' },
    { text: '5m' },
  ]);
});

test('figures that are the same in all runs of the only policy are no reason to fold them', () => {
  const results = [1, 2].map((seed) => replayResult([policyResult('a', { waitMs: waits(5) })], { seed }));
  expect(meanWait(comparison(columnsOf(results)))?.[0]?.text).toBe('5m');
});
