import { describe, expect, test } from 'vitest';
import type { RunIdentity } from '../../../src/core/history/run-times.ts';
import { runTimesOf } from '../../../src/replay/forecasts.ts';
import type { ForecastRules } from '../../../src/replay/options.ts';
import { app } from '../../support/replays.ts';

const HOUR_MS = 3_600_000;
const rules = (change: Partial<ForecastRules>): ForecastRules => ({
  mode: 'declared',
  known: 1,
  error: 0.3,
  ...change,
});
const run = (name: string): RunIdentity => ({ namespace: 'jobs', name, queue: 'q', members: 4 });
// Single pods start at once.
const many = Array.from({ length: 2000 }, (_, i) => app(`job-${i}`, { durationMs: HOUR_MS }, 0));

/** What is foretold of a run, before it starts or after it ran for some time. */
const foretold = (from: ForecastRules, name: string, share = 0.5, ranMs = 0) =>
  runTimesOf(from, many, 1)!.forecast(run(name)).endsWithin(share, ranMs);

test('learned leaves run times to the core, and off knows nothing', () => {
  expect(runTimesOf(rules({ mode: 'learned' }), many, 1)).toBeUndefined();
  const nothing = runTimesOf(rules({ mode: 'off' }), many, 1)!.forecast(run('job-1'));
  expect(nothing.isKnown).toBe(false);
  expect(nothing.endsWithin(0.5, 0)).toBe(
    runTimesOf(rules({ mode: 'off' }), many, 2)!
      .forecast(run('x'))
      .endsWithin(0.5, 0),
  );
});

describe('the oracle', () => {
  const oracle = runTimesOf(
    rules({ mode: 'oracle', known: 0, error: 2 }),
    [
      app('a', { durationMs: HOUR_MS }, 0),
      app('b', { durationMs: HOUR_MS, failsAt: 0.25 }, 0),
      app('pod', {}, 0),
      app('gang', { durationMs: HOUR_MS }, 8),
    ],
    1,
  )!;
  const within = (name: string, ranMs = 0) =>
    [0.1, 0.5, 0.9, 1].map((share) => oracle.forecast(run(name)).endsWithin(share, ranMs));
  test('knows the run time of each job, whatever share is asked for', () => {
    expect(within('a')).toEqual([HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS]);
    expect(oracle.forecast(run('a'))).toMatchObject({ isKnown: true, error: 0 });
  });
  test('knows when a job fails', () => expect(within('b')).toEqual(Array(4).fill(HOUR_MS / 4)));
  test('expects the end of a job that is slower at any moment', () => {
    expect(within('a', 2 * HOUR_MS)).toEqual(Array(4).fill(2 * HOUR_MS));
  });
  test.each(['a-rerun', 'a-rerun-3', 'a-rerun-12'])('knows the job of %s', (name) => {
    expect(within(name)).toEqual(within('a'));
  });
  test('counts the time in which the members that a job needs start, another one in each run', () => {
    const [first, again] = [within('gang')[0]!, within('gang-rerun')[0]!];
    for (const ms of [first, again]) expect(ms).toBeGreaterThan(HOUR_MS + 1000);
    for (const ms of [first, again]) expect(ms).toBeLessThan(HOUR_MS + 600_000);
    expect(again).not.toBe(first);
  });
  test('knows the pod of a job without workers, and no stranger', () => {
    expect(within('pod-driver')).toEqual(Array(4).fill(60_000));
    expect(within('pod-rerun-driver')).toEqual(Array(4).fill(60_000));
    expect(oracle.forecast(run('c')).isKnown).toBe(false);
    expect(oracle.forecast({ ...run('a'), namespace: 'other' }).isKnown).toBe(false);
  });
});

describe('declared estimates', () => {
  test('are known of a share of the jobs, and the same whatever the share', () => {
    const of = (known: number) => {
      const times = runTimesOf(rules({ known }), many, 1)!;
      return many.map(({ id }) => times.forecast(run(id))).map((one) => (one.isKnown ? one.endsWithin(0.5, 0) : -1));
    };
    const [some, all] = [of(0.3), of(1)];
    const known = some.filter((ms) => ms >= 0);
    expect(known.length / many.length).toBeCloseTo(0.3, 1);
    expect(some.every((ms, i) => ms < 0 || ms === all[i])).toBe(true);
    expect(all).not.toContain(-1);
  });

  test.each([0.3, 1.5])(
    'are off by a log-normal factor of deviation %f, and their 90 %% quantile is right',
    (error) => {
      const times = runTimesOf(rules({ error }), many, 1)!;
      const factors = many.map(({ id }) => Math.log(HOUR_MS / times.forecast(run(id)).endsWithin(0.5, 0)));
      const mean = factors.reduce((sum, one) => sum + one, 0) / many.length;
      const deviation = Math.sqrt(factors.reduce((sum, one) => sum + (one - mean) ** 2, 0) / many.length);
      expect(Math.abs(mean)).toBeLessThan(0.1 * error);
      expect(deviation / error).toBeCloseTo(1, 1);
      const within = many.filter(({ id }) => HOUR_MS <= times.forecast(run(id)).endsWithin(0.9, 0));
      expect(within.length / many.length).toBeCloseTo(0.9, 1);
      const told = times.forecast(run('job-1')).error ?? NaN;
      expect(factors.reduce((sum, one) => sum + Math.abs(one), 0) / many.length / told).toBeCloseTo(1, 1);
    },
  );

  test('grow with the time that a run has taken, and stay finite however long that is', () => {
    const [fresh, half, late, old] = [0, HOUR_MS / 2, 3 * HOUR_MS, 10_000 * HOUR_MS].map((ranMs) =>
      foretold(rules({ error: 0.05 }), 'job-1', 0.9, ranMs),
    ) as [number, number, number, number];
    expect(half).toBeGreaterThanOrEqual(fresh);
    expect(late).toBeGreaterThan(3 * HOUR_MS);
    expect(late).toBeLessThan(4 * HOUR_MS);
    expect(old).toBeGreaterThan(10_000 * HOUR_MS);
    expect(old).toBeLessThan(12_000 * HOUR_MS);
  });

  test('without an error are the run time', () => {
    expect(foretold(rules({ error: 0 }), 'job-1', 0.9)).toBe(HOUR_MS);
  });

  test('are drawn with the seed', () => {
    const of = (seed: number) => runTimesOf(rules({}), many, seed)!.forecast(run('job-1')).endsWithin(0.5, 0);
    expect(of(1)).toBe(of(1));
    expect(of(1)).not.toBe(of(2));
  });
});
