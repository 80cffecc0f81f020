import { describe, expect, test } from 'vitest';
import { patienceOf, turnOf } from '../../../src/core/gang/waiting-time.ts';
import type { Forecast } from '../../../src/core/history/run-times.ts';
import { DEFAULT_POLICY, type QueueRules } from '../../../src/core/policy/policy.ts';
import type { QueueSpec } from '../../../src/core/policy/tenancy.ts';
import { QueueTree } from '../../../src/core/queue/tree.ts';
import { queueWith, spark } from '../../support/builders.ts';
import { queue, tenancyOf } from '../../support/tenancies.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const waiting = (rules: Partial<QueueRules>, deadlineMs?: number, order?: QueueSpec['order']) => ({
  queue: new QueueTree(tenancyOf([queue('q', { order })])).leaf('q'),
  policy: { ...DEFAULT_POLICY, queue: queueWith(rules) },
  firstAskMs: DAY_MS,
  leader: { ...spark('a', 1).leader(), ...(deadlineMs === undefined ? {} : { priorityRequest: { deadlineMs } }) },
});

const takes = (medianMs: number) => (): Forecast => ({
  endsWithin: () => medianMs,
  isKnown: true,
  runs: 3,
  basis: 'test',
  error: 0,
});

describe('B18: patience is twice the run time, between blockAfter and a day', () => {
  test.each([
    [10 * MINUTE_MS, 20 * MINUTE_MS],
    [MINUTE_MS, 10 * MINUTE_MS],
    [5 * HOUR_MS, 10 * HOUR_MS],
    [40 * HOUR_MS, DAY_MS],
    [Infinity, 10 * MINUTE_MS],
  ])('a run of %d ms: %d ms', (medianMs, patienceMs) => {
    expect(patienceOf(waiting({ patience: { times: 2, mostMs: DAY_MS } }), takes(medianMs))).toBe(patienceMs);
  });

  test.each([0, Infinity])('but blockAfter %d ms stays as it is', (blockAfterMs) => {
    const rules = { blockAfterMs, patience: { times: 2, mostMs: DAY_MS } };
    expect(patienceOf(waiting(rules), takes(5 * HOUR_MS))).toBe(blockAfterMs);
  });
});

describe('the turn', () => {
  test.each([
    ['fifo', undefined, DAY_MS],
    ['shortest', undefined, DAY_MS + 10 * HOUR_MS],
    ['deadline', undefined, 2 * DAY_MS],
    ['deadline', DAY_MS + 6 * HOUR_MS, DAY_MS + 5 * HOUR_MS],
    ['deadline', 0, DAY_MS],
  ] as const)('order %s, deadline %s ms: %d ms', (order, deadlineMs, turnMs) => {
    expect(turnOf(waiting({ order }, deadlineMs), takes(HOUR_MS))).toBe(turnMs);
  });

  test.each([
    ['fifo', DAY_MS],
    ['fair', DAY_MS],
    ['shortest', DAY_MS + 10 * HOUR_MS],
    ['deadline', 2 * DAY_MS],
  ] as const)('order %s of the queue counts before that of the policy: %d ms', (order, turnMs) => {
    for (const ofPolicy of ['fifo', 'shortest'] as const)
      expect(turnOf(waiting({ order: ofPolicy }, undefined, order), takes(HOUR_MS))).toBe(turnMs);
  });
});
