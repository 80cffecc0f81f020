import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { QueueSpec } from '../../src/core/policy/tenancy.ts';
import { runApp } from '../support/apps.ts';
import { GangBuilder, node } from '../support/builders.ts';
import { cores, queue, tenancyOf } from '../support/reclaim-tenancies.ts';
import { World } from '../support/world.ts';

/** Queue a owns 5 of 10 cores; `app` of queue b has all of them. @param min executors that it needs, of 9 */
function borrowed(min: number, queues: readonly QueueSpec[] = [queue('a', { guaranteed: cores(5) }), queue('b')]) {
  const policy = { preemption: { ...DEFAULT_POLICY.preemption, minRuntimeMs: 0 } };
  const world = new World([node('n', { cpu: 10, pods: 100 })], policy);
  world.nowMs = 36_000_000;
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy: tenancyOf(queues) }, world.nowMs);
  runApp(world, 'app', Array<string>(10).fill('n'), { queue: 'b', min });
  return world;
}

/** A gang of queue a wants 3 cores, and its victims leave. */
function reclaim(world: World): void {
  const gang = new GangBuilder('wants', { worker: { count: 3, cpu: 1 } }, { queue: 'a' });
  for (const one of ['wants-0', 'wants-1', 'wants-2']) world.start(gang.leader(one));
  expect(world.makeRoom()).toHaveLength(3);
  const told = world.effects.flatMap((one) => (one.kind === 'eviction-planned' ? one.victims : []));
  for (const { pod } of told) world.learn({ kind: 'pod-gone', uid: pod.uid });
  world.wait(1000);
}

const advice = (world: World, name: string) => world.scheduler.explain(`jobs/${name}`, world.nowMs)!.advice;

test('an app from which members were reclaimed is told why they do not come back', () => {
  const world = borrowed(9);
  reclaim(world);
  const lost = '3 of its 10 slots have lost their room (a queue within its share reclaimed it)';
  expect(advice(world, 'app')).toEqual([
    `${lost}; with them, queue b would hold more than its share, and muster places them again in 59 s at the earliest.`,
  ]);
  world.wait(59_000);
  expect(advice(world, 'app')).toEqual([`${lost}; muster places them again as soon as there is room.`]);
});

test('an app that lost elastic members is told when it may have new ones', () => {
  const world = borrowed(2);
  reclaim(world);
  expect(advice(world, 'app')).toEqual([
    'Room of it was reclaimed for other queues: it gets members beyond its minimum again in 59 s.',
  ]);
});

test('a gang for which room is made is told of that, and not that its queue would be beyond its share', () => {
  const world = borrowed(9);
  const gang = new GangBuilder('wants', { worker: { count: 5, cpu: 1 } }, { queue: 'a' });
  for (let i = 0; i < 5; i++) world.start(gang.leader(`wants-${i}`));
  const other = new GangBuilder('other', { worker: { count: 1, cpu: 1 } }, { queue: 'b' });
  world.start(other.leader('other-0'));
  world.makeRoom();
  const { standing } = world.scheduler.explain('jobs/wants', world.nowMs)!;
  expect(standing).toMatchObject({ tier: 0, before: [] });
  const told = advice(world, 'wants').join(' ');
  expect(told).toContain('Room is being made for it: it starts when 5 pods are gone.');
  expect(told).not.toContain('entitled to');
  expect(told).not.toContain('before it');
});
