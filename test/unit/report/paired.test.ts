import { expect, test } from 'vitest';
import { seeded } from '../../../src/replay/random.ts';
import { pairedDifference } from '../../../src/replay/report/paired.ts';
import { tQuantile } from '../../../src/replay/report/student-t.ts';

// Any table of Student's t, two-sided.
test.each([
  [0.95, 1, 12.7062],
  [0.95, 2, 4.3027],
  [0.95, 3, 3.1824],
  [0.95, 4, 2.7764],
  [0.95, 9, 2.2622],
  [0.95, 30, 2.0423],
  [0.95, 120, 1.9799],
  [0.99, 5, 4.0321],
  [0.5, 10, 0.6998],
])('%d of t with %d degrees of freedom lie within %d', (coverage, degrees, want) => {
  expect(tQuantile(coverage, degrees)).toBeCloseTo(want, 4);
});

test('with very many degrees of freedom t is the normal distribution', () => {
  expect(tQuantile(0.95, 1_000_001)).toBeCloseTo(1.96, 4);
});

// Differences 1, 2, 3, 4, 5: mean 3, standard deviation sqrt(2.5), t(4) = 2.7764; 2.7764 * sqrt(2.5 / 5) = 1.9632.
test('the mean difference and its interval', () => {
  const { n, mean, low, high, isClear } = pairedDifference([10, 20, 30, 40, 50], [11, 22, 33, 44, 55]);
  expect([n, mean, isClear]).toEqual([5, 3, true]);
  expect(low).toBeCloseTo(3 - 1.9632, 4);
  expect(high).toBeCloseTo(3 + 1.9632, 4);
});

test('a difference below 0 is as clear as one above, and one around 0 is not', () => {
  expect(pairedDifference([5, 6, 7], [1, 2, 2]).isClear).toBe(true);
  expect(pairedDifference([5, 6, 7], [1, 2, 20]).isClear).toBe(false);
  expect(pairedDifference([5, 6, 7], [5, 6, 7])).toEqual({ n: 3, mean: 0, low: 0, high: 0, isClear: false });
});

test('one pair shows no spread, and two are too few to show a difference', () => {
  expect(pairedDifference([1], [3])).toEqual({ n: 1, mean: 2, low: -Infinity, high: Infinity, isClear: false });
  expect(pairedDifference([], [])).toMatchObject({ n: 0, mean: 0, isClear: false });
  expect(pairedDifference([1, 1], [3, 3])).toEqual({ n: 2, mean: 2, low: 2, high: 2, isClear: false });
});

test('sides of different length are a mistake of the caller', () => {
  expect(() => pairedDifference([1], [1, 2])).toThrow(RangeError);
});

/** How often the interval holds the true difference, 7, of normal differences. */
function coverage(pairs: number, experiments: number): number {
  const random = seeded('coverage', pairs);
  // The sum of twelve uniform draws is close to normal.
  const normal = () => Array.from({ length: 12 }, () => random.uniform()).reduce((sum, one) => sum + one, -6);
  let held = 0;
  for (let i = 0; i < experiments; i++) {
    const a = Array.from({ length: pairs }, () => 1000 * random.uniform());
    const { low, high } = pairedDifference(
      a,
      a.map((value) => value + 7 + 3 * normal()),
    );
    if (low <= 7 && 7 <= high) held++;
  }
  return held / experiments;
}

// 4000 experiments: the standard error of the share is 0.35 %.
test.each([2, 3, 5, 10, 40])('95 of 100 intervals from %d pairs hold the true difference', (pairs) => {
  expect(Math.abs(coverage(pairs, 4000) - 0.95)).toBeLessThan(0.01);
});
