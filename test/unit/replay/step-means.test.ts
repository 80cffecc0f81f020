import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StepMeans } from '../../../src/replay/sim/step-means.ts';

test('each step has the mean over its own time, the last one over what has passed of it', () => {
  const level = new StepMeans(4);
  level.set(500, 2); // 0 for half a second, 2 for a second, 6 from then on
  level.set(1500, 6);
  level.advance(2250);
  expect(level.means()).toEqual([1, 4, 6]);
  expect([level.stepMs, level.area, level.level]).toEqual([1000, 2 * 1000 + 6 * 750, 6]);
});

test('when there are more steps than fit, each two become one', () => {
  const level = new StepMeans(4);
  level.set(0, 1);
  level.set(1000, 3);
  level.set(2000, 5);
  level.set(4500, 0); // in steps of 2 s: 2, 5, 1.25 ...
  level.advance(8000);
  expect([level.stepMs, level.means()]).toEqual([2000, [2, 5, 1.25, 0]]);
  level.advance(8001);
  expect([level.stepMs, level.means()]).toEqual([4000, [3.5, 0.625, 0]]);
});

test('nothing has happened yet, or all of it at once', () => {
  const level = new StepMeans(4);
  level.set(0, 7);
  expect([level.means(), level.area]).toEqual([[], 0]);
});

test('steps of any two series nest, and their sum is the exact integral', () =>
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: -5, max: 9 })), { minLength: 1 }),
      (changes) => {
        const [coarse, fine] = [new StepMeans(4), new StepMeans(64)];
        let [nowMs, area, level] = [0, 0, 0];
        for (const [ms, next] of changes) {
          area += level * ms;
          nowMs += ms;
          level = next;
          for (const one of [coarse, fine]) one.set(nowMs, next);
        }
        for (const one of [coarse, fine]) {
          const { stepMs } = one;
          const sum = one.means().reduce((all, mean, i) => all + mean * Math.min(stepMs, nowMs - i * stepMs), 0);
          expect(one.area).toBe(area);
          expect(sum).toBeCloseTo(area, 6);
          expect(Math.log2(stepMs / 1000) % 1).toBe(0);
        }
        expect(coarse.means().length).toBeLessThanOrEqual(4);
        expect(coarse.stepMs % fine.stepMs).toBe(0);
      },
    ),
    { seed: 3 },
  ));
