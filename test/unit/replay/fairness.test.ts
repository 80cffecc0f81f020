import { describe, expect, test } from 'vitest';
import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { newRun } from '../../../src/replay/sim/job-run.ts';
import { FairnessMeter } from '../../../src/replay/sim/fairness.ts';
import { jainIndex, maxMinShares } from '../../../src/replay/sim/max-min.ts';
import { app } from '../../support/replays.ts';

test.each([
  ['all fits', [2, 3], 10, [2, 3]],
  ['nobody is satisfied', [8, 9, 7], 9, [3, 3, 3]],
  ['what one leaves goes to the others in equal parts', [1, 9, 9], 9, [1, 4, 4]],
  ['in any order', [9, 1, 3], 9, [5, 1, 3]],
  ['nobody wants any', [0, 0], 9, [0, 0]],
  ['nobody is there', [], 9, []],
] as const)('max-min shares: %s', (_, wanted, capacity, shares) => {
  expect(maxMinShares(wanted, capacity)).toEqual(shares);
});

test.each([
  [[1, 1, 1, 1], 1],
  [[1, 0, 0, 0], 1 / 4],
  [[1, 0.5], 2.25 / 2.5],
  [[], 1],
] as const)('Jain’s index of %j is %d', (values, index) => {
  expect(jainIndex(values)).toBe(index);
});

describe('over time', () => {
  /** A job of four cores, of which so many are bound. */
  function held(user: string, cores: number) {
    const run = newRun(new JobHistory(app(user, { user }), 0), 0, 1, 0);
    if (cores > 0) run.leader = 'bound';
    run.boundWorkers = Math.max(0, cores - 1);
    run.boundCpu = cores * 1000;
    return run;
  }
  const jobs = [app('a', { user: 'a' }), app('b', { user: 'b' })];
  const meter = (isCounted = true) =>
    new FairnessMeter(jobs, { totalCpu: 6000, spanMs: 0, isCounted: () => isCounted });

  test('a user that lacks what another has too much of is under its share', () => {
    const fairness = meter();
    fairness.sample([held('a', 4), held('b', 2)], 10_000); // each is entitled to 3: a has all of it, b 2/3
    fairness.sample([held('a', 4), held('b', 4)], 30_000); // both have all that they want
    // b used 2 x 10 s + 3 x 20 s of 3 x 30 s.
    const [a, b] = [1, 80 / 90];
    expect(fairness.result()).toEqual([
      { by: 'user', jain: (a + b) ** 2 / (2 * (a ** 2 + b ** 2)), worst: { name: 'b', underShareMs: 10_000 } },
    ]);
  });

  test('samples are at least ten seconds apart, and jobs that the cluster cannot hold do not count', () => {
    const often = meter();
    for (let ms = 0; ms <= 9_999; ms += 100) often.sample([held('a', 4), held('b', 0)], ms);
    const impossible = meter(false);
    impossible.sample([held('a', 4), held('b', 0)], 10_000);
    const nothing = [{ by: 'user', jain: 1, worst: { name: '', underShareMs: 0 } }];
    expect(often.result()).toEqual(nothing);
    expect(impossible.result()).toEqual(nothing);
  });

  test('one group, or very many, are not compared', () => {
    const of = (count: number) => Array.from({ length: count }, (_, i) => app(`j${i}`, { user: `u${i}` }));
    const kinds = (count: number) =>
      new FairnessMeter(of(count), { totalCpu: 1, spanMs: 0, isCounted: () => true }).result().length;
    expect([kinds(1), kinds(2), kinds(200), kinds(201)]).toEqual([0, 1, 1, 0]);
  });
});
