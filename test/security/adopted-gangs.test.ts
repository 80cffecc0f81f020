import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { PodInfo, SlotCounts } from '../../src/core/model.ts';
import type * as room from '../../src/core/placement/room.ts';
import { Planner } from '../../src/core/placement/planner.ts';
import { GangBuilder, node, pod, spark, queueWith } from '../support/builders.ts';
import { World } from '../support/world.ts';

/** Rows that were looked at for room, by any part of the core. */
const looks = { count: 0 };

vi.mock('../../src/core/placement/room.ts', async (original) => {
  const module = await original<typeof room>();
  return {
    ...module,
    capacityAt: (...args: Parameters<typeof module.capacityAt>) => (looks.count++, module.capacityAt(...args)),
  };
});

const plans = vi.spyOn(Planner.prototype, 'plan');

beforeEach(reset);

function reset(): void {
  looks.count = 0;
  plans.mockClear();
}

/** Plans and rows looked at since the last reset. */
const work = () => ({ plans: plans.mock.calls.length, looks: looks.count });
const NOTHING = { plans: 0, looks: 0 };
/** On the room of now, and on the empty cluster. */
const PLANS_OF_A_REFUSAL = 2;

const nodes = (count: number, cpu: number) => Array.from({ length: count }, (_, i) => node(`n${i}`, { cpu }));

function admit(world: World): string[] {
  const effects = world.scheduler.admitWaiting(world.nowMs);
  world.scheduler.checkInvariants();
  return effects.map(({ kind, gang }) => `${kind} ${gang}`);
}

/** A cluster whose nodes are full of one pod each, named `used-i`. */
function fullWorld(count: number, cpu = 4, policy = {}): World {
  const world = new World(nodes(count, cpu), policy);
  for (let i = 0; i < count; i++) world.bind(pod(`used-${i}`, { cpu }), `n${i}`);
  return world;
}

/** A gang with a leader of 1m CPU and `roles` further roles of `members` one-core members each. */
function hostile(name: string, roles: number, members: number, priority = 0): GangBuilder {
  const others = Array.from({ length: roles }, (_, i) => [`r${i}`, { count: members, cpu: 1 }] as const);
  return new GangBuilder(name, { leader: { count: 1, cpu: 0.001 }, ...Object.fromEntries(others) }, { priority });
}

const heldBy = (world: World, gang: string) =>
  world.scheduler.explain(`jobs/${gang}`, world.nowMs)!.placed.filter(({ state }) => state === 'reserved').length;

/** The leader, bound, with a written reservation. */
function withReservation(leader: PodInfo, slots: Readonly<Record<string, Readonly<Record<string, number>>>>): PodInfo {
  const counts: SlotCounts = new Map(Object.entries(slots).map(([role, at]) => [role, new Map(Object.entries(at))]));
  return { ...leader, reservation: { text: JSON.stringify(slots), slots: counts } };
}

describe('a leader that was bound without muster', () => {
  test('takes no freed room before a more important gang that waits', () => {
    const world = fullWorld(4);
    const high = spark('high', 3, { priority: 1000 });
    expect(world.ask(high.leader())).toBe('waits: gang waits for room');
    world.wait(1000);
    world.bind(hostile('low', 1, 4, -100).leader(), 'n0');
    world.gone(pod('used-1'));
    world.wait(1000);
    expect(heldBy(world, 'low')).toBe(0);
    expect(world.scheduler.explain('jobs/low', world.nowMs)!.advice[0]).toMatch(/^Its leader already runs/);
    expect(world.ask(high.leader())).toBe('-> n1');
    world.gone(pod('used-2'));
    expect(admit(world)).toEqual(['gang-admitted jobs/low']);
    expect(heldBy(world, 'low')).toBe(4);
  });

  test('takes no freed room before one of its priority that waited first, however often it looks', () => {
    const world = fullWorld(2);
    const first = spark('first', 3);
    world.ask(first.leader());
    world.wait(1000);
    const late = hostile('late', 1, 4);
    world.bind(late.leader(), 'n0');
    expect(world.ask(late.member('r0', 0))).toBe('waits: gang waits for room');
    world.gone(pod('used-1'));
    world.node(node('n0', { cpu: 4 }));
    world.wait(1000);
    expect(admit(world)).toEqual(['gang-admitted jobs/first', 'wake-leader jobs/first']);
  });

  test('holds nothing while its members do not fit together', () => {
    const world = new World(nodes(4, 16));
    for (const name of ['a', 'b', 'c']) world.bind(hostile(name, 1, 65, -100).leader(), 'n0');
    admit(world);
    world.wait(1000);
    expect(world.scheduler.reserved().get('cpu') ?? 0).toBe(0);
    expect(world.ask(spark('next', 60).leader())).toMatch(/^-> /);
  });

  test('waits for its turn in a strict queue like any other, and its members hear so', () => {
    const world = fullWorld(2, 4, { queue: queueWith({ blockAfterMs: 0 }) });
    const first = spark('first', 7);
    world.ask(first.leader());
    world.wait(1000);
    const late = spark('late', 1);
    world.bind(late.leader(), 'n0');
    world.gone(pod('used-1'));
    expect(world.ask(late.member('executor', 0))).toBe('waits: gang waits for its turn');
    world.gone(first.leader());
    expect(world.start(late.member('executor', 0))).toBe('-> n1');
    expect(world.scheduler.stats().gangs.running).toBe(1);
  });

  test('blocks nobody before kube-scheduler asks about one of its members', () => {
    const world = fullWorld(2, 4, { queue: queueWith({ blockAfterMs: 0 }) });
    const mute = spark('mute', 5);
    world.bind(mute.leader(), 'n0');
    world.gone(pod('used-1'));
    admit(world);
    world.wait(1000);
    expect(world.ask(spark('next', 1).leader())).toBe('-> n1');
    expect(world.ask(mute.member('executor', 0))).toBe('waits: gang waits for room');
    expect(world.ask(spark('another', 1).leader())).toBe('waits: gang waits for its turn');
  });

  test('whose gang misses nobody holds nothing, and starts at once', () => {
    const world = new World(nodes(1, 8));
    const elastic = spark('elastic', 4, { min: 0 });
    world.bind(elastic.leader(), 'n0');
    const whole = spark('whole', 2);
    world.bind(whole.member('executor', 0), 'n0');
    world.bind(whole.leader(), 'n0');
    expect(world.scheduler.stats().gangs).toMatchObject({ running: 1, waiting: 1 });
    world.bind(whole.member('executor', 1), 'n0');
    expect(world.scheduler.stats().gangs).toMatchObject({ running: 2, waiting: 0 });
    expect(world.scheduler.reserved().size).toBe(0);
  });

  test('of a gang of one role: the others wait in line, and the last that asked is woken', () => {
    const world = fullWorld(2, 4, {});
    const mpi = new GangBuilder('mpi', { worker: { count: 4, cpu: 1 } });
    world.gone(pod('used-0'));
    world.bind(pod('half', { cpu: 2 }), 'n0');
    world.bind(mpi.leader('mpi-0'), 'n0');
    expect(world.ask(mpi.leader('mpi-1'))).toBe('waits: gang waits for room');
    world.gone(pod('half'));
    const effects = world.scheduler.admitWaiting(world.nowMs);
    expect(effects.at(-1)).toMatchObject({ kind: 'wake-leader', leader: { name: 'mpi-1' }, gated: false });
    for (const i of [1, 2, 3]) expect(world.start(mpi.leader(`mpi-${i}`))).toBe('-> n0');
    expect(world.scheduler.stats().gangs.running).toBe(1);
  });

  test('that is leaving gets nothing any more', () => {
    const world = fullWorld(2);
    const app = spark('a', 2);
    world.bind({ ...app.leader(), deleting: true }, 'n0');
    world.gone(pod('used-1'));
    expect(admit(world)).toEqual([]);
    expect(world.ask(app.member('executor', 0))).toBe('waits: gang waits for its leader');
  });

  test('evicts nobody', () => {
    const preemption = { mode: 'enforce' };
    const world = fullWorld(2, 4, {});
    world.scheduler.setPolicies(
      world.scheduler.policies.map((one) => ({ ...one, preemption: { ...one.preemption, ...preemption } as never })),
      0,
    );
    world.bind(hostile('high', 1, 4, 1000).leader(), 'n0');
    admit(world);
    world.wait(3_600_000);
    expect(world.makeRoom()).toEqual([]);
    expect(world.scheduler.explain('jobs/high', world.nowMs)!.advice.join(' ')).toContain('its leader already runs');
  });
});

describe('a written reservation', () => {
  const app = spark('app', 3);
  const written = withReservation(app.leader(), { driver: { n0: 1 }, executor: { n1: 3 } });

  test('is restored at a start before any gang that waits', () => {
    const world = new World(nodes(2, 4), {}, false);
    world.bind(written, 'n0');
    world.sync();
    expect(heldBy(world, 'app')).toBe(3);
    expect(world.ask(spark('rival', 4, { priority: 1000 }).leader())).toBe('waits: gang waits for room');
  });

  test('holds no more than it says: roles that it leaves out wait for nothing', () => {
    const world = new World(nodes(2, 4), {}, false);
    world.bind(withReservation(app.leader(), { driver: { n0: 1 } }), 'n0');
    world.sync();
    expect(heldBy(world, 'app')).toBe(0);
  });

  test.each(['comes with the leader', 'is added to it'])(
    'that %s while this muster decides was not written by muster: the gang waits in line',
    (how) => {
      const world = new World(nodes(2, 4));
      world.ask(spark('first', 6).leader());
      world.gone(spark('first', 6).leader());
      if (how === 'is added to it') world.bind(app.leader(), 'n0');
      world.bind(written, 'n0');
      expect(world.scheduler.stats().gangs).toMatchObject({ waiting: 1 });
      expect(world.scheduler.reserved().size).toBe(0);
    },
  );

  test('of the replica that decides is restored by the one that follows, also what it heard before', () => {
    const world = new World(nodes(2, 4));
    world.bind(written, 'n0');
    world.effects.push(...world.scheduler.followOthers(true, 0));
    expect(heldBy(world, 'app')).toBe(3);
    const other = spark('other', 1);
    world.bind(other.leader(), 'n0');
    world.bind(withReservation(other.leader(), { driver: { n0: 1 }, executor: { n0: 1 } }), 'n0');
    expect(heldBy(world, 'other')).toBe(1);
  });
});

describe('what many members without room cost', () => {
  const SIZE = 300;

  /** What every part of muster does that looks for room. */
  function everything(world: World, i: number, round: string): void {
    world.node(node(`n${i}`, { cpu: 4 }));
    world.wait(1000);
    world.ask(spark(`${round}-${i}`, 8).leader());
    admit(world);
  }

  test.each([1, 15])('a leader of %i roles bound without muster: one refusal, then nothing per event', (roles) => {
    const world = fullWorld(SIZE);
    const ordinary = (round: string) => {
      reset();
      for (let i = 0; i < 5; i++) everything(world, i, round);
      return work();
    };
    // Later gangs with the same needs share the verdict on the empty cluster.
    ordinary('first');
    const before = ordinary('before');
    reset();
    world.bind(hostile('many', roles, 600).leader(), 'n0');
    admit(world);
    expect(work().plans).toBe(PLANS_OF_A_REFUSAL);
    expect(work().looks).toBeLessThanOrEqual(2 * (roles + 1) * SIZE);
    expect(ordinary('after')).toEqual(before);
  });

  test('hundreds of them: each is refused once, in rounds of bounded work', () => {
    const world = fullWorld(SIZE);
    const gangs = Array.from({ length: 200 }, (_, i) => hostile(`many-${i}`, 3, 600));
    gangs.forEach((gang, i) => world.bind(gang.leader(), `n${i}`));
    const rounds: number[] = [];
    for (let i = 0; i < 8; i++) {
      reset();
      admit(world);
      rounds.push(work().plans);
    }
    expect(Math.max(...rounds)).toBeLessThanOrEqual(64 * PLANS_OF_A_REFUSAL);
    expect(rounds.reduce((sum, one) => sum + one)).toBe(200 * PLANS_OF_A_REFUSAL);
    expect(rounds.at(-1)).toBe(0);
    // Room for four members comes, goes and comes again: too little for 600, and nobody plans.
    reset();
    for (let i = 0; i < 20; i++) {
      world.gone(pod(`used-${i}`));
      admit(world);
      world.bind(pod(`used-${i}`, { cpu: 4 }), `n${i}`);
    }
    expect(work().plans).toBe(0);
    expect(work().looks).toBeLessThanOrEqual(200 * 20);
  });

  test('room that comes bit by bit makes a gang plan again once it may be enough', () => {
    const world = fullWorld(10);
    const late = hostile('late', 1, 20);
    world.bind(late.leader(), 'n9');
    admit(world);
    reset();
    for (let i = 0; i < 4; i++) {
      world.gone(pod(`used-${i}`));
      expect(admit(world)).toEqual([]);
    }
    expect(work().plans).toBe(0);
    world.gone(pod('used-4'));
    expect(admit(world)).toEqual(['gang-admitted jobs/late']);
    expect(work().plans).toBe(1);
  });

  test('slots that lost their room are planned again once it could help, and then a bounded number at a time', () => {
    const world = new World(
      nodes(3, 1000).map((one) => ({ ...one, allocatable: node('', { cpu: 1000, pods: 2000 }).allocatable })),
    );
    const app = spark('app', 2500);
    expect(world.start(app.leader())).toMatch(/^-> /);
    reset();
    // Each of the two nodes that stay is full: 1,000 slots, or a bit less, have no place.
    const leaderAt = world.scheduler.explain('jobs/app', 0)!.placed[0]!.node;
    const gone = ['n0', 'n1', 'n2'].find((name) => name !== leaderAt)!;
    world.removeNode(gone);
    const lost = world.scheduler.gangs()[0]!.slots.unplaced;
    expect(lost).toBeGreaterThan(400);
    world.wait(1000);
    reset();
    for (let i = 0; i < 20; i++) {
      world.wait(1000);
      world.node(node('tiny', { cpu: 0.5 }));
    }
    expect(work().plans).toBe(0);
    reset();
    world.node({ ...node(gone, { cpu: 1000, pods: 2000 }) });
    expect(work().plans).toBe(32);
    for (let i = 0; world.scheduler.gangs()[0]!.slots.unplaced > 0; i++) {
      expect(i).toBeLessThan(lost / 32);
      reset();
      world.wait(1000);
      expect(work().plans).toBeLessThanOrEqual(32);
    }
  });

  test('a reservation written for nodes that are full: one plan for each role', () => {
    const world = new World(nodes(50, 4), {}, false);
    for (let i = 0; i < 50; i++) world.bind(pod(`used-${i}`, { cpu: 4 }), `n${i}`);
    const gang = hostile('many', 3, 2000);
    const at = { n1: 2000 };
    world.bind(withReservation(gang.leader(), { leader: { n0: 1 }, r0: at, r1: at, r2: at }), 'n0');
    reset();
    world.sync();
    expect(work().plans).toBe(3);
    reset();
    world.wait(1000);
    expect(work().plans).toBe(3);
    reset();
    for (let i = 0; i < 10; i++) world.wait(1000);
    expect(work()).toEqual(NOTHING);
  });
});

test('a muster that starts among leaders bound without it plans nothing before it is ready', () => {
  const world = new World(nodes(100, 4), {}, false);
  for (let i = 0; i < 100; i++) world.bind(pod(`used-${i}`, { cpu: 4 }), `n${i}`);
  for (let i = 0; i < 50; i++) world.bind(hostile(`many-${i}`, 15, 600).leader(), `n${i}`);
  reset();
  world.sync();
  expect(work()).toEqual(NOTHING);
  expect(world.scheduler.stats().gangs.waiting).toBe(50);
});
