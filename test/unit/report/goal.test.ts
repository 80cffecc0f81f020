import { expect, test } from 'vitest';
import { parseGoal } from '../../../src/replay/report/goal.ts';
import type { OpenQuantiles } from '../../../src/replay/result.ts';
import { noneOpen, outcomes, policyResult } from '../../support/replay-result.ts';

const MINUTE = 60_000;
const sample = (change: Partial<OpenQuantiles>): OpenQuantiles => ({ ...noneOpen, count: 10, ...change });

test.each([
  ['p95 wait <= 10m', { waitMs: sample({ p95: 10 * MINUTE }) }, true, '10m'],
  ['p95 wait <= 10m', { waitMs: sample({ p95: 10 * MINUTE + 1 }) }, false, '10m'],
  ['mean wait<=90s', { waitMs: sample({ mean: 80_000 }) }, true, '1m 20s'],
  ['max completion <= 1h30m', { completionMs: sample({ max: 91 * MINUTE }) }, false, '1h 31m'],
  ['mean slowdown <= 2.5', { slowdown: sample({ mean: 2.5 }) }, true, '2.50'],
  ['done = all', { outcomes: outcomes(10, { done: 9, failed: 1 }) }, true, '0'],
  ['done = all', { outcomes: outcomes(10, { done: 9, larger: 1 }) }, true, '0'],
  ['done = all', { outcomes: outcomes(10, { done: 9, working: 1 }) }, false, '1'],
  ['deadlines missed <= 2', { deadlines: 9, deadlinesMissed: 2 }, true, '2'],
  ['deadlines missed <= 1', { deadlines: 9, deadlinesMissed: 2 }, false, '2'],
])('%s', (text, change, holds, value) => {
  const goal = parseGoal(text);
  expect([goal.holds(policyResult('any', change)), goal.valueText(policyResult('any', change))]).toEqual([
    holds,
    value,
  ]);
});

test('a lower bound below the limit does not show that the goal is met', () => {
  const goal = parseGoal('p95 wait <= 10m');
  const result = policyResult('any', { waitMs: sample({ p95: MINUTE, open: 3, atLeast: ['p95', 'p99', 'max'] }) });
  expect([goal.holds(result), goal.valueText(result)]).toEqual([false, '>= 1m']);
  expect(parseGoal('p50 wait <= 10m').holds(result)).toBe(true);
});

test.each([
  'p95 wait',
  'p95 wait <= soon',
  'p90 wait <= 1m',
  'p95 wait >= 1m',
  'mean slowdown <= 1m',
  'done = most',
  '',
])('not a goal: %s', (text) => {
  expect(() => parseGoal(text)).toThrow('--for: expected "p95 wait <= 10m"');
});
