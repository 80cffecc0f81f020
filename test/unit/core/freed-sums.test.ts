import { expect, test } from 'vitest';
import { Sums } from '../../../src/core/preemption/search/upper-bound.ts';

const read = (sums: Sums) => [...sums.byRow].map(([row, vector]) => [row, [...vector]]);

test('sums of freed room by row, and the most of one; empty after clear', () => {
  const sums = new Sums(4, 2);
  sums.add(2, Float64Array.of(1, 5));
  sums.add(0, Float64Array.of(3));
  sums.add(2, Float64Array.of(2, 1));
  expect(read(sums)).toEqual([
    [2, [3, 6]],
    [0, [3, 0]],
  ]);
  expect([...sums.ofOne]).toEqual([3, 5]);
  sums.clear();
  expect(read(sums)).toEqual([]);
  expect([...sums.ofOne]).toEqual([0, 0]);
  sums.add(2, Float64Array.of(1));
  expect(read(sums)).toEqual([[2, [1, 0]]]);
});

test('rows and columns that came after the sums were made change nothing in others', () => {
  const sums = new Sums(2, 1);
  sums.add(0, Float64Array.of(1, 9));
  for (const row of [-1, 2]) sums.add(row, Float64Array.of(7));
  sums.add(1, Float64Array.of(2));
  expect(read(sums)).toEqual([
    [0, [1]],
    [1, [2]],
  ]);
});
