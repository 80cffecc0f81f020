import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { Planner } from '../../src/core/placement/planner.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { findVictims } from '../../src/core/preemption/search/find-victims.ts';
import { allAtOnce } from '../../src/core/work.ts';
import { GangBuilder, offer, pod, spark } from '../support/builders.ts';
import { fingerprintOf } from '../support/fingerprint.ts';
import { gangSteps, liveSteps, otherSteps, Play, policy, setting, wildRunTimes, type Step } from '../support/play.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';
import type { World } from '../support/world.ts';

const RUNS = { numRuns: propertyRuns(25), seed: 20264 };

/** Of several priorities, and more than the cluster holds: gangs wait, and searches find victims. */
const APPS = [
  spark('a', 7),
  spark('b', 7, { min: 4, priority: 10 }),
  spark('c', 3, { cpu: 3, priority: 200, queue: 'other' }),
  // With three roles the shortfall is a bound, and the planner has the last word on every choice.
  new GangBuilder(
    'd',
    { driver: { count: 1, cpu: 1 }, executor: { count: 3, cpu: 2 }, helper: { count: 2, cpu: 1 } },
    { priority: 100 },
  ),
  spark('e', 7, { cpu: 2, priority: 300 }),
];

/** Apps `a` and `b` run whole before anything else happens: the others can evict them. */
const STARTED: readonly Step[] = [0, 1].flatMap((app) => [
  { kind: 'leader', app } as const,
  ...Array.from({ length: 7 }, (_, i) => ({ kind: 'member', app, i }) as const),
]);

/** Every kind of search: also with topology, whole gangs and victims of any age. */
function searching(chosen: Parameters<typeof policy>[0], mode: Policy['preemption']['mode']): Partial<Policy> {
  const { preemption } = DEFAULT_POLICY;
  return { ...policy(chosen), preemption: { ...preemption, mode, wholeGangs: true, minRuntimeMs: 0, victims: 'any' } };
}

/** Asks everything that can be asked without deciding anything. @returns how many victims were found */
function readAll({ scheduler, nodes, nowMs }: World): number {
  const { inside } = scheduler;
  let victims = 0;
  for (const { gang } of scheduler.gangs()) {
    const known = inside.gangs.get(gang);
    victims += scheduler.explain(gang, nowMs)?.preemption?.victims.length ?? 0;
    if (known) allAtOnce(scheduler.eta(known.leader, nowMs));
    scheduler.reservation(gang);
    scheduler.members(gang);
    scheduler.standing(gang);
    if (known && known.state.kind === 'waiting') findVictims(inside, known, nowMs);
  }
  allAtOnce(scheduler.eta(spark('new', 6, { priority: 5 }).leader(), nowMs));
  scheduler.nodes();
  scheduler.waits();
  for (const { path } of scheduler.queues()) scheduler.queue(path);
  scheduler.queue('nobody');
  scheduler.stats();
  scheduler.reserved();
  scheduler.claimants();
  const candidates = offer([...nodes.keys()]);
  for (const one of [...APPS.map((app) => app.leader()), pod('single')]) scheduler.prioritize({ pod: one, candidates });
  return victims;
}

const steps = fc.array(fc.oneof(...gangSteps, ...gangSteps, ...otherSteps, ...liveSteps), {
  minLength: 10,
  maxLength: 50,
  size: 'max',
});
/** Apps run, and then something happens. */
const story = steps.map((list) => [...STARTED, ...list]);
const mode = fc.constantFrom('advise' as const, 'enforce' as const);

test('no read changes any state or any log', () => {
  let found = 0;
  fc.assert(
    fc.property(setting, mode, story, (chosen, how, list) => {
      const play = new Play(searching(chosen, how), { apps: APPS, runTimes: wildRunTimes(chosen) });
      for (const step of list) {
        play.step(step);
        play.world.makeRoom();
        const { scheduler, nowMs } = play.world;
        const before = fingerprintOf(scheduler.inside, nowMs);
        found += readAll(play.world);
        expect(fingerprintOf(scheduler.inside, nowMs)).toBe(before);
      }
    }),
    RUNS,
  );
  expect(found).toBeGreaterThan(timesMet(80));
});

test('what was read in between changes no later answer and no later effect', () => {
  fc.assert(
    fc.property(setting, mode, story, (chosen, how, list) => {
      const play = (isRead: boolean) => {
        const one = new Play(searching(chosen, how), { apps: APPS, runTimes: wildRunTimes(chosen) });
        for (const step of list) {
          one.step(step);
          one.world.makeRoom();
          if (isRead) readAll(one.world);
        }
        return JSON.stringify([one.log, one.world.effects]);
      };
      expect(play(true)).toBe(play(false));
    }),
    RUNS,
  );
});

afterEach(() => vi.restoreAllMocks());

test('an exception in the middle of an explanation leaves nothing changed', () => {
  let thrown = 0;
  fc.assert(
    fc.property(setting, story, fc.nat({ max: 5 }), (chosen, list, when) => {
      const play = new Play(searching(chosen, 'advise'), { apps: APPS, runTimes: wildRunTimes(chosen) });
      for (const step of list) play.step(step);
      const { scheduler, nowMs } = play.world;
      const before = fingerprintOf(scheduler.inside, nowMs);
      const plan = Reflect.get<Planner, 'plan'>(Planner.prototype, 'plan');
      let calls = 0;
      const spy = vi.spyOn(Planner.prototype, 'plan').mockImplementation(function (this: Planner, request) {
        if (calls++ === when) throw new Error('in the middle');
        return plan.call(this, request);
      });
      for (const { gang } of scheduler.gangs()) {
        try {
          scheduler.explain(gang, nowMs);
        } catch {
          thrown++;
        }
      }
      spy.mockRestore();
      expect(fingerprintOf(scheduler.inside, nowMs)).toBe(before);
      scheduler.checkInvariants();
    }),
    { ...RUNS, numRuns: propertyRuns(200) },
  );
  expect(thrown).toBeGreaterThan(timesMet(50));
});
