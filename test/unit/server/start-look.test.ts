import { afterEach, expect, test } from 'vitest';
import { StartLook } from '../../../src/server/api/start-look.ts';

const looks: StartLook[] = [];
afterEach(() => looks.splice(0).forEach((look) => look.close()));

interface Run {
  /** How many seconds of the cluster pass in one of the process. */
  readonly speed: number;
  readonly seconds: number;
  /** A reader asks in each of the first so many seconds. */
  readonly asked?: number;
  /** Whether the list of gangs changes from second to second. */
  readonly isQuiet?: boolean;
}

/** Runs the look with clocks of its own. @returns at which seconds start times were looked for */
async function looked({ speed, seconds, asked = seconds, isQuiet = false }: Run): Promise<readonly number[]> {
  let ms = 0;
  let isOver = false;
  const at: number[] = [];
  const look = new StartLook({
    board: {
      get changes() {
        return isQuiet ? 1 : ms;
      },
      *startTimes(nowMs) {
        at.push(ms / 1000);
        yield undefined;
        return new Map([['ns/gang', { aboutMs: nowMs, latestMs: nowMs }]]);
      },
    },
    nowMs: () => ms * speed,
    monotonicMs: () => ms,
    onProblem: (error) => {
      throw error;
    },
    async rest(restMs) {
      ms += restMs;
      isOver = ms >= seconds * 1000;
      if (isOver) look.close();
      if (ms < asked * 1000) look.ask();
      await Promise.resolve();
    },
  });
  looks.push(look);
  look.ask();
  // It ends by itself where nobody asks any more.
  for (let turn = 0; turn < 1000 && !isOver; turn++) await new Promise(setImmediate);
  expect(look.of('ns/gang')).toBeDefined();
  return at;
}

test('start times are looked for every ten seconds', async () => {
  expect(await looked({ speed: 1, seconds: 31 })).toEqual([0, 10, 20, 30]);
});

test('where the time of the cluster runs faster, as in the demo, after a minute of it', async () => {
  expect(await looked({ speed: 30, seconds: 9 })).toEqual([0, 2, 4, 6, 8]);
  expect(await looked({ speed: 15, seconds: 9 })).toEqual([0, 4, 8]);
  expect(await looked({ speed: 10_000, seconds: 5 })).toEqual([0, 2, 4]);
});

test('who comes back after minutes is not told the old times', async () => {
  let ms = 0;
  const look = new StartLook({
    board: {
      changes: 1,
      *startTimes(nowMs) {
        yield undefined;
        return new Map([['ns/gang', { aboutMs: nowMs, latestMs: nowMs }]]);
      },
    },
    nowMs: () => ms,
    monotonicMs: () => ms,
    onProblem: (error) => {
      throw error;
    },
    rest: async () => {
      ms += 1000;
      await Promise.resolve();
    },
  });
  looks.push(look);
  const found = async () => {
    look.ask();
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    return look.of('ns/gang')?.aboutMs;
  };
  const first = await found();
  expect(first).toBeLessThan(60_000);
  ms += 200_000;
  look.ask();
  expect(look.of('ns/gang')).toBeUndefined();
  expect(await found()).toBeGreaterThan(200_000);
});

interface Slow {
  /** How long one look works, in ms. */
  readonly workMs: number;
  readonly changes: () => number;
  /** Nodes come and go all the time: every look is in vain. */
  readonly isInVain?: boolean;
  /** How many seconds of the cluster pass in one of the process. */
  readonly speed?: number;
}

/** Asks each second for ten minutes. @returns at which seconds there was no time, and the share of the time that was worked */
async function askedFor10Minutes({
  workMs,
  changes,
  isInVain,
  speed = 1,
}: Slow): Promise<{ gaps: number[]; share: number }> {
  let ms = 0;
  let worked = 0;
  const gaps: number[] = [];
  const [endMs, firstMs] = [600_000, 60_000];
  let isOver = false;
  const look: StartLook = new StartLook({
    board: {
      get changes() {
        return changes();
      },
      *startTimes(nowMs) {
        for (let done = 0; done < workMs; done += 5) {
          ms += 5;
          worked += 5;
          yield undefined;
        }
        return isInVain ? undefined : new Map([['ns/gang', { aboutMs: nowMs, latestMs: nowMs }]]);
      },
    },
    nowMs: () => ms * speed,
    monotonicMs: () => ms,
    onProblem: (error) => {
      throw error;
    },
    rest: async (restMs) => {
      for (const until = ms + restMs; ms < until && !isOver; ms = Math.min(until, ms + 1000)) {
        look.ask();
        if (ms > firstMs && look.of('ns/gang') === undefined) gaps.push(Math.round(ms / 1000));
        isOver = ms >= endMs;
      }
      if (isOver) look.close();
      await Promise.resolve();
    },
  });
  looks.push(look);
  look.ask();
  while (!isOver) await new Promise(setImmediate);
  return { gaps, share: worked / ms };
}

test.each([
  ['in a quiet cluster', 1500, () => 1],
  ['in a busy one, where a look takes two minutes', 6600, () => Math.random()],
])('while somebody asks, times that were found stay until there are newer ones: %s', async (_what, workMs, changes) => {
  expect((await askedFor10Minutes({ workMs, changes })).gaps).toEqual([]);
});

test('where every look is in vain, it takes a twentieth of the time, but for the first', async () => {
  const { share } = await askedFor10Minutes({ workMs: 1500, changes: () => Math.random(), isInVain: true });
  expect(share).toBeGreaterThan(0.02);
  expect(share).toBeLessThan(0.06);
});

test('where the time of the cluster runs faster, a slow look is over sooner', async () => {
  const found = async (speed: number) => (await askedFor10Minutes({ workMs: 6600, changes: Math.random, speed })).share;
  expect(await found(30)).toBeGreaterThan(2 * (await found(1)));
});

test.each<[string, Parameters<StartLook['isFor']>[0], boolean]>([
  ['lacks room', { position: 1, waitsFor: 'room' }, true],
  ['is the last that is looked for', { position: 50, waitsFor: 'turn' }, true],
  ['is behind those', { position: 51, waitsFor: 'turn' }, false],
  ['would wait however much room there were', { position: 1, waitsFor: 'quota' }, false],
  ['has no place in the order', { waitsFor: 'room' }, false],
  ['runs', {}, false],
])('of a gang that %s', (_what, row, isLookedFor) => {
  const look = new StartLook({
    board: { changes: 1, *startTimes() {} } as never,
    nowMs: () => 0,
    onProblem: () => undefined,
  });
  expect(look.isFor(row)).toBe(isLookedFor);
});

test('not while nobody asks, and not while nothing changes', async () => {
  expect(await looked({ speed: 30, seconds: 60, asked: 3 })).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16]);
  expect(await looked({ speed: 1, seconds: 60, isQuiet: true })).toEqual([0]);
});
