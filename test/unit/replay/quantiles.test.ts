import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OpenSample, quantilesOf } from '../../../src/replay/quantiles.ts';
import type { Figure } from '../../../src/replay/result.ts';

const FIGURES: readonly Figure[] = ['mean', 'p50', 'p95', 'p99', 'max'];

function sampleOf(closed: readonly number[], open: readonly number[]): OpenSample {
  const sample = new OpenSample();
  for (const value of closed) sample.add(value, false);
  for (const value of open) sample.add(value, true);
  return sample;
}

test('nearest rank: the p-th of 100 values is the p-th smallest', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(quantilesOf(hundred)).toEqual({ count: 100, mean: 50.5, p50: 50, p95: 95, p99: 99, max: 100 });
});

test.each([
  ['no value is open', [1, 2, 3], [], []],
  ['the open value is the largest: what lies below it is exact', [1, 2, 3], [9], ['mean', 'p95', 'p99', 'max']],
  ['the open value is the least: nothing is exact', [5, 6, 7], [1], FIGURES],
  ['an open value as large as the median may be larger', [1, 2, 4], [2], ['mean', 'p95', 'p99', 'max']],
  ['all are open', [], [1, 2], FIGURES],
  ['there is none', [], [], []],
] as const)('lower bounds: %s', (_, closed, open, atLeast) => {
  expect(sampleOf(closed, open).quantiles()).toMatchObject({ open: open.length, atLeast });
});

test('whatever becomes of the open values, exact figures stay and lower bounds do not fall', () =>
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 1 }), (closed, open) => {
      const known = sampleOf(
        closed,
        open.map(([value]) => value),
      ).quantiles();
      const later = sampleOf(
        closed,
        open.map(([value, more]) => value + more),
      ).quantiles();
      for (const figure of FIGURES) {
        if (known.atLeast.includes(figure)) expect(later[figure]).toBeGreaterThanOrEqual(known[figure]);
        else expect(later[figure]).toBe(known[figure]);
      }
    }),
    { seed: 4 },
  ));

test('samples that are put together are one sample', () => {
  const both = sampleOf([1, 5], [7]);
  both.addAll(sampleOf([3], [2]));
  expect(both.quantiles()).toEqual(sampleOf([1, 5, 3], [7, 2]).quantiles());
});

test('a curve goes from the least value to the largest, and open values are its end', () => {
  expect(sampleOf([30, 10, 20, 40], []).curve(4)).toEqual([10, 10, 20, 30, 40]);
  expect(sampleOf([30, 10], [5, 20]).curve(4)).toEqual([10, 10, 30, null, null]);
  expect(sampleOf([5], []).curve(2)).toEqual([5, 5, 5]);
  expect(sampleOf([], [5]).curve(2)).toEqual([null, null, null]);
  expect(sampleOf([], []).curve(200)).toEqual([]);
});
