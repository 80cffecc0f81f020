import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Pace } from '../../../src/cli/living/pace.ts';

const going = () => new AbortController().signal;

describe('simulated time goes by as real time does', () => {
  test('so many times faster, from when it has run ahead', () => {
    let real = 5000;
    const pace = new Pace({ speed: 10, warmMs: 1000, signal: going() }, () => real);
    expect(pace.until(999)).toBeUndefined();
    pace.reach(999);
    expect(pace.nowMs()).toBe(999);
    expect(pace.until(1000)).toBeUndefined();
    pace.reach(1000);
    void pace.until(2000);
    real += 50;
    expect(pace.nowMs()).toBe(1500);
  });

  test('it never passes what happens next, goes back or catches up with a long sleep', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20_000), fc.nat(5000)), { maxLength: 50 }), (moves) => {
        let real = 0;
        const pace = new Pace({ speed: 30, warmMs: 0, signal: AbortSignal.abort() }, () => real);
        let [next, last] = [0, 0];
        for (const [realMs, simulatedMs] of moves) {
          next += simulatedMs;
          void pace.until(next);
          real += realMs;
          const now = pace.nowMs();
          expect(now).toBeGreaterThanOrEqual(last);
          expect(now).toBeLessThanOrEqual(next);
          pace.reach(next);
          last = pace.nowMs();
          expect(last).toBe(next);
        }
      }),
    );
  });

  test('after a sleep of an hour it goes on at its speed', () => {
    let real = 0;
    const pace = new Pace({ speed: 30, warmMs: 0, signal: going() }, () => real);
    void pace.until(0);
    real = 3_600_000;
    expect(pace.until(1000)).toBeUndefined();
    pace.reach(1000);
    void pace.until(100_000);
    real += 100;
    expect(pace.nowMs()).toBeCloseTo(1000 + 30 * 100);
  });

  test('it waits until it is time, or until it is stopped', async () => {
    vi.useFakeTimers();
    try {
      const stop = new AbortController();
      const start = Date.now();
      const pace = new Pace({ speed: 10, warmMs: 0, signal: stop.signal }, () => Date.now() - start);
      void pace.until(0);
      const heard: string[] = [];
      void pace.until(30_000)?.then(() => heard.push('time'));
      await vi.advanceTimersByTimeAsync(2999);
      expect(heard).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(heard).toEqual(['time']);
      void pace.until(90_000)?.then(() => heard.push('stopped'));
      stop.abort();
      await vi.advanceTimersByTimeAsync(1000);
      expect(heard).toEqual(['time', 'stopped']);
    } finally {
      vi.useRealTimers();
    }
  });
});
