import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { runSingleRoleGang } from '../support/apps.ts';
import { GangBuilder, node } from '../support/builders.ts';
import { cores, queue, tenancyOf } from '../support/reclaim-tenancies.ts';
import { exactly, ToldRunTimes } from '../support/told-run-times.ts';
import { World } from '../support/world.ts';

const MINUTE = 60_000;
const NOON = 12 * 60 * MINUTE;

/**
 * Queue b runs ten gangs of one core on a node with ten; queue a, which owns five, waits one minute and five more for ends
 * that are foretold. `wants` asks for two cores of it at noon.
 * @param takes how long gangs of b take, in minutes @param age for how long they run at noon, in minutes
 */
function atNoon(takes: number, age: number): World {
  const { preemption } = DEFAULT_POLICY;
  const told = new ToldRunTimes(
    Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`b${i}`, exactly(takes * MINUTE)])),
  );
  const policy = { preemption: { ...preemption, wholeGangs: true, minRuntimeMs: 0 } };
  const world = new World([node('n', { cpu: 10, pods: 100 })], policy, true, [], told);
  const reclaim = { afterMs: MINUTE, patienceMs: 5 * MINUTE };
  const tenancy = tenancyOf([queue('a', { guaranteed: cores(5), reclaim }), queue('b')]);
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, 0);
  world.nowMs = NOON - age * MINUTE;
  for (let i = 0; i < 10; i++) runSingleRoleGang(world, `b${i}`, ['n'], { queue: 'b', age: 0 });
  world.nowMs = NOON;
  ask(world);
  return world;
}

function ask(world: World): void {
  const gang = new GangBuilder('wants', { worker: { count: 2, cpu: 1 } }, { queue: 'a' });
  for (const one of ['wants-0', 'wants-1']) world.start(gang.leader(one));
}

/** How many pods go so many minutes after noon. */
function victimsAt(world: World, minutes: number): number {
  while (world.nowMs < NOON + minutes * MINUTE) {
    world.wait(Math.min(30_000, NOON + minutes * MINUTE - world.nowMs));
    ask(world);
  }
  return world.makeRoom().length;
}

const advice = (world: World) => world.scheduler.explain('jobs/wants', world.nowMs)!.advice.join(' ');

test('before reclaim.after nobody goes, and explain says why', () => {
  const world = atNoon(600, 0);
  expect(victimsAt(world, 0.5)).toBe(0);
  expect(advice(world)).toContain(
    'Nothing is taken from other queues for it yet: it has waited less than 60 s (reclaim.after).',
  );
  expect(advice(world)).not.toContain('nobody is evicted from it');
  expect(victimsAt(world, 1)).toBe(2);
});

test('gangs that end in time are waited for, for reclaim.patience at most', () => {
  const world = atNoon(35, 30);
  expect(victimsAt(world, 4)).toBe(0);
  expect(advice(world)).toContain(
    'Gangs that run should end in time and leave enough room: muster waits for them, 120 s at most (reclaim.patience), and then evicts 2 pods of other queues',
  );
  expect(world.scheduler.explain('jobs/wants', world.nowMs)!.preemption).toMatchObject({
    state: 'found',
    notBeforeMs: NOON + 6 * MINUTE,
  });
  expect(victimsAt(world, 6)).toBe(2);
});

test('gangs that run for longer than such runs take are not waited for', () => {
  const world = atNoon(20, 30);
  expect(victimsAt(world, 1)).toBe(2);
  expect(victimsAt(atNoon(32, 30), 3)).toBe(2);
});
