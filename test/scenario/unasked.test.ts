import { describe, expect, test } from 'vitest';
import type { PodInfo, SlotCounts } from '../../src/core/model.ts';
import { boundTo, node, pod, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

const nodes = (count: number, cpu: number) => Array.from({ length: count }, (_, i) => node(`n${i + 1}`, { cpu }));

function admit(world: World): string[] {
  const effects = world.scheduler.admitWaiting(world.nowMs);
  world.effects.push(...effects);
  world.scheduler.checkInvariants();
  return effects.map(({ kind, gang }) => `${kind} ${gang}`);
}

const slotsOf = (world: World, gang: string) =>
  world.scheduler.explain(`jobs/${gang}`, world.nowMs)?.placed.map((slot) => `${slot.role} ${slot.node} ${slot.state}`);

describe('pods of no gang in flight', () => {
  test('two pods in a row never both get the last core beside a reservation', () => {
    const world = new World(nodes(1, 6));
    world.start(spark('a', 4).leader());
    expect(world.ask(pod('first'))).toBe('any');
    expect(world.ask(pod('second'))).toBe('any of ');
    world.bind(pod('first'), 'n1');
    expect(world.ask(pod('third'))).toBe('any of ');
  });

  test('the same pod may ask again, and counts once', () => {
    const world = new World(nodes(1, 6));
    world.start(spark('a', 4).leader());
    expect([world.ask(pod('first')), world.ask(pod('first'))]).toEqual(['any', 'any']);
  });

  test.each(['is gone', 'is bound elsewhere', 'is forgotten after 10 s'])(
    'room is there again once the pod %s',
    (how) => {
      const world = new World([...nodes(1, 6), node('other', { cpu: 8 })]);
      world.start(spark('a', 4).leader());
      world.ask(pod('first'));
      if (how === 'is gone') world.gone(pod('first'));
      else if (how === 'is bound elsewhere') world.bind(pod('first'), 'other');
      else world.wait(10_000);
      expect(world.ask(pod('second'))).toBe('any');
    },
  );

  test('a gang is not planned onto room that such a pod may be taking; it starts once it is known where that went', () => {
    const world = new World(nodes(2, 3));
    world.ask(pod('web'));
    const gang = spark('a', 5);
    expect(world.ask(gang.leader())).toBe('waits: gang waits for room');
    expect(admit(world)).toEqual([]);
    world.gone(pod('web'));
    expect(admit(world)).toEqual(['gang-admitted jobs/a', 'wake-leader jobs/a']);
  });
});

describe('admission without being asked', () => {
  test('in the order of the queue, as far as room goes, and each once', () => {
    const world = new World(nodes(1, 8));
    world.start(spark('big', 7).leader());
    for (const name of ['a', 'b', 'c']) {
      world.wait(1000);
      world.ask(spark(name, 3).leader());
    }
    expect(admit(world)).toEqual([]);
    world.gone(spark('big', 7).leader());
    expect(admit(world)).toEqual([
      'gang-admitted jobs/a',
      'wake-leader jobs/a',
      'gang-admitted jobs/b',
      'wake-leader jobs/b',
    ]);
    expect(admit(world)).toEqual([]);
    expect(world.ask(spark('a', 3).leader())).toBe('-> n1');
    expect(world.ask(spark('c', 3).leader())).toBe('waits: gang waits for room');
  });

  test('a hundred gangs at once are looked at in rounds', () => {
    const world = new World(nodes(100, 4));
    const gated = Array.from({ length: 100 }, (_, i) => ({ ...spark(`g${i}`, 3).leader(), gated: true as const }));
    for (const one of gated) world.scheduler.observe({ kind: 'pod', pod: one }, world.nowMs);
    const admitted = () => admit(world).filter((line) => line.startsWith('gang-admitted')).length;
    expect([admitted(), admitted(), admitted()]).toEqual([64, 36, 0]);
  });

  test('a gang that starts so and is never asked about gives its places back', () => {
    const world = new World(nodes(1, 8), { reservation: { unclaimedMs: 5000, successorMs: 1000 } });
    world.start(spark('big', 7).leader());
    world.ask(spark('a', 3).leader());
    world.gone(spark('big', 7).leader());
    admit(world);
    world.wait(5000);
    expect(world.kinds()).toContain('slots-expired');
    expect(slotsOf(world, 'a')).toEqual([]);
  });

  test('what only the offered nodes stand against is left to kube-scheduler', () => {
    const world = new World(nodes(2, 8));
    expect(world.ask(spark('a', 3).leader(), [])).toBe('waits: no offered node suits role driver');
    expect(admit(world)).toEqual([]);
  });

  test('behind more gangs than a round plans, and single pods always in flight: it has its turn in the next round', () => {
    const world = new World(nodes(1, 8));
    const seen = (one: PodInfo) => world.scheduler.observe({ kind: 'pod', pod: { ...one, gated: true } }, world.nowMs);
    world.bind(pod('other', { cpu: 4 }), 'n1');
    for (let i = 0; i < 70; i++) seen(spark(`large-${i}`, 5, { queue: `q${i}`, priority: 1 }).leader());
    world.wait(1);
    seen(spark('small', 1, { queue: 'last' }).leader());
    const rounds = [0, 1].map((i) => {
      world.ask(pod(`single-${i}`));
      return admit(world).filter((effect) => effect.startsWith('gang-admitted'));
    });
    expect(rounds).toEqual([[], ['gang-admitted jobs/small']]);
  });

  test('a gated leader gets in line when it is seen, starts, and can be withdrawn', () => {
    const world = new World(nodes(1, 4));
    const gated = (name: string): PodInfo => ({ ...spark(name, 3).leader(), gated: true });
    for (const name of ['a', 'b']) world.scheduler.observe({ kind: 'pod', pod: gated(name) }, world.nowMs);
    expect(admit(world)).toEqual(['gang-admitted jobs/a', 'wake-leader jobs/a', 'gang-waits jobs/b']);
    world.gone(gated('a'));
    expect(admit(world)).toEqual(['gang-admitted jobs/b', 'wake-leader jobs/b']);
  });

  test('a gated leader that was there before the first list was complete', () => {
    const world = new World(nodes(1, 4), {}, false);
    world.scheduler.observe({ kind: 'pod', pod: { ...spark('a', 3).leader(), gated: true } }, 0);
    expect(admit(world)).toEqual([]);
    world.sync();
    expect(admit(world)).toEqual(['gang-admitted jobs/a', 'wake-leader jobs/a']);
  });
});

describe('a leader for which kube-scheduler finds every node full: it asks no extender about it', () => {
  const crowded = (name: string, change: Partial<PodInfo> = {}): PodInfo => ({
    ...spark(name, 3).leader(),
    crowdedOut: true,
    ...change,
  });
  const see = (world: World, one: PodInfo) => world.scheduler.observe({ kind: 'pod', pod: one }, world.nowMs);

  test('gets in line, hears why it waits, and starts when there is room', () => {
    const world = new World(nodes(1, 4));
    world.start(spark('big', 3).leader());
    see(world, crowded('a'));
    expect(admit(world)).toEqual(['gang-waits jobs/a']);
    expect(world.scheduler.explain('jobs/a', world.nowMs)?.reason).toBe('gang waits for room');
    world.gone(spark('big', 3).leader());
    expect(admit(world)).toEqual(['gang-admitted jobs/a', 'wake-leader jobs/a']);
    expect(world.ask(spark('a', 3).leader())).toBe('-> n1');
  });

  test('is started so once: where it does not come for its places, something else is in its way', () => {
    const world = new World(nodes(1, 4), { reservation: { unclaimedMs: 5000, successorMs: 1000 } });
    see(world, crowded('a'));
    expect(admit(world)).toEqual(['gang-admitted jobs/a', 'wake-leader jobs/a']);
    world.wait(5000);
    see(world, crowded('a'));
    expect(admit(world)).toEqual([]);
    expect(world.ask(spark('a', 3).leader())).toBe('-> n1');
  });

  test('was there before the first list was complete', () => {
    const world = new World(nodes(1, 4), {}, false);
    see(world, crowded('a'));
    world.sync();
    expect(admit(world)).toEqual(['gang-admitted jobs/a', 'wake-leader jobs/a']);
  });

  test.each([
    ['of another scheduler', { schedulerName: 'default-scheduler' }],
    ['that is being deleted', { deleting: true }],
  ])('not one %s', (_, change) => {
    const world = new World(nodes(1, 4));
    see(world, crowded('a', change));
    expect(admit(world)).toEqual([]);
    expect(world.scheduler.gangs()).toEqual([]);
  });

  test('whose declaration is wrong hears what is wrong with it', () => {
    const world = new World(nodes(1, 4));
    const { membership } = crowded('a');
    const effects = see(
      world,
      crowded('a', { membership: { gang: membership!.gang, role: '', problem: 'no such thing' } }),
    );
    expect(effects).toEqual([expect.objectContaining({ kind: 'gang-waits', reason: 'no such thing' })]);
  });
});

describe('hold', () => {
  test('no new gang starts, asked or not; members with a place and pods of no gang go on', () => {
    const world = new World(nodes(1, 20));
    world.start(spark('a', 3).leader());
    world.scheduler.hold('the watch is silent');
    expect(world.ask(spark('b', 3).leader())).toBe('waits: the watch is silent');
    expect(admit(world)).toEqual([]);
    expect(world.ask(spark('a', 3).member('executor', 0))).toBe('-> n1');
    expect(world.ask(pod('web'))).toBe('any');
    world.gone(pod('web'));
    world.scheduler.hold(undefined);
    expect(admit(world)).toEqual(['gang-admitted jobs/b', 'wake-leader jobs/b']);
  });
});

describe('what a leader has written on it', () => {
  const counts = (roles: Record<string, Record<string, number>>): SlotCounts =>
    new Map(Object.entries(roles).map(([role, at]) => [role, new Map(Object.entries(at))]));
  const written = (one: PodInfo, roles: Record<string, Record<string, number>>): PodInfo => ({
    ...one,
    reservation: { text: JSON.stringify(roles), slots: counts(roles) },
  });

  function restarted(leader: PodInfo, members: readonly PodInfo[] = []): World {
    const world = new World(nodes(3, 4), {}, false);
    for (const one of [...members, leader]) world.scheduler.observe({ kind: 'pod', pod: one }, 0);
    world.sync();
    return world;
  }

  const a = spark('a', 4);
  const leader = boundTo(a.leader(), 'n1');

  test.each<[string, Record<string, Record<string, number>>, readonly PodInfo[], string[]]>([
    [
      'nobody is there yet',
      { driver: { n1: 1 }, executor: { n2: 3, n3: 1 } },
      [],
      [
        'driver n1 bound',
        'executor n2 reserved',
        'executor n2 reserved',
        'executor n2 reserved',
        'executor n3 reserved',
      ],
    ],
    [
      'some are there, where they should be',
      { driver: { n1: 1 }, executor: { n2: 3, n3: 1 } },
      [boundTo(a.member('executor', 1), 'n3'), boundTo(a.member('executor', 2), 'n2')],
      ['driver n1 bound', 'executor n2 bound', 'executor n2 reserved', 'executor n2 reserved', 'executor n3 bound'],
    ],
    [
      'one is elsewhere: it has taken one of the places',
      { driver: { n1: 1 }, executor: { n2: 2 } },
      [boundTo(a.member('executor', 1), 'n3')],
      ['driver n1 bound', 'executor n2 reserved', 'executor n3 bound'],
    ],
    [
      'fewer places than the app began with: the others were given up',
      { driver: { n1: 1 }, executor: { n2: 1 } },
      [],
      ['driver n1 bound', 'executor n2 reserved'],
    ],
    [
      'a node is gone: its places are planned anew',
      { driver: { n1: 1 }, executor: { gone: 2 } },
      [],
      ['driver n1 bound', 'executor n1 reserved', 'executor n1 reserved'],
    ],
    ['nothing is written of executors: all their places were given up', { driver: { n1: 1 } }, [], ['driver n1 bound']],
  ])('%s', (_what, roles, members, slots) => {
    expect(slotsOf(restarted(written(leader, roles), members), 'a')?.sort()).toEqual(slots);
  });

  test('more than fits: what has no room is sought again, and no node is overcommitted', () => {
    const wide = boundTo(spark('a', 30).leader(), 'n1');
    const world = restarted(written(wide, { driver: { n1: 1 }, executor: { n2: 30 } }));
    expect(slotsOf(world, 'a')!.filter((slot) => slot.includes('unplaced'))).toHaveLength(30 - 11);
  });

  test('is followed while another replica decides, and not by the one that decides', () => {
    const world = new World(nodes(3, 4));
    world.start(a.leader());
    const before = slotsOf(world, 'a');
    const news = written(leader, { driver: { n1: 1 }, executor: { n3: 4 } });
    world.scheduler.observe({ kind: 'pod', pod: news }, 0);
    expect(slotsOf(world, 'a')).toEqual(before);
    world.scheduler.followOthers(true, 0);
    world.scheduler.observe({ kind: 'pod', pod: news }, 0);
    expect(slotsOf(world, 'a')!.filter((slot) => slot === 'executor n3 reserved')).toHaveLength(4);
    expect(admit(world)).toEqual([]);
  });

  test('is written as the slots are', () => {
    const world = new World(nodes(3, 4));
    world.start(a.leader());
    const { slots, leader: ref } = world.scheduler.reservation('jobs/a')!;
    expect(ref.name).toBe('a-driver');
    expect([...slots].map(([role, at]) => [role, Object.fromEntries(at)])).toEqual([
      ['driver', { n1: 1 }],
      ['executor', { n1: 3, n2: 1 }],
    ]);
    expect(world.scheduler.reservation('jobs/nobody')).toBeUndefined();
  });
});

describe('members that run while their gang changes', () => {
  test('a new leader needs no room for members that run already, and they take up the slots', () => {
    const world = new World(nodes(1, 5));
    const gang = spark('a', 4);
    world.start(gang.leader());
    for (let i = 0; i < 4; i++) world.start(gang.member('executor', i));
    world.gone(gang.leader());
    expect(world.start(gang.leader('successor'))).toBe('-> n1');
    expect(slotsOf(world, 'a')!.sort()).toEqual(['driver n1 bound', ...Array<string>(4).fill('executor n1 bound')]);
    world.gone(gang.member('executor', 0));
    expect(world.ask(pod('web'))).toBe('any of ');
    expect(world.start(gang.member('executor', 9))).toBe('-> n1');
  });

  test('one that is labelled out of its gang is none of its members any more', () => {
    const world = new World(nodes(1, 8));
    const gang = spark('a', 2);
    world.start(gang.leader());
    for (let i = 0; i < 3; i++) world.start(gang.member('executor', i));
    const { membership, ...plain } = gang.member('executor', 2);
    expect(membership?.gang).toBe('jobs/a');
    world.bind(plain, 'n1');
    world.gone(gang.member('executor', 0));
    expect(slotsOf(world, 'a')!.filter((slot) => slot === 'executor n1 reserved')).toHaveLength(1);
  });
});

test('an elastic member takes no place of those that the gang starts with', () => {
  const world = new World(nodes(1, 6));
  const gang = spark('a', 4);
  world.start(gang.leader());
  const member = gang.member('executor', 9);
  const { gang: key, role } = member.membership!;
  const elastic: PodInfo = { ...member, membership: { gang: key, role, isElastic: true } };
  expect(world.start(elastic)).toBe('-> n1');
  expect(slotsOf(world, 'a')!.filter((slot) => slot.endsWith('reserved'))).toHaveLength(4);
  expect(world.ask({ ...elastic, uid: 'another', name: 'another' })).toBe(
    'waits: no room for a member beyond the minimum',
  );
  for (let i = 0; i < 4; i++) expect(world.start(gang.member('executor', i))).toBe('-> n1');
});

describe('a declaration that is awaited', () => {
  const awaiting = {
    gang: 'jobs/a',
    role: 'driver',
    problem: 'ConfigMap conf of the driver does not exist yet',
    awaits: 'spark-conf/jobs/conf',
  };
  const driver: PodInfo = { ...pod('a-driver'), membership: awaiting };

  test('is a reason to wait that never changes by itself; after a minute the advice says more; it ends when it comes', () => {
    const world = new World(nodes(1, 8));
    expect(world.ask(driver)).toBe('waits: ConfigMap conf of the driver does not exist yet');
    expect(world.scheduler.gangs()).toMatchObject([{ gang: 'jobs/a', phase: 'waiting', reason: awaiting.problem }]);
    expect(world.scheduler.explain('jobs/a', world.nowMs)?.advice).toHaveLength(1);
    world.wait(61_000);
    expect(world.ask(driver)).toBe('waits: ConfigMap conf of the driver does not exist yet');
    expect(world.kinds().filter((kind) => kind === 'gang-waits')).toHaveLength(1);
    expect(world.scheduler.explain('jobs/a', world.nowMs)?.advice[1]).toContain('still missing after 60 s');
    expect(world.ask(spark('a', 3).leader())).toBe('-> n1');
    expect(world.scheduler.gangs()).toHaveLength(1);
  });

  test('is forgotten with the pod', () => {
    const world = new World(nodes(1, 8));
    world.ask(driver);
    world.gone(driver);
    expect(world.scheduler.gangs()).toEqual([]);
    expect(world.scheduler.claimants()).toEqual([]);
  });
});
