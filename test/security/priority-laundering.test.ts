import { describe, expect, test } from 'vitest';
import type { GangSpec, PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { runApp, wanted, type WantedOptions } from '../support/apps.ts';
import { node } from '../support/builders.ts';
import { World } from '../support/world.ts';

// A tenant who may create one small pod of a high class, and many of a low one, must not win room for the many with the
// priority of the one.

const { preemption, priority } = DEFAULT_POLICY;
const MINUTE_MS = 60_000;

interface Scene {
  readonly world: World;
  readonly victims: readonly PodInfo[];
}

/** 24.5 cores, of which half a core is free: the others are taken by a gang of class 50 with 20 executors, and by one of class 2000. */
function full(members?: number): Scene {
  const policy: Partial<Policy> = {
    preemption: { ...preemption, mode: 'enforce', budget: { ...preemption.budget, perGang: 100 } },
    ...(members === undefined ? {} : { priority: { ...priority, members } }),
  };
  const world = new World([node('a', { cpu: 24.5 })], policy);
  world.nowMs = 36_000_000;
  runApp(world, 'top', ['a', 'a', 'a'], { priority: 2000 });
  for (const [name, value] of Object.entries({ high: 1000, same: 1000, low: 0, fair: 51 }))
    world.learn({ kind: 'priority-class', priorityClass: { name, value } });
  const victims = runApp(world, 'etl', ['a', ...Array.from({ length: 20 }, () => 'a')], { priority: 50 });
  return { world, victims };
}

/** A leader of class 1000 and 1m, with executors of 1 core whose class a template declares, or nothing does. */
function laundering(name: string, priorityClass?: string, options: WantedOptions = {}) {
  const { leader, gang } = wanted(name, { executors: 20, priority: 1000, driverCpu: 0.001, ...options });
  const spec: GangSpec = {
    ...gang.spec,
    roles: gang.spec.roles.map((role) =>
      role.name === 'executor' && priorityClass ? { ...role, priorityClass } : role,
    ),
  };
  const { membership } = leader;
  return { leader: { ...leader, membership: { ...membership!, spec } } as PodInfo, gang };
}

const overclaims = ({ effects }: World) =>
  effects.flatMap((effect) => (effect.kind === 'priority-overclaimed' ? [effect] : []));
const because = (world: World, key: string) => world.scheduler.explain(key, world.nowMs)?.preemption?.because;

/** Evicts for the gang, starts its leader, and then its first executor with this priority. */
function start(world: World, { leader, gang }: ReturnType<typeof laundering>, executorPriority: number): void {
  world.ask(leader);
  const evicted = new Set(world.makeRoom());
  for (const one of [...world.scheduler.inside.cluster.boundPods.values()])
    if (evicted.has(one.pod.name)) world.gone(one.pod);
  expect(world.start(leader)).toBe('-> a');
  expect(world.start({ ...gang.member('executor', 0), priority: executorPriority })).toBe('-> a');
}

describe('a leader of class 1000 and 1m, with 20 executors of class 0', () => {
  test('has nobody evicted where a template declares the class', () => {
    const { world } = full();
    const { leader } = laundering('sly', 'low');
    world.ask(leader);
    expect(world.makeRoom()).toEqual([]);
    expect(world.scheduler.explain('jobs/sly', world.nowMs)?.advice).toContain(
      'Its least important members have priority 0: muster evicts pods for it as for a gang of that priority.',
    );
  });

  test('has nobody evicted where the policy bounds what members may claim', () => {
    const { world } = full(0);
    world.ask(laundering('sly').leader);
    expect(world.makeRoom()).toEqual([]);
  });

  test('has nobody evicted where executors of the class run already', () => {
    const { world, victims } = full();
    world.gone(victims[1]!);
    const { leader, gang } = laundering('sly');
    world.bind({ ...gang.member('executor', 0), priority: 0 }, 'a');
    world.ask(leader);
    expect(world.makeRoom()).toEqual([]);
  });

  test('revokes no reservation of a gang between the two', () => {
    const { world, victims } = full();
    for (const one of victims) world.gone(one);
    const mid = wanted('mid', { executors: 20, priority: 50 }).leader;
    world.learn({ kind: 'pod', pod: { ...mid, gated: true } });
    expect(world.scheduler.admitWaiting(world.nowMs).map(({ kind }) => kind)).toContain('gang-admitted');
    world.ask(laundering('sly', 'low').leader);
    world.makeRoom();
    expect(world.kinds()).not.toContain('reservation-revoked');
  });

  test('gets away with it once where nothing says the class: then its namespace has nobody evicted', () => {
    const { world } = full();
    start(world, laundering('sly'), 0);
    expect(overclaims(world)).toEqual([
      expect.objectContaining({ gang: 'jobs/sly', priority: 0, needed: 51, victims: 20, forMs: 10 * MINUTE_MS }),
    ]);
    world.ask(laundering('sly-2', undefined, { executors: 1 }).leader);
    expect(world.makeRoom()).toEqual([]);
    expect(because(world, 'jobs/sly-2')).toBe(
      'members in namespace jobs came with a lower priority than 20 pods were evicted with, and no more are evicted for the namespace for 10 min (give members the class of their leader)',
    );
  });

  test('is counted once, and others of its members with it', () => {
    const { world } = full();
    const sly = laundering('sly');
    start(world, sly, 0);
    world.start({ ...sly.gang.member('executor', 1), priority: 0 });
    expect(overclaims(world)).toHaveLength(1);
  });

  test('waits twice as long each time, and is forgotten after a day', () => {
    const { world } = full();
    const { overclaims: state } = world.scheduler.inside;
    const times = [1, 2, 3].map(() => state.add('jobs', 20, world.nowMs).forMs / MINUTE_MS);
    expect(times).toEqual([10, 20, 40]);
    for (let i = 0; i < 20; i++) state.add('jobs', 20, world.nowMs);
    expect(state.at('jobs', world.nowMs)?.forMs).toBe(24 * 60 * MINUTE_MS);
    expect(state.at('other', world.nowMs)).toBeUndefined();
    world.wait(48 * 60 * MINUTE_MS);
    expect(state.add('jobs', 20, world.nowMs).forMs).toBe(10 * MINUTE_MS);
  });
});

describe('as before', () => {
  test('a gang whose executors have the class of the driver', () => {
    const { world } = full();
    start(world, laundering('fine', 'same'), 1000);
    expect(overclaims(world)).toEqual([]);
    world.ask(laundering('fine-2', undefined, { executors: 0, driverCpu: 1 }).leader);
    expect(because(world, 'jobs/fine-2')).toBeUndefined();
  });

  test('a gang whose executors rank below the driver, and above those that go', () => {
    const { world } = full();
    start(world, laundering('fine', 'fair'), 51);
    expect(overclaims(world)).toEqual([]);
  });

  test('points of policy, queue and deadline count for members as for the leader', () => {
    const { world } = full();
    const queues = new Map([['vip', 60]]);
    world.scheduler.setPolicies(
      world.scheduler.policies.map((policy) => ({ ...policy, priority: { ...policy.priority, queues } })),
      world.nowMs,
    );
    start(world, laundering('fine', 'low', { queue: 'vip' }), 0);
    expect(overclaims(world)).toEqual([]);
  });

  test('an annotation that lowers the gang lowers its members no further', () => {
    const { world } = full();
    const { leader } = laundering('fine', 'fair');
    world.ask({ ...leader, priorityRequest: { priority: 51 } });
    expect(world.makeRoom()).toHaveLength(20);
  });
});
