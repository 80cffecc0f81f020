import { expect, test } from 'vitest';
import { compare, differenceText } from '../../../src/replay/report/compare.ts';
import { span } from '../../../src/replay/report/format.ts';
import { ROWS } from '../../../src/replay/report/rows.ts';
import { columnsOf, perWorkload } from '../../../src/replay/report/runs.ts';
import type { Figure, ReplayResult } from '../../../src/replay/result.ts';
import { noneOpen, policyResult, replayResult } from '../../support/replay-result.ts';

const MINUTE = 60_000;
const meanWait = ROWS.find(({ value }) => value(policyResult('any')) === policyResult('any').waitMs.mean)!;

interface Wait {
  readonly minutes: number;
  readonly atLeast?: readonly Figure[];
  readonly count?: number;
}

/** A run of each policy with these mean waits. */
const run = (seed: number, waits: Record<string, Wait>, change: Partial<ReplayResult> = {}) =>
  replayResult(
    Object.entries(waits).map(([policy, { minutes, atLeast = [], count = 10 }]) =>
      policyResult(policy, { waitMs: { ...noneOpen, count, mean: minutes * MINUTE, atLeast } }),
    ),
    { seed, ...change },
  );

/** The difference of b from a. */
function differenceIn(results: readonly ReplayResult[]) {
  const [a, b] = columnsOf(results);
  return compare(meanWait, a!, b!);
}

const text = (results: readonly ReplayResult[]) => differenceText(differenceIn(results), span);
const pairs = (...waits: readonly (readonly [a: number, b: number])[]) =>
  waits.map(([a, b], i) => run(i, { a: { minutes: a }, b: { minutes: b } }));

test('runs with the same input are pairs, in whatever order they come', () => {
  const results = pairs([10, 6], [20, 15], [30, 24]);
  expect(text(results)).toBe('-5m (-7m 29s .. -2m 31s)');
  const apart = results.flatMap((result) => result.policies.map((policy) => ({ ...result, policies: [policy] })));
  apart.sort((x, y) => (x.policies[0]!.policy < y.policies[0]!.policy ? -1 : 1) || y.seed - x.seed);
  expect(text(apart)).toBe(text(results));
});

test('a run without its pair does not count', () => {
  const lonely = run(9, { b: { minutes: 1000 } });
  expect(differenceIn([...pairs([10, 6], [20, 15], [30, 24]), lonely])).toMatchObject({ n: 3, mean: -5 * MINUTE });
  expect(text([run(1, { a: { minutes: 1 } }), run(2, { b: { minutes: 1 } })])).toBe('-');
});

test('an interval around 0 shows no difference', () => {
  expect(text(pairs([10, 6], [20, 25], [30, 29]))).toMatch(/^no difference shown \(-\d.* \.\. \+\d/);
  expect(text(pairs([1, 1], [2, 2], [3, 3]))).toBe('equal');
  expect(text(pairs([10, 6], [20, 15]))).toBe('-4m 30s, too few runs');
});

test('a lower bound leaves one end of the difference open', () => {
  const atLeast: Figure[] = ['mean'];
  const bounded = (minutes: number) => ({ minutes, atLeast });
  const more = [1, 2, 3].map((seed) => run(seed, { a: { minutes: 1 + seed / 10 }, b: bounded(5) }));
  expect(text(more)).toMatch(/^\+3m 48s \(\+3m \d+s \.\. \?\)$/);
  const less = [1, 2, 3].map((seed) => run(seed, { a: { minutes: 5 + seed / 10 }, b: bounded(1) }));
  expect(text(less)).toMatch(/^not known \(-4m \d+s \.\. \?\)$/);
  const base = [1, 2, 3].map((seed) => run(seed, { a: bounded(5), b: { minutes: 1 + seed / 10 } }));
  expect(text(base)).toMatch(/^-3m 48s \(\? \.\. -3m \d+s\)$/);
  const both = [1, 2, 3].map((seed) => run(seed, { a: bounded(1), b: bounded(5 + seed) }));
  expect(text(both)).toBe('not known (? .. ?)');
});

test('a figure that is unknown under one policy is no pair', () => {
  const results = [...pairs([10, 6], [20, 15], [30, 24]), run(7, { a: { minutes: 1 }, b: { minutes: 0, count: 0 } })];
  expect(differenceIn(results).n).toBe(3);
});

test('seeds of one day say nothing about other days: the interval is over days', () => {
  const day = (one: number, waits: (seed: number) => readonly [number, number]) =>
    [1, 2, 3, 4].map((seed) => {
      const [a, b] = waits(seed);
      return run(seed, { a: { minutes: a }, b: { minutes: b } }, { notes: [`submitted from hour ${24 * one}`] });
    });
  // Each day by itself has a clear difference, but they contradict each other.
  const results = [
    ...day(0, (seed) => [10 + seed, 6 + seed]),
    ...day(1, (seed) => [10 + seed, 15 + seed]),
    ...day(2, (seed) => [10 + seed, 10 + seed]),
  ];
  expect(differenceIn(results)).toMatchObject({ n: 3, mean: (-4 + 5) * 20_000, isClear: false });
  expect(differenceIn(results.slice(0, 4))).toMatchObject({ n: 4, isClear: true });
});

test('generated traces are another workload with each seed, on each day', () => {
  const made = [1, 2].flatMap((seed) =>
    ['day 1', 'day 2'].map((note) =>
      run(
        seed,
        { a: { minutes: seed } },
        { trace: { name: `S-seed-${seed}`, format: 'generated', sha256: `${seed}`, jobs: 1, pods: 1 }, notes: [note] },
      ),
    ),
  );
  const inputs = [...columnsOf(made)[0]!.runs.keys()];
  expect(perWorkload(inputs, [1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
});

test('several clusters are several columns that can be compared', () => {
  const on = (name: string, count: number, minutes: number) =>
    [1, 2, 3].map((seed) =>
      run(seed, { a: { minutes: minutes + seed } }, { nodes: { name, count, cpuMilli: 1, memoryBytes: 1 } }),
    );
  const counts = [...on('n.yaml, 50 nodes', 50, 9), ...on('n.yaml, 60 nodes', 60, 4)];
  expect(columnsOf(counts).map(({ policy }) => policy)).toEqual(['a on 50 nodes', 'a on 60 nodes']);
  expect(text(counts)).toBe('-5m (-5m .. -5m)');
  const files = [...on('x.yaml', 5, 9), ...on('y.yaml', 6, 4)];
  expect(columnsOf(files).map(({ policy }) => policy)).toEqual(['a on x.yaml', 'a on y.yaml']);
});
