import { afterEach, describe, expect, test, vi } from 'vitest';
import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import { Planner } from '../../src/core/placement/planner.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { boundTo, node, offer, pod, spark, type GangBuilder, queueWith } from '../support/builders.ts';
import { World } from '../support/world.ts';

const STRICT = { queue: queueWith({ blockAfterMs: 0 }) };
const ONE_RACK = { ...STRICT, topology: { mode: 'require', keys: ['rack'], leader: true } } as const;
const IMPOSSIBLE = /^waits: cannot start on this cluster: /;
const TURN = 'waits: gang waits for its turn';

const rack = (name: string, at: string, cpu = 8) => node(name, { cpu, labels: { rack: at } });
const nodes = (count: number, cpu: number): NodeInfo[] =>
  Array.from({ length: count }, (_, i) => node(`n${i}`, { cpu }));
const agent = (on: string, cpu = 0.1): PodInfo => ({
  ...boundTo(pod(`agent-${on}`, { cpu }), on),
  evictionTraits: { isPinned: true },
});

function worldWith(list: readonly NodeInfo[], policy: Partial<Policy>, agents: readonly PodInfo[] = []): World {
  const world = new World(list, policy);
  for (const one of agents) world.bind(one, one.node!);
  return world;
}

/** The gang asks, and 1 ms later a small one behind it. */
function askBoth(world: World, gang: GangBuilder): string[] {
  const first = world.ask(gang.leader());
  world.wait(1);
  return [first, world.start(spark(`small-${world.nowMs}`, 0).leader())];
}

const adviceOn = (world: World, gang: string) =>
  world.scheduler.explain(`jobs/${gang}`, world.nowMs)?.advice.join(' ') ?? '';

afterEach(() => vi.restoreAllMocks());

describe('a gang that the empty cluster could not hold blocks nobody, and says why', () => {
  test.each([
    {
      name: 'driver and executors fit one by one, but not together',
      world: () => worldWith([node('a', { cpu: 8 })], STRICT),
      gang: spark('big', 8),
      says: /all its members together need 9 cores, and the nodes for them have 8 cores/,
    },
    {
      name: 'no rack holds it, although two do',
      world: () => worldWith([rack('a', 'r1'), rack('b', 'r2')], ONE_RACK),
      gang: spark('big', 9),
      says: /requires one rack for the whole gang, and none of 2 has room for it: r1, the roomiest, has 8 places for role executor, which needs 9/,
    },
    {
      name: 'each rack holds each role, but not all together',
      world: () => worldWith([rack('a', 'r1'), rack('b', 'r2')], ONE_RACK),
      gang: spark('big', 8),
      says: /requires one rack for the whole gang, and none of 2 has room for it/,
    },
    {
      name: 'a DaemonSet has a pod on every node',
      world: () =>
        worldWith(
          nodes(4, 16),
          STRICT,
          ['n0', 'n1', 'n2', 'n3'].map((at) => agent(at)),
        ),
      gang: spark('big', 3, { cpu: 16 }),
      says: /role executor needs 3 places, and with no pod there but those of DaemonSets its 4 nodes would have 0/,
    },
    {
      name: 'its own member runs where it is in the way',
      world: () => {
        const world = worldWith(nodes(2, 8), STRICT);
        const gang = spark('big', 2, { cpu: 4 });
        world.bind(gang.member('executor', 0), 'n0');
        world.bind(gang.member('executor', 1), 'n1');
        return world;
      },
      gang: spark('big', 2, { cpu: 4 }),
      leaderCpu: 8,
      says: /role driver needs 1 place, and .* its 2 nodes would have 0/,
    },
  ])('$name', ({ world: make, gang, says, leaderCpu }) => {
    const world = make();
    const leader = gang.leader();
    const asking =
      leaderCpu === undefined
        ? leader
        : { ...leader, request: new Map([...leader.request, ['cpu', leaderCpu * 1000]]) };
    expect(world.ask(asking)).toMatch(IMPOSSIBLE);
    world.wait(1);
    expect(world.start(spark('small', 0).leader())).toMatch(/^-> /);
    expect(adviceOn(world, 'big')).toMatch(/Cannot start on this cluster: /);
    expect(adviceOn(world, 'big')).toMatch(says);
  });

  test('while pods of no gang are in flight, too', () => {
    const world = worldWith([node('a', { cpu: 8 })], STRICT);
    expect(world.ask(pod('single'))).toBe('any');
    expect(world.ask(spark('big', 8).leader())).toMatch(IMPOSSIBLE);
  });

  test('in a day, all 288 one-core apps behind it start', () => {
    const world = worldWith([node('a', { cpu: 8 })], {});
    const big = spark('big', 8);
    let started = 0;
    for (let i = 0; i < 288; i++) {
      world.ask(big.leader());
      const app = spark(`app-${i}`, 0);
      if (world.start(app.leader()).startsWith('-> ')) started++;
      world.wait(300_000);
      world.gone(app.leader());
    }
    expect(started).toBe(288);
  });
});

describe('a gang that fits exactly still blocks those behind it', () => {
  test.each([
    { name: 'one node', list: [node('a', { cpu: 9 })], policy: STRICT },
    { name: 'one rack', list: [rack('a', 'r1', 5), rack('b', 'r1', 4), rack('c', 'r2', 5)], policy: ONE_RACK },
  ])('$name', ({ list, policy }) => {
    const world = worldWith(list, policy);
    world.bind(pod('other', { cpu: 1 }), 'a');
    expect(askBoth(world, spark('big', 8))).toEqual(['waits: gang waits for room', TURN]);
  });
});

describe('when the cluster changes', () => {
  const busy = (cpu: number, on: string) => boundTo(pod(`busy-${on}`, { cpu }), on);

  test('a gang that a node less makes impossible blocks nobody any more, asked or not', () => {
    const world = worldWith([node('a', { cpu: 8 }), node('b', { cpu: 8 })], STRICT);
    world.bind(busy(4, 'a'), 'a');
    expect(askBoth(world, spark('big', 12))).toEqual(['waits: gang waits for room', TURN]);
    const behind = spark('behind', 1).leader();
    expect(world.ask(behind)).toBe(TURN);
    world.removeNode('b');
    expect(world.ask(behind)).toBe('-> a');
    expect(world.effects).toContainEqual(
      expect.objectContaining({
        kind: 'gang-waits',
        gang: 'jobs/big',
        reason: expect.stringMatching(/^cannot start on this cluster/) as string,
      }),
    );
  });

  test.each([
    ['a DaemonSet comes', (world: World) => world.bind(agent('a', 1), 'a')],
    ['a node shrinks', (world: World) => world.node(node('a', { cpu: 7 }))],
    ['a node is cordoned', (world: World) => world.node(node('a', { cpu: 8, unschedulable: true }))],
    [
      'a node gets a taint',
      (world: World) => {
        world.node(node('a', { cpu: 8, taints: [{ key: 'own', value: '', effect: 'NoSchedule' }] }));
      },
    ],
  ])('so where %s', (_name, change) => {
    const world = worldWith([node('a', { cpu: 8 }), node('b', { cpu: 8 })], STRICT);
    world.bind(busy(1, 'b'), 'b');
    const [big, behind] = [spark('big', 15), spark('behind', 0).leader()];
    expect(world.ask(big.leader())).toBe('waits: gang waits for room');
    world.wait(1);
    expect(world.ask(behind)).toBe(TURN);
    change(world);
    expect(world.ask(behind)).toMatch(/^-> /);
    expect(world.ask(big.leader())).toMatch(IMPOSSIBLE);
  });

  test.each([
    ['a node comes', (world: World) => world.node(node('c', { cpu: 8 }))],
    ['a node is uncordoned', (world: World) => world.node(node('b', { cpu: 8 }))],
    ['a DaemonSet goes', (world: World) => world.gone(agent('a', 4))],
  ])('a gang that it makes possible blocks again at once: %s', (_name, change) => {
    const cordoned = node('b', { cpu: 8, unschedulable: true });
    const world = worldWith([node('a', { cpu: 12 }), cordoned], STRICT, [agent('a', 4)]);
    world.bind(busy(4, 'a'), 'a');
    const big = spark('big', 11);
    expect(askBoth(world, big)[0]).toMatch(IMPOSSIBLE);
    change(world);
    const answers = askBoth(world, big);
    expect(answers).toEqual(answers[0]!.startsWith('-> ') ? answers : ['waits: gang waits for room', TURN]);
    expect(answers[0]).not.toMatch(IMPOSSIBLE);
  });
});

test('a full node that makes it possible lets it block, although it has no room now', () => {
  const world = worldWith([node('a', { cpu: 8 })], STRICT);
  world.bind(pod('busy-a', { cpu: 8 }), 'a');
  const big = spark('big', 11);
  expect(world.ask(big.leader())).toMatch(IMPOSSIBLE);
  world.bind(pod('busy-b', { cpu: 8 }), 'b');
  world.node(node('b', { cpu: 8 }));
  expect(world.ask(big.leader())).toBe('waits: gang waits for room');
  world.wait(1);
  expect(world.ask(spark('small', 0).leader())).toBe(TURN);
});

describe('what it costs', () => {
  const plans = () => {
    const plan = vi.spyOn(Planner.prototype, 'plan');
    return () => {
      const { length } = plan.mock.calls;
      plan.mockClear();
      return length;
    };
  };
  const admit = (world: World) => {
    world.effects.push(...world.scheduler.admitWaiting(world.nowMs));
  };

  test('nothing while nothing changes that could help: heartbeats, and pods that come and go', () => {
    const world = worldWith([node('a', { cpu: 8 }), node('full', { cpu: 8 })], STRICT);
    world.bind(pod('keeps', { cpu: 8 }), 'full');
    const [big, waits] = [spark('big', 20), spark('waits', 1, { cpu: 8 })];
    world.bind(pod('half', { cpu: 4 }), 'a');
    world.ask(big.leader());
    world.ask(waits.leader());
    const count = plans();
    for (let i = 0; i < 50; i++) {
      world.node(node('a', { cpu: 8, images: [`image-${i}`] }));
      admit(world);
    }
    for (let i = 0; i < 50; i++) {
      world.bind(pod(`passing-${i}`, { cpu: 0.5 }), 'full');
      world.gone(pod(`passing-${i}`));
      world.ask(big.leader());
      world.ask(waits.leader());
      admit(world);
    }
    expect(count()).toBe(0);
  });

  test('of a thousand impossible gangs, a few looks for each question when a node goes', () => {
    const world = worldWith(nodes(3, 8), STRICT);
    world.bind(pod('other', { cpu: 1 }), 'n0');
    // Each is of its own size, so that no two share a verdict: it is possible on three nodes, and not on two.
    const gangs = Array.from({ length: 1000 }, (_, i) => spark(`g${i}`, 5, { cpu: 4 - i / 10_000 }));
    world.nowMs = 1;
    for (const gang of gangs) world.scheduler.filter({ pod: gang.leader(), candidates: offer([]) }, 1);
    world.removeNode('n2');
    const count = plans();
    world.nowMs = 2;
    const small = spark('small', 0).leader();
    for (let i = 0; i < 20; i++) {
      world.scheduler.filter({ pod: small, candidates: offer([]) }, 2);
      expect(count()).toBeLessThanOrEqual(8);
    }
  });

  test('a thousand equal gangs share one verdict', () => {
    const world = worldWith(nodes(2, 8), STRICT);
    world.scheduler.filter({ pod: spark('first', 100).leader(), candidates: offer([]) }, 0);
    const count = plans();
    for (let i = 0; i < 100; i++) {
      const leader = spark(`g${i}`, 100).leader();
      world.scheduler.filter({ pod: leader, candidates: offer([]) }, 0);
    }
    expect(count()).toBe(100);
  });
});
