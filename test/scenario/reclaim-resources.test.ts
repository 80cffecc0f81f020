import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { Fairness } from '../../src/core/policy/tenancy.ts';
import { runSingleRoleGang } from '../support/apps.ts';
import { GangBuilder, node, pod } from '../support/builders.ts';
import { cores, queue, tenancyOf, type QueueOptions } from '../support/reclaim-tenancies.ts';
import { World } from '../support/world.ts';

const GIB = 2 ** 30;

interface Scene {
  /** Of the one node with 10 cores. */
  readonly memoryGib: number;
  /** Queue a, which has nothing, and queue b, which has 10 gangs of one pod of 1 core and 1 GiB. */
  readonly a: QueueOptions;
  readonly b?: QueueOptions;
  readonly priority?: Fairness['priority'];
  readonly isPreempting?: boolean;
}

/** All resources are shared out. */
function full({ memoryGib, a, b = {}, priority = 'within', isPreempting = false }: Scene): World {
  const { preemption } = DEFAULT_POLICY;
  const mode = isPreempting ? ('enforce' as const) : ('off' as const);
  const policy = { preemption: { ...preemption, mode, wholeGangs: true, minRuntimeMs: 0 } };
  const world = new World([node('n', { cpu: 10, memoryGib, pods: 100 })], policy);
  world.nowMs = 36_000_000;
  const tenancy = tenancyOf([queue('a', a), queue('b', b)], { resources: undefined, priority });
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
  for (let i = 0; i < 10; i++) runSingleRoleGang(world, `b${i}`, ['n'], { queue: 'b', memoryGib: 1 });
  return world;
}

/** A gang of queue a that wants 2 cores and 2 GiB. @returns how many pods go for it */
function victims(world: World, priority = 0): number {
  const gang = new GangBuilder('wants', { worker: { count: 2, cpu: 1, memoryGib: 1 } }, { queue: 'a', priority });
  for (const one of ['wants-0', 'wants-1']) world.start(gang.leader(one));
  return world.makeRoom().length;
}

const advice = (world: World) => world.scheduler.explain('jobs/wants', world.nowMs)!.advice;

describe('a queue that is guaranteed cores and no memory', () => {
  test('gets its cores back while there is memory enough for all', () => {
    const world = full({ memoryGib: 1024, a: { guaranteed: cores(5) } });
    expect(victims(world)).toBe(2);
  });

  test('gets none back where memory is short, and is told so', () => {
    const world = full({ memoryGib: 10, a: { guaranteed: cores(5) } });
    expect(victims(world)).toBe(0);
    expect(advice(world)).toContain(
      'With it, queue a would hold 2 GiB of memory, and it is guaranteed none: it takes nothing from other queues.',
    );
  });

  test('gets both back where both are guaranteed', () => {
    const world = full({ memoryGib: 10, a: { guaranteed: cores(5, { memory: 5 * GIB }) } });
    expect(victims(world)).toBe(2);
  });

  test('gets no more cores back than it is guaranteed', () => {
    const world = full({ memoryGib: 1024, a: { guaranteed: cores(1) } });
    expect(victims(world)).toBe(0);
    expect(advice(world)).toContain(
      'With it, queue a would hold 2 of its guaranteed 1 core: it takes nothing from other queues.',
    );
  });

  test('keeps its pods from gangs of higher priority', () => {
    const across = { memoryGib: 1024, a: { guaranteed: cores(5) }, priority: 'across', isPreempting: true } as const;
    expect(victims(full({ ...across, a: {}, b: { guaranteed: cores(10) } }), 1000)).toBe(0);
    expect(victims(full({ ...across, a: {} }), 1000)).toBe(2);
  });

  test('keeps its pods from kube-scheduler', () => {
    const preempt = (b: QueueOptions) => {
      const world = full({ memoryGib: 1024, a: {}, b, priority: 'across' });
      world.wait(1000);
      return world.preempt(pod('single', { priority: 1000 }), { n: ['b0-1'] });
    };
    expect(preempt({ guaranteed: cores(10) })).toBe('nobody');
    expect(preempt({ guaranteed: cores(9) })).toBe('n: b0-1');
  });
});

test('a queue that is guaranteed nothing gets nothing back, however much memory there is', () => {
  const world = full({ memoryGib: 1024, a: {} });
  expect(victims(world)).toBe(0);
  expect(advice(world)).toContain(
    'With it, queue a would hold 2 cores, and it is guaranteed none: it takes nothing from other queues.',
  );
});

test('a queue below gets nothing back where the one above it would hold more than it is guaranteed', () => {
  const world = full({ memoryGib: 1024, a: {} });
  const a = queue('a', { guaranteed: cores(1), queues: [queue('x', { guaranteed: cores(1) })] });
  const tenancy = tenancyOf([a, queue('b')], { resources: undefined });
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
  const gang = new GangBuilder('wants', { worker: { count: 2, cpu: 1, memoryGib: 1 } }, { queue: 'a.x' });
  for (const one of ['wants-0', 'wants-1']) world.start(gang.leader(one));
  expect(world.makeRoom()).toEqual([]);
  expect(advice(world)).toContain(
    'With it, queue a would hold 2 of its guaranteed 1 core: it takes nothing from other queues.',
  );
});
