import { describe, expect, test } from 'vitest';
import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { runApp } from '../support/apps.ts';
import { GangBuilder, node, pod } from '../support/builders.ts';
import { cores, queue, tenancyOf } from '../support/reclaim-tenancies.ts';
import { World } from '../support/world.ts';

const HOUR_MS = 3_600_000;
const WAITS = 'waits: room is needed by a queue within its share';

/** It goes to the node n alone. */
const appOf = (executors: number) =>
  new GangBuilder(
    'app',
    { driver: { count: 1, cpu: 1 }, executor: { count: executors, cpu: 1, nodeSelector: { pool: 'n' } } },
    { queue: 'b' },
  );
const nodeN = (cpu: number) => node('n', { cpu, labels: { pool: 'n' } });

/**
 * Queue a owns all that there is. An app of queue b runs on all of it: a driver and executors that it needs, each of one
 * core.
 */
function appBeyondItsShare(executors: number, nodes: readonly NodeInfo[] = [nodeN(executors + 1)]) {
  const { preemption, reservation } = DEFAULT_POLICY;
  const budget = { ...preemption.budget, perMinute: 1000, perQueue: 1000, perGang: 1000 };
  const world = new World(nodes, {
    preemption: { ...preemption, mode: 'off', wholeGangs: true, minRuntimeMs: 0, cascadeMs: 0, budget },
    reservation: { ...reservation, successorMs: 120_000 },
  });
  world.nowMs = 10 * HOUR_MS;
  const tenancy = tenancyOf([queue('a', { guaranteed: cores(executors + 1) }), queue('b')]);
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
  const app = appOf(executors);
  const pods = [app.leader(), ...Array.from({ length: executors }, (_, i) => app.member('executor', i))];
  for (const one of pods) world.bind({ ...one, evictionTraits: { startedMs: world.nowMs - HOUR_MS } }, 'n');
  return { world, app: pods };
}

/** A gang of queue a, of pods of one core. */
const claimantOf = (name: string, count: number, nodeSelector?: Readonly<Record<string, string>>) =>
  new GangBuilder(name, { worker: { count, cpu: 1, ...(nodeSelector ? { nodeSelector } : {}) } }, { queue: 'a' });
const podsOf = (gang: GangBuilder): PodInfo[] =>
  Array.from({ length: gang.spec.roles[0]!.count }, (_, i) => gang.leader(`${gang.spec.name}-${i}`));
const startAll = (world: World, gang: GangBuilder) => podsOf(gang).map((one) => world.start(one));

/** A new executor of the app, as Spark makes one for one that it lost. */
const successor = (i: number): PodInfo => appOf(3).member('executor', 100 + i);

/** A gang of queue a has so many executors evicted, and they go. */
function reclaim(world: World, name: string, count: number): GangBuilder {
  const gang = claimantOf(name, count);
  expect(world.ask(podsOf(gang)[0]!)).toMatch(/^waits/);
  world.wait(1000);
  expect(world.makeRoom()).toHaveLength(count);
  for (const uid of [...world.scheduler.inside.evictions.beneficiary.keys()]) world.learn({ kind: 'pod-gone', uid });
  return gang;
}

const endAll = (world: World, gang: GangBuilder) => podsOf(gang).forEach((one) => world.gone(one));

const woken = (world: World, from = 0) =>
  world.effects.slice(from).flatMap((one) => (one.kind === 'wake-leader' ? [one.leader.name] : []));

const placed = (world: World) =>
  world.scheduler.inside.gangs.get('jobs/app')!.slots.filter(({ state }) => state !== 'unplaced').length;

const advice = (world: World) => world.scheduler.explain('jobs/app', world.nowMs)!.advice;

/** So many gangs of queue a could start, but not on the nodes that are offered: b is not entitled to that room. */
function wantElsewhere(world: World, count: number): PodInfo[] {
  return Array.from({ length: count }, (_, i) => {
    const leader = claimantOf(`elsewhere${i}`, 1).leader();
    expect(world.ask(leader, [])).toBe('waits: no offered node suits role worker');
    return leader;
  });
}

describe('executors that an app needs and that were reclaimed', () => {
  /** Two of three executors were reclaimed; successors were refused; the room is free again. */
  const freeAgain = () => {
    const { world, app } = appBeyondItsShare(3);
    const gang = reclaim(world, 'first', 2);
    for (const i of [0, 1]) expect(world.ask(successor(i))).toBe(WAITS);
    startAll(world, gang);
    endAll(world, gang);
    const owners = wantElsewhere(world, 4);
    world.wait(1000);
    const from = world.effects.length;
    return { world, app, owners, from };
  };

  test('get no room that others leave', () => {
    const { world } = freeAgain();
    for (const i of [0, 1]) expect(world.ask(successor(i))).toBe(WAITS);
    expect(placed(world)).toBe(2);
    expect(advice(world)).toEqual([
      '2 of its 4 slots have lost their room (a queue within its share reclaimed it); with them, queue b would hold more than its share, and muster places them again in 59 s at the earliest.',
    ]);
  });

  test('come back when the pause is over, without a question: their pods are woken, and find their places', () => {
    const { world, from } = freeAgain();
    world.wait(58_000);
    expect([placed(world), woken(world, from)]).toEqual([2, []]);
    world.wait(1000);
    expect([placed(world), woken(world, from)]).toEqual([4, ['app-executor-100', 'app-executor-101']]);
    for (const i of [0, 1]) expect(world.start(successor(i))).toBe('-> n');
    expect(advice(world)).toEqual([]);
  });

  test('come back at once when their queue is within its share with them', () => {
    const { world, owners, from } = freeAgain();
    for (const one of owners) world.gone(one);
    world.wait(1000);
    world.wait(1000);
    expect([placed(world), woken(world, from)]).toEqual([4, ['app-executor-100', 'app-executor-101']]);
  });

  test('come back one by one, as far as the share of their queue goes', () => {
    const { world, owners } = freeAgain();
    for (const one of owners.slice(1)) world.gone(one);
    world.wait(1000);
    world.wait(1000);
    expect(placed(world)).toBe(3);
    world.wait(60_000);
    expect(placed(world)).toBe(4);
  });

  test('wait for the end of the pause with one that dies by itself', () => {
    const { world, app } = freeAgain();
    const [last] = app.filter(({ uid }) => uid !== 'app-driver' && world.scheduler.inside.cluster.boundPod(uid));
    world.gone(last!);
    expect(placed(world)).toBe(1);
    world.wait(59_000);
    expect(placed(world)).toBe(4);
  });

  test('that are gone by then are not woken', () => {
    const { world, from } = freeAgain();
    world.gone(successor(0));
    world.wait(59_000);
    expect([placed(world), woken(world, from)]).toEqual([4, ['app-executor-101']]);
  });
});

describe('while a gang within its share waits for room on the same nodes', () => {
  /** As before, and the pause is over; a gang that is too large for the room that is free waits. */
  const withClaimant = () => {
    const { world } = appBeyondItsShare(3);
    const gang = reclaim(world, 'first', 2);
    world.ask(successor(0));
    startAll(world, gang);
    const claimant = claimantOf('claimant', 3);
    world.gone(podsOf(gang)[0]!);
    expect(world.ask(podsOf(claimant)[0]!)).toBe('waits: gang waits for room');
    world.wait(1000);
    world.wait(120_000);
    const from = world.effects.length;
    return { world, gang, claimant, from };
  };

  test('they wait after the pause, too', () => {
    const { world } = withClaimant();
    expect(placed(world)).toBe(2);
    expect(world.ask(successor(0))).toBe(WAITS);
    expect(advice(world)).toEqual([
      '2 of its 4 slots have lost their room (a queue within its share reclaimed it); with them, queue b would hold more than its share, and gang jobs/claimant waits for room within the share of its queue.',
    ]);
  });

  test('they come back when that gang is gone', () => {
    const { world, claimant, from } = withClaimant();
    world.gone(podsOf(claimant)[0]!);
    world.wait(1000);
    expect([placed(world), woken(world, from)]).toEqual([3, ['app-executor-100']]);
  });

  test('they come back when it has been served and there is room', () => {
    const { world, gang, claimant, from } = withClaimant();
    world.gone(podsOf(gang)[1]!);
    expect(world.makeRoom()).toHaveLength(1);
    for (const uid of [...world.scheduler.inside.evictions.beneficiary.keys()]) world.learn({ kind: 'pod-gone', uid });
    expect(startAll(world, claimant)).toEqual(['-> n', '-> n', '-> n']);
    world.wait(1000);
    expect(placed(world)).toBe(1);
    for (const one of podsOf(claimant).slice(1)) world.gone(one);
    // It was reclaimed for the second time.
    world.wait(121_000);
    expect([placed(world), woken(world, from)]).toEqual([3, ['claimant-0', 'app-executor-100']]);
  });

  test('they come back after an hour all the same', () => {
    const { world, claimant, from } = withClaimant();
    // kube-scheduler asks again every five minutes; a gang that nobody asks about has no claim.
    for (let leftMs = HOUR_MS - 123_000; leftMs > 0; leftMs -= 300_000) {
      world.ask(podsOf(claimant)[0]!);
      world.wait(Math.min(leftMs, 300_000));
    }
    expect(placed(world)).toBe(2);
    world.wait(2000);
    expect([placed(world), woken(world, from)]).toEqual([3, ['app-executor-100']]);
  });
});

test('a gang that waits for other nodes keeps nobody from coming back', () => {
  const { world } = appBeyondItsShare(3, [nodeN(4), node('m', { cpu: 1, labels: { pool: 'm' } })]);
  world.bind(pod('other', { cpu: 1 }), 'm');
  const gang = reclaim(world, 'first', 2);
  startAll(world, gang);
  expect(world.ask(claimantOf('other-nodes', 1, { pool: 'm' }).leader())).toBe('waits: gang waits for room');
  endAll(world, gang);
  wantElsewhere(world, 3);
  world.wait(1000);
  expect(placed(world)).toBe(2);
  world.wait(60_000);
  expect(placed(world)).toBe(4);
});

test('an app beyond its share that lost nothing to others gets a new place at once when a member dies', () => {
  const { world, app } = appBeyondItsShare(3);
  expect(world.ask(claimantOf('first', 4).leader())).toBe('waits: gang waits for room');
  world.wait(1000);
  world.gone(app[1]!);
  expect(world.start(successor(0))).toBe('-> n');
});

test('so does one whose node is too small by now', () => {
  const { world, app } = appBeyondItsShare(3, [nodeN(4), node('m', { cpu: 1, unschedulable: true })]);
  expect(world.ask(claimantOf('first', 4).leader())).toBe('waits: gang waits for room');
  world.wait(1000);
  world.node(node('m', { cpu: 1, labels: { pool: 'n' } }));
  world.node(nodeN(3));
  world.gone(app[1]!);
  expect(world.start(successor(0))).toBe('-> m');
});

test('what took room from a gang is told as it was', () => {
  const told = (world: World) => advice(world)[0]!.replace(/.*\((.*)\).*/, '$1');
  const { world, app } = appBeyondItsShare(2);
  world.wait(1000);
  world.node(nodeN(2));
  world.gone(app[1]!);
  expect(told(world)).toBe('another scheduler took it, or the node is gone');
  const { world: other } = appBeyondItsShare(2);
  reclaim(other, 'first', 1);
  expect(told(other)).toBe('a queue within its share reclaimed it');
});

test('members that were evicted for a lower priority are told so', () => {
  const { preemption } = DEFAULT_POLICY;
  const world = new World([node('n', { cpu: 3 })], {
    preemption: { ...preemption, mode: 'enforce', wholeGangs: true, minRuntimeMs: 0 },
  });
  world.nowMs = 10 * HOUR_MS;
  runApp(world, 'app', ['n', 'n', 'n']);
  const urgent = new GangBuilder('urgent', { worker: { count: 1, cpu: 1 } }, { priority: 100 });
  expect(world.ask(urgent.leader())).toMatch(/^waits/);
  expect(world.makeRoom()).toHaveLength(1);
  for (const uid of [...world.scheduler.inside.evictions.beneficiary.keys()]) world.learn({ kind: 'pod-gone', uid });
  expect(advice(world)).toEqual([
    '1 of its 3 slots has lost its room (its pods were evicted); muster places it again as soon as there is room.',
  ]);
});
