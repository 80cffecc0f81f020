import { beforeAll, expect, test, vi } from 'vitest';
import type { Forecast, RunIdentity } from '../../../src/core/history/run-times.ts';
import { MOST_PLANS } from '../../../src/core/outlook/forward.ts';
import { DRAWS } from '../../../src/core/outlook/draws.ts';
import { outlookOf } from '../../../src/core/outlook/outlook.ts';
import { SLICES_A_TICK } from '../../../src/core/outlook/promises.ts';
import { Planner } from '../../../src/core/placement/planner.ts';
import { DEFAULT_POLICY } from '../../../src/core/policy/policy.ts';
import { seeded } from '../../../src/replay/random.ts';
import { boundTo, node, offer, queueWith, spark } from '../../support/builders.ts';
import { OpenScheduler } from '../../support/world.ts';

/** What a look forward costs, in counts that no clock and no busy machine can change. */

const NODES = 1000;
const MINUTE = 60_000;
const queue = queueWith({ blockAfterMs: 1, patience: { times: 0, mostMs: 0 }, backfill: 'reserve' });
const runTimes = {
  learn: () => undefined,
  forecast: ({ name }: RunIdentity): Forecast => ({
    endsWithin: (share, ranMs) => ranMs + MINUTE * (1 + seeded(name).below(600)) * (0.2 + 2 * share),
    isKnown: true,
    runs: 10,
    basis: 'a test',
    error: 0,
  }),
};
const scheduler = new OpenScheduler({
  policies: [{ ...DEFAULT_POLICY, queue }],
  schedulerNames: ['muster'],
  runTimes,
});
const plans = vi.spyOn(Planner.prototype, 'plan');

/** 1,000 nodes full of gangs of 9, and 50 gangs of 10 to 60 that wait. */
beforeAll(() => {
  const names = Array.from({ length: NODES }, (_, i) => `n${i}`);
  for (const name of names) scheduler.observe({ kind: 'node', node: node(name, { cpu: 16 }) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  const candidates = offer(names);
  for (let i = 0; i < 800; i++) {
    const gang = spark(`r${i}`, 8, { cpu: 2.4 });
    const { answer } = scheduler.filter({ pod: gang.leader(), candidates }, 0);
    if (answer.kind === 'one') scheduler.observe({ kind: 'pod', pod: boundTo(gang.leader(), answer.node) }, 0);
  }
  for (let i = 0; i < 50; i++)
    scheduler.filter(
      { pod: spark(`w${i}`, 10 + ((i * 37) % 50), { cpu: 1 + (i % 5) }).leader(), candidates },
      1000 + i,
    );
});

const looked = () => {
  const { inside } = scheduler;
  const gang = inside.queues.inAdmissionOrder().at(-1)!;
  const place = () => ({ gang, ahead: inside.queues.aheadInAllQueues(gang) });
  plans.mockClear();
  const slices = outlookOf(inside, place, MINUTE);
  let pauses = 0;
  let most = 0;
  for (let before = 0; ; pauses++) {
    const { done, value } = slices.next();
    most = Math.max(most, plans.mock.calls.length - before);
    before = plans.mock.calls.length;
    if (done) return { outlook: value, pauses, most };
  }
};

test('a look forward past 50 gangs makes less than 1,500 plans in a future, and pauses every few of them', () => {
  const { outlook, pauses, most } = looked();
  expect(outlook!.aboutMs).toBeLessThan(Infinity);
  expect(outlook!.isAtLeast).toBe(false);
  const each = plans.mock.calls.length / DRAWS;
  expect(each).toBeGreaterThan(20);
  expect(each).toBeLessThan(MOST_PLANS);
  expect(pauses).toBeGreaterThan(DRAWS);
  // A gang is told its start time within two minutes: ticks come each second.
  expect(pauses / SLICES_A_TICK).toBeLessThan(120);
  expect(most).toBeLessThan(200);
});

test('it begins again where nodes come, and gives up where they come all the time', () => {
  const { inside } = scheduler;
  const gang = inside.queues.inAdmissionOrder().at(-1)!;
  const look = (changes: number) => {
    const slices = outlookOf(inside, () => ({ gang, ahead: inside.queues.aheadInAllQueues(gang) }), MINUTE);
    for (let i = 0; ; i++) {
      const { done, value } = slices.next();
      if (done) return value;
      if (i < changes) scheduler.observe({ kind: 'node', node: node(`new${i}`, { cpu: 1 }) }, MINUTE);
    }
  };
  expect(look(3)?.aboutMs).toBeLessThan(Infinity);
  expect(look(Infinity)).toBeUndefined();
});
