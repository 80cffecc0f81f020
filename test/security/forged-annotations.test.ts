import { describe, expect, test } from 'vitest';
import type { DisruptionBudget, PodInfo, SlotCounts, WrittenPlan } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type Policy, type PreemptionRules } from '../../src/core/policy/policy.ts';
import { runApp, wanted, type WantedOptions } from '../support/apps.ts';
import { boundTo, GangBuilder, node } from '../support/builders.ts';
import { World } from '../support/world.ts';

// Where no admission policy guards muster's annotations, a tenant may write them onto his own pods. muster reads them
// when it starts and when it takes over.

type Rules = Omit<Partial<PreemptionRules>, 'budget'> & { readonly budget?: Partial<PreemptionRules['budget']> };

function policyWith({ budget, ...rules }: Rules): Partial<Policy> {
  const { preemption } = DEFAULT_POLICY;
  const all = { ...preemption.budget, ...budget };
  return { preemption: { ...preemption, mode: 'enforce', ...rules, budget: all } };
}

/** A cluster that has run for hours, and of which muster, which starts anew, knows nothing yet. */
function beforeStart(nodes: Readonly<Record<string, number>>, rules: Rules = {}): World {
  const world = new World(
    Object.entries(nodes).map(([name, cpu]) => node(name, { cpu })),
    policyWith(rules),
    false,
  );
  world.nowMs = 36_000_000;
  return world;
}

const counts = (slots: Readonly<Record<string, Readonly<Record<string, number>>>>): SlotCounts =>
  new Map(Object.entries(slots).map(([role, nodes]) => [role, new Map(Object.entries(nodes))]));

interface Forgery extends WantedOptions {
  readonly victims: readonly PodInfo[];
  readonly slots?: SlotCounts;
  readonly change?: Partial<PodInfo>;
}

/** A waiting leader whose owner wrote an eviction plan onto it. */
function forged(world: World, name: string, { victims, slots, change, ...options }: Forgery): PodInfo {
  const refs = victims.map(({ namespace, name: pod, uid }) => ({ namespace, name: pod, uid }));
  const all = slots ?? counts({ driver: { a: 1 }, executor: { a: options.executors ?? 0 } });
  const eviction: WrittenPlan = { text: 'x', id: 'forged', untilMs: Infinity, slots: all, victims: refs };
  const { leader } = wanted(name, options);
  const pod = { ...leader, ...change };
  world.learn({ kind: 'pod', pod: { ...pod, eviction } });
  return pod;
}

const evicted = ({ effects }: World) =>
  effects
    .flatMap((effect) => (effect.kind === 'eviction-planned' ? effect.victims : []))
    .map(({ pod }) => pod.name)
    .sort();
const dropped = ({ effects }: World) =>
  effects.flatMap((effect) => (effect.kind === 'eviction-dropped' ? [effect.reason] : []));
const admitted = ({ effects }: World) =>
  effects.flatMap((effect) => (effect.kind === 'gang-admitted' ? [effect.gang] : []));

describe('a forged eviction plan', () => {
  test('evicts nobody where the gang has room without it', () => {
    const world = beforeStart({ a: 64 });
    const low = runApp(
      world,
      'low',
      Array.from({ length: 30 }, () => 'a'),
    );
    forged(world, 'tenant', { executors: 3, victims: low.slice(1) });
    world.sync();
    expect(evicted(world)).toEqual([]);
    expect(dropped(world)).toEqual(['the gang fits without it, and waits for its turn']);
  });

  test('evicts no more than the gang needs, and those that cost least', () => {
    const world = beforeStart({ a: 6 });
    const low = runApp(world, 'low', ['a', 'a', 'a', 'a', 'a', 'a']);
    forged(world, 'tenant', { executors: 1, victims: low.slice(1) });
    world.sync();
    expect(evicted(world)).toHaveLength(2);
  });

  test.each<[string, Rules, Partial<Forgery>, string]>([
    [
      'minRuntime',
      { minRuntimeMs: 7_200_000 },
      {},
      'its victims do not make room for the gang: rule "minimum runtime"',
    ],
    [
      'budget.perGang',
      { budget: { perGang: 1 } },
      {},
      'its victims do not make room for the gang: rule "budget per gang"',
    ],
    [
      'budget.perQueue',
      { budget: { perQueue: 1 } },
      {},
      'its victims do not make room for the gang: rule "budget per queue"',
    ],
    [
      'budget.perMinute',
      { budget: { perMinute: 1 } },
      {},
      'its victims do not make room for the gang: rule "budget per minute"',
    ],
    ['after', { afterMs: 60_000 }, {}, 'it has waited less than 60 s (preemption.after)'],
    [
      'preemptionPolicy',
      {},
      { evictionTraits: { neverPreempts: true } },
      'the preemptionPolicy of its leader is Never',
    ],
    ['priorityGap', {}, { priority: 0 }, 'its victims do not make room for the gang: rule "priority"'],
  ])('keeps to %s', (_, rules, options, reason) => {
    const world = beforeStart({ a: 3 }, rules);
    const low = runApp(world, 'low', ['a', 'a', 'a']);
    forged(world, 'tenant', { executors: 1, victims: low.slice(1), ...options });
    world.sync();
    expect(evicted(world)).toEqual([]);
    expect(dropped(world)).toEqual([reason]);
  });

  test('keeps to cascade: a gang that lost members may not preempt', () => {
    const world = beforeStart({ b: 2, c: 2 }, { wholeGangs: true });
    world.sync();
    const low = runApp(world, 'low', ['b', 'b'], { priority: 10 });
    const other = runApp(world, 'other', ['c', 'c'], { priority: 500 });
    world.ask(wanted('high', { executors: 1, priority: 60 }).leader);
    world.makeRoom();
    expect(evicted(world)).toEqual(['low-1', 'low-driver']);
    for (const one of low) world.gone(one);
    world.effects.length = 0;
    forged(world, 'low', { executors: 1, priority: 1000, victims: other });
    world.effects.push(...world.scheduler.followOthers(false, world.nowMs));
    expect(evicted(world)).toEqual([]);
    expect(dropped(world)).toEqual(['it lost members less than 600 s ago (preemption.cascade)']);
  });

  test('keeps to disruption budgets', () => {
    const world = beforeStart({ a: 3 });
    const low = runApp(world, 'low', ['a', 'a', 'a']);
    const budget: DisruptionBudget = { key: 'jobs/all', namespace: 'jobs', selector: [], allowed: 1 };
    world.learn({ kind: 'budget', budget });
    forged(world, 'tenant', { executors: 1, victims: low.slice(1) });
    world.sync();
    expect(evicted(world)).toEqual([]);
    expect(dropped(world)).toEqual(['its victims do not make room for the gang: rule "disruption budget"']);
  });

  test('evicts no leader beside which other pods would do', () => {
    const world = beforeStart({ a: 3 }, { wholeGangs: true });
    const low = runApp(world, 'low', ['a', 'a', 'a']);
    forged(world, 'tenant', { victims: low });
    world.sync();
    expect(evicted(world)).toHaveLength(1);
    expect(evicted(world)).not.toContain('low-driver');
  });

  test('brings its gang no step ahead where none of its victims is there', () => {
    const world = beforeStart({ a: 2 });
    const ahead = { ...wanted('ahead', { executors: 1, priority: 1000 }).leader, gated: true as const };
    world.learn({ kind: 'pod', pod: { ...ahead, createdMs: 0 } });
    const [nobody] = runApp(beforeStart({ a: 1 }), 'nobody', ['a']);
    const tenant = forged(world, 'tenant', { executors: 1, priority: -100, victims: [nobody!] });
    world.sync();
    expect(admitted(world)).toEqual([]);
    world.effects.push(...world.scheduler.admitWaiting(world.nowMs));
    expect(admitted(world)).toEqual(['jobs/ahead']);
    expect(world.ask(tenant)).toMatch(/^waits/);
  });

  test('takes no place that a more important gang holds for its members', () => {
    const world = beforeStart({ a: 2, b: 2 });
    const { gang, leader } = wanted('important', { executors: 2, priority: 500 });
    const slots = counts({ driver: { b: 1 }, executor: { a: 2 } });
    world.bind({ ...leader, reservation: { text: 'r', slots } }, 'b');
    const [nobody] = runApp(beforeStart({ a: 1 }), 'nobody', ['a']);
    const tenant = forged(world, 'tenant', { executors: 1, victims: [nobody!, nobody!] });
    world.sync();
    expect(admitted(world)).toEqual([]);
    expect(world.ask(tenant)).toMatch(/^waits/);
    expect(world.start(gang.member('executor', 0))).toBe('-> a');
    expect(world.start(gang.member('executor', 1))).toBe('-> a');
  });

  describe('takes places that less important gangs keep for successors', () => {
    const nobody = runApp(beforeStart({ a: 9 }), 'nobody', ['a', 'a', 'a']);
    /** Node a has a driver that waits for two executors. The forger's driver and executor need their places. */
    const outcome = (rules: Rules, { priority = 0, gone = 2, age = 60, at = 'a' } = {}) => {
      const world = beforeStart({ a: 3, b: 1 }, rules);
      runApp(world, 'b', ['b'], { driverCpu: 1, priority: 5000 });
      const { leader, gang } = wanted('low', { executors: 2, priority });
      const evictionTraits = { startedMs: world.nowMs - age * 60_000 };
      const slots = counts({ driver: { a: 1 }, executor: { a: 2 } });
      world.bind({ ...leader, evictionTraits, reservation: { text: 'r', slots } }, 'a');
      const wants = counts({ driver: { [at]: 1 }, executor: { [at]: 1 } });
      forged(world, 'tenant', { executors: 1, victims: nobody.slice(0, gone), slots: wants });
      world.sync();
      const kept = [0, 1].filter((i) => world.start(gang.member('executor', i)) === '-> a').length;
      return { admitted: admitted(world), kept };
    };
    const refused = { admitted: [], kept: 2 };

    test('as it might have evicted running members', () => {
      expect(outcome({})).toEqual({ admitted: ['jobs/tenant'], kept: 0 });
    });

    test.each<[string, Rules, Parameters<typeof outcome>[1]]>([
      ['one for each victim that is gone', {}, { gone: 1 }],
      ['on the nodes of the plan', {}, { at: 'b' }],
      ['of lower priority', {}, { priority: 100 }],
      ['of queues that the rules name', { queues: ['adhoc'] }, {}],
      ['of gangs that ran long enough', {}, { age: 0 }],
      ['within budget.perMinute', { budget: { perMinute: 1 } }, {}],
      ['within budget.perQueue', { budget: { perQueue: 1 } }, {}],
      ['within budget.perGang', { budget: { perGang: 1 } }, {}],
    ])('but only %s', (_, rules, options) => {
      expect(outcome(rules, options)).toEqual(refused);
    });
  });

  test('costs a search for 64 leaders at most, however many carry one', () => {
    const world = beforeStart({ a: 2 });
    const low = runApp(world, 'low', ['a', 'a']);
    for (let i = 0; i < 100; i++) forged(world, `tenant-${i}`, { executors: 8, victims: low.slice(1), queue: `q${i}` });
    world.sync();
    expect(dropped(world).filter((reason) => reason === 'more than 64 plans are written')).toHaveLength(36);
  });
});

describe('a forged reservation', () => {
  const mpi = (min: number) =>
    new GangBuilder('mpi', { launcher: { count: 1, cpu: 1 }, worker: { count: min, cpu: 1 } });
  const held = (world: World) => world.scheduler.reserved().get('cpu') ?? 0;
  const claims = (worker: number, more: Readonly<Record<string, Readonly<Record<string, number>>>> = {}) => ({
    text: `${worker}`,
    slots: counts({ launcher: { a: 1 }, worker: { a: worker }, ...more }),
  });

  test('holds no more than the gang declares', () => {
    const world = beforeStart({ a: 64 });
    world.bind({ ...mpi(1).leader(), reservation: claims(63) }, 'a');
    world.sync();
    expect(held(world)).toBe(1000);
  });

  test('holds nothing for roles that the gang does not have, nor for a second leader', () => {
    const world = beforeStart({ a: 64 });
    const more = { ghost: { a: 20 }, launcher: { a: 9 } };
    world.bind({ ...mpi(1).leader(), reservation: claims(1, more) }, 'a');
    world.sync();
    expect(held(world)).toBe(1000);
  });

  test('holds no more on a replica that follows', () => {
    const world = beforeStart({ a: 64 });
    world.sync();
    world.scheduler.followOthers(true, world.nowMs);
    const leader = boundTo(mpi(2).leader(), 'a');
    world.learn({ kind: 'pod', pod: { ...leader, reservation: claims(2) } });
    expect(held(world)).toBe(2000);
    world.learn({ kind: 'pod', pod: { ...leader, reservation: claims(60) } });
    expect(held(world)).toBe(2000);
  });

  test('what muster gave back stays given back: fewer places than the declaration', () => {
    const world = beforeStart({ a: 64 });
    world.bind({ ...mpi(4).leader(), reservation: claims(2) }, 'a');
    world.sync();
    expect(held(world)).toBe(2000);
  });
});
