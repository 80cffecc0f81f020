import { describe, expect, test } from 'vitest';
import type { PodInfo, WrittenPlan } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type Policy, type PreemptionRules } from '../../src/core/policy/policy.ts';
import { runApp, wanted } from '../support/apps.ts';
import { GangBuilder, node, pod } from '../support/builders.ts';
import { World } from '../support/world.ts';

type Rules = Omit<Partial<PreemptionRules>, 'budget'> & { readonly budget?: Partial<PreemptionRules['budget']> };

const HOUR_MS = 3_600_000;

function policyWith(rules: Rules): Partial<Policy> {
  const { preemption } = DEFAULT_POLICY;
  const budget = { ...preemption.budget, ...rules.budget };
  return { preemption: { ...preemption, mode: 'enforce', ...rules, budget } };
}

function cluster(nodes: Readonly<Record<string, number>>, rules: Rules = {}): World {
  const world = new World(
    Object.entries(nodes).map(([name, cpu]) => node(name, { cpu })),
    policyWith(rules),
  );
  world.nowMs = 10 * HOUR_MS;
  return world;
}

/** A full node, and a gang that has asked and for which two executors are to go. */
function underWay(rules: Rules = {}) {
  const world = cluster({ a: 3, b: 3 }, rules);
  const low = runApp(world, 'low', ['a', 'a', 'a']);
  const other = runApp(world, 'other', ['b', 'b', 'b'], { age: 500 });
  const { leader, gang } = wanted('high', { executors: 1 });
  world.ask(leader);
  expect(world.makeRoom()).toEqual(['low-1', 'low-2']);
  return { world, low, other, leader, gang };
}

const told = (world: World, kind: string) => world.effects.filter((effect) => effect.kind === kind);

const ruled = (rule: string) => `its victims do not make room for the gang: rule "${rule}"`;

describe('after a crash', () => {
  const written = (world: World): WrittenPlan => {
    const [effect] = world.effects.filter((one) => one.kind === 'eviction-planned');
    return { text: 'x', ...effect!.plan, victims: [...effect!.victims.map(({ pod: ref }) => ref), ...effect!.awaited] };
  };
  interface Restart {
    readonly bound: readonly PodInfo[];
    readonly leader: PodInfo;
    readonly rules?: Rules;
    readonly afterMs?: number;
  }

  /** A new muster, which reads what the API server has. */
  const restarted = (before: World, { bound, leader, rules = {}, afterMs = 0 }: Restart) => {
    const world = new World([...before.nodes.values()], policyWith(rules), false);
    world.nowMs = before.nowMs + afterMs;
    for (const one of bound) world.bind(one, one.name.startsWith('other') ? 'b' : 'a');
    world.learn({ kind: 'pod', pod: leader });
    world.sync();
    return world;
  };

  test('the plan goes on with the same victims: those that are left, and no others', () => {
    const { world, low, other, leader } = underWay();
    const plan = written(world);
    const now = restarted(world, {
      bound: [low[0]!, { ...low[2]!, deleting: true }, ...other],
      leader: { ...leader, eviction: plan },
    });
    expect(now.ask(leader)).toBe('waits: gang waits for room that is being freed');
    expect(told(now, 'eviction-planned')).toEqual([expect.objectContaining({ isRestored: true, victims: [] })]);
    expect(now.makeRoom()).toEqual([]);
    now.gone(low[2]!);
    expect(now.ask(leader)).toBe('-> a');
  });

  test('victims that had not been evicted yet are', () => {
    const { world, low, other, leader } = underWay();
    const now = restarted(world, { bound: [...low, ...other], leader: { ...leader, eviction: written(world) } });
    const [restored] = now.effects.filter((one) => one.kind === 'eviction-planned');
    expect(restored!.victims.map(({ pod: { name } }) => name)).toEqual(['low-1', 'low-2']);
  });

  test('all victims are gone: the gang starts', () => {
    const { world, low, other, leader } = underWay();
    const reservation = {
      text: 'r',
      slots: new Map([
        ['driver', new Map([['a', 1]])],
        ['executor', new Map([['a', 2]])],
      ]),
    };
    const bound = [{ ...low[0]!, reservation }, ...other];
    const now = restarted(world, { bound, leader: { ...leader, eviction: written(world) } });
    expect(told(now, 'gang-admitted')).toHaveLength(1);
    expect(now.ask(leader)).toBe('-> a');
    const [restored] = now.effects.filter((one) => one.kind === 'eviction-planned');
    expect(restored).toMatchObject({ victims: [], isRestored: true });
    // What the others lost counts, as in a plan that was never interrupted.
    expect(now.scheduler.inside.evictions.lately(now.nowMs)).toBe(2);
  });

  test('all victims are gone and their room is free: the gang waits for its turn, as any other', () => {
    const world = cluster({ a: 3 });
    const [driver] = runApp(world, 'low', ['a', 'a', 'a'], { min: 0 });
    const { leader } = wanted('high', { executors: 1 });
    world.ask(leader);
    expect(world.makeRoom()).toEqual(['low-1', 'low-2']);
    const now = restarted(world, { bound: [driver!], leader: { ...leader, eviction: written(world) } });
    expect(told(now, 'gang-admitted')).toHaveLength(0);
    expect(droppedIn(now)).toEqual(['the gang fits without it, and waits for its turn']);
    expect(now.ask(leader)).toBe('-> a');
  });

  test('the room is not to be had any more: the plan is dropped, and taken off the leader', () => {
    const { world, other, leader } = underWay();
    const thief = pod('thief', { cpu: 3, schedulerName: 'x', priority: 500 });
    const now = restarted(world, { bound: [thief, ...other], leader: { ...leader, eviction: written(world) } });
    expect(told(now, 'eviction-dropped')).toHaveLength(1);
  });

  test('whoever takes over goes on with what the other wrote', () => {
    const { world, low, leader } = underWay();
    const plan = written(world);
    const standby = cluster({ a: 3, b: 3 });
    standby.scheduler.followOthers(true, standby.nowMs);
    runApp(standby, 'other', ['b', 'b', 'b'], { age: 500 });
    for (const one of low) standby.bind(one, 'a');
    standby.learn({ kind: 'pod', pod: { ...leader, eviction: plan } });
    expect(standby.makeRoom()).toEqual([]);
    const effects = standby.scheduler.followOthers(false, standby.nowMs);
    expect(effects.map(({ kind }) => kind)).toEqual(['eviction-planned']);
    standby.scheduler.checkInvariants();
  });

  const plannedIn = (world: World) => told(world, 'eviction-planned');
  const droppedIn = (world: World) => told(world, 'eviction-dropped').map((one) => (one as { reason: string }).reason);

  test.each<[string, Partial<Restart>, string]>([
    ['the plan had expired', { afterMs: 10 * HOUR_MS }, 'the plan had expired'],
    ['the policy does not enforce any more', { rules: { mode: 'off' } }, 'preemption.mode is now off'],
    ['its victims are in other queues', { rules: { queues: ['adhoc'] } }, ruled('queue')],
  ])('nobody goes where %s', (_, change, reason) => {
    const { world, low, other, leader } = underWay();
    const now = restarted(world, {
      bound: [...low, ...other],
      leader: { ...leader, eviction: written(world) },
      ...change,
    });
    expect(plannedIn(now)).toEqual([]);
    expect(droppedIn(now)).toEqual([reason]);
  });

  test('nobody goes for what somebody else wrote there: victims as important, leaders, pods elsewhere', () => {
    const { world, low, other, leader } = underWay();
    const plan = written(world);
    const ref = ({ namespace, name, uid }: PodInfo) => ({ namespace, name, uid });
    const forged = (victims: readonly PodInfo[], change: Partial<PodInfo> = {}) => {
      const bound = [...low, ...other].map((one) => (one.name === 'low-driver' ? { ...one, ...change } : one));
      return restarted(world, { bound, leader: { ...leader, eviction: { ...plan, victims: victims.map(ref) } } });
    };
    expect(droppedIn(forged([low[1]!], { priority: 5000 }))).toEqual([ruled('priority')]);
    expect(droppedIn(forged([low[0]!]))).toEqual([ruled('whole gangs')]);
    expect(droppedIn(forged([other[1]!]))).toEqual(['its victims make no room for the gang']);
  });

  test('what is taken up again counts against the budget per minute', () => {
    const rules = { budget: { perMinute: 2 } };
    const { world, low, other, leader } = underWay(rules);
    const now = restarted(world, { bound: [...low, ...other], leader: { ...leader, eviction: written(world) }, rules });
    expect(plannedIn(now)).toHaveLength(1);
    now.ask(wanted('second').leader);
    expect(now.makeRoom()).toEqual([]);
  });

  test('pods that were going anyway, and that the plan counted on, are part of it', () => {
    const world = cluster({ a: 3 });
    const low = runApp(world, 'low', ['a', 'a', 'a']);
    const [driver, first, second] = low as [PodInfo, PodInfo, PodInfo];
    world.bind({ ...first, deleting: true }, 'a');
    const { leader } = wanted('high', { executors: 1 });
    world.ask(leader);
    expect(world.makeRoom()).toEqual(['low-2']);
    const bound = [driver, { ...first, deleting: true }, { ...second, deleting: true }];
    const now = restarted(world, { bound, leader: { ...leader, eviction: written(world) } });
    now.gone(first);
    now.gone(second);
    expect(now.ask(leader)).toBe('-> a');
  });

  test('a victim that was gone before the take-over: its successor’s place gives way, and nobody else goes', () => {
    const { world, low, leader } = underWay();
    const standby = cluster({ a: 3, b: 3 });
    standby.scheduler.followOthers(true, standby.nowMs);
    runApp(standby, 'other', ['b', 'b', 'b'], { age: 500 });
    for (const one of low) standby.bind(one, 'a');
    standby.learn({ kind: 'pod', pod: { ...leader, eviction: written(world) } });
    for (const one of low.slice(1)) standby.bind({ ...one, deleting: true }, 'a');
    standby.gone(low[1]!);
    standby.wait(1000);
    standby.effects.push(...standby.scheduler.followOthers(false, standby.nowMs));
    standby.scheduler.checkInvariants();
    expect(droppedIn(standby)).toEqual([]);
    standby.gone(low[2]!);
    expect(standby.ask(leader)).toBe('-> a');
    expect(standby.makeRoom()).toEqual([]);
  });
});

describe('while a plan is under way', () => {
  test('a victim’s gang becomes as important: the plan is dropped', () => {
    const { world, low } = underWay();
    world.bind({ ...low[0]!, priority: 5000 }, 'a');
    world.wait(1000);
    expect(told(world, 'eviction-dropped')).toEqual([
      expect.objectContaining({ reason: 'a victim has become as important as the gang' }),
    ]);
  });

  test('the gang becomes less important than its victims: so is it', () => {
    const { world, leader } = underWay();
    world.learn({ kind: 'pod', pod: { ...leader, priority: -5 } });
    world.wait(1000);
    expect(told(world, 'eviction-dropped')).toHaveLength(1);
  });

  test('those that are spared have lost nothing: they may be chosen again and again', () => {
    const { world, leader } = underWay({ budget: { perGang: 4 } });
    for (let i = 0; i < 6; i++) {
      world.learn({ kind: 'eviction-failed', gang: 'jobs/high', reason: 'no' });
      world.wait(16_000);
      world.ask(leader);
      expect(world.makeRoom()).toEqual(['low-1', 'low-2']);
    }
  });

  test('in a gang of one role, the pod on which it is written goes: the plan is dropped', () => {
    const world = cluster({ a: 3 });
    runApp(world, 'low', ['a', 'a', 'a']);
    const mpi = new GangBuilder('mpi', { worker: { count: 2, cpu: 1 } }, { priority: 100 });
    const [first, second] = [mpi.leader('mpi-1'), mpi.leader('mpi-2')];
    world.ask(first);
    expect(world.makeRoom()).toEqual(['low-1', 'low-2']);
    world.ask(second);
    world.gone(first);
    expect(told(world, 'eviction-dropped')).toEqual([
      expect.objectContaining({ leader: expect.objectContaining({ name: 'mpi-1' }) as unknown }),
    ]);
  });
});

describe('in the long run', () => {
  const look = (world: World): string[] => {
    world.effects.push(...world.scheduler.admitWaiting(world.nowMs));
    return world.makeRoom();
  };

  test('the room of a pod that goes by itself is held: its successor does not take it for ever', () => {
    const world = cluster({ a: 4 });
    const low = runApp(world, 'low', ['a', 'a', 'a', 'a']);
    const { leader } = wanted('high');
    world.ask(leader);
    world.bind({ ...low[1]!, deleting: true, evictionTraits: { goneByMs: world.nowMs + 30_000 } }, 'a');
    expect(look(world)).toEqual([]);
    world.gone(low[1]!);
    expect(world.ask({ ...low[1]!, uid: 'low-9', name: 'low-9' })).toMatch(/^waits/);
    expect(world.start(leader)).toBe('-> a');
  });

  test('a leader that does not come for its room has nobody evicted again, until kube-scheduler asks about it', () => {
    const world = cluster({ a: 2 });
    const low = runApp(world, 'low', ['a', 'a']);
    const { leader } = wanted('high');
    world.learn({ kind: 'pod', pod: { ...leader, crowdedOut: true } });
    expect(look(world)).toEqual(['low-1']);
    world.gone(low[1]!);
    const back = { ...low[1]!, uid: 'low-9', name: 'low-9' };
    for (let minutes = 0; minutes < 60; minutes++) {
      world.wait(60_000);
      world.start(back);
      world.learn({ kind: 'pod', pod: { ...leader, crowdedOut: true } });
      expect(look(world)).toEqual([]);
    }
    expect(world.scheduler.explain('jobs/high', world.nowMs)?.preemption?.because).toMatch(/has not asked/);
    world.ask(leader);
    expect(look(world)).toHaveLength(1);
  });

  test('a gang that lost a member keeps still, also if it ends and is submitted again', () => {
    const world = cluster({ a: 2, b: 2 }, { wholeGangs: true, minRuntimeMs: 0 });
    const mid = runApp(world, 'mid', ['a', 'a'], { priority: 50, age: 1 });
    runApp(world, 'lowest', ['b', 'b'], { priority: 60, min: 0 });
    world.ask(wanted('high', { executors: 1, priority: 55 }).leader);
    expect(world.makeRoom()).toEqual(['mid-1', 'mid-driver']);
    for (const one of mid) world.gone(one);
    world.wait(10_000);
    expect(world.ask({ ...mid[0]!, uid: 'mid-again', priority: 5000 })).toMatch(/^waits/);
    expect(world.makeRoom()).toEqual([]);
  });

  test('hundreds that find nobody do not keep the one behind them from its turn', () => {
    const world = cluster({ a: 3, b: 2 });
    runApp(world, 'important', ['a', 'a', 'a'], { priority: 5000 });
    runApp(world, 'low', ['b', 'b']);
    for (let i = 0; i < 300; i++)
      world.ask(wanted(`huge-${i}`, { executors: 4, priority: 200, queue: `q${i}` }).leader);
    world.ask(wanted('able', { priority: 100, queue: 'able' }).leader);
    let found: string[] = [];
    for (let i = 0; i < 240 && found.length === 0; i++) {
      world.nowMs += 250;
      found = world.scheduler.makeRoom(world.nowMs).map(({ gang }) => gang);
    }
    expect(found).toEqual(['jobs/able']);
  });

  test('a clock that is set back does not use the budget up for ever', () => {
    const world = cluster({ a: 3, b: 3 }, { budget: { perMinute: 1 } });
    const low = runApp(world, 'low', ['a', 'a', 'a']);
    runApp(world, 'other', ['b', 'b', 'b']);
    world.ask(wanted('first').leader);
    expect(world.makeRoom()).toHaveLength(1);
    world.gone(low[1]!);
    world.nowMs -= 1_800_000;
    world.ask(wanted('second', { priority: 90 }).leader);
    expect(world.makeRoom()).toHaveLength(1);
  });
});
