import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type PreemptionRules } from '../../src/core/policy/policy.ts';
import type { QueueSpec } from '../../src/core/policy/tenancy.ts';
import { runApp, runSingleRoleGang } from '../support/apps.ts';
import { GangBuilder, node, pod } from '../support/builders.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { cores, queue, tenancyOf, type QueueOptions } from '../support/reclaim-tenancies.ts';
import { World } from '../support/world.ts';

const HOUR_MS = 3_600_000;

type Rules = Omit<Partial<PreemptionRules>, 'budget'>;

/** One node with so many cores, at ten o'clock; preemption by priority is off. */
function cluster(cpu: number, queues: readonly QueueSpec[], rules: Rules = {}, isSynced = true): World {
  const { preemption } = DEFAULT_POLICY;
  const budget = { ...preemption.budget, perMinute: 1000, perQueue: 1000, perGang: 1000 };
  const policy = {
    preemption: { ...preemption, mode: 'off' as const, wholeGangs: true, minRuntimeMs: 0, ...rules, budget },
  };
  const world = new World([node('n', { cpu, pods: 1000 })], policy, isSynced);
  world.nowMs = 10 * HOUR_MS;
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy: tenancyOf(queues) }, world.nowMs);
  return world;
}

const two = (a: QueueOptions = {}, b: QueueOptions = {}) => [queue('a', a), queue('b', b)];
const owns = (cpu: number): QueueOptions => ({ guaranteed: cores(cpu) });

/** A gang of `count` pods of one core each that runs whole or not at all. */
const gangOf = (name: string, count: number, queueName: string) =>
  new GangBuilder(name, { worker: { count, cpu: 1 } }, { queue: queueName });
const pods = (gang: GangBuilder): PodInfo[] =>
  Array.from({ length: gang.spec.roles[0]!.count }, (_, i) => gang.leader(`${gang.spec.name}-${i}`));

function run(world: World, name: string, count: number, queueName: string): PodInfo[] {
  return runSingleRoleGang(world, name, Array<string>(count).fill('n'), { queue: queueName });
}

/** All members are asked about; those that get a place are bound. @returns the last answer */
function ask(world: World, gang: GangBuilder): string {
  let answer = '';
  for (const one of pods(gang)) answer = world.start(one);
  return answer;
}

const plans = (world: World) =>
  world.effects.filter((one): one is Extract<Effect, { kind: 'eviction-planned' }> => one.kind === 'eviction-planned');
const evicted = (world: World) => plans(world).reduce((sum, { victims }) => sum + victims.length, 0);

const advice = (world: World, gang: string) => world.scheduler.explain(`jobs/${gang}`, world.nowMs)!.advice;

/** Victims leave; what waits is admitted. */
function letGo(world: World): void {
  for (const uid of [...world.scheduler.inside.evictions.beneficiary.keys()]) world.learn({ kind: 'pod-gone', uid });
  world.wait(1000);
  world.effects.push(...world.scheduler.admitWaiting(world.nowMs));
}

describe('A12: a pod of 4 cores in a queue that owns 3 of 8', () => {
  test('goes for a gang of the queue that owns 5, and does not come back for its own', () => {
    const world = cluster(8, two(owns(3), owns(5)));
    runSingleRoleGang(world, 'large', ['n'], { queue: 'a', cpu: 4 });
    run(world, 'one', 1, 'b');
    const gang = gangOf('four', 4, 'b');
    expect(ask(world, gang)).toBe('waits: gang waits for room');
    expect(world.makeRoom()).toEqual(['large-1']);
    letGo(world);
    expect(ask(world, gang)).toBe('-> n');
    const again = new GangBuilder('large2', { worker: { count: 1, cpu: 4 } }, { queue: 'a' });
    expect(ask(world, again)).toBe('waits: gang waits for room');
    for (let i = 0; i < 10; i++) {
      world.wait(60_000);
      ask(world, again);
      expect(world.makeRoom()).toEqual([]);
    }
    expect(evicted(world)).toBe(1);
  });
});

describe('A15: a gang of 12 in a queue that owns 10 of 20, and one of 2 waits', () => {
  test('that needs all 12: nobody goes, since the loss is as great as the gain', () => {
    const world = cluster(20, two(owns(10), owns(10)));
    run(world, 'large', 12, 'a');
    run(world, 'small', 8, 'b');
    const gang = gangOf('two', 2, 'b');
    ask(world, gang);
    expect(world.makeRoom()).toEqual([]);
    expect(advice(world, 'two')).toContain(
      'To evict from queue a would gain 2 cores and cost 10 cores of what it is entitled to.',
    );
  });

  test('that needs 8 of them: two extras go', () => {
    const world = cluster(20, two(owns(10), owns(10)));
    runSingleRoleGang(world, 'large', Array<string>(12).fill('n'), { queue: 'a', min: 8 });
    run(world, 'small', 8, 'b');
    ask(world, gangOf('two', 2, 'b'));
    expect(world.makeRoom()).toHaveLength(2);
  });

  test('that needs all 12, with reclaim.indivisible: allow: the whole gang goes', () => {
    const world = cluster(20, two(owns(10), { ...owns(10), reclaim: { indivisible: 'allow' } }));
    run(world, 'large', 12, 'a');
    run(world, 'small', 8, 'b');
    ask(world, gangOf('two', 2, 'b'));
    expect(world.makeRoom()).toHaveLength(12);
  });
});

describe('A16: 12 cores, two queues that own 5 each hold 10 and 2, in pods of one core', () => {
  const play = (to: 'guarantee' | 'share') => {
    const world = cluster(12, two(owns(5), { ...owns(5), reclaim: { to } }));
    for (let i = 0; i < 10; i++) run(world, `a${i}`, 1, 'a');
    for (let i = 0; i < 2; i++) run(world, `b${i}`, 1, 'b');
    for (let i = 0; i < 10; i++) ask(world, gangOf(`w${i}`, 1, 'b'));
    for (let i = 0; i < 20; i++) {
      world.makeRoom();
      letGo(world);
    }
    return evicted(world);
  };
  test('to: guarantee ends at 7 and 5', () => expect(play('guarantee')).toBe(3));
  test('to: share ends at 6 and 6', () => expect(play('share')).toBe(4));
});

describe('A17: alice runs 100, bob, who owns 20, submits 100 in gangs of 10', () => {
  const play = (to: 'guarantee' | 'share') => {
    const world = cluster(100, [queue('alice'), queue('bob', { ...owns(20), reclaim: { to } })]);
    for (let i = 0; i < 10; i++) run(world, `alice${i}`, 10, 'alice');
    const gangs = Array.from({ length: 10 }, (_, i) => gangOf(`bob${i}`, 10, 'bob'));
    for (let i = 0; i < 20; i++) {
      for (const gang of gangs) ask(world, gang);
      world.makeRoom();
      letGo(world);
    }
    return { evicted: evicted(world), bob: gangs.filter((gang) => ask(world, gang) === '-> n').length };
  };
  test('to: guarantee ends at 80 and 20', () => expect(play('guarantee')).toEqual({ evicted: 20, bob: 2 }));
  // bob is guaranteed 20 and gets half of the other 80.
  test('to: share ends at 40 and 60 (A4: 20, and half of the 80 that nobody owns), and the next gang waits', () =>
    expect(play('share')).toEqual({ evicted: 60, bob: 6 }));
});

test('A19: victims leave one after the other; the first asks again and gets no slot of the gang', () => {
  const world = cluster(120, two(owns(120)));
  const one = run(world, 'one', 60, 'b');
  const other = run(world, 'other', 60, 'b');
  const gang = gangOf('all', 120, 'a');
  ask(world, gang);
  expect(world.makeRoom()).toHaveLength(120);
  world.wait(5000);
  for (const pod of one) world.gone(pod);
  world.wait(1000);
  const again = gangOf('one', 60, 'b');
  expect(ask(world, again)).toMatch(/^waits: gang /);
  expect(world.makeRoom()).toEqual([]);
  const { slots } = world.scheduler.inside.gangs.get('jobs/all')!;
  expect(slots.map(({ state }) => state)).toEqual(Array(120).fill('reserved'));
  world.wait(24_000);
  for (const pod of other) world.gone(pod);
  expect(ask(world, gang)).toBe('-> n');
  expect(plans(world)).toHaveLength(1);
});

describe('A20: two queues that are over by the same, with gangs of the same age', () => {
  const victims = (order: readonly string[]) => {
    const world = cluster(6, [queue('a', owns(2)), queue('b'), queue('c')]);
    for (const name of order) run(world, name, 1, name.charAt(0));
    ask(world, gangOf('two', 2, 'a'));
    return world.makeRoom().join(' ');
  };
  const order = ['b1', 'b2', 'b3', 'c1', 'c2', 'c3'];

  test('lose the same victims in every run, one each', () => {
    const first = victims(order);
    expect(first).toMatch(/^b\d-1 c\d-1$/);
    const runs = propertyRuns(100);
    expect(new Set(Array.from({ length: runs }, () => victims(order)))).toEqual(new Set([first]));
  });
});

describe('A27: a queue that holds 80 when its max is lowered from 100 to 50', () => {
  const play = (maxAfterMs: number) => {
    const queues = (max: number) => [queue('a', { max: cores(max), reclaim: { maxAfterMs } })];
    const world = cluster(100, queues(100));
    const gangs = Array.from({ length: 80 }, (_, i) => run(world, `a${i}`, 1, 'a')[0]!);
    const rules = { policies: world.scheduler.policies, tenancy: tenancyOf(queues(50)) };
    world.scheduler.setRules(rules, world.nowMs);
    const counts = [0, 1, 59, 1, 2].map((minutes) => {
      world.wait(minutes * 60_000);
      const before = world.effects.length;
      world.makeRoom();
      const told = world.effects.slice(before).flatMap((one) => (one.kind === 'max-enforced' ? one.victims : []));
      for (const { pod: victim } of told.slice(0, 10)) world.learn({ kind: 'pod-gone', uid: victim.uid });
      return told.length;
    });
    return { world, counts, gangs };
  };

  test('loses nothing', () => expect(play(Infinity).counts).toEqual([0, 0, 0, 0, 0]));
  // 30 in the first round; 20 do not leave, and others go once these have had their time.
  test('loses 30 after an hour with reclaim.max: 1h, and no more while these leave', () => {
    expect(play(3_600_000).counts).toEqual([0, 0, 30, 0, 20]);
  });
});

test('where more is beyond a lowered max than budgets allow at once, a part goes every minute', () => {
  const queues = (max: number) => [queue('a', { max: cores(max), reclaim: { maxAfterMs: 60_000 } })];
  const world = cluster(400, queues(400));
  for (let i = 0; i < 300; i++) run(world, `a${i}`, 1, 'a');
  world.scheduler.setRules({ policies: world.scheduler.policies, tenancy: tenancyOf(queues(50)) }, world.nowMs);
  world.makeRoom();
  const counts = Array.from({ length: 6 }, () => {
    world.wait(61_000);
    const before = world.effects.length;
    // Each round searches once, for half as much as the one before.
    for (let i = 0; i < 8; i++) world.makeRoom();
    const told = world.effects.slice(before).flatMap((one) => (one.kind === 'max-enforced' ? one.victims : []));
    for (const { pod: victim } of told) world.learn({ kind: 'pod-gone', uid: victim.uid });
    return told.length;
  });
  for (const count of counts) expect(count).toBeLessThanOrEqual(100);
  expect(counts.reduce((sum, count) => sum + count)).toBe(250);
});

test('mode advise names victims and evicts nobody; off does not even name them', () => {
  for (const mode of ['advise', 'off'] as const) {
    const world = cluster(10, two({ ...owns(5), reclaim: { mode } }));
    for (let i = 0; i < 10; i++) run(world, `b${i}`, 1, 'b');
    ask(world, gangOf('wants', 2, 'a'));
    expect(world.makeRoom()).toEqual([]);
    const making = world.scheduler.explain('jobs/wants', world.nowMs)!.preemption!;
    expect(making.victims).toHaveLength(mode === 'advise' ? 2 : 0);
  }
});

test('pods of no gang that no rule puts into a queue are not reclaimed, however cheap', () => {
  const world = cluster(10, two(owns(5)), { victims: 'any' });
  for (let i = 0; i < 5; i++) run(world, `b${i}`, 1, 'b');
  world.wait(HOUR_MS);
  for (let i = 0; i < 5; i++) world.bind(pod(`single${i}`, { cpu: 1 }), 'n');
  ask(world, gangOf('wants', 2, 'a'));
  world.wait(1000);
  expect(world.makeRoom().map((name) => name.slice(0, 1))).toEqual(['b', 'b']);
});

test('a gang of a queue beyond its share reclaims nothing', () => {
  const world = cluster(10, two(owns(5), owns(5)));
  for (let i = 0; i < 6; i++) run(world, `b${i}`, 1, 'b');
  for (let i = 0; i < 4; i++) run(world, `a${i}`, 1, 'a');
  ask(world, gangOf('wants', 2, 'a'));
  expect(world.makeRoom()).toEqual([]);
  expect(advice(world, 'wants')).toContain(
    'With it, queue a would hold 6 of its guaranteed 5 cores: it takes nothing from other queues.',
  );
  ask(world, gangOf('fits', 1, 'a'));
  expect(world.makeRoom()).toHaveLength(1);
});

test('a Spark app loses executors beyond its minimum first, and its driver only with all of them', () => {
  const world = cluster(10, two(owns(5)));
  runApp(world, 'app', Array<string>(10).fill('n'), { queue: 'b', min: 4 });
  ask(world, gangOf('wants', 3, 'a'));
  const victims = world.makeRoom();
  expect(victims).toHaveLength(3);
  expect(victims).not.toContain('app-driver');
});

describe('A25: a gang that was reclaimed three times', () => {
  /** Reclaims the gang of queue b once, and gives its room back. */
  const reclaimOnce = (world: World, i: number) => {
    expect(ask(world, gangOf('lender', 4, 'b'))).toBe('-> n');
    const gang = gangOf(`owner${i}`, 4, 'a');
    ask(world, gang);
    world.wait(1000);
    expect(world.makeRoom()).toHaveLength(4);
    letGo(world);
    expect(ask(world, gang)).toBe('-> n');
    for (const pod of pods(gang)) world.gone(pod);
  };

  const reclaimedThrice = () => {
    const world = cluster(4, two(owns(4)));
    for (const [i, minutes] of [0, 2, 3].entries()) {
      world.wait(minutes * 60_000);
      reclaimOnce(world, i);
    }
    // All belongs to somebody who waits, so that b is entitled to nothing; no node is offered to that gang.
    const owner = gangOf('owner', 4, 'a').leader('owner-0');
    world.ask(owner, []);
    world.wait(1000);
    return { world, owner, gang: gangOf('lender', 4, 'b') };
  };
  const PAUSES = 'waits: gang was reclaimed and waits until it may borrow again';

  test('borrows again after 4 minutes', () => {
    const { world, gang } = reclaimedThrice();
    expect(ask(world, gang)).toBe(PAUSES);
    world.wait(237_000);
    expect(ask(world, gang)).toBe(PAUSES);
    world.wait(2000);
    expect(ask(world, gang)).toBe('-> n');
  });

  test('starts within its share at once', () => {
    const { world, owner, gang } = reclaimedThrice();
    expect(ask(world, gang)).toBe(PAUSES);
    world.gone(owner);
    world.wait(1000);
    expect(ask(world, gang)).toBe('-> n');
  });
});

describe('A29: a gang of 4 with 10 executors beyond that, in a queue that is over', () => {
  test('gets new ones after 1 min, then after 2 min, and loses at most 20 in an hour', () => {
    const world = cluster(20, two(owns(8)));
    const app = new GangBuilder(
      'app',
      { driver: { count: 1, cpu: 1 }, executor: { count: 14, min: 4, cpu: 1 } },
      { queue: 'b' },
    );
    world.start(app.leader());
    let made = 0;
    const running = new Set<string>();
    const askMore = () => {
      while (running.size < 14) {
        const pod = app.member('executor', made);
        if (!world.start(pod).startsWith('->')) return;
        running.add(pod.uid);
        made++;
      }
    };
    const leave = () => {
      for (const uid of [...world.scheduler.inside.evictions.beneficiary.keys()]) {
        running.delete(uid);
        world.learn({ kind: 'pod-gone', uid });
      }
    };
    askMore();
    const startedAgainMs: number[] = [];
    for (let second = 0; second < 3600; second++) {
      const isAsking = second % 60 < 30;
      const gang = gangOf(`owner${Math.floor(second / 60)}`, 8, 'a');
      if (second % 60 === 0 || second % 60 === 5) ask(world, gang);
      world.makeRoom();
      leave();
      if (!isAsking) for (const pod of pods(gang)) world.gone(pod);
      world.nowMs += 1000;
      world.effects.push(...world.scheduler.tick(world.nowMs));
      const before = running.size;
      askMore();
      if (running.size > before) startedAgainMs.push(second);
    }
    expect(evicted(world)).toBeLessThanOrEqual(20);
    expect(evicted(world)).toBeGreaterThan(0);
    const [first, next] = startedAgainMs;
    expect(first).toBeGreaterThanOrEqual(60);
    expect(next! - first!).toBeGreaterThanOrEqual(120);
  });
});

test('explain names the victims and says what their queue holds', () => {
  const world = cluster(20, [
    queue('a', { ...owns(5), reclaim: { mode: 'advise' } }),
    queue('b', owns(10)),
    queue('c'),
  ]);
  for (let i = 0; i < 8; i++) run(world, `b${i}`, 1, 'b');
  for (let i = 0; i < 12; i++) run(world, `c${i}`, 1, 'c');
  ask(world, gangOf('wants', 2, 'a'));
  world.wait(1000);
  const told = advice(world, 'wants').join(' ');
  expect(told).toContain('Its queue has reclaim.mode advise; with enforce, muster would evict 2 pods of other queues');
  expect(told).toContain('Queue c holds 12 of its 10 cores.');
});

describe('priority between queues', () => {
  const play = (priority: 'within' | 'across', owned: number, of = 100) => {
    const world = cluster(10, two({ reclaim: { mode: 'off' } }, owns(owned)), { mode: 'enforce' });
    const tenancy = tenancyOf(two({ reclaim: { mode: 'off' } }, owns(owned)), { priority });
    world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
    for (let i = 0; i < 10; i++) run(world, `b${i}`, 1, 'b');
    const gang = new GangBuilder('urgent', { worker: { count: 2, cpu: 1 } }, { queue: 'a', priority: of });
    ask(world, gang);
    return world.makeRoom().length;
  };

  test('counts where it reaches across', () => expect(play('across', 0)).toBe(2));
  test('does not count within each queue', () => expect(play('within', 0)).toBe(0));
  test('of the system counts everywhere, the highest of users does not', () => {
    expect([1_000_000_000, 1_000_000_001].map((of) => play('within', 0, of))).toEqual([0, 2]);
  });
  test('takes nothing from a queue within its guarantee', () => expect(play('across', 10)).toBe(0));
  test('takes no more than what is beyond the guarantee', () => expect(play('across', 9)).toBe(0));
});

test('kube-scheduler takes no pod of a queue within its guarantee', () => {
  const world = cluster(10, two(owns(2), owns(8)));
  for (let i = 0; i < 2; i++) run(world, `a${i}`, 1, 'a');
  for (let i = 0; i < 8; i++) run(world, `b${i}`, 1, 'b');
  const single = pod('single', { priority: 1000 });
  expect(world.preempt(single, { n: ['b0-1'] })).toBe('nobody');
  // The highest priority that a user may give to a class is none of the system's.
  expect(world.preempt(pod('highest', { priority: 1_000_000_000 }), { n: ['b0-1'] })).toBe('nobody');
  expect(world.preempt(pod('system', { priority: 1_000_000_001 }), { n: ['b0-1'] })).toBe('n: b0-1');
});

describe('kube-scheduler takes no pod of a queue within its guarantee', () => {
  const queues = two(owns(2), owns(8));
  const full = (extra: number, isSynced = true) => {
    const world = cluster(10, queues, {}, isSynced);
    for (let i = 0; i < 2 - extra; i++) run(world, `a${i}`, 1, 'a');
    const others = Array.from({ length: 8 + extra }, (_, i) => run(world, `b${i}`, 1, 'b')[0]!);
    return { world, others };
  };
  const single = pod('single', { priority: 1000 });

  test('right after a start of muster either', () => {
    const { world } = full(0, false);
    world.sync();
    expect(world.preempt(single, { n: ['b0-1'] })).toBe('nobody');
  });

  test('right after a reload either', () => {
    const { world } = full(0);
    world.wait(1000);
    const tenancy = tenancyOf(queues, { memory: 0.5 });
    world.scheduler.setRules({ policies: world.scheduler.policies, tenancy }, world.nowMs);
    expect(world.preempt(single, { n: ['b0-1'] })).toBe('nobody');
  });

  test('that holds more only with what is being deleted', () => {
    const { world, others } = full(1);
    world.wait(1000);
    expect(world.preempt(single, { n: ['b0-1'] })).toBe('n: b0-1');
    world.gone(single);
    world.bind({ ...others[8]!, deleting: true }, 'n');
    expect(world.preempt(pod('large', { priority: 1000, cpu: 2 }), { n: ['b0-1', 'b8-1'] })).toBe('nobody');
  });
});

describe('A28: after kill -9 while victims leave', () => {
  const restarted = (mode: 'enforce' | 'advise') => {
    const world = cluster(10, two(owns(5)));
    const running = Array.from({ length: 10 }, (_, i) => run(world, `b${i}`, 1, 'b')[0]!);
    const gang = new GangBuilder(
      'wants',
      { driver: { count: 1, cpu: 1 }, executor: { count: 3, cpu: 1 } },
      { queue: 'a' },
    );
    world.ask(gang.leader());
    const victims = world.makeRoom();
    expect(victims).toHaveLength(4);
    const [plan] = plans(world);
    const eviction = { text: 'x', ...plan!.plan, victims: plan!.victims.map(({ pod: ref }) => ref) };
    const now = cluster(10, two({ ...owns(5), reclaim: { mode } }), {}, false);
    for (const one of running) now.bind({ ...one, deleting: victims[0] === one.name }, 'n');
    now.learn({ kind: 'pod', pod: { ...gang.leader(), eviction } });
    now.sync();
    return { now, victims, gang };
  };

  test('the plan goes on with the same victims, and queues hold the same', () => {
    const { now, victims, gang } = restarted('enforce');
    const [plan] = plans(now);
    expect(plan).toMatchObject({ isRestored: true, because: 'share' });
    expect(plan!.victims.map(({ pod: ref }) => ref.name).sort()).toEqual(victims.slice(1));
    expect(now.makeRoom()).toEqual([]);
    const { tree, shares } = now.scheduler.inside;
    expect([shares.usedOf(tree.find('a')!, 0), shares.usedOf(tree.find('b')!, 0)]).toEqual([4000, 6000]);
    letGo(now);
    expect(now.ask(gang.leader())).toBe('-> n');
  });

  test('the plan is dropped where the queue no longer enforces it', () => {
    const { now } = restarted('advise');
    expect(plans(now)).toEqual([]);
    expect(now.kinds()).toContain('eviction-dropped');
  });
});
