import { expect, test } from 'vitest';
import type { Cost, QueueCost } from '../../src/core/costs.ts';
import { OPEN_TENANCY, plainQueue, type Price, type Tenancy } from '../../src/core/policy/tenancy.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { GangBuilder, boundTo, node, pod, spark, type NodeOptions } from '../support/builders.ts';
import { World } from '../support/world.ts';

const GIB = 2 ** 30;
const HOUR = 3_600_000;
const prices = (...list: Price[]): Tenancy => ({ ...OPEN_TENANCY, prices: list });
const fixed = (perHour: number, labels: Record<string, string> = {}): Price => ({
  kind: 'fixed',
  labels: new Map(Object.entries(labels)),
  perHour,
});

/** Nodes without memory, where a core costs 1 an hour. */
const bare = (name: string, options: NodeOptions) => node(name, { memoryGib: 0, ...options });

function setRules(world: World, tenancy: Tenancy): void {
  world.scheduler.setRules({ policies: [DEFAULT_POLICY], tenancy }, world.nowMs);
}

const costs = (world: World) => world.scheduler.costs(world.nowMs);
const ofQueue = (world: World, queue: string): QueueCost => costs(world).queues.find((one) => one.queue === queue)!;
const cores = ({ resourceSeconds }: Cost) => resourceSeconds.get('cpu') ?? 0;
/** Core-seconds by state, without states that have none. */
const states = (world: World, queue: string) =>
  Object.fromEntries(
    Object.entries(ofQueue(world, queue).states).flatMap(([state, cost]) =>
      cores(cost) > 0 ? [[state, cores(cost)]] : [],
    ),
  );

/** All of them are the bill, of money and of every resource. */
function expectReconciled(world: World): void {
  const { queues, overhead, idle, bill } = costs(world);
  const parts = [...queues.map(({ total }) => total), overhead, idle];
  const money = parts.reduce((sum, { cost }) => sum + cost, 0);
  expect(Math.abs(money - bill.cost)).toBeLessThanOrEqual(1e-9 * bill.cost);
  for (const [name, amount] of bill.resourceSeconds) {
    const sum = parts.reduce((total, { resourceSeconds }) => total + (resourceSeconds.get(name) ?? 0), 0);
    expect(Math.abs(sum - amount)).toBeLessThanOrEqual(1e-9 * amount);
  }
}

test('E1 a gang pays for the room held for it, while it starts, and while it works', () => {
  const world = new World([bare('n', { cpu: 16 })], {
    reservation: { ...DEFAULT_POLICY.reservation, unclaimedMs: HOUR },
  });
  // The last member has no cpu, so that all 8 cores are in one state at a time.
  const gang = new GangBuilder('a', {
    driver: { count: 1, cpu: 1 },
    executor: { count: 7, cpu: 1 },
    last: { count: 1, cpu: 0 },
  });
  const answer = world.ask(gang.leader());
  world.wait(60_000);
  world.bind(gang.leader(), answer.slice(3));
  for (let i = 0; i < 7; i++) world.start(gang.member('executor', i));
  world.wait(30_000);
  world.start(gang.member('last', 0));
  world.wait(600_000);
  expect(states(world, 'default')).toEqual({ held: 480, starting: 240, working: 4800 });
  expectReconciled(world);
});

test('E2 a gang whose slots expire unclaimed has held room and nothing else', () => {
  const world = new World([bare('n', { cpu: 16 })]);
  world.ask(spark('a', 7).leader());
  world.wait(DEFAULT_POLICY.reservation.unclaimedMs / 2);
  world.wait(DEFAULT_POLICY.reservation.unclaimedMs / 2);
  world.wait(HOUR);
  const heldS = DEFAULT_POLICY.reservation.unclaimedMs / 1000;
  // kube-scheduler was told a node for the leader, and may yet bind it.
  expect(states(world, 'default')).toEqual({ held: 8 * heldS + 3600 });
  world.gone(spark('a', 7).leader());
  world.wait(HOUR);
  expect(states(world, 'default')).toEqual({ held: 8 * heldS + 3600 });
  expectReconciled(world);
});

test('E3 what evictions cost is booked on the queue that they were for; the broken gang says by whom', () => {
  const world = new World([bare('n1', { cpu: 4 }), bare('n2', { cpu: 2 })], {
    preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce', minRuntimeMs: 0 },
  });
  const low = spark('low', 5, { queue: 'batch' });
  for (const one of [low.leader(), ...[0, 1, 2, 3, 4].map((i) => low.member('executor', i))]) world.start(one);
  world.wait(1_000_000);
  const high = spark('high', 1, { queue: 'prod', priority: 100 });
  world.ask(high.leader());
  world.wait(60_000);
  const victims = world.makeRoom();
  expect(victims.length).toBeGreaterThan(0);
  const planned = world.effects.flatMap((effect) => (effect.kind === 'eviction-planned' ? effect.victims : []));
  const lost = planned.reduce((sum, { coreSeconds }) => sum + coreSeconds, 0);
  expect(lost).toBeGreaterThan(0);
  expect(ofQueue(world, 'prod').lostCoreSeconds).toBe(lost);
  expect(ofQueue(world, 'batch').lostCoreSeconds).toBe(0);
  // From the decision on, the room of the victims is held for the other gang.
  const before = cores(ofQueue(world, 'batch').states.working);
  world.wait(10_000);
  expect(cores(ofQueue(world, 'prod').states.held)).toBe(20);
  expect(cores(ofQueue(world, 'batch').states.working)).toBe(before + 10 * (6 - victims.length));
  const [first] = planned;
  if (first!.isLeader) return;
  world.learn({ kind: 'pod-gone', uid: victims[0]! });
  world.wait(10_000);
  expect(cores(ofQueue(world, 'batch').states['broken-eviction'])).toBe(10 * (6 - victims.length));
  expect(cores(ofQueue(world, 'prod').caused)).toBe(10 * (6 - victims.length));
  expectReconciled(world);
});

test('E4 a node of 16 cores and 64 GiB at 1.60 an hour: 8 cores and 8 GiB pay 0.60', () => {
  const world = new World([node('n', { cpu: 16, memoryGib: 64 })]);
  setRules(world, prices(fixed(1.6)));
  const gang = new GangBuilder('a', { main: { count: 1, cpu: 8, memoryGib: 8 } });
  world.start(gang.leader());
  world.wait(HOUR);
  const { bill, idle, strandedCost } = costs(world);
  expect(ofQueue(world, 'default').total.cost).toBeCloseTo(0.6, 9);
  expect(ofQueue(world, 'default').total.resourceSeconds.get('memory')).toBe(8 * GIB * 3600);
  expect(bill.cost).toBeCloseTo(1.6, 9);
  expect(idle.cost).toBeCloseTo(1, 9);
  // Half of the cores are taken: half of the node is used up, and 0.60 of its 0.80 are paid.
  expect(strandedCost).toBeCloseTo(0.2, 9);
  expect(world.scheduler.idleNow()).toEqual({
    unlent: 0,
    stranded: expect.closeTo(0.2, 9) as number,
    fragment: 0,
    free: expect.closeTo(0.8, 9) as number,
  });
});

test('what a broken gang holds is booked by cause: its own doing, or a node that went', () => {
  const world = new World([bare('n1', { cpu: 4 }), bare('n2', { cpu: 2 })]);
  const gang = spark('a', 4);
  world.start(gang.leader(), ['n1']);
  for (const i of [0, 1, 2, 3]) world.start(gang.member('executor', i));
  world.wait(10_000);
  world.gone(gang.member('executor', 0));
  world.wait(10_000);
  // Its slot is held for a successor; the other four wait for it.
  expect(states(world, 'default')).toEqual({ working: 50, 'broken-self': 40, held: 10 });
  world.start(gang.member('executor', 7));
  world.wait(10_000);
  expect(states(world, 'default')).toMatchObject({ working: 100, 'broken-self': 40 });
  // What runs at a node that is gone costs nothing any more.
  const there = [...world.scheduler.inside.cluster.podsAt('n2')].map((bound) => bound.pod);
  world.removeNode('n2');
  expect(there.length).toBeGreaterThan(0);
  for (const { uid } of there) world.learn({ kind: 'pod-gone', uid });
  world.wait(10_000);
  expect(states(world, 'default')).toMatchObject({ working: 100, 'broken-node': 10 * (5 - there.length) });
  expectReconciled(world);
});

test('E6 after a restart counters begin at 0, and a replica that follows counts nothing', () => {
  const world = new World([bare('n', { cpu: 4 })]);
  const gang = spark('a', 1);
  for (const one of [gang.leader(), gang.member('executor', 0)]) world.start(one);
  world.wait(10_000);
  expect(states(world, 'default')).toEqual({ working: 20 });
  world.scheduler.followOthers(true, world.nowMs);
  world.wait(HOUR);
  expect(costs(world).seconds).toBe(10);
  world.scheduler.followOthers(false, world.nowMs);
  world.wait(5000);
  expect(states(world, 'default')).toEqual({ working: 30 });

  const after = new World([bare('n', { cpu: 4 })], {}, false);
  after.nowMs = world.nowMs;
  for (const one of [gang.leader(), gang.member('executor', 0)]) after.bind(one, 'n');
  after.wait(60_000);
  // Not read whole yet: nothing counts.
  expect(costs(after).bill.cost).toBe(0);
  after.sync();
  after.wait(10_000);
  expect(states(after, 'default')).toEqual({ working: 20 });
  expectReconciled(after);
});

test('E7 a price that changes counts from then on, in a label as in the file', () => {
  const priced = (price: string) => bare('n', { cpu: 4, labels: { 'example/price': price } });
  const world = new World([priced('2')]);
  setRules(world, prices({ kind: 'label', labels: new Map(), key: 'example/price' }, fixed(9)));
  const gang = spark('a', 1);
  for (const one of [gang.leader(), gang.member('executor', 0)]) world.start(one);
  world.wait(HOUR);
  expect(ofQueue(world, 'default').total.cost).toBeCloseTo(1, 9);
  world.node(priced('6'));
  world.wait(HOUR);
  expect(ofQueue(world, 'default').total.cost).toBeCloseTo(4, 9);
  // No number: the next price counts.
  world.node(priced('much'));
  world.wait(HOUR);
  expect(ofQueue(world, 'default').total.cost).toBeCloseTo(8.5, 9);
  setRules(world, prices(fixed(0)));
  world.wait(HOUR);
  expect(ofQueue(world, 'default').total.cost).toBeCloseTo(8.5, 9);
  expect(costs(world).bill.cost).toBeCloseTo(17, 9);
  expectReconciled(world);
});

test('a pod of no gang is overhead, and what is left of a gang that is over stays its queue`s', () => {
  const world = new World([bare('n', { cpu: 8 })]);
  world.bind(pod('service', { cpu: 2 }), 'n');
  const gang = spark('a', 1, { queue: 'etl' });
  for (const one of [gang.leader(), gang.member('executor', 0)]) world.start(one);
  world.wait(10_000);
  world.gone(gang.leader());
  world.wait(10_000);
  expect(cores(costs(world).overhead)).toBe(40);
  expect(cores(ofQueue(world, 'etl').total)).toBe(30);
  world.gone(gang.member('executor', 0));
  world.learn({ kind: 'pod', pod: boundTo(pod('service', { cpu: 2 }), 'n') });
  world.wait(10_000);
  expect(cores(ofQueue(world, 'etl').total)).toBe(30);
  expect(cores(costs(world).idle)).toBe(8 * 30 - 60 - 30);
});

test('what a queue is guaranteed and does not lend is booked as unlent, and is a part of idle', () => {
  const world = new World([bare('n', { cpu: 8 })]);
  const quota = (cpu: number) => ({ amounts: new Map([['cpu', cpu * 1000]]), shares: new Map() });
  const queues = [{ ...plainQueue('prod'), guaranteed: quota(6), lend: quota(2) }, plainQueue('batch')];
  setRules(world, { ...OPEN_TENANCY, queues });
  world.scheduler.admitWaiting(world.nowMs);
  world.wait(HOUR);
  expect(cores(ofQueue(world, 'prod').unlent) / 3600).toBe(4);
  expect(ofQueue(world, 'prod').unlent.cost).toBeCloseTo(4, 9);
  expect(world.scheduler.idleNow()).toEqual({ unlent: 4, stranded: 0, fragment: 0, free: 4 });
});
