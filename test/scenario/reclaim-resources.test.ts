import { describe, expect, test } from 'vitest';
import type { NodeInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { QueueSpec } from '../../src/core/policy/tenancy.ts';
import { runSingleRoleGang } from '../support/apps.ts';
import { GangBuilder, node, pod } from '../support/builders.ts';
import { cores, queue, tenancyOf, type QueueOptions } from '../support/reclaim-tenancies.ts';
import { World } from '../support/world.ts';

const GIB = 2 ** 30;

interface Scene {
  /** Of the one node with 10 cores. */
  readonly memoryGib: number;
  /** Queue a, which has nothing, and queue b, which has 10 gangs of one pod of 1 core and 1 GiB. */
  readonly a?: QueueOptions;
  readonly b?: QueueOptions;
}

/** Queues that share out all resources; gangs may go whole, for priority across them too. */
function worldOf(nodes: readonly NodeInfo[], queues: readonly QueueSpec[]): World {
  const { preemption } = DEFAULT_POLICY;
  const world = new World(nodes, { preemption: { ...preemption, mode: 'enforce', wholeGangs: true, minRuntimeMs: 0 } });
  world.nowMs = 36_000_000;
  const tenancy = tenancyOf(queues, { resources: undefined, priority: 'across' });
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
  return world;
}

function full({ memoryGib, a = {}, b = {} }: Scene): World {
  const world = worldOf([node('n', { cpu: 10, memoryGib, pods: 100 })], [queue('a', a), queue('b', b)]);
  for (let i = 0; i < 10; i++) runSingleRoleGang(world, `b${i}`, ['n'], { queue: 'b', memoryGib: 1 });
  return world;
}

/** A gang of that queue wants 2 cores and 2 GiB. @returns how many pods go for it */
function victims(world: World, of = 'a'): number {
  const gang = new GangBuilder('wants', { worker: { count: 2, cpu: 1, memoryGib: 1 } }, { queue: of });
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

  test('keeps its pods from kube-scheduler', () => {
    const preempt = (b: QueueOptions) => {
      const world = full({ memoryGib: 1024, b });
      world.wait(1000);
      return world.preempt(pod('single', { priority: 1000 }), { n: ['b0-1'] });
    };
    expect(preempt({ guaranteed: cores(10) })).toBe('nobody');
    expect(preempt({ guaranteed: cores(9) })).toBe('n: b0-1');
  });
});

test('a queue that is guaranteed nothing gets nothing back, however much memory there is', () => {
  const world = full({ memoryGib: 1024 });
  expect(victims(world)).toBe(0);
  expect(advice(world)).toContain(
    'With it, queue a would hold 2 cores, and it is guaranteed none: it takes nothing from other queues.',
  );
});

test('a queue below gets nothing back where the one above it would hold more than it is guaranteed', () => {
  const below = queue('x', { guaranteed: cores(1) });
  const world = full({ memoryGib: 1024, a: { queues: [below] } });
  expect(victims(world, 'a.x')).toBe(0);
  expect(advice(world)).toContain(
    'With it, queue a would hold 2 of its guaranteed 1 core: it takes nothing from other queues.',
  );
});

describe('a gang of higher priority', () => {
  /** Queue b holds 8 cores of 10; c holds 2, of higher priority than the gang of a that wants one, which is its share. */
  const play = (b: QueueOptions) => {
    const world = worldOf(
      [node('n', { cpu: 10, memoryGib: 1024, pods: 100 })],
      [queue('a'), queue('b', b), queue('c')],
    );
    for (let i = 0; i < 8; i++) runSingleRoleGang(world, `b${i}`, ['n'], { queue: 'b', memoryGib: 1 });
    for (let i = 0; i < 2; i++) runSingleRoleGang(world, `c${i}`, ['n'], { queue: 'c', memoryGib: 1, priority: 2000 });
    return urgent(world, 1);
  };

  /** How many pods go for a gang of queue a that wants so many cores on one node. */
  function urgent(world: World, cpu: number): number {
    const options = { queue: 'a', priority: 1000 };
    const gang = new GangBuilder('urgent', { worker: { count: 1, cpu, memoryGib: 1 } }, options);
    world.start(gang.leader('urgent-0'));
    return world.makeRoom().length;
  }

  test('gets a pod of a queue that is guaranteed nothing', () => expect(play({})).toBe(1));
  test('gets none of a queue within its cores', () => expect(play({ guaranteed: cores(8) })).toBe(0));

  test('gets one of a queue that is guaranteed nothing where nothing is scarce but places', () => {
    const world = worldOf([node('n', { cpu: 10 }), node('m', { cpu: 10 })], [queue('a'), queue('b')]);
    for (const place of ['n', 'm'])
      for (let i = 0; i < 6; i++) runSingleRoleGang(world, `${place}${i}`, [place], { queue: 'b' });
    expect(urgent(world, 5)).toBe(1);
  });
});

test('what GPUs a reclaim would gain and cost is told one by one', () => {
  const owns = { guaranteed: { gpu: 10 } };
  const world = worldOf([node('n', { cpu: 1000, gpu: 20, pods: 100 })], [queue('a', owns), queue('b', owns)]);
  const run = (name: string, count: number, of: string) => {
    const gang = new GangBuilder(name, { worker: { count, min: count, cpu: 1, gpu: 1 } }, { queue: of });
    for (let i = 0; i < count; i++)
      world.bind({ ...gang.leader(`${name}-${i}`), evictionTraits: { startedMs: world.nowMs - 3_600_000 } }, 'n');
  };
  run('large', 12, 'a');
  run('small', 8, 'b');
  const gang = new GangBuilder('two', { worker: { count: 2, cpu: 1, gpu: 1 } }, { queue: 'b' });
  for (const one of ['two-0', 'two-1']) world.start(gang.leader(one));
  expect(world.makeRoom()).toEqual([]);
  expect(world.scheduler.explain('jobs/two', world.nowMs)!.advice).toContain(
    'To evict from queue a would gain 2 nvidia.com/gpu and cost 10 nvidia.com/gpu of what it is entitled to.',
  );
});
