import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import type { Tenancy } from '../../src/core/policy/tenancy.ts';
import { boundTo, GangBuilder, node, pod, queueWith, spark } from '../support/builders.ts';
import { RoomDesk } from '../support/room-desk.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { cpu, queue, ratesWith, tenancy } from '../support/tenancies.ts';
import { World } from '../support/world.ts';

/** A cluster of 4 cores. */
const small = (policy: Partial<Policy> = {}) => new World([node('n1', { cpu: 4 })], policy);

function reload(world: World, file: Tenancy): void {
  world.scheduler.setRules({ policies: [DEFAULT_POLICY], tenancy: file }, world.nowMs);
}

const advice = (world: World, gang: string) => world.scheduler.explain(gang, world.nowMs)!.advice.join(' ');

describe('what is asked', () => {
  test('a gang of 50 that even the empty cluster cannot hold asks once for all of it, after its patience', () => {
    const world = small();
    const desk = new RoomDesk(world);
    const gang = spark('big', 49);
    expect(world.ask(gang.leader())).toContain('cannot start on this cluster');
    expect(desk.wait(10)).toEqual([]);
    expect(desk.wait(300)).toEqual(['+jobs/big']);
    expect(desk.asks[0]!.podSets.map(({ role, count }) => [role, count])).toEqual([
      ['driver', 1],
      ['executor', 49],
    ]);
    expect(world.effects.filter(({ kind }) => kind === 'room-asked')).toEqual([
      expect.objectContaining({ gang: 'jobs/big', members: 50 }),
    ]);
  });

  test('a gang that lacks room beside others asks for all its members: the autoscaler places them on free room first', () => {
    const world = small();
    world.bind(pod('other', { cpu: 3 }), 'n1');
    const desk = new RoomDesk(world);
    expect(world.ask(spark('a', 2).leader())).toBe('waits: gang waits for room');
    expect(desk.wait(11)).toEqual(['+jobs/a']);
    expect(desk.asks[0]!.podSets.map(({ count }) => count)).toEqual([1, 2]);
  });

  test('a gang whose leader runs asks for the members that are missing', () => {
    const world = small();
    const gang = spark('a', 5);
    world.bind(gang.leader(), 'n1');
    world.bind(gang.member('executor', 0), 'n1');
    world.ask(gang.member('executor', 1));
    const desk = new RoomDesk(world);
    expect(desk.wait(11)).toEqual(['+jobs/a']);
    expect(desk.asks[0]!.podSets.map(({ role, count }) => [role, count])).toEqual([['executor', 4]]);
  });

  test('what its nodes must be goes with it, also what the policy and the queue require', () => {
    const labels = { 'muster.dev/pool': 'batch' };
    const requireLabels = new Map([['tier', 'spot']]);
    const world = new World([node('n1', { cpu: 1 })], {
      members: { ...DEFAULT_POLICY.members, requireLabels },
      topology: { mode: 'require', keys: ['rack', 'zone'], leader: false },
    });
    const gang = new GangBuilder('a', {
      driver: { count: 1, cpu: 1 },
      executor: { count: 2, cpu: 1, nodeSelector: labels },
    });
    world.ask(gang.leader());
    const desk = new RoomDesk(world);
    desk.wait(11);
    const [driver, executor] = desk.asks[0]!.podSets;
    expect([driver!.together, executor!.together]).toEqual([undefined, 'zone']);
    expect(Object.fromEntries(executor!.constraints.nodeSelector)).toEqual(labels);
    expect(executor!.constraints.affinity).toEqual([[{ on: 'label', key: 'tier', operator: 'In', values: ['spot'] }]]);
    expect(driver!.constraints.affinity).toBeUndefined();
  });

  test('a driver behind a gate asks for nodes of which there are none yet, though kube-scheduler never asks about it', () => {
    const world = small();
    const executor = { count: 9, cpu: 1, nodeSelector: { pool: 'empty' } };
    const gang = new GangBuilder('a', { driver: { count: 1, cpu: 1 }, executor });
    world.learn({ kind: 'pod', pod: { ...gang.leader(), gated: true } });
    world.scheduler.admitWaiting(world.nowMs);
    const desk = new RoomDesk(world);
    expect(desk.wait(11)).toEqual(['+jobs/a']);
    expect(desk.asks[0]!.podSets.map(({ count }) => count)).toEqual([1, 9]);
  });

  test('constraints that no node can ever meet are not asked for', () => {
    const world = small();
    const gang = spark('a', 20);
    const leader = { ...gang.leader(), constraints: { nodeSelector: new Map(), tolerations: [], affinity: [] } };
    const roles = gang.spec.roles.map((role) => ({ ...role, constraints: leader.constraints }));
    const spec = { ...gang.spec, roles };
    world.ask({ ...leader, membership: { gang: spec.key, role: 'driver', spec } });
    expect(new RoomDesk(world).wait(60)).toEqual([]);
  });

  test('more kinds of members than a request may have are not asked for', () => {
    const roles = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`role-${i}`, { count: 1, cpu: 1 }]));
    const world = small();
    world.ask(new GangBuilder('many', roles).leader());
    expect(new RoomDesk(world).wait(60)).toEqual([]);
  });
});

describe('who asks for nothing', () => {
  test('a gang that waits for quota', () => {
    const world = small();
    reload(world, tenancy([queue('default', { max: cpu(2) })]));
    const app = new TenantApp('a', { executors: 9 });
    expect(world.ask(app.driver())).toContain('queue default');
    expect(new RoomDesk(world).wait(60)).toEqual([]);
    expect(new RoomDesk(world, { afterMs: 0 }).wait(5)).toEqual([]);
  });

  test('a gang behind another that must start first; that one asks', () => {
    const world = small({ queue: queueWith({ blockAfterMs: 0 }) });
    world.bind(pod('other', { cpu: 3 }), 'n1');
    world.ask(spark('first', 2).leader());
    expect(world.ask(spark('second', 2).leader())).toBe('waits: gang waits for its turn');
    expect(new RoomDesk(world).wait(60)).toEqual(['+jobs/first']);
    expect(new RoomDesk(world, { afterMs: 0 }).wait(5)).toEqual([]);
  });

  test('a gang that was refused for room and then gets another ahead of it', () => {
    const world = small({ queue: queueWith({ blockAfterMs: 0 }) });
    world.bind(pod('other', { cpu: 3 }), 'n1');
    world.ask(spark('second', 2).leader());
    world.ask(spark('first', 2, { priority: 9 }).leader());
    expect(new RoomDesk(world).wait(60)).toEqual(['+jobs/first']);
  });

  test('a gang that waits for a rate', () => {
    const world = new World([node('n1', { cpu: 100 })]);
    reload(world, ratesWith({ pods: { perSecond: 0.001, burst: 2 } }));
    world.ask(new TenantApp('a').driver());
    expect(world.ask(new TenantApp('b').driver())).toContain('pod rate');
    expect(new RoomDesk(world).wait(60)).toEqual([]);
  });

  test('a gang whose members do not all exist yet', () => {
    const world = small();
    const gang = new GangBuilder('mpi', { worker: { count: 20, cpu: 1 } });
    const spec = { ...gang.spec, waitsForAll: true as const };
    world.ask({ ...gang.leader(), membership: { gang: spec.key, role: 'worker', spec } });
    expect(new RoomDesk(world).wait(60)).toEqual([]);
  });

  test('a gang for which victims leave', () => {
    const world = small({ preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce' } });
    world.nowMs = 36_000_000;
    for (const name of ['x', 'y', 'z']) world.bind({ ...pod(name), evictionTraits: { startedMs: 0 } }, 'n1');
    expect(world.ask(spark('high', 2, { priority: 100 }).leader())).toBe('waits: gang waits for room');
    expect(world.makeRoom()).toHaveLength(2);
    expect(new RoomDesk(world).wait(20)).toEqual([]);
  });

  test('a gang that has its room before its patience ends', () => {
    const world = small();
    const gang = spark('a', 5);
    world.ask(gang.leader());
    const desk = new RoomDesk(world);
    expect(desk.wait(9)).toEqual([]);
    world.node(node('n2', { cpu: 4 }));
    expect(world.ask(gang.leader())).toMatch(/^-> /);
    expect(desk.wait(60)).toEqual([]);
  });

  test('anybody while this muster follows another', () => {
    const world = small();
    world.ask(spark('a', 9).leader());
    world.scheduler.followOthers(true, world.nowMs);
    const desk = new RoomDesk(world);
    expect(desk.wait(60)).toEqual([]);
    world.scheduler.followOthers(false, world.nowMs);
    expect(desk.wait(12)).toEqual(['+jobs/a']);
  });
});

describe('when a request goes', () => {
  /** A world whose gang `a` of six has asked. */
  function asked(): { readonly world: World; readonly desk: RoomDesk; readonly gang: GangBuilder } {
    const world = small();
    const gang = spark('a', 5);
    world.ask(gang.leader());
    const desk = new RoomDesk(world);
    expect(desk.wait(11)).toEqual(['+jobs/a']);
    return { world, desk, gang };
  }

  test('nodes come: the gang is admitted, and its request is withdrawn', () => {
    const { world, desk } = asked();
    world.node(node('n2', { cpu: 4 }));
    const admitted = world.scheduler.admitWaiting(world.nowMs);
    expect(admitted.map(({ kind }) => kind)).toContain('wake-leader');
    expect(desk.poll()).toEqual(['-jobs/a']);
    expect(desk.wait(60)).toEqual([]);
  });

  test('the gang is gone', () => {
    const { world, desk, gang } = asked();
    desk.rules satisfies object;
    world.gone(gang.leader());
    expect(desk.poll({ isAlive: () => false })).toEqual(['-jobs/a']);
    expect(desk.wait(60)).toEqual([]);
    expect(world.scheduler.inside.roomRequests.gangs.size).toBe(0);
  });

  test('a limit of its queue comes in its way', () => {
    const { world, desk } = asked();
    reload(world, tenancy([queue('default', { max: cpu(2) })]));
    expect(desk.poll()).toEqual(['-jobs/a']);
  });

  /** Gang `a` has asked, in a queue where nobody passes the first. */
  function strict() {
    const world = small({ queue: queueWith({ blockAfterMs: 0 }) });
    world.bind(pod('other', { cpu: 3 }), 'n1');
    world.ask(spark('a', 2).leader());
    const desk = new RoomDesk(world);
    expect(desk.wait(11)).toEqual(['+jobs/a']);
    return { world, desk, first: spark('first', 3, { priority: 9 }) };
  }

  test('it waits behind another for as long as it waited for room before', () => {
    const { world, desk, first } = strict();
    world.ask(first.leader());
    expect(desk.wait(10)).toEqual([]);
    expect(desk.wait(2)).toEqual(['-jobs/a', '+jobs/first']);
  });

  test('a short change of what it waits for leaves the request alone, however often', () => {
    const { world, desk, first } = strict();
    for (let i = 0; i < 20; i++) {
      world.ask(first.leader());
      desk.wait(5);
      world.gone(first.leader());
      desk.wait(5);
    }
    expect(desk.asks.map(({ gang }) => gang)).toEqual(['jobs/a']);
    expect(desk.objects.size).toBe(1);
  });

  test('asking is switched off', () => {
    const { desk } = asked();
    expect(desk.poll({ isOff: true })).toEqual(['-jobs/a']);
    expect(desk.poll({ isOff: true })).toEqual([]);
  });

  test('the request of an earlier leader is not that of its successor', () => {
    const { world, desk, gang } = asked();
    const next = gang.leader('a-driver-2');
    world.gone(gang.leader());
    world.ask(next);
    expect(desk.poll()).toEqual(['-jobs/a']);
    expect(desk.wait(12)).toEqual(['+jobs/a']);
  });

  test('it lacks much less by now: it is asked anew for the rest, but not within a minute', () => {
    const world = small();
    const gang = spark('a', 20);
    world.bind(gang.leader(), 'n1');
    world.ask(gang.member('executor', 19));
    const desk = new RoomDesk(world);
    expect(desk.wait(11)).toEqual(['+jobs/a']);
    world.bind(gang.member('executor', 0), 'n1');
    expect(desk.wait(70)).toEqual([]);
    for (const i of [1, 2]) world.bind(gang.member('executor', i), 'n1');
    expect(desk.wait(5)).toEqual(['-jobs/a', '+jobs/a']);
    world.gone(gang.member('executor', 0));
    for (const i of [1, 2]) world.gone(gang.member('executor', i));
    expect(desk.wait(50)).toEqual([]);
    expect(desk.wait(10)).toEqual(['-jobs/a', '+jobs/a']);
    expect(desk.asks.map(({ generation, podSets: [set] }) => [generation, set!.count])).toEqual([
      [1, 20],
      [2, 17],
      [3, 20],
    ]);
    expect(desk.wait(60)).toEqual([]);
  });
});

describe('what the autoscaler answers', () => {
  function asked() {
    const world = small();
    world.ask(spark('a', 5).leader());
    const desk = new RoomDesk(world);
    desk.wait(11);
    return { world, desk };
  }

  test('explain tells of it', () => {
    const { world, desk } = asked();
    desk.wait(4);
    expect(advice(world, 'jobs/a')).toContain(
      'The autoscaler was asked 4 s ago for nodes for the whole gang (ProvisioningRequest a-1); it has not answered yet.',
    );
    desk.answer('jobs/a', 'delayed', 'Capacity is not found, CA will try to find it later.');
    expect(advice(world, 'jobs/a')).toContain('it has found none so far and tries again: Capacity is not found');
    desk.answer('jobs/a', 'provisioned');
    expect(advice(world, 'jobs/a')).toContain('it says that there is room, or that nodes are on their way.');
    expect(world.effects.at(-1)).toMatchObject({ kind: 'room-answered', state: 'provisioned' });
  });

  test('a request that failed stays as a note, and is made again after 1, 2, 4 ... 30 minutes', () => {
    const { world, desk } = asked();
    const times = [world.nowMs];
    for (let i = 0; i < 8; i++) {
      desk.answer('jobs/a', 'failed', 'No node group can hold it.');
      const before = desk.asks.length;
      expect(advice(world, 'jobs/a')).toContain('in vain: No node group can hold it. It is asked again in');
      while (desk.asks.length === before) desk.wait(1);
      expect(desk.objects.size).toBe(1);
      times.push(world.nowMs);
    }
    const gaps = times.slice(1).map((at, i) => Math.round((at - times[i]!) / 60_000));
    expect(gaps).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    expect(desk.asks.map(({ failures }) => failures)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test.each(['expired', 'revoked'] as const)('%s counts as failed', (state) => {
    const { desk } = asked();
    desk.answer('jobs/a', state);
    expect(desk.wait(59)).toEqual([]);
    expect(desk.wait(2)).toEqual(['-jobs/a', '+jobs/a']);
  });

  test('an autoscaler that never answers is given up, and so is room that others took', () => {
    const { world, desk } = asked();
    expect(desk.wait(900 + 60 - 2)).toEqual([]);
    desk.wait(3);
    expect(advice(world, 'jobs/a')).toContain('no autoscaler accepted it');
    expect(desk.wait(60)).toEqual(['-jobs/a', '+jobs/a']);
    desk.answer('jobs/a', 'provisioned');
    expect(desk.wait(10 * 60)).toEqual([]);
    expect(desk.wait(4 * 60)).toEqual(['-jobs/a', '+jobs/a']);
  });

  test('who deletes the request is not written against: the next one comes after a pause', () => {
    const { world, desk } = asked();
    for (let i = 1; i <= 3; i++) {
      const { gang, name } = world.scheduler.roomRequest('jobs/a')!;
      world.learn({ kind: 'room-request-gone', gang, name });
      expect(desk.wait(60 * 2 ** (i - 1) - 1)).toEqual([]);
      expect(desk.wait(2)).toEqual(['+jobs/a']);
    }
    expect(new Set(desk.asks.map(({ generation }) => generation)).size).toBe(4);
  });

  test('a request that cannot be written is tried again later, and explain says why it was not', () => {
    const world = small();
    world.ask(spark('a', 5).leader());
    world.wait(1);
    const rules = { ...new RoomDesk(world).rules, afterMs: 0 };
    const [ask] = world.scheduler.roomAsks(rules, world.nowMs).asks;
    expect(world.scheduler.roomAsks(rules, world.nowMs).asks).toEqual([]);
    world.learn({
      kind: 'room-request-failed',
      gang: 'jobs/a',
      generation: ask!.generation,
      reason: '403 Forbidden: quota',
    });
    expect(advice(world, 'jobs/a')).toContain('in vain: 403 Forbidden: quota. It is asked again in 60 s');
    expect(world.effects.at(-1)).toMatchObject({ kind: 'room-answered', state: 'failed' });
    world.wait(61_000);
    expect(world.scheduler.roomAsks(rules, world.nowMs).asks.map(({ generation }) => generation)).toEqual([2]);
  });
});

describe('after a restart', () => {
  /** What the objects of one world tell the muster of another. */
  function restarted(objects: RoomDesk['objects']): { readonly world: World; readonly desk: RoomDesk } {
    const world = small();
    const desk = new RoomDesk(world);
    for (const request of objects.values()) desk.put({ ...request, askedMs: 0, sinceMs: 0 });
    return { world, desk };
  }

  function before(state: 'asked' | 'failed'): RoomDesk['objects'] {
    const world = small();
    world.ask(spark('a', 5).leader());
    const desk = new RoomDesk(world);
    desk.wait(11);
    if (state === 'failed') desk.answer('jobs/a', 'failed');
    return desk.objects;
  }

  test('what was asked is not asked again, and told in no Event', () => {
    const { world, desk } = restarted(before('asked'));
    expect(desk.wait(30)).toEqual([]);
    world.ask(spark('a', 5).leader());
    expect(desk.wait(120)).toEqual([]);
    expect(world.kinds()).not.toContain('room-asked');
  });

  test('a pause goes on', () => {
    const { world, desk } = restarted(before('failed'));
    world.ask(spark('a', 5).leader());
    expect(desk.wait(59)).toEqual([]);
    expect(desk.wait(2)).toEqual(['-jobs/a', '+jobs/a']);
    expect(desk.asks[0]).toMatchObject({ generation: 2, failures: 1 });
  });

  test('what the autoscaler said before is told in no Event again', () => {
    const objects = before('failed');
    const world = small();
    world.ask(spark('a', 5).leader());
    const desk = new RoomDesk(world);
    for (const request of objects.values()) desk.put({ ...request, askedMs: 0, sinceMs: 0 });
    expect(world.kinds()).not.toContain('room-answered');
    // What it says from now on is.
    desk.answer('jobs/a', 'provisioned');
    expect(world.kinds()).toContain('room-answered');
  });

  test('the request of a leader that is gone is withdrawn', () => {
    const { desk } = restarted(before('asked'));
    expect(desk.poll({ isAlive: () => false })).toEqual(['-jobs/a']);
  });
});

describe('bounds', () => {
  test('no more gangs than allowed are asked for at a time, in the order of their turns', () => {
    const world = small();
    for (let i = 0; i < 30; i++) {
      world.ask(spark(`g${String(i).padStart(2, '0')}`, 9, { priority: i }).leader());
    }
    const desk = new RoomDesk(world, { most: 3 });
    expect(desk.wait(60)).toEqual(['+jobs/g29', '+jobs/g28', '+jobs/g27']);
    // One that cannot be met makes place for the next, and keeps its note.
    desk.answer('jobs/g28', 'failed');
    expect(desk.wait(3)).toEqual(['+jobs/g26']);
    expect(desk.objects.size).toBe(4);
  });

  test('of very many that cannot be met the oldest notes go, and their pauses stay', () => {
    const world = small();
    for (let i = 0; i < 40; i++) world.ask(spark(`g${i}`, 9).leader());
    const desk = new RoomDesk(world, { most: 2 });
    desk.wait(11);
    let most = 0;
    for (let second = 0; second < 50; second++) {
      for (const { gang, state } of [...desk.objects.values()]) if (state === 'asked') desk.answer(gang, 'failed');
      desk.wait(1);
      most = Math.max(most, desk.objects.size);
    }
    expect(most).toBeLessThanOrEqual(5 * 2 + 2);
    expect(new Set(desk.asks.map(({ gang }) => gang)).size).toBe(desk.asks.length);
  });

  test('gangs of one queue together ask for no more than its max leaves', () => {
    const world = small();
    reload(world, tenancy([queue('default', { max: cpu(14) })]));
    for (const name of ['a', 'b', 'c']) world.ask(new TenantApp(name, { executors: 5 }).driver());
    expect(new RoomDesk(world).wait(60)).toEqual(['+jobs/a', '+jobs/b']);
  });

  test('a max that is lowered withdraws what is beyond it', () => {
    const world = small();
    for (const name of ['a', 'b']) world.ask(new TenantApp(name, { executors: 5 }).driver());
    const desk = new RoomDesk(world);
    expect(desk.wait(11)).toEqual(['+jobs/a', '+jobs/b']);
    reload(world, tenancy([queue('default', { max: cpu(7) })]));
    expect(desk.poll()).toEqual(['-jobs/b']);
  });

  test('a request that says anything else of its gang is replaced', () => {
    const world = small();
    world.ask(spark('a', 5).leader());
    const desk = new RoomDesk(world);
    desk.wait(11);
    for (const shape of ['', '{', '[1]', '[["driver",1,"x"],["executor",5000,"y"]]']) {
      desk.put({ ...world.scheduler.roomRequest('jobs/a')!, shape });
      expect(desk.wait(62).filter((line) => line.startsWith('+'))).toEqual(['+jobs/a']);
    }
  });

  test('a bound member of a gang that others run is no reason to ask', () => {
    const world = small();
    world.bind(boundTo(pod('x', { cpu: 1 }), 'n1'), 'n1');
    expect(new RoomDesk(world).wait(30)).toEqual([]);
  });
});
