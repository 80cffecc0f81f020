import { describe, expect, test, vi } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { type GangBuilder, node, pod, queueWith, spark } from '../support/builders.ts';
import { ratesWith } from '../support/tenancies.ts';
import { admitted, inNamespace, setTenancy } from '../support/tenants.ts';
import { World } from '../support/world.ts';

const OF_CLUSTER = 'waits: gang waits for the pod rate of the cluster';

/** Enough nodes for everybody: only rates can keep a gang waiting. */
function roomy(rates: Parameters<typeof ratesWith>[0], policy: ConstructorParameters<typeof World>[1] = {}): World {
  const nodes = Array.from({ length: 100 }, (_, i) => node(`n${i}`, { cpu: 32 }));
  const world = new World(nodes, policy);
  setTenancy(world, ratesWith(rates));
  return world;
}

/** A gang of so many pods. */
const gangOf = (name: string, pods: number) => spark(name, pods - 1);

/** Asks about each gang at 0, then lets muster try every 100 ms. @returns when each started, in s */
function startTimes(world: World, gangs: readonly GangBuilder[], untilMs: number): Record<string, number> {
  const out: Record<string, number> = {};
  for (const gang of gangs) if (world.ask(gang.leader()).startsWith('->')) out[gang.spec.name] = 0;
  while (world.nowMs < untilMs) {
    world.nowMs += 100;
    for (const name of admitted(world)) out[name] = world.nowMs / 1000;
  }
  return out;
}

describe('the pod rate of the cluster', () => {
  const pods = { perSecond: 10, burst: 100 };

  test('C1 lets four gangs of 50 start at 0, 0, 0.1 and 5.1 s', () => {
    const world = roomy({ pods });
    const gangs = ['a', 'b', 'c', 'd'].map((name) => gangOf(name, 50));
    expect(startTimes(world, gangs, 8000)).toEqual({ a: 0, b: 0, c: 0.1, d: 5.1 });
  });

  test('C2 lets a gang that is larger than the burst start at once, and the next one when its debt is paid', () => {
    const world = roomy({ pods });
    expect(startTimes(world, [gangOf('huge', 500), gangOf('next', 2)], 45_000)).toEqual({ huge: 0, next: 40.1 });
  });

  test('C3 never keeps a member of an admitted gang, nor one beyond the minimum', () => {
    const world = roomy({ pods: { perSecond: 1, burst: 1 } });
    const gang = spark('a', 50, { min: 40 });
    world.start(gang.leader());
    expect(world.ask(gangOf('b', 2).leader())).toBe(OF_CLUSTER);
    const answers = Array.from({ length: 50 }, (_, i) => world.start(gang.member('executor', i)));
    expect(answers.filter((answer) => !answer.startsWith('-> '))).toEqual([]);
  });

  test('C7 keeps its level when the rate changes', () => {
    const world = roomy({ pods });
    world.ask(gangOf('a', 130).leader());
    setTenancy(world, ratesWith({ pods: { perSecond: 10, burst: 1000 } }));
    expect(startTimes(world, [gangOf('b', 2)], 4000)).toEqual({ b: 3.1 });
    // A smaller burst takes what is beyond it.
    world.wait(600_000);
    setTenancy(world, ratesWith({ pods: { perSecond: 0.1, burst: 1 } }));
    expect(world.ask(gangOf('c', 2).leader())).toMatch(/^-> /);
    expect(world.ask(gangOf('d', 2).leader())).toBe(OF_CLUSTER);
  });

  test('C9 makes no tokens when the clock goes back', () => {
    const world = roomy({ pods });
    world.nowMs = 1_000_000;
    world.ask(gangOf('a', 100).leader());
    for (const atMs of [0, 999_000, 1_000_000]) {
      world.nowMs = atMs;
      expect(world.ask(gangOf('b', 2).leader())).toBe(OF_CLUSTER);
    }
    world.nowMs = 1_000_100;
    expect(admitted(world)).toEqual(['b']);
  });

  test('C10 gets the tokens of a gang that expires unclaimed back, once', () => {
    const reservation = { ...DEFAULT_POLICY.reservation, unclaimedMs: 60_000 };
    const world = roomy({ pods: { perSecond: 1, burst: 100 } }, { reservation });
    world.ask(gangOf('first', 100).leader());
    expect(world.ask(gangOf('a', 101).leader())).toBe(OF_CLUSTER);
    const tokens = () => world.scheduler.inside.rates.views(world.nowMs)[0]!.tokens;
    world.wait(1000);
    expect(admitted(world)).toEqual(['a']);
    expect(tokens()).toBe(-100);
    world.wait(60_000);
    expect(world.effects).toContainEqual(expect.objectContaining({ kind: 'slots-expired', gang: 'jobs/a' }));
    expect(tokens()).toBe(-100 + 60 + 101);
    world.gone(gangOf('a', 101).leader());
    world.wait(10_000);
    expect(tokens()).toBe(71);
  });

  test('does not get back what a gang took that runs, and ends', () => {
    const world = roomy({ pods: { perSecond: 0.001, burst: 100 } });
    const gang = gangOf('a', 101);
    world.start(gang.leader());
    world.gone(gang.leader());
    expect(world.ask(gangOf('b', 2).leader())).toBe(OF_CLUSTER);
  });

  test('counts for a gang for which pods were evicted, and for the pods in their place', () => {
    const preemption = { ...DEFAULT_POLICY.preemption, mode: 'enforce', afterMs: 0, minRuntimeMs: 0 } as const;
    const world = new World([node('n', { cpu: 10 })], { preemption });
    setTenancy(world, ratesWith({ pods: { perSecond: 0.001, burst: 100 } }));
    const low = spark('low', 8, { min: 1 });
    world.start(low.leader());
    const executors = Array.from({ length: 8 }, (_, i) => low.member('executor', i));
    for (const one of executors) world.start(one);
    const tokens = () => Math.round(world.scheduler.inside.rates.views(world.nowMs)[0]!.tokens);
    expect(tokens()).toBe(98);
    expect(world.ask(spark('high', 3, { priority: 100 }).leader())).toMatch(/^waits/);
    const victims = world.makeRoom();
    expect(victims).toHaveLength(3);
    expect(tokens()).toBe(95);
    for (const one of executors) if (victims.includes(one.name)) world.gone(one);
    expect(world.kinds().filter((kind) => kind === 'gang-admitted')).toHaveLength(2);
    expect(tokens()).toBe(91);
  });
});

describe('a gang that a rate keeps waiting', () => {
  test('C8 is head of nobody, and causes no search and no reclaim', () => {
    const preemption = { ...DEFAULT_POLICY.preemption, mode: 'enforce', afterMs: 0, minRuntimeMs: 0 } as const;
    const world = roomy(
      { pods: { perSecond: 0.001, burst: 1 } },
      { preemption, queue: queueWith({ blockAfterMs: 1000 }) },
    );
    world.bind(pod('low', { cpu: 1 }), 'n0');
    world.start(gangOf('a', 50).leader());
    const waiting = spark('b', 99, { cpu: 32, priority: 1000 });
    expect(world.ask(waiting.leader())).toBe(OF_CLUSTER);
    const plans = vi.spyOn(world.scheduler.inside.planner, 'plan');
    for (let i = 0; i < 5; i++) {
      world.wait(10_000);
      expect(world.ask(waiting.leader())).toBe(OF_CLUSTER);
      expect(world.makeRoom()).toEqual([]);
    }
    expect(world.scheduler.inside.startPlans.hasHeads).toBe(false);
    expect(plans).not.toHaveBeenCalled();
  });

  test('is tried again when its time has come, although nothing else changed', () => {
    const world = roomy({ pods: { perSecond: 10, burst: 10 } });
    world.ask(gangOf('a', 20).leader());
    expect(world.ask(gangOf('b', 2).leader())).toBe(OF_CLUSTER);
    world.nowMs = 1099;
    expect(admitted(world)).toEqual([]);
    world.nowMs = 1100;
    expect(admitted(world)).toEqual(['b']);
    expect(world.effects).toContainEqual(expect.objectContaining({ kind: 'wake-leader', gang: 'jobs/b' }));
  });

  test('starts before one behind it that happens to be asked about first', () => {
    const world = roomy({ pods: { perSecond: 10, burst: 10 } });
    world.ask(gangOf('a', 20).leader());
    expect(world.ask(gangOf('first', 20).leader())).toBe(OF_CLUSTER);
    world.nowMs = 5000;
    expect(world.ask(gangOf('second', 2).leader())).toBe(OF_CLUSTER);
    expect(world.effects).toContainEqual(expect.objectContaining({ kind: 'gang-admitted', gang: 'jobs/first' }));
  });

  test('is told when it is tried again', () => {
    const world = roomy({ pods: { perSecond: 10, burst: 10 } });
    world.ask(gangOf('a', 129).leader());
    world.ask(gangOf('b', 2).leader());
    const saying = 'It waits for the pod rate of the cluster; muster tries it again';
    const rest = ', after the gangs ahead of it that wait for the same.';
    expect(world.scheduler.explain('jobs/b', 0)?.advice).toContain(`${saying} in 12 s at the earliest${rest}`);
    expect(world.scheduler.explain('jobs/b', 20_000)?.advice).toContain(`${saying} at once${rest}`);
  });

  test('is told so in the same words all the time', () => {
    const world = roomy({ pods: { perSecond: 1, burst: 1 } });
    world.ask(gangOf('a', 100).leader());
    const answers = new Set<string>();
    for (let i = 0; i < 50; i++) {
      answers.add(world.ask(gangOf('b', 2).leader()));
      world.wait(1000);
    }
    expect([...answers]).toEqual([OF_CLUSTER]);
    expect(world.effects.filter(({ kind }) => kind === 'gang-waits')).toHaveLength(1);
    expect(world.scheduler.inside.rates.views(world.nowMs)).toEqual([expect.objectContaining({ waits: 1 })]);
  });
});

test('the pod rate of namespaces counts each one that matches by itself', () => {
  const world = roomy({ namespaces: { match: ['team-*'], perSecond: 1, burst: 10 } });
  const start = (namespace: string, name: string) => world.ask(inNamespace(gangOf(name, 20), namespace).leader());
  expect(start('team-a', 'a')).toMatch(/^-> /);
  expect(start('team-a', 'b')).toBe('waits: gang waits for the pod rate of namespace team-a');
  expect(start('team-b', 'c')).toMatch(/^-> /);
  expect(start('other', 'd')).toMatch(/^-> /);
  expect(start('other', 'e')).toMatch(/^-> /);
  world.nowMs = 11_000;
  expect(admitted(world)).toEqual(['b']);
});

describe('the pull rate of a registry', () => {
  const IMAGE = 'registry.example/spark:4.0';
  const registries = [{ match: 'registry.*', perSecond: 1, burst: 100 }];
  /** 100 nodes of which so many lack the image. */
  function without(lacking: number): World {
    const nodes = Array.from({ length: 100 }, (_, i) =>
      node(`n${i}`, { cpu: 1, images: i < lacking ? [] : [IMAGE, 'other'] }),
    );
    const world = new World(nodes);
    setTenancy(world, ratesWith({ registries }));
    return world;
  }
  const tokens = (world: World) => world.scheduler.inside.rates.views(world.nowMs)[0]!.tokens;
  const withImage = (gang: GangBuilder, images: readonly string[] = [IMAGE]) => ({ ...gang.leader(), images });

  test('C6 takes a token for each node without the image', () => {
    const world = without(10);
    // The nodes with the image but for ten are full.
    for (let i = 20; i < 100; i++) world.bind(pod(`p${i}`), `n${i}`);
    for (let i = 2; i < 10; i++) world.bind(pod(`p${i}`), `n${i}`);
    expect(world.ask(withImage(spark('a', 11)))).toMatch(/^-> /);
    expect(tokens(world)).toBe(98);
  });

  test('counts a pull once while it is under way, and not where the registry is another', () => {
    const world = without(100);
    world.ask(withImage(spark('a', 9)));
    expect(tokens(world)).toBe(90);
    world.gone(spark('a', 9).leader());
    world.ask(withImage(spark('b', 9)));
    expect(tokens(world)).toBe(90);
    world.gone(spark('b', 9).leader());
    world.ask(withImage(spark('c', 9), ['docker.io/spark', 'spark', 'spark:3']));
    expect(tokens(world)).toBe(90);
    world.gone(spark('c', 9).leader());
    world.wait(600_000);
    expect(world.scheduler.inside.imagePulls.size).toBe(0);
  });

  test('keeps those waiting whose images come from there, and others not', () => {
    const world = without(100);
    setTenancy(world, ratesWith({ registries: [{ match: 'registry.*', perSecond: 1, burst: 5 }] }));
    world.ask(withImage(spark('a', 9)));
    expect(world.ask(withImage(spark('b', 2)))).toBe('waits: gang waits for image pulls of registry registry.example');
    expect(world.ask(withImage(spark('c', 2), ['spark']))).toMatch(/^-> /);
    world.nowMs = 6000;
    expect(admitted(world)).toEqual(['b']);
  });
});

test('without rates nothing is counted', () => {
  const world = roomy({});
  for (let i = 0; i < 5; i++) expect(world.ask(gangOf(`g${i}`, 100).leader())).toMatch(/^-> /);
  expect(world.scheduler.inside.rates.isOn).toBe(false);
  expect(world.scheduler.inside.rates.views(0)).toEqual([]);
});
