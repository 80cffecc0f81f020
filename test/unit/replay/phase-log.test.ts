import { expect, test } from 'vitest';
import { longestWait, PhaseLog } from '../../../src/replay/sim/phase-log.ts';

test('times add up by phase and reason, in the order in which they first came', () => {
  const log = new PhaseLog();
  log.enter(100, 'queued');
  log.enter(100, 'refused', 'gang waits for room');
  log.enter(400, 'refused', 'gang waits for its turn');
  log.enter(500, 'refused', 'gang waits for room');
  log.enter(600, 'refused', 'gang waits for room');
  log.enter(900, 'starting');
  expect(log.totals(950)).toEqual([
    { phase: 'refused', reason: 'gang waits for room', ms: 700 },
    { phase: 'refused', reason: 'gang waits for its turn', ms: 100 },
    { phase: 'starting', ms: 50 },
  ]);
  expect(log.changes().map(({ atMs }) => atMs)).toEqual([100, 100, 400, 500, 900]);
  expect(longestWait(log.totals(950))).toBe('gang waits for room');
});

test('of many changes the first 20 and the last 20 are kept, and all of the times', () => {
  const log = new PhaseLog();
  for (let i = 0; i < 100; i++) log.enter(i, i % 2 === 0 ? 'working' : 'broken');
  const kept = [...Array.from({ length: 20 }, (_, i) => i), ...Array.from({ length: 20 }, (_, i) => 80 + i)];
  expect(log.changes().map(({ atMs }) => atMs)).toEqual(kept);
  expect(log.totals(100).reduce((sum, { ms }) => sum + ms, 0)).toBe(100);
});

test('without a reason the phase is what it waited for; work is no wait', () => {
  const work = { phase: 'working', ms: 900 } as const;
  expect(longestWait([work, { phase: 'starting', ms: 30 }])).toBe('starting');
  expect(longestWait([work])).toBeUndefined();
});
