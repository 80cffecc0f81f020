import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import type { RunTimes } from '../../src/core/history/run-times.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { queueClaimOf } from '../../src/core/preemption/candidates/share-rules.ts';
import type { QueueSpec } from '../../src/core/policy/tenancy.ts';
import { runApp, runSingleRoleGang } from '../support/apps.ts';
import { GangBuilder, node } from '../support/builders.ts';
import { cores, queue, tenancyOf, type QueueOptions } from '../support/reclaim-tenancies.ts';
import { rule } from '../support/tenancies.ts';
import { exactly, ToldRunTimes } from '../support/told-run-times.ts';
import { World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Options {
  readonly isSynced?: boolean;
  readonly runTimes?: RunTimes;
}

/** One node, at ten o'clock; only share evicts. */
function cluster(cpu: number, queues: readonly QueueSpec[], { isSynced = true, runTimes }: Options = {}): World {
  const { preemption } = DEFAULT_POLICY;
  const budget = { ...preemption.budget, perMinute: 1000, perQueue: 1000, perGang: 1000 };
  const rules = { ...preemption, mode: 'off' as const, wholeGangs: true, minRuntimeMs: 0, budget };
  const world = new World([node('n', { cpu, pods: 1000 })], { preemption: rules }, isSynced, [], runTimes);
  world.nowMs = 10 * HOUR_MS;
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy: tenancyOf(queues) }, world.nowMs);
  return world;
}

const owns = (cpu: number): QueueOptions => ({ guaranteed: cores(cpu) });
const run = (world: World, name: string, path: string) => runSingleRoleGang(world, name, ['n'], { queue: path })[0]!;
/** A gang that waits, of pods of one core. */
function claim(world: World, count: number, path = 'a'): PodInfo {
  const leader = new GangBuilder('claimant', { worker: { count, cpu: 1 } }, { queue: path }).leader('claimant-0');
  expect(world.ask(leader)).toBe('waits: gang waits for room');
  return leader;
}

describe('reclaim.after', () => {
  test('nothing is evicted before the gang has waited for so long', () => {
    const world = cluster(4, [queue('a', { ...owns(2), reclaim: { afterMs: MINUTE_MS } }), queue('b')]);
    for (let i = 0; i < 4; i++) run(world, `b${i}`, 'b');
    claim(world, 2);
    for (const ms of [0, 30_000, 29_999]) {
      world.wait(ms);
      expect(world.makeRoom()).toEqual([]);
    }
    world.wait(1);
    expect(world.makeRoom()).toHaveLength(2);
  });

  test('a gang has its claim although kube-scheduler, in a full cluster, has no node to ask about', () => {
    const world = cluster(4, [queue('a', { ...owns(2), reclaim: { afterMs: HOUR_MS } }), queue('b')]);
    for (let i = 0; i < 4; i++) run(world, `b${i}`, 'b');
    claim(world, 2);
    for (let i = 0; i < 60; i++) {
      expect(world.makeRoom()).toEqual([]);
      world.wait(MINUTE_MS);
    }
    expect(world.makeRoom()).toHaveLength(2);
  });
});

describe('reclaim.patience', () => {
  /** The gang of queue b has run for an hour, and is to end in so many minutes. */
  const play = (minutes: number) => {
    const runTimes = new ToldRunTimes({ lent: exactly(HOUR_MS + minutes * MINUTE_MS) });
    const reclaim = { afterMs: MINUTE_MS, patienceMs: 5 * MINUTE_MS };
    const world = cluster(4, [queue('a', { ...owns(4), reclaim }), queue('b')], { runTimes });
    const lent = runSingleRoleGang(world, 'lent', ['n', 'n', 'n', 'n'], { queue: 'b' });
    const leader = claim(world, 4);
    world.wait(MINUTE_MS);
    return { world, lent, leader };
  };

  test('nothing is evicted while gangs that end within it make the room', () => {
    const { world, lent, leader } = play(4);
    expect(world.makeRoom()).toEqual([]);
    world.wait(3 * MINUTE_MS);
    expect(world.makeRoom()).toEqual([]);
    for (const one of lent) world.gone(one);
    expect(world.ask(leader)).toBe('-> n');
  });

  test('what was to end and did not is evicted, though the patience is not over', () => {
    const { world } = play(4);
    world.wait(3 * MINUTE_MS);
    expect(world.makeRoom()).toEqual([]);
    world.wait(MINUTE_MS);
    expect(world.makeRoom()).toHaveLength(4);
  });

  test('nobody waits for ends that come later', () => {
    expect(play(7).world.makeRoom()).toHaveLength(4);
  });
});

describe('reclaim.from', () => {
  const play = (from: readonly string[]) => {
    const world = cluster(8, [
      queue('a', { ...owns(4), reclaim: { from } }),
      queue('b', { queues: [queue('x'), queue('y')] }),
      queue('c'),
    ]);
    for (let i = 0; i < 2; i++)
      for (const path of ['b.x', 'b.y', 'c', 'c'])
        run(world, `${path.replace('.', '')}${i}${world.effects.length}`, path);
    claim(world, 1);
    return world.makeRoom();
  };

  test('absent: any queue that is over may lose pods', () => expect(play([])).toHaveLength(1));
  test('names a queue: no other one loses a pod', () => {
    expect(play(['c'])).toEqual([expect.stringMatching(/^c/)]);
    expect(play(['b.y'])).toEqual([expect.stringMatching(/^by/)]);
  });
  test('a queue above stands for all below it', () => expect(play(['b'])).toEqual([expect.stringMatching(/^b[xy]/)]));
  test('a queue that is not over loses nothing, and others nothing instead of it', () => {
    const world = cluster(4, [queue('a', { ...owns(2), reclaim: { from: ['b'] } }), queue('b', owns(1)), queue('c')]);
    run(world, 'b0', 'b');
    for (let i = 0; i < 3; i++) run(world, `c${i}`, 'c');
    claim(world, 2);
    expect(world.makeRoom()).toEqual([]);
  });
});

describe('A20: two queues that are over by the same, after a restart of muster', () => {
  const queues = [queue('a', owns(2)), queue('b'), queue('c')];
  const order = ['b1', 'b2', 'b3', 'c1', 'c2', 'c3'];
  const planned = (world: World) => world.effects.flatMap((one) => (one.kind === 'eviction-planned' ? [one] : []));

  test('in the middle of the evictions: the same one goes on, and no other pod', () => {
    const before = cluster(6, queues);
    const running = new Map(order.map((name) => [name, run(before, name, name.charAt(0))]));
    const leader = claim(before, 2);
    const [first, second] = before.makeRoom();
    const [plan] = planned(before);
    const eviction = { text: 'x', ...plan!.plan, victims: plan!.victims.map(({ pod: ref }) => ref) };
    const after = cluster(6, queues, { isSynced: false });
    for (const one of running.values()) if (one.name !== first) after.bind(one, 'n');
    after.learn({ kind: 'pod', pod: { ...leader, eviction } });
    after.sync();
    expect(planned(after).map(({ victims }) => victims.map(({ pod: ref }) => ref.name))).toEqual([[second]]);
    expect(after.makeRoom()).toEqual([]);
    after.gone([...running.values()].find(({ name }) => name === second)!);
    expect(after.ask(leader)).toBe('-> n');
    expect(planned(after)).toHaveLength(1);
  });
});

test('D2: 10 cores from a shared app with 20 executors beyond its minimum and one that needs all: those of the shared app go', () => {
  const world = cluster(44, [queue('a', owns(10)), queue('b')]);
  runApp(world, 'dedicated', Array<string>(21).fill('n'), { queue: 'b' });
  runApp(world, 'shared', Array<string>(23).fill('n'), { queue: 'b', min: 2 });
  claim(world, 10);
  const victims = world.makeRoom();
  expect(victims).toHaveLength(10);
  expect(victims.filter((name) => !/^shared-\d/.test(name))).toEqual([]);
});

describe('A27: the max of a queue is lowered below what it holds', () => {
  const told = (world: World, from: number) =>
    world.effects.slice(from).flatMap((one: Effect) => (one.kind === 'max-enforced' ? one.victims : []));
  const play = (reclaim: QueueOptions['reclaim']) => {
    const world = cluster(10, [queue('a', { max: cores(10) })]);
    runApp(world, 'app', Array<string>(10).fill('n'), { queue: 'a', min: 4 });
    const tenancy = tenancyOf([queue('a', { max: cores(6), ...(reclaim ? { reclaim } : {}) })]);
    world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
    world.makeRoom();
    world.wait(HOUR_MS);
    world.makeRoom();
    return told(world, 0);
  };

  test('members beyond the minimum go first', () => {
    const victims = play({ maxAfterMs: HOUR_MS });
    expect(victims).toHaveLength(4);
    expect(victims.every(({ isLeader, because }) => !isLeader && because === 'max')).toBe(true);
  });
  test('nobody goes unless the file says after how long', () => expect(play(undefined)).toEqual([]));
  test('nobody goes with mode advise', () => {
    expect(play({ mode: 'advise', maxAfterMs: HOUR_MS })).toEqual([]);
  });
});

test('a queue that holds what it is guaranteed loses nothing where guarantees have shrunk below that', () => {
  const reclaim = { to: 'share' as const, from: ['b'] };
  const world = cluster(12, [queue('a', { ...owns(8), reclaim }), queue('b', owns(8)), queue('c')]);
  for (let i = 0; i < 8; i++) run(world, `b${i}`, 'b');
  for (const path of ['a', 'c']) for (let i = 0; i < 2; i++) run(world, `${path}${i}`, path);
  claim(world, 2);
  world.ask(new GangBuilder('more', { worker: { count: 2, cpu: 1 } }, { queue: 'a' }).leader());
  world.wait(1000);
  const { tree, shares } = world.scheduler.inside;
  expect(shares.of(tree.find('b')!).entitled[0]).toBeLessThan(7000);
  expect(shares.tierAt(tree.find('a')!, world.scheduler.inside.gangs.get('jobs/claimant')!.ask)).toBe(0);
  expect(world.makeRoom()).toEqual([]);
});

test('what is being deleted anyway is nothing that a queue holds beyond its share', () => {
  const play = (held: number) => {
    const queues = [queue('a', { ...owns(4), reclaim: { from: ['b'] } }), queue('b', owns(6)), queue('c')];
    const world = cluster(10, queues);
    const [first] = Array.from({ length: held }, (_, i) => run(world, `b${i}`, 'b'));
    for (let i = 0; i < 8 - held; i++) run(world, `c${i}`, 'c');
    for (let i = 0; i < 2; i++) run(world, `a${i}`, 'a');
    world.bind({ ...first!, deleting: true }, 'n');
    claim(world, 2);
    return world.makeRoom();
  };
  // One of its pods is going: without that, queue b holds what it is guaranteed, or one more.
  expect(play(7)).toEqual([]);
  expect(play(8)).toHaveLength(1);
});

test('members of a gang that nobody declares count as gone, too, once they are being deleted', () => {
  const queues = [queue('a', owns(5)), queue('b', owns(5))];
  const world = cluster(10, queues);
  const tenancy = { ...tenancyOf(queues), rules: [rule('b')] };
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
  for (let i = 0; i < 5; i++) run(world, `b${i}`, 'b');
  const orphan = new GangBuilder(
    'orphan',
    { driver: { count: 1, cpu: 1 }, executor: { count: 1, cpu: 1 } },
    { queue: 'b' },
  );
  const bound = orphan.member('executor', 0);
  world.bind(bound, 'n');
  const { inside } = world.scheduler;
  claim(world, 5);
  const overOf = () =>
    queueClaimOf(inside, inside.gangs.get('jobs/claimant')!, {
      priority: 0,
      means: { priority: false, share: true },
    })!.overOf(inside.tree.leaf('b'), 0);
  const counted = inside.usage.ownerOf('jobs/orphan')?.leaf.path;
  expect([counted, overOf() > 0]).toEqual(['b', true]);
  world.bind({ ...bound, deleting: true }, 'n');
  expect(overOf()).toBeLessThanOrEqual(0);
});
