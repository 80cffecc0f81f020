import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unknownRun } from '../../src/core/history/forecasts.ts';
import { PRIORITY_REACHES, TURN_ORDERS } from '../../src/core/policy/tenancy.ts';
import { GangBuilder, node, queueWith } from '../support/builders.ts';
import { Line, type Job } from '../support/line.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { queue, tenancyOf } from '../support/tenancies.ts';
import { exactly } from '../support/told-run-times.ts';

const RUNS = { numRuns: propertyRuns(200), seed: 20313 };

const MINUTE = 60_000;
const LEAVES = ['a', 'b', 'p.x', 'p.y'];

const reach = fc.constantFrom(...PRIORITY_REACHES);
const figures = fc.record({
  guaranteed: fc.constantFrom({ cpu: 0 }, { cpu: 2 }, { cpu: 6 }),
  weight: fc.constantFrom(1, 3, 0.001),
  order: fc.constantFrom(undefined, undefined, 'fair' as const, 'shortest' as const),
});
const tenancy = fc
  .record({
    ofLeaf: fc.tuple(figures, figures, figures, figures),
    priority: reach,
    below: reach,
    turns: fc.constantFrom('share' as const, ...TURN_ORDERS),
  })
  .map(({ ofLeaf: [a, b, x, y], priority, below, turns }) => {
    const queues = [queue('x', x), queue('y', y)];
    return tenancyOf([queue('a', a), queue('b', b), queue('p', { priority: below, queues })], {
      priority,
      turns,
    });
  });
const rules = fc.record({
  blockAfterMs: fc.constantFrom(0, 1, 1, 10 * MINUTE, Infinity),
  backfill: fc.constantFrom('reserve' as const, 'reserve' as const, 'off' as const),
});
const job = fc.record({
  atMs: fc.nat({ max: 60 * MINUTE }),
  ranMs: fc.integer({ min: MINUTE, max: 60 * MINUTE }),
  members: fc.integer({ min: 1, max: 8 }),
  priority: fc.constantFrom(0, 0, 5),
  queue: fc.constantFrom(...LEAVES),
  policy: fc.nat({ max: 1 }),
  forecast: fc.oneof(fc.constant('right' as const), fc.constant('unknown' as const), fc.integer({ min: 1, max: 200 })),
});

test('whatever the queues are: every gang that fits the empty cluster starts', () => {
  fc.assert(
    fc.property(
      tenancy,
      fc.tuple(rules, rules),
      fc.array(job, { minLength: 4, maxLength: 12, size: 'max' }),
      fc.integer({ min: 8, max: 10 }),
      (tenants, both, all, cpu) => {
        const jobs = all.map(({ members, priority, queue, policy, forecast, ...one }, i): Job => {
          const gang = new GangBuilder(`g${i}`, { worker: { count: members, cpu: 1 } }, { priority, queue });
          const minutes = forecast === 'right' ? one.ranMs : Number(forecast) * MINUTE;
          const told = forecast === 'unknown' ? unknownRun() : exactly(minutes);
          return { ...one, gang, forecast: told, labels: { policy: `p${policy}` } };
        });
        const policies = both.map((change, i) => ({
          queue: queueWith({ patience: { times: 0, mostMs: 0 }, overrun: 'wait', order: 'fifo', ...change }),
          match: { namespaces: [], labels: new Map([['policy', `p${i}`]]), classes: [] },
        }));
        const line = new Line([node('n', { cpu })], jobs, { policies, untilMs: 3000 * MINUTE });
        const { scheduler } = line.world;
        scheduler.setRules({ policies: scheduler.policies, tenancy: tenants }, 0);
        line.play();
        expect([...line.started.keys()].sort()).toEqual(jobs.map(({ gang }) => gang.spec.name).sort());
      },
    ),
    RUNS,
  );
});
