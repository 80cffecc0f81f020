import { expect, test } from 'vitest';
import { mergedTable as tableOf, type NamedResult } from '../../../src/replay/report/merged.ts';
import { outcomes, policyResult, replayResult } from '../../support/replay-result.ts';

/** Gangs done by policy, in a run with a seed. */
function run(seed: number, done: Record<string, number>, change: Parameters<typeof replayResult>[1] = {}): NamedResult {
  const policies = Object.entries(done).map(([name, jobs]) =>
    policyResult(name, { outcomes: outcomes(10, { done: jobs }) }),
  );
  return { name: `${seed}.json`, result: replayResult(policies, { seed, ...change }) };
}

const WIDE = 1000;
const mergedTable = (results: readonly NamedResult[], baseline?: string) => tableOf(results, { width: WIDE, baseline });
const [MEDIANS, DIFFERENCES] = ['Median of the runs', 'Difference from'];

/** The cells of a row in one of the tables. */
const cells = (text: string, label: string, table = MEDIANS) =>
  text
    .slice(text.indexOf(table))
    .split('\n')
    .find((line) => line.startsWith(`${label}  `))!
    .slice(label.length)
    .trim()
    .split(/ {2,}/);

test('the median of each policy, with the least and the most where they differ', () => {
  const table = mergedTable([run(1, { one: 10, two: 5 }), run(2, { one: 4 }), run(3, { one: 6 }), run(2, { two: 5 })]);
  expect(cells(table, 'jobs done')).toEqual(['6 (4 .. 10)', '5']);
  expect(mergedTable([run(1, { one: 4 }), run(2, { one: 5 })])).toContain('4.5 (4 .. 5)');
  expect(table).toContain('seeds: 1, 2, 3');
});

test('it is the same in whatever order the results come', () => {
  const runs = [run(1, { one: 10 }), run(2, { one: 4 }), run(3, { one: 6 })];
  const body = (list: readonly NamedResult[]) => mergedTable(list).split(MEDIANS)[1];
  expect(body([...runs].reverse())).toBe(body(runs));
});

test('the others are compared with the baseline, pair by pair', () => {
  const runs = [1, 2, 3].map((seed) => run(seed, { one: 10 - seed, two: 5 - seed, three: 10 - seed }));
  const table = mergedTable(runs);
  expect(table).toContain('Difference from one: mean over pairs of runs with the same input (95 % interval)');
  expect(cells(table, 'jobs done', DIFFERENCES)).toEqual(['-5 (-5 .. -5)', 'equal']);
  expect(cells(mergedTable(runs, 'two'), 'jobs done', DIFFERENCES)).toEqual(['+5 (+5 .. +5)', '+5 (+5 .. +5)']);
  expect(mergedTable([run(1, { one: 1 })])).not.toContain(DIFFERENCES);
  expect(mergedTable(runs, 'lost')).toContain('THERE ARE NO RUNS OF lost: the baseline is one.');
});

test('a figure that is a lower bound in one run is one in the median', () => {
  const open = { ...policyResult('one').waitMs, mean: 60_000, atLeast: ['mean'] as const };
  const runs = [
    { name: 'a', result: replayResult([policyResult('one')], { seed: 1 }) },
    { name: 'b', result: replayResult([policyResult('one', { waitMs: open })], { seed: 2 }) },
  ];
  expect(cells(mergedTable(runs), 'wait until work begins, mean')).toEqual(['>= 36s (12s .. 1m)']);
});

test('policies that did not run the same are said so', () => {
  expect(mergedTable([run(1, { one: 1, two: 1 }), run(2, { one: 1, two: 1 })])).not.toContain(
    'DID NOT RUN ON THE SAME INPUTS',
  );
  expect(mergedTable([run(1, { one: 1, two: 1 }), run(2, { one: 1 })])).toContain('DID NOT RUN ON THE SAME INPUTS');
  expect(mergedTable([run(1, { one: 1 }), run(2, { two: 1 })])).toContain('DID NOT RUN ON THE SAME INPUTS');
});

test('a run that was stopped early is left out, and named', () => {
  const table = mergedTable([run(1, { one: 10 }), run(2, { one: 2 }, { complete: false })]);
  expect(cells(table, 'jobs done')).toEqual(['10']);
  expect(table).toContain('left out, stopped early: 2.json');
});

test('nothing to merge, and a run that is there twice, are errors', () => {
  expect(() => mergedTable([])).toThrow('no finished run');
  const twice = [run(1, { one: 1 }), { ...run(1, { one: 1 }), name: 'again.json' }];
  expect(() => mergedTable(twice)).toThrow('again.json: another file has the same run of one');
});
