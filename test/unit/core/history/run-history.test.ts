import { describe, expect, test } from 'vitest';
import { MusterError } from '../../../../src/core/errors.ts';
import { RunHistory } from '../../../../src/core/history/run-history.ts';
import type { EndedRun, RunIdentity } from '../../../../src/core/history/run-times.ts';
import { seeded } from '../../../../src/replay/random.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const run = (changes: Partial<RunIdentity> = {}): RunIdentity => ({
  namespace: 'ns',
  name: 'etl',
  queue: 'prod',
  app: 'etl-#',
  members: 5,
  ...changes,
});

/** A history of these runs, one after the other. */
function after(...runs: readonly (readonly [RunIdentity, number, EndedRun['how']?])[]): RunHistory {
  const history = new RunHistory();
  for (const [identity, ranMs, how = 'succeeded'] of runs) history.learn(identity, { ranMs, how });
  return history;
}
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const median = (history: RunHistory, of: RunIdentity, ranMs = 0) => history.forecast(of).endsWithin(0.5, ranMs);

describe('what a forecast rests on', () => {
  test('nothing: half are supposed to take less than 30 min, nine of ten less than 6 h', () => {
    const forecast = new RunHistory().forecast(run());
    expect(forecast).toMatchObject({ isKnown: false, runs: 0, basis: 'no run known', error: undefined });
    expect(forecast.endsWithin(0.5, 0)).toBeCloseTo(30 * MINUTE_MS, 3);
    expect(forecast.endsWithin(0.9, 0)).toBeCloseTo(6 * HOUR_MS, 3);
    expect(forecast.endsWithin(0.5, 6 * HOUR_MS)).toBeGreaterThan(9 * HOUR_MS);
  });

  test('of the same object it is the same until something is learned', () => {
    const [history, of] = [after(...times(3, [run(), HOUR_MS] as const)), run()];
    const forecast = history.forecast(of);
    expect(history.forecast(of)).toBe(forecast);
    history.learn(run({ members: 1, queue: 'dev', app: 'other' }), { ranMs: MINUTE_MS, how: 'succeeded' });
    expect(history.forecast(of)).not.toBe(forecast);
    history.import(new RunHistory().export(0), 0);
    expect(history.forecast(of).isKnown).toBe(false);
  });

  test('two runs say nothing yet, three do', () => {
    const history = after([run(), HOUR_MS], [run(), HOUR_MS]);
    expect(history.forecast(run()).isKnown).toBe(false);
    history.learn(run(), { ranMs: HOUR_MS, how: 'succeeded' });
    expect(history.forecast(run())).toMatchObject({
      isKnown: true,
      runs: 3,
      basis: 'app etl-#, 4 to 7 members',
      error: 0,
    });
  });

  test.each<[string, RunIdentity, RunIdentity]>([
    ['app etl-#', run(), run({ members: 50 })],
    ['user ann, 4 to 7 members', run({ user: 'ann' }), run({ app: 'other', user: 'ann' })],
    ['queue prod, 4 to 7 members', run(), run({ app: 'other', namespace: 'elsewhere' })],
    ['queue prod', run(), run({ app: 'other', members: 1 })],
    ['no queue', run({ queue: '' }), run({ queue: '', app: 'other', members: 1 })],
    ['no queue, 4 to 7 members', run({ queue: '' }), run({ queue: '', app: 'other', namespace: 'elsewhere' })],
    ['all runs', run(), run({ queue: 'dev', app: 'other' })],
  ])('%s', (basis, seen, asked) => {
    expect(after(...times(3, [seen, HOUR_MS] as const)).forecast(asked)).toMatchObject({ basis, isKnown: true });
  });

  test('the app of another namespace is another app, and so is one without a name', () => {
    const history = after(...times(3, [run(), HOUR_MS] as const));
    expect(history.forecast(run({ namespace: 'x' })).basis).toBe('queue prod, 4 to 7 members');
    const nameless: RunIdentity = { namespace: 'ns', name: 'etl', queue: 'prod', members: 5 };
    expect(history.forecast(nameless).basis).toBe('queue prod, 4 to 7 members');
  });

  test("an app's first runs have a say beside a broader level", () => {
    const crowd = times(20, [run({ app: 'other' }), HOUR_MS] as const);
    const forecast = after(...crowd, [run({ members: 1 }), MINUTE_MS], [run({ members: 1 }), MINUTE_MS]).forecast(
      run(),
    );
    expect(forecast).toMatchObject({ basis: 'app etl-#', runs: 2, isKnown: true });
    expect(forecast.endsWithin(0.45, 0)).toBeLessThan(2 * MINUTE_MS);
    expect(forecast.endsWithin(0.6, 0)).toBeGreaterThan(HOUR_MS / 2);
  });

  test('an app that is foretold well is not taken for another one of its queue that varies even less', () => {
    const long = run({ app: 'long', members: 1 });
    const history = after(...[60, 60.7, 60.1, 60.9, 60.4].map((seconds) => [long, seconds * SECOND_MS] as const));
    for (let i = 0; i < 20; i++) history.learn(run({ app: 'short' }), { ranMs: 2500 + (i % 2), how: 'succeeded' });
    expect(history.forecast(run({ app: 'long' })).basis).toBe('app long');
    expect(median(history, run({ app: 'long' }))).toBeGreaterThan(50 * SECOND_MS);
  });

  test('a level that foretells worse than the next is passed over', () => {
    const random = seeded('errors');
    const history = new RunHistory();
    // The app's times depend on nothing; those of its user's other apps hardly vary.
    for (let i = 0; i < 40; i++) {
      const of = run({ user: 'ann', app: i % 4 === 0 ? 'wild' : 'tame' });
      const ranMs = i % 4 === 0 ? random.logNormal(Math.log(HOUR_MS), 3) : HOUR_MS * random.between(0.95, 1.05);
      history.learn(of, { ranMs, how: 'succeeded' });
    }
    expect(history.forecast(run({ user: 'ann', app: 'tame' })).basis).toBe('app tame, 4 to 7 members');
    expect(history.forecast(run({ user: 'ann', app: 'wild' })).basis).not.toContain('app wild');
  });
});

describe('the scenario table', () => {
  test('B21: a deadline bounds what the history says, and says something by itself', () => {
    const history = after(...times(10, [run(), 2 * HOUR_MS] as const));
    expect(history.forecast(run({ capMs: 300 * SECOND_MS })).endsWithin(0.9, 0)).toBe(300 * SECOND_MS);
    expect(history.forecast(run({ capMs: 300 * SECOND_MS })).endsWithin(0.9, 400 * SECOND_MS)).toBe(400 * SECOND_MS);
    const capped = new RunHistory().forecast(run({ capMs: 300 * SECOND_MS }));
    expect(capped).toMatchObject({ isKnown: false });
    expect(capped.endsWithin(0.5, 0)).toBe(300 * SECOND_MS);
  });

  test('B22: three runs of an app say more than its owner', () => {
    const history = after([run(), 100 * SECOND_MS], [run(), 102 * SECOND_MS], [run(), 98 * SECOND_MS]);
    const forecast = history.forecast(run({ expectedMs: 10 * MINUTE_MS }));
    expect(Math.abs(forecast.endsWithin(0.5, 0) - 101 * SECOND_MS)).toBeLessThan(3 * SECOND_MS);
    expect(forecast.endsWithin(0.9, 0)).toBeLessThanOrEqual(164 * SECOND_MS);
  });

  test('B23: runs that were evicted before any ended change nothing', () => {
    const before = after(...times(4, [run(), 100 * SECOND_MS] as const));
    const evicted = [run(), 50 * SECOND_MS, 'cut'] as const;
    const later = after(...times(4, [run(), 100 * SECOND_MS] as const), evicted, evicted);
    for (const share of [0.5, 0.9]) {
      const expected = before.forecast(run()).endsWithin(share, 0);
      expect(later.forecast(run()).endsWithin(share, 0)).toBe(expected);
    }
    expect(later.forecast(run()).runs).toBe(4);
    const long = [run(), 300 * SECOND_MS, 'cut'] as const;
    expect(
      after(...times(4, [run(), 100 * SECOND_MS] as const), long, long)
        .forecast(run())
        .endsWithin(0.9, 0),
    ).toBeGreaterThan(300 * SECOND_MS);
  });

  test('B24: an app that often fails at once is no short one', () => {
    const runs = times(5, [[run(), 3 * SECOND_MS, 'failed'] as const, [run(), HOUR_MS] as const]).flat();
    const ratio = median(after(...runs), run()) / HOUR_MS;
    expect(ratio).toBeGreaterThan(0.99);
    expect(ratio).toBeLessThan(1.01);
  });
});

describe('what the owner says', () => {
  test('an estimate is taken for likely as long as the app is not known', () => {
    const crowd = times(50, [run({ app: 'other' }), 10 * HOUR_MS] as const);
    const forecast = after(...crowd).forecast(run({ expectedMs: MINUTE_MS }));
    expect(forecast).toMatchObject({ isKnown: true, basis: 'muster.dev/expected-duration', runs: 0 });
    expect(forecast.endsWithin(0.5, 0) / MINUTE_MS).toBeCloseTo(1, 1);
    expect(forecast.endsWithin(0.9, 0) / MINUTE_MS).toBeGreaterThan(1.4);
    expect(forecast.endsWithin(0.9, 0) / MINUTE_MS).toBeLessThan(2.1);
  });

  test('the first two runs of the app have a say beside it, and the third has the say', () => {
    const asked = run({ expectedMs: HOUR_MS });
    const history = after([run(), MINUTE_MS], [run(), MINUTE_MS]);
    expect(history.forecast(asked).endsWithin(0.45, 0)).toBeLessThan(2 * MINUTE_MS);
    expect(history.forecast(asked).endsWithin(0.9, 0)).toBeGreaterThan(HOUR_MS);
    history.learn(run(), { ranMs: MINUTE_MS, how: 'succeeded' });
    expect(history.forecast(asked).endsWithin(0.9, 0)).toBeLessThan(2 * MINUTE_MS);
  });

  test('where estimates of a namespace are always too short, they are corrected', () => {
    const told = (i: number) => run({ app: `app-${'x'.repeat(i)}`, expectedMs: MINUTE_MS });
    const lies = Array.from({ length: 20 }, (_, i) => [told(i), HOUR_MS] as const);
    const history = after(...lies);
    expect(median(history, told(50))).toBeGreaterThan(50 * MINUTE_MS);
    expect(median(history, { ...told(50), namespace: 'honest' })).toBeLessThan(2 * MINUTE_MS);
  });

  test('an endless run never ends and teaches nothing', () => {
    const history = after(...times(5, [run({ isEndless: true }), HOUR_MS] as const));
    expect(history.size).toBe(0);
    const forecast = after(...times(5, [run(), HOUR_MS] as const)).forecast(run({ isEndless: true }));
    expect(forecast).toMatchObject({ isKnown: true, basis: 'endless' });
    expect(forecast.endsWithin(0.1, 0)).toBe(Infinity);
  });

  test('an app that was cut three times after a day and never ended is endless', () => {
    const tries = (count: number) => after(...times(count, [run(), 2 * DAY_MS, 'cut'] as const));
    expect(tries(2).forecast(run()).isKnown).toBe(false);
    expect(tries(3).forecast(run())).toMatchObject({ isKnown: true, basis: 'never ended so far' });
    const ended = tries(3);
    ended.learn(run(), { ranMs: 3 * DAY_MS, how: 'succeeded' });
    expect(ended.forecast(run()).isKnown).toBe(false);
  });
});

test('of recurring log-normal apps, about half of the runs end within the median and about nine of ten within p90', () => {
  const random = seeded('recurring');
  const history = new RunHistory();
  const apps = Array.from({ length: 30 }, (_, i) => ({
    identity: run({ app: `app ${i}`, members: 1 + random.below(20) }),
    mu: Math.log(random.logNormal(Math.log(HOUR_MS / 2), 1.5)),
    sigma: random.between(0.1, 1),
  }));
  const within = { median: 0, p90: 0 };
  const last = new Map<RunIdentity, readonly number[]>();
  const error = { ofMedian: 0, ofLastTwo: 0 };
  const draws = 6000;
  for (let i = 0; i < draws; i++) {
    const { identity, mu, sigma } = random.pick(apps.map((app) => [app, 1] as const));
    const ranMs = random.logNormal(mu, sigma);
    const forecast = history.forecast(identity);
    if (ranMs <= forecast.endsWithin(0.5, 0)) within.median++;
    if (ranMs <= forecast.endsWithin(0.9, 0)) within.p90++;
    const [a = ranMs, b = a] = last.get(identity) ?? [];
    error.ofMedian += Math.abs(Math.log(ranMs / forecast.endsWithin(0.5, 0)));
    error.ofLastTwo += Math.abs(Math.log(ranMs / ((a + b) / 2)));
    last.set(identity, [ranMs, a]);
    history.learn(identity, { ranMs, how: 'succeeded' });
  }
  // The mean of an app's last two runs, as Tsafrir et al. foretell (IEEE TPDS 18(6), 2007).
  expect(error.ofMedian).toBeLessThan(0.9 * error.ofLastTwo);
  expect(Math.abs(within.median / draws - 0.5)).toBeLessThan(0.06);
  expect(Math.abs(within.p90 / draws - 0.9)).toBeLessThan(0.03);
});

describe('bounds', () => {
  test('keys are bounded in number and length, whatever tenants write', () => {
    const history = new RunHistory();
    for (let i = 0; i < 21_000; i++)
      history.learn(run({ app: `${i} ${'x'.repeat(1000)}`, user: 'y'.repeat(1000) }), {
        ranMs: HOUR_MS,
        how: 'succeeded',
      });
    expect(history.size).toBeLessThanOrEqual(20_000);
    expect(history.size).toBeGreaterThanOrEqual(5000);
    for (const [key] of history.export(0).keys) expect(key.length).toBeLessThanOrEqual(310);
  });

  test('however many apps run once, they displace none that recurs', () => {
    const history = after(...times(3, [run({ app: 'weekly' }), MINUTE_MS] as const));
    for (let i = 0; i < 21_000; i++) history.learn(run({ app: `once ${i}` }), { ranMs: HOUR_MS, how: 'succeeded' });
    expect(history.forecast(run({ app: 'weekly' }))).toMatchObject({ basis: 'app weekly, 4 to 7 members', runs: 3 });
    expect(history.forecast(run({ app: 'once 0' })).basis).toBe('queue prod, 4 to 7 members');
    for (let i = 0; i < 21_000; i++) {
      const recurring = run({ app: `thrice ${i}` });
      for (let k = 0; k < 3; k++) history.learn(recurring, { ranMs: HOUR_MS, how: 'succeeded' });
    }
    expect(history.forecast(run({ app: 'weekly' })).basis).toBe('queue prod, 4 to 7 members');
    expect(history.size).toBeLessThanOrEqual(20_000);
  });

  test('no name of an app can be taken for that of another, nor for an app in a size', () => {
    const history = after(...times(5, [run({ app: 'a b', namespace: 'n' }), HOUR_MS] as const));
    for (const app of ['b', '2 n a b', 'a b\n', 'n a b'])
      expect(history.forecast(run({ app, namespace: 'n', queue: 'x' })).basis).toBe('all runs');
  });

  test('asking changes nothing', () => {
    const history = after(...times(5, [run(), HOUR_MS] as const), [run({ app: 'b' }), MINUTE_MS]);
    const before = JSON.stringify(history.export(0));
    for (const app of ['etl-#', 'b', 'c']) history.forecast(run({ app, expectedMs: 5 })).endsWithin(0.9, 100);
    expect(JSON.stringify(history.export(0))).toBe(before);
  });

  test('times that are none are not learned', () => {
    expect(after([run(), NaN], [run(), Infinity], [run(), -1]).size).toBe(0);
    expect(median(after(...times(3, [run(), 0] as const)), run())).toBeGreaterThanOrEqual(0);
  });
});

describe('kept across restarts', () => {
  const filled = () =>
    after(
      ...times(8, [run({ expectedMs: MINUTE_MS }), HOUR_MS] as const),
      ...times(3, [run({ app: 'b' }), 2 * DAY_MS, 'cut'] as const),
    );
  const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  test('what is written and read gives the same forecasts', () => {
    const [before, later] = [filled(), new RunHistory()];
    later.import(json(before.export(5000)), 5000);
    expect(json(later.export(5000))).toEqual(json(before.export(5000)));
    for (const of of [run(), run({ app: 'b' }), run({ app: 'c' }), run({ queue: 'x', app: 'c', expectedMs: 7 })]) {
      expect(later.forecast(of)).toMatchObject({ basis: before.forecast(of).basis, runs: before.forecast(of).runs });
      for (const share of [0.5, 0.9]) {
        const [a, b] = [later.forecast(of).endsWithin(share, 0), before.forecast(of).endsWithin(share, 0)];
        if (a !== b) expect(a / b).toBeCloseTo(1, 3);
      }
    }
  });

  test('what is read counts half after 30 days, but three runs go on to count', () => {
    const history = new RunHistory();
    history.import(json(filled().export(0)), 30 * DAY_MS);
    expect(history.forecast(run()).runs).toBe(4);
    history.import(json(filled().export(0)), 3000 * DAY_MS);
    expect(history.forecast(run()).runs).toBe(3);
    const running = filled();
    running.export(0);
    running.export(30 * DAY_MS);
    expect(running.forecast(run()).runs).toBe(4);
    running.export(0);
    expect(running.forecast(run()).runs).toBe(4);
  });

  test('a part of it has the keys that were learned of last', () => {
    const history = after(...Array.from({ length: 30 }, (_, i) => [run({ app: `app ${i}` }), HOUR_MS] as const));
    const keys = history.export(0, 6).keys.map(([key]) => key);
    expect(keys).toHaveLength(6);
    expect(keys[0]).toBe('c');
    expect(keys).toContain('a ns app 29');
    const read = new RunHistory();
    read.import(history.export(0), 0);
    expect(read.export(0, 6).keys.map(([key]) => key)).toEqual(keys);
  });

  test('it says when there is something new to write', () => {
    const history = filled();
    const { changes } = history;
    history.export(0);
    history.forecast(run());
    expect(history.changes).toBe(changes);
    history.learn(run(), { ranMs: 1, how: 'cut' });
    expect(history.changes).toBeGreaterThan(changes);
  });

  const good = json(filled().export(0)) as { keys: [string, Record<string, unknown>][] };
  const record = good.keys[0]![1];
  test.each<[string, unknown]>([
    ['no object', []],
    ['null', null],
    ['another version', { ...good, version: 2 }],
    ['no version', { keys: [] }],
    ['no time', { ...good, savedMs: 'now' }],
    ['no keys', { ...good, keys: {} }],
    ['a key that is too long', { ...good, keys: [['x'.repeat(400), record]] }],
    ['a key that is none', { ...good, keys: [[7, record]] }],
    ['no record', { ...good, keys: [['c', null]] }],
    ['no bins', { ...good, keys: [['c', { ...record, ended: 3 }]] }],
    ['a bin that is none', { ...good, keys: [['c', { ...record, ended: [[99, 1]] }]] }],
    ['a fraction of a bin', { ...good, keys: [['c', { ...record, ended: [[1.5, 1]] }]] }],
    ['a negative count', { ...good, keys: [['c', { ...record, ended: [[1, -1]] }]] }],
    ['an endless count', { ...good, keys: [['c', { ...record, ended: [[1, 1e300]] }]] }],
    ['too many bins', { ...good, keys: [['c', { ...record, ended: times(53, [1, 1]) }]] }],
    ['a broken last key', { ...good, keys: [...good.keys, ['c', { ...record, mostMs: null }]] }],
  ])('%s is refused whole', (_what, broken) => {
    const history = after(...times(5, [run({ app: 'kept' }), HOUR_MS] as const));
    const before = JSON.stringify(history.export(0));
    expect(() => history.import(broken, 0)).toThrow(MusterError);
    expect(JSON.stringify(history.export(0))).toBe(before);
  });
});
