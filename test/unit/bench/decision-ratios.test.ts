import { expect, test } from 'vitest';
import { merged, ratioRows, ratiosTo } from '../../../bench/support/decision-ratios.ts';
import { closed, groupRow, policyResult, replayResult } from '../../support/replay-result.ts';

const HOUR_MS = 3_600_000;
/** One run of a policy: its mean wait, the p95 wait of its most urgent jobs, and its work in the window. */
const runOf = (policy: string, seed: number, [hours, urgentHours, window]: readonly [number, number, number]) => {
  const rows = [groupRow('9'), groupRow('1000', { waitMs: closed({ p95: urgentHours * HOUR_MS }) })];
  const change = { waitMs: closed({ mean: hours * HOUR_MS, max: 1 }), groups: [{ by: 'priority' as const, rows }] };
  const workShare = { window, makespan: 1 };
  return replayResult([policyResult(policy, { ...change, workShare })], { seed });
};
const barrier = [1, 2, 3].map((seed) => runOf('barrier', seed, [10 * seed, 1, 0.5]));

test('each run is compared with the same run of the other policy, and the median is over the runs', () => {
  // Unpaired medians would be 2 / 20.
  const muster = [8, 2, 3].map((hours, i) => runOf('muster', i + 1, [hours, 2, 0.6]));
  expect(ratioRows('itp 0.7', ratiosTo('barrier', [...barrier, ...muster]))).toEqual([
    '| itp 0.7 | muster (3) | 0.10 (0.10 .. 0.80) | 1.00 | 1.00 | 2.00 | 1.00 | 1.20 |',
  ]);
});

test('runs that the other policy does not have, and figures of nothing, are left out', () => {
  const idle = [4, 1].map((seed) => runOf('idle', seed, [seed, 1, 0.5]));
  expect(ratioRows('x', ratiosTo('barrier', [...barrier, ...idle]))[0]).toMatch(/^\| x \| idle \(1\) \| 0\.10 \|/);
  const none = runOf('barrier', 5, [0, 0, 0]);
  const some = runOf('muster', 5, [1, 1, 1]);
  expect(ratioRows('x', ratiosTo('barrier', [none, some]))).toEqual([
    '| x | muster (1) | - | 1.00 | 1.00 | - | 1.00 | - |',
  ]);
});

test('a lower bound makes a ratio rough', () => {
  const open = replayResult([policyResult('muster', { waitMs: closed({ mean: 5 * HOUR_MS, atLeast: ['mean'] }) })], {
    seed: 1,
  });
  expect(ratioRows('x', ratiosTo('barrier', [...barrier, open]))[0]).toContain('| ~ 0.50 |');
});

test('several traces are merged run by run', () => {
  const one = ratiosTo('barrier', [...barrier, runOf('muster', 1, [5, 1, 0.5])]);
  const two = ratiosTo('barrier', [...barrier, runOf('muster', 1, [15, 1, 0.5]), runOf('fifo', 2, [20, 1, 0.5])]);
  expect(ratioRows('all', merged([one, two])).map((line) => line.split(' | ').slice(1, 3))).toEqual([
    ['muster (2)', '1.00 (0.50 .. 1.50)'],
    ['fifo (1)', '1.00'],
  ]);
});

test('without runs of the other policy there is nothing to compare', () => {
  expect(ratioRows('x', ratiosTo('whoever-fits', barrier))).toEqual([]);
});
