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

test('not while nobody asks, and not while nothing changes', async () => {
  expect(await looked({ speed: 30, seconds: 60, asked: 3 })).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16]);
  expect(await looked({ speed: 1, seconds: 60, isQuiet: true })).toEqual([0]);
});
