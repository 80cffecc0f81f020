import { expect, test } from 'vitest';
import { CellWatch } from '../../../src/cli/cell-watch.ts';

const limits = { timeoutMs: 100_000, stallMs: 10_000 };
const progress = (simulatedMs: number, ended = 3) => ({ policy: 'any', simulatedMs, ended, jobs: 40 });
const DAY = 86_400_000;

test('a run may go on as long as simulated time does', () => {
  const watch = new CellWatch(limits, 5);
  expect(watch.verdict(99_999)).toBeUndefined();
  watch.saw(progress(DAY), 60_000);
  watch.saw(progress(DAY + 1), 69_000);
  expect(watch.verdict(78_999)).toBeUndefined();
});

test('a run whose simulated time stands still is given up, though it reports', () => {
  const watch = new CellWatch(limits, 0);
  watch.saw(progress(DAY / 2), 1000);
  watch.saw(progress(DAY / 2, 4), 9000);
  expect(watch.verdict(10_999)).toBeUndefined();
  expect(watch.verdict(11_000)).toBe('no simulated progress for 10 s, at day 0.50 with 3 of 40 jobs ended');
});

test('reading the trace is no stall, but counts for the whole run', () => {
  const watch = new CellWatch(limits, 1000);
  expect(watch.verdict(100_999)).toBeUndefined();
  expect(watch.verdict(101_000)).toBe('not over after 100 s, before the simulation began');
});

test('without a limit a run takes as long as it takes', () => {
  const watch = new CellWatch({ timeoutMs: Infinity, stallMs: Infinity }, 0);
  watch.saw(progress(1), 0);
  expect(watch.verdict(1e12)).toBeUndefined();
});
