import { afterEach, describe, expect, test, vi } from 'vitest';
import { openRules } from '../../src/core/policy/rules.ts';
import { DEFAULT_POLICY, type QueueRules } from '../../src/core/policy/policy.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { DEFAULT_REPLAY, type ReplayOptions } from '../../src/replay/options.ts';
import type { ReplayPolicy } from '../../src/replay/replay.ts';
import { comparisonTable } from '../../src/replay/report/table.ts';
import { app, nodes, recordsOf, run, traceOf } from '../support/replays.ts';
import { policyResult, replayResult } from '../support/replay-result.ts';
import { without } from '../support/without.ts';

const MINUTE_MS = 60_000;
const forecasts = (mode: ReplayOptions['forecasts']['mode'], change = {}) => ({
  forecasts: { ...DEFAULT_REPLAY.forecasts, mode, ...change },
});
/** One after the other, of 10, 11, 12 ... minutes: there is room for one. */
const runs = (count: number, of: Parameters<typeof app>[1] = {}) =>
  traceOf(...Array.from({ length: count }, (_, i) => app(`job-${i}`, { durationMs: (10 + i) * MINUTE_MS, ...of })));

describe('what muster knows about run times', () => {
  test('learned from nothing: it foretells the fourth run from the first three', async () => {
    const { records, result } = await recordsOf(runs(5), nodes(1, 5), 'fifo-gang');
    expect([0, 1, 2].map((i) => records.get(`job-${i}`)?.forecast)).toEqual([undefined, undefined, undefined]);
    const { medianMs = 0, p90Ms = 0, ranMs = 0 } = records.get('job-3')?.forecast ?? {};
    expect(medianMs / MINUTE_MS).toBeGreaterThan(8);
    expect(medianMs / MINUTE_MS).toBeLessThan(14);
    expect(p90Ms).toBeGreaterThan(medianMs);
    // The time in which its pods start comes on top.
    expect(ranMs).toBeGreaterThan(13 * MINUTE_MS);
    expect(ranMs).toBeLessThan(14.5 * MINUTE_MS);
    expect(result.foretold).toMatchObject({ starts: 0, runs: 2 });
  });

  test('the oracle foretells each run to the second, those that run again as well, and none that fails', async () => {
    const trace = traceOf(app('a', { durationMs: 300 * MINUTE_MS }, 2), app('b', { failsAt: 0.5 }), app('c', {}, 0));
    const options = { ...forecasts('oracle'), nodeFailuresPerDay: 12, seed: 3 };
    const { records, result } = await recordsOf(trace, nodes(2, 4), 'fifo-gang', options);
    expect(records.get('a')?.reruns).toBeGreaterThan(0);
    for (const id of ['a', 'c']) {
      const { medianMs = NaN, p90Ms = NaN, ranMs = NaN } = records.get(id)?.forecast ?? {};
      expect(medianMs).toBe(p90Ms);
      expect(ranMs).toBeLessThanOrEqual(p90Ms);
      expect(p90Ms - ranMs).toBeLessThan(5000);
    }
    expect(records.get('b')).not.toHaveProperty('forecast');
    expect(result.foretold).toMatchObject({ runs: 2, withinP90: 1 });
  });

  test('of jobs without an estimate, and with forecasts off, it knows nothing', async () => {
    const off = await run(runs(5), nodes(1, 5), 'fifo-gang', forecasts('off'));
    expect(off).not.toHaveProperty('foretold');
    const some = await recordsOf(runs(20), nodes(1, 5), 'fifo-gang', forecasts('declared', { known: 0.5, error: 0 }));
    const known = [...some.records.values()].filter(({ forecast }) => forecast);
    expect(known.length).toBeGreaterThan(3);
    expect(known.length).toBeLessThan(17);
    for (const { forecast, runAloneMs } of known) expect(forecast!.medianMs - runAloneMs).toBeLessThan(2 * MINUTE_MS);
  });

  test('kube-scheduler alone foretells nothing', async () => {
    expect(await run(runs(3), nodes(1, 5), 'kube-default', forecasts('oracle'))).not.toHaveProperty('foretold');
  });
});

describe('what it does with them', () => {
  const policyWith = (change: Partial<QueueRules>): ReplayPolicy => ({
    name: 'p',
    rules: openRules([
      { ...DEFAULT_POLICY, queue: { ...DEFAULT_POLICY.queue, blockAfterMs: 10 * MINUTE_MS, ...change } },
    ]),
  });
  // Six of ten cores are taken for an hour; eight are wanted; then four.
  const traceWith = (minutes: number) =>
    traceOf(
      app('runs', { durationMs: 60 * MINUTE_MS }, 5),
      app('waits', { submitMs: MINUTE_MS }, 7),
      app('passes', { submitMs: 15 * MINUTE_MS, durationMs: minutes * MINUTE_MS }, 3),
    );
  /** When the third began to work, and the one that waits, in minutes. */
  const begins = async (minutes: number, mode: Parameters<typeof forecasts>[0]) => {
    const policy = policyWith({ backfill: 'reserve' });
    const { records } = await recordsOf(traceWith(minutes), nodes(1, 10), policy, forecasts(mode));
    return ['passes', 'waits'].map((id) => Math.floor((records.get(id)?.beganMs ?? NaN) / MINUTE_MS));
  };

  test('a job passes whoever waits if it is known to end before that one starts', async () => {
    expect(await begins(20, 'oracle')).toEqual([15, 61]);
    const [late = 0, waits] = await begins(90, 'oracle');
    expect(late).toBeGreaterThan(61);
    expect(waits).toBe(61);
    const [[short], [long]] = [await begins(20, 'off'), await begins(90, 'off')];
    expect(short).toBe(long);
  });

  test.each(['off', 'learned', 'oracle'] as const)('without backfill, %s is as all others', async (mode) => {
    const rules = { backfill: 'off', patience: { times: 0, mostMs: 0 }, order: 'fifo' } as const;
    const what = async (from: Parameters<typeof forecasts>[0]) => {
      const { result } = await recordsOf(traceWith(20), nodes(1, 10), policyWith(rules), forecasts(from));
      return without(result, 'foretold');
    };
    expect(await what(mode)).toEqual(await what('declared'));
  });
});

describe('start times that the scheduler tells', () => {
  afterEach(() => void vi.restoreAllMocks());

  /** The scheduler tells job-1 these latest times, one at each of its first ticks after the first job began. */
  const telling = (...latestMs: readonly number[]) => {
    const left = [...latestMs];
    const leader = { namespace: 'jobs', name: 'job-1-driver', uid: 'jobs/job-1-driver' };
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its scheduler
    const { tick } = Scheduler.prototype;
    vi.spyOn(Scheduler.prototype, 'tick').mockImplementation(function (this: Scheduler, nowMs: number) {
      const effects = tick.call(this, nowMs);
      const latest = nowMs < MINUTE_MS ? undefined : left.shift();
      if (latest === undefined) return effects;
      const times = { aboutMs: 10 * MINUTE_MS, earliestMs: nowMs, latestMs: latest, becauseOf: [] };
      return [...effects, { kind: 'start-foretold', gang: 'jobs/job-1', leader, ...times }];
    });
  };
  const told = async () => (await recordsOf(runs(2), nodes(1, 5), 'fifo-gang')).records.get('job-1');

  test('the first one counts, whatever is told later', async () => {
    telling(12 * MINUTE_MS, 6 * MINUTE_MS);
    expect((await told())?.told).toMatchObject({ promisedMs: 12 * MINUTE_MS, aboutMs: 10 * MINUTE_MS, isKept: true });
  });
  test('a start after it is late', async () => {
    telling(6 * MINUTE_MS, 12 * MINUTE_MS);
    const record = await told();
    expect(record?.told?.isKept).toBe(false);
    expect(record?.reservedMs).toBeGreaterThan(10 * MINUTE_MS);
  });
  test('without a latest time nothing was promised', async () => {
    telling(Infinity);
    expect(await told()).not.toHaveProperty('told');
  });
});

test('the rows about it are in a table only where there is something to show, and in no line below it', () => {
  const silent = without(policyResult('silent'), 'foretold');
  const tableOf = (...policies: Parameters<typeof replayResult>[0]) =>
    comparisonTable(replayResult(policies), { width: 120 });
  expect(tableOf(silent, silent)).not.toMatch(/told|promise|foretold|late starts/);
  const mixed = tableOf(policyResult('told'), silent);
  expect(mixed).toMatch(/^told a start time +4 +-$/m);
  expect(mixed).toMatch(/^started by the time promised +66\.7 % +-$/m);
  expect(mixed).toMatch(/^late starts, p95 +1m 30s +-$/m);
  expect(mixed).toMatch(/^run times missed by a factor, p50 +1\.50 +-$/m);
});
