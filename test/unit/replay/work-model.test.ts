import { expect, test } from 'vitest';
import { DEFAULT_WORK, speedOf, workersToBegin } from '../../../src/replay/work-model.ts';

test.each([
  [10, 10, 0.05, 1],
  [5, 10, 0.05, 1 / (0.05 + 0.95 * 2)],
  [1, 10, 0, 0.1],
  [1, 10, 1, 1],
  [0, 10, 0.05, 0],
  [0, 0, 0.05, 1],
])('%i of %i workers with a serial fraction of %d have speed %d', (running, count, fraction, speed) => {
  expect(speedOf(running, count, fraction)).toBe(speed);
});

test.each([
  ['gang', { count: 10, min: 5 }, false, 5],
  ['gang', { count: 10, min: 5 }, true, 5],
  ['gang', { count: 10, min: 0 }, false, 1],
  ['spark', { count: 10, min: 10 }, false, 8],
  ['spark', { count: 10, min: 6 }, false, 5],
  ['spark', { count: 10, min: 10 }, true, 1],
  ['spark', { count: 10, min: 0 }, false, 1],
  ['spark', { count: 0, min: 0 }, false, 0],
] as const)('%s: of %j, the wait over %s, begins with %i', (model, workers, isWaitOver, begins) => {
  expect(workersToBegin(workers, { ...DEFAULT_WORK, model }, isWaitOver)).toBe(begins);
});
