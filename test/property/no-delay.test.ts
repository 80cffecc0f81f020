import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unknownRun } from '../../src/core/history/forecasts.ts';
import type { Forecast } from '../../src/core/history/run-times.ts';
import type { Policy, QueueRules } from '../../src/core/policy/policy.ts';
import { GangBuilder, node, queueWith } from '../support/builders.ts';
import { Line, type Job } from '../support/line.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { exactly } from '../support/told-run-times.ts';

/** A failure prints its seed and path. */
const numRuns = propertyRuns(80);
const RUNS = { numRuns, seed: 20281 };

const MINUTE = 60_000;
const RESERVE: Partial<QueueRules> = {
  blockAfterMs: 1,
  backfill: 'reserve',
  order: 'fifo',
  patience: { times: 0, mostMs: 0 },
  overrun: 'wait',
};

interface Shape {
  readonly atMs: number;
  readonly ranMs: number;
  readonly members: number;
  readonly cpu: number;
  readonly isAlone: boolean;
  readonly priority: number;
  readonly queue: number;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  // To the millisecond: two things seldom happen at once.
  atMs: fc.nat({ max: 100 * MINUTE }),
  ranMs: fc.integer({ min: MINUTE, max: 60 * MINUTE }),
  members: fc.integer({ min: 1, max: 5 }),
  cpu: fc.integer({ min: 1, max: 3 }),
  isAlone: fc.boolean(),
  priority: fc.constantFrom(0, 0, 0, 5),
  queue: fc.nat({ max: 1 }),
});
const shapes = fc.array(shape, { minLength: 6, maxLength: 12, size: 'max' });
const cluster = fc.array(fc.integer({ min: 3, max: 8 }), { minLength: 1, maxLength: 4 });
const placement = fc.record({
  mode: fc.constantFrom('none' as const, 'none' as const, 'require' as const),
  strategy: fc.constantFrom('pack' as const, 'spread' as const),
});

const nodesOf = (cpus: readonly number[]) =>
  cpus.map((cpu, i) => node(`n${i}`, { cpu, labels: { zone: `z${i % 2}` } }));

/** A gang of one role, or of a leader and one other role: of these the planner is exact. */
function gangOf(name: string, { members, cpu, isAlone }: Shape, options: { priority: number; queue: string }) {
  const roles = isAlone
    ? { worker: { count: members, cpu } }
    : { driver: { count: 1, cpu: 1 }, executor: { count: members, cpu } };
  return new GangBuilder(name, roles, options);
}

function policyOf({ mode, strategy }: { mode: 'none' | 'require'; strategy: 'pack' | 'spread' }, queue: QueueRules) {
  const preference = { strategy, weights: new Map(), requireLabels: new Map(), pools: [], spot: 'avoid' as const };
  return { leader: preference, members: preference, queue, topology: { mode, keys: ['zone'], leader: true } };
}

describe('with oracle forecasts no admission after its plan delays a head', () => {
  const HEAD_MS = 40 * MINUTE;

  /** When the head starts. @param isAlone from its plan on nobody else is asked about */
  function startOfHead(world: readonly Job[], cpus: readonly number[], policies: Partial<Policy>[], isAlone: boolean) {
    const line = new Line(nodesOf(cpus), world, {
      policies,
      untilMs: 2000 * MINUTE,
      isAsked: ({ gang }, nowMs) => !isAlone || nowMs < HEAD_MS + 1000 || gang.spec.name === 'head',
    });
    line.play(() => line.started.has('head'));
    return { startMs: line.started.get('head'), passed: line.started.size };
  }

  const head = { labels: new Map([['is', 'head']]), namespaces: [], classes: [] };

  test.each([
    ['that alone has lost its patience, among gangs of its priority', 0, Infinity],
    ['of the highest priority, among others that have lost theirs', 10, 1],
  ])('%s', (_what, priority, blockAfterMs) => {
    let [waited, passed] = [0, 0];
    fc.assert(
      fc.property(cluster, placement, shapes, shape, (cpus, how, others, big) => {
        const jobs = others.map((one, i): Job => {
          const options =
            priority > 0 ? { priority: one.priority, queue: `q${one.queue}` } : { priority: 0, queue: 'q0' };
          return { ...one, gang: gangOf(`g${i}`, one, options), forecast: exactly(one.ranMs) };
        });
        const gang = gangOf('head', { ...big, members: big.members + 2 }, { priority, queue: 'q0' });
        const labels = { is: 'head' };
        const world = [...jobs, { gang, atMs: HEAD_MS, ranMs: big.ranMs, forecast: exactly(big.ranMs), labels }];
        const policies = [
          { ...policyOf(how, queueWith(RESERVE)), match: head },
          policyOf(how, queueWith({ ...RESERVE, blockAfterMs })),
        ];
        const alone = startOfHead(world, cpus, policies, true);
        const among = startOfHead(world, cpus, policies, false);
        expect(among.startMs ?? Infinity).toBeLessThanOrEqual(alone.startMs ?? Infinity);
        if (alone.startMs !== undefined && alone.startMs > HEAD_MS + 1000) {
          waited++;
          passed += among.passed - alone.passed;
        }
      }),
      RUNS,
    );
    // The property would hold as well if nobody ever waited or passed: a quarter does the one, and an eighth the other.
    expect(waited).toBeGreaterThan(numRuns / 20);
    expect(passed).toBeGreaterThan(numRuns / 20);
  });
});

/** Forecasts that have nothing to do with what is. */
const wrong: fc.Arbitrary<Forecast> = fc.oneof(
  fc.integer({ min: 1, max: 2000 }).map((minutes) => exactly(minutes * MINUTE)),
  fc.constant(exactly(Infinity)),
  fc.constant(unknownRun()),
  // The longer it has run, the longer it still takes.
  fc.integer({ min: 2, max: 9 }).map((tenths): Forecast => ({
    ...exactly(0),
    endsWithin: (share, ranMs) => (1 + share * tenths) * Math.max(MINUTE, ranMs),
  })),
);
const order = fc.constantFrom('fifo' as const, 'shortest' as const, 'deadline' as const);
const blockAfterMs = fc.constantFrom(0, 1, 10 * MINUTE, Infinity);
const backfill = fc.constantFrom('reserve' as const, 'reserve' as const, 'off' as const);

test('whatever is foretold: every gang that fits the empty cluster starts', () => {
  const rules = fc.record({ order, blockAfterMs, backfill });
  fc.assert(
    fc.property(
      cluster,
      placement,
      fc.array(fc.tuple(shape, wrong, fc.nat({ max: 1 })), { minLength: 4, maxLength: 10, size: 'max' }),
      fc.tuple(rules, rules),
      (cpus, how, all, both) => {
        const jobs = all.map(([one, forecast, policy], i): Job => {
          const gang = gangOf(`g${i}`, one, { priority: one.priority, queue: `q${one.queue}` });
          return { ...one, gang, forecast, labels: { policy: `p${policy}` } };
        });
        const policies = both.map((change, i) => ({
          ...policyOf(how, queueWith({ ...RESERVE, ...change })),
          match: { namespaces: [], labels: new Map([['policy', `p${i}`]]), classes: [] },
        }));
        const line = new Line(nodesOf(cpus), jobs, { policies, untilMs: 10_000 * MINUTE });
        line.play();
        const left = line.world.scheduler.gangs().filter(({ reason }) => !reason?.startsWith('cannot start'));
        expect(left).toEqual([]);
      },
    ),
    RUNS,
  );
});

test('under a steady stream of small gangs a large one starts once what ran and what passed it has ended', () => {
  const LONGEST = 120 * MINUTE;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 60, max: 120 }), wrong), { minLength: 100, maxLength: 100 }),
      wrong,
      (stream, own) => {
        const small = stream.map(([minutes, forecast], i): Job => {
          return {
            gang: new GangBuilder(`s${i}`, { w: { count: 1, cpu: 1 } }),
            atMs: i * 10 * MINUTE,
            ranMs: minutes * MINUTE,
            forecast,
          };
        });
        const gang = new GangBuilder('large', { w: { count: 8, cpu: 1 } });
        const jobs = [...small, { gang, atMs: 150 * MINUTE, ranMs: MINUTE, forecast: own }];
        const policy = {
          queue: queueWith({ ...RESERVE, blockAfterMs: 10 * MINUTE, order: 'fifo' }),
        };
        const line = new Line(nodesOf([8]), jobs, { policies: [policy], untilMs: 1000 * MINUTE });
        line.play(() => line.started.has('large'));
        const waitedMs = (line.started.get('large') ?? Infinity) - 150 * MINUTE;
        // Patience, the ends of what ran then, and of the last that passed before.
        expect(waitedMs).toBeLessThanOrEqual(10 * MINUTE + 2 * LONGEST + 5 * MINUTE);
      },
    ),
    { ...RUNS, numRuns: Math.ceil(numRuns / 4) },
  );
});
