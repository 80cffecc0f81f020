import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy, type StrategyName } from '../../src/core/policy/policy.ts';
import { node, offer, pod, spark, type GangBuilder } from '../support/builders.ts';
import { partialGangs, SAMPLE, SamplingScheduler } from '../support/sampling-scheduler.ts';
import { World } from '../support/world.ts';

const NODES = 250;
const nodes = (options: { cpu?: number; racks?: number } = {}) =>
  Array.from({ length: NODES }, (_, i) =>
    node(`n${String(i).padStart(3, '0')}`, {
      cpu: options.cpu ?? 8,
      labels: options.racks ? { rack: `r${i % options.racks}` } : {},
    }),
  );
const members = (gang: GangBuilder, count: number) =>
  Array.from({ length: count }, (_, i) => gang.member('executor', i));
const withStrategy = (strategy: StrategyName, rest: Partial<Policy> = {}): Partial<Policy> => ({
  leader: { ...DEFAULT_POLICY.leader, strategy },
  members: { ...DEFAULT_POLICY.members, strategy },
  ...rest,
});

/** Starts gangs one after the other. @param offers how much of the cluster is offered */
function startGangs(policy: Partial<Policy>, offers: 'all' | 'samples', cluster = nodes()) {
  const world = new World(cluster, policy);
  const kube = new SamplingScheduler(world, offers === 'all' ? { offer: (fitting) => fitting } : {});
  for (let i = 0; i < 12; i++) {
    const gang = spark(`app-${i}`, 11);
    kube.add(gang.leader());
    kube.finish(20);
    kube.add(...members(gang, 11));
    kube.finish(20);
  }
  return { world, kube };
}

describe('kube-scheduler offers samples of the nodes', () => {
  test.each(['pack', 'least-fragmentation'] as const)(
    '%s: as many nodes as with all of them, no gang partial, two questions a member at most',
    (strategy) => {
      const all = startGangs(withStrategy(strategy), 'all');
      const sampled = startGangs(withStrategy(strategy), 'samples');
      expect(sampled.kube.nodesInUse).toBe(all.kube.nodesInUse);
      expect(all.kube.nominations).toBe(0);
      expect(sampled.kube.nominations).toBeGreaterThan(0);
      expect(sampled.kube.asks).toBeLessThanOrEqual(2 * all.kube.asks);
      expect(partialGangs(sampled.world)).toEqual([]);
    },
  );

  test('spread: every member of a gang has a node of its own', () => {
    const { kube } = startGangs(withStrategy('spread'), 'samples');
    for (let i = 0; i < 12; i++) {
      const own = [...kube.bound].filter(([uid]) => uid.startsWith(`app-${i}-`)).map(([, name]) => name);
      expect(new Set(own).size).toBe(12);
    }
  });

  test('require: no gang leaves its rack, of which few nodes are ever in one offer', () => {
    const topology = { mode: 'require', keys: ['rack'], leader: true } as const;
    const { kube, world } = startGangs(withStrategy('pack', { topology }), 'samples', nodes({ racks: 25 }));
    for (let i = 0; i < 12; i++) {
      const racks = [...kube.bound]
        .filter(([uid]) => uid.startsWith(`app-${i}-`))
        .map(([, name]) => world.nodes.get(name)!.labels.get('rack'));
      expect(new Set(racks).size).toBe(1);
    }
  });

  test('where no offer ever has the slot’s node and nominations are not heard, members move after half a second', () => {
    const world = new World(nodes());
    const offer = (fitting: readonly string[], { uid }: { readonly uid: string }) => {
      const own = world.scheduler.inside.ledger.slotOf(uid)?.node;
      const held = new Set(
        [...world.scheduler.inside.gangs.values()].flatMap(({ slots }) => slots.map((slot) => slot.node)),
      );
      return fitting.filter((name) => name !== own && !held.has(name)).slice(0, SAMPLE);
    };
    const kube = new SamplingScheduler(world, { offer, hears: () => false });
    const gang = spark('a', 20);
    kube.add(gang.leader(), ...members(gang, 20));
    kube.finish(6);
    expect(partialGangs(world)).toEqual([]);
    expect(kube.asks).toBeLessThan(5 * 21);
  });

  test('a leader whose node is not offered is nominated, and its gang starts', () => {
    // One node in use with room for all; it is in no sample of the others.
    const world = new World(nodes());
    const first = spark('first', 3);
    const kube = new SamplingScheduler(world, { offer: (fitting) => fitting.slice(-SAMPLE) });
    world.start(first.leader(), ['n000']);
    kube.add(...members(first, 3));
    const second = spark('second', 3);
    kube.add(second.leader());
    kube.round();
    expect(world.effects.filter(({ kind }) => kind === 'nominate')).not.toEqual([]);
    kube.add(...members(second, 3));
    kube.finish(4);
    expect(new Set(kube.bound.values())).toEqual(new Set(['n000']));
  });

  test('an offer that is no sample is all there is: a member moves at once', () => {
    const world = new World(nodes());
    const gang = spark('a', 2);
    const leaderNode = world.start(gang.leader()).slice(3);
    const others = [...world.nodes.keys()].filter((name) => name !== leaderNode).slice(0, 99);
    expect(world.ask(gang.member('executor', 0), others)).toMatch(/^-> /);
    // 100 is a sample of 250 nodes: kube-scheduler looks for no fewer. So is 40 %, and 101 is not.
    const sampled = [...world.nodes.keys()].filter((name) => name !== leaderNode).slice(100, 200);
    expect(world.ask(gang.member('executor', 1), sampled)).toBe('waits: member waits to be offered its node');
  });

  test('a nominated member that is asked about no more gives its slot back in time', () => {
    const world = new World(nodes());
    const gang = spark('a', 2);
    const leaderNode = world.start(gang.leader()).slice(3);
    const sample = [...world.nodes.keys()].filter((name) => name !== leaderNode).slice(0, SAMPLE);
    world.ask(gang.member('executor', 0), sample);
    expect(world.scheduler.gangs()[0]!.slots).toMatchObject({ assumed: 1 });
    world.wait(DEFAULT_POLICY.reservation.unclaimedMs);
    expect(world.scheduler.gangs()[0]!.slots).toMatchObject({ assumed: 0, reserved: 0 });
  });

  test('a nominated member is woken once kube-scheduler falls silent', () => {
    const world = new World(nodes());
    const gang = spark('a', 2);
    const leaderNode = world.start(gang.leader()).slice(3);
    const sample = [...world.nodes.keys()].filter((name) => name !== leaderNode).slice(0, SAMPLE);
    const member = gang.member('executor', 0);
    world.ask(member, sample);
    const woken = (ms: number) => {
      world.wait(ms);
      return world.scheduler
        .admitWaiting(world.nowMs)
        .flatMap((one) => (one.kind === 'wake-leader' ? one.leader.uid : []));
    };
    expect(woken(900)).toEqual([]);
    expect(woken(100)).toEqual([member.uid]);
    expect(woken(9000)).toEqual([]);
    expect(woken(1000)).toEqual([member.uid]);
  });

  test('members beyond the minimum fill nodes in use before they open others', () => {
    const world = new World(nodes());
    const kube = new SamplingScheduler(world);
    const gang = spark('a', 40, { min: 0 });
    kube.add(gang.leader());
    kube.finish(5);
    const elastic = members(gang, 40).map((one) => ({
      ...one,
      membership: { ...one.membership!, isElastic: true as const },
    }));
    kube.add(...(elastic as never[]));
    kube.finish(30);
    expect(kube.nodesInUse).toBe(Math.ceil(41 / 8));
  });

  test('a nominated member that is offered the node of an open slot of its role takes that one', () => {
    const world = new World(nodes({ cpu: 1 }));
    const gang = spark('a', 2);
    world.start(gang.leader());
    const nodesOf = () => world.scheduler.inside.gangs.get(gang.spec.key)!.slots.map((slot) => slot.node);
    const [, own, other] = nodesOf();
    const member = gang.member('executor', 0);
    const full = [...world.nodes.keys()].filter((name) => ![own, other].includes(name)).slice(0, SAMPLE);
    for (const name of full) world.bind(pod(`full-${name}`, { cpu: 1 }), name);
    expect(world.ask(member, full)).toBe('waits: member waits to be offered its node');
    expect(world.ask(member, [...full.slice(1), other!])).toBe(`-> ${other}`);
    expect(nodesOf().slice(1)).toEqual([other, own]);
  });

  test('a member whose node has others of its gang waits for it, where a fuller node has none', () => {
    const world = new World(nodes());
    const gang = spark('a', 6);
    world.start(gang.leader(), ['n000']);
    const fuller = pod('fuller', { cpu: 7 });
    world.bind(fuller, 'n249');
    const sample = [...world.nodes.keys()].slice(-SAMPLE);
    expect(world.ask(gang.member('executor', 0), sample)).toBe('waits: member waits to be offered its node');
  });

  test('of a sample a member takes the slot on the node where most are open', () => {
    const world = new World(nodes());
    world.bind(pod('filler', { cpu: 6 }), 'n001');
    const gang = spark('a', 9);
    world.start(gang.leader(), ['n001']);
    const { slots } = world.scheduler.inside.gangs.get(gang.spec.key)!;
    const [few, most] = [slots[1]!.node, slots[2]!.node];
    expect([few, slots.filter(({ node: name }) => name === most).length]).toEqual(['n001', 8]);
    const sample = [few, most, ...[...world.nodes.keys()].slice(-(SAMPLE - 2))];
    expect(world.ask(gang.member('executor', 0), sample)).toBe(`-> ${most}`);
  });

  test('a member that has its node for itself goes to another empty one, and is not nominated', () => {
    const world = new World(nodes({ cpu: 1 }));
    const gang = spark('a', 1);
    world.start(gang.leader());
    const empty = [...world.nodes.keys()].slice(-SAMPLE);
    expect(empty).toContain(world.ask(gang.member('executor', 0), empty).slice(3));
  });
});

describe('whose node is nominated before kube-scheduler asks', () => {
  test.each<[string, { nodes: number; offered: number; strategy: StrategyName; anyway?: boolean }, boolean]>([
    ['two in five nodes are offered, and a gang is on three', { nodes: 1000, offered: 420, strategy: 'pack' }, true],
    ['a gang is on so many that one is offered', { nodes: 1000, offered: 420, strategy: 'spread' }, false],
    ['a third are offered, and a gang is on three', { nodes: 2000, offered: 680, strategy: 'pack' }, true],
    ['all of a small cluster are offered', { nodes: 1000, offered: 1000, strategy: 'pack' }, false],
    ['the same, and every member is to be', { nodes: 1000, offered: 1000, strategy: 'pack', anyway: true }, true],
    ['all of a large cluster are offered', { nodes: 2000, offered: 2000, strategy: 'pack' }, true],
  ])('%s', (_, { nodes: count, offered, strategy, anyway = false }, isNominated) => {
    const cluster = Array.from({ length: count }, (__, i) => node(`n${i}`, { cpu: 10 }));
    const { scheduler } = new World(cluster, withStrategy(strategy));
    const gang = spark('a', 20);
    const names = cluster.slice(0, offered).map(({ name }) => name);
    expect(scheduler.filter({ pod: gang.leader(), candidates: offer(names) }, 0).answer.kind).toBe('one');
    const member = gang.member('executor', 0);
    scheduler.observe({ kind: 'pod', pod: member }, 0);
    expect(scheduler.claimAhead(member, anyway) !== undefined).toBe(isNominated);
  });
});
