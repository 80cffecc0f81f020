import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import { moreNodes } from '../../src/core/explanation/more-nodes.ts';
import { Planner } from '../../src/core/placement/planner.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { boundTo, GangBuilder, node, pod, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

interface Setting {
  readonly nodes: readonly NodeInfo[];
  readonly policy?: Partial<Policy>;
  /** Cores that other pods take, by node. */
  readonly busy?: Readonly<Record<string, number>>;
  /** Cores of a DaemonSet on every node. */
  readonly agents?: number;
  readonly before?: (world: World) => void;
  readonly gang: GangBuilder;
}

const SAID = /With ([\d,]+) more nodes? like (\S+)(?: \(\S+\))? it (would start now|could start)\./;
const IMPOSSIBLE = /^waits: cannot start on this cluster/;

const agent = (on: string, cpu: number): PodInfo => ({
  ...boundTo(pod(`agent-${on}`, { cpu }), on),
  evictionTraits: { isPinned: true },
});

/** The same cluster with so many new nodes like one of it. */
function worldOf({ nodes, policy, busy = {}, agents = 0, before }: Setting, like = '', count = 0): World {
  const model = nodes.find(({ name }) => name === like);
  const added = Array.from({ length: count }, (_, i) => {
    const name = `new-${i}`;
    const labels = new Map(model!.labels);
    if (labels.has('kubernetes.io/hostname')) labels.set('kubernetes.io/hostname', name);
    return { ...model!, name, labels };
  });
  const world = new World([...nodes, ...added], policy);
  for (const one of [...nodes, ...added]) if (agents > 0) world.bind(agent(one.name, agents), one.name);
  for (const [on, cpu] of Object.entries(busy)) if (cpu > 0) world.bind(pod(`busy-${on}`, { cpu }), on);
  before?.(world);
  return world;
}

const adviceIn = (world: World, gang: GangBuilder) =>
  world.scheduler.explain(gang.spec.key, world.nowMs)!.advice.join(' ');

/** Whether what was promised holds with so many more nodes. */
function holds(setting: Setting, promise: string, like: string, count: number): boolean {
  const answer = worldOf(setting, like, count).ask(setting.gang.leader());
  return promise === 'could start' ? !IMPOSSIBLE.test(answer) : answer.startsWith('-> ');
}

/** The smallest number of such nodes that helps, tried one by one. */
function tried(setting: Setting, promise: string, like: string, most: number): number | undefined {
  for (let count = 1; count <= most; count++) if (holds(setting, promise, like, count)) return count;
  return undefined;
}

const many = (count: number, cpu: number, labels: Record<string, string> = {}, prefix = 'n') =>
  Array.from({ length: count }, (_, i) => node(`${prefix}${i}`, { cpu, labels }));
const ONE_RACK = { topology: { mode: 'require', keys: ['rack'], leader: true } } as const;
const byName = (nodes: readonly NodeInfo[], cpu: number) => Object.fromEntries(nodes.map(({ name }) => [name, cpu]));

const settings: readonly (Setting & { readonly name: string; readonly says: string })[] = [
  {
    name: 'much is free, but in pieces that are too small',
    nodes: many(63, 16),
    busy: byName(many(63, 16), 14),
    gang: spark('big', 20, { cpu: 4 }),
    says: 'With 5 more nodes like n0 it would start now.',
  },
  {
    name: 'a DaemonSet takes its share of the new nodes',
    nodes: many(8, 16),
    busy: byName(many(8, 16), 14),
    agents: 0.5,
    gang: spark('big', 20, { cpu: 4 }),
    says: 'With 7 more nodes like n0 it would start now.',
  },
  {
    name: 'executors have nodes of their own',
    nodes: [...many(5, 4), ...many(2, 8, { kind: 'big' }, 'big')],
    busy: byName(many(2, 8, {}, 'big'), 8),
    gang: new GangBuilder('etl', {
      driver: { count: 1, cpu: 1 },
      executor: { count: 3, cpu: 4, nodeSelector: { kind: 'big' } },
    }),
    says: 'With 2 more nodes like big0 it would start now.',
  },
  {
    name: 'driver and executors fit one by one, but not together',
    nodes: many(1, 8),
    busy: { n0: 7 },
    gang: spark('etl', 1),
    says: 'With 1 more node like n0 it would start now.',
  },
  {
    name: 'one rack must hold it: in the rack that holds most of it',
    nodes: ['v', 'w', 'x', 'y', 'z'].flatMap((name) => many(2, 4, { rack: `rack-${name}` }, name)),
    busy: { v0: 4, v1: 4, w0: 4, w1: 4, x0: 4, x1: 4, y0: 4, y1: 2, z0: 1 },
    policy: ONE_RACK,
    gang: spark('etl', 7),
    says: 'With 1 more node like z0 (rack=rack-z) it would start now.',
  },
  {
    name: 'pods of no gang are in flight',
    nodes: many(4, 8),
    busy: byName(many(4, 8), 4),
    before: (world) => expect(world.ask(pod('single', { cpu: 2 }))).toBe('any'),
    gang: spark('etl', 19),
    says: 'With 2 more nodes like n0 it would start now.',
  },
  {
    name: 'three roles',
    nodes: many(3, 8),
    busy: byName(many(3, 8), 6),
    gang: new GangBuilder('etl', {
      driver: { count: 1, cpu: 1 },
      executor: { count: 3, cpu: 3 },
      helper: { count: 4, cpu: 2 },
    }),
    says: 'With 2 more nodes like n0 it would start now.',
  },
  {
    name: 'the empty cluster could not hold it',
    nodes: many(2, 8),
    busy: { n0: 8 },
    gang: spark('etl', 30),
    says: 'With 2 more nodes like n0 it could start.',
  },
  {
    name: 'no rack could hold it',
    nodes: [...many(1, 8, { rack: 'r1' }, 'a'), ...many(2, 8, { rack: 'r2' }, 'b')],
    policy: ONE_RACK,
    gang: spark('etl', 30),
    says: 'With 2 more nodes like b0 (rack=r2) it could start.',
  },
];

describe('the advice names the fewest nodes that help', () => {
  test.each(settings)('$name', ({ says, ...setting }) => {
    const world = worldOf(setting);
    expect(world.ask(setting.gang.leader())).toMatch(/^waits/);
    const advice = adviceIn(world, setting.gang);
    expect(advice).toContain(says);
    const [, count, like, promise] = SAID.exec(advice)!;
    expect(tried(setting, promise!, like!, 40)).toBe(Number(count));
  });
});

describe('it names none', () => {
  test.each<Setting & { readonly name: string }>([
    {
      name: 'for a gang that must run on one host: a new node has another name',
      nodes: [node('a', { cpu: 4, labels: { 'kubernetes.io/hostname': 'a' } })],
      busy: { a: 3 },
      gang: new GangBuilder('etl', {
        driver: { count: 1, cpu: 1, nodeSelector: { 'kubernetes.io/hostname': 'a' } },
        executor: { count: 1, cpu: 1, nodeSelector: { 'kubernetes.io/hostname': 'a' } },
      }),
    },
    { name: 'if a member is larger than every node', nodes: many(3, 8), gang: spark('etl', 1, { cpu: 9 }) },
    { name: 'if more than a thousand would be needed', nodes: many(3, 1), gang: spark('etl', 2000) },
    { name: 'if no node may hold it', nodes: [node('a', { cpu: 4, unschedulable: true })], gang: spark('etl', 1) },
  ])('$name', (setting) => {
    const world = worldOf(setting);
    expect(world.ask(setting.gang.leader())).toMatch(/^waits/);
    expect(adviceIn(world, setting.gang)).not.toMatch(/more node/);
  });
});

test('on clusters of all shapes it is right, and silent only where nothing helps', () => {
  const size = fc.constantFrom(4, 8);
  const one = fc.record({ cpu: size, busy: fc.integer({ min: 0, max: 8 }), rack: fc.constantFrom('r1', 'r2') });
  let said = 0;
  fc.assert(
    fc.property(
      fc.array(one, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(0, 0.5),
      fc.constantFrom('none' as const, 'require' as const),
      fc.record({ executors: fc.integer({ min: 1, max: 9 }), cpu: fc.constantFrom(1, 2, 3, 5) }),
      (list, agents, mode, { executors, cpu }) => {
        const nodes = list.map((at, i) => node(`n${i}`, { cpu: at.cpu, labels: { rack: at.rack } }));
        const busy = Object.fromEntries(list.map((at, i) => [`n${i}`, Math.min(at.busy, at.cpu - 1)]));
        const policy = { topology: { mode, keys: ['rack'], leader: true } };
        const setting: Setting = { nodes, busy, agents, policy, gang: spark('etl', executors, { cpu }) };
        const world = worldOf(setting);
        const answer = world.ask(setting.gang.leader());
        if (answer.startsWith('-> ')) return;
        const found = SAID.exec(adviceIn(world, setting.gang));
        if (found) {
          said++;
          const [, count, like, promise] = found;
          expect(promise).toBe(IMPOSSIBLE.test(answer) ? 'could start' : 'would start now');
          expect(tried(setting, promise!, like!, 20)).toBe(Number(count));
        } else {
          const promise = IMPOSSIBLE.test(answer) ? 'could start' : 'would start now';
          for (const { name } of nodes) expect(tried(setting, promise, name, 20)).toBe(undefined);
        }
      },
    ),
    { numRuns: 60, seed: 20265 },
  );
  expect(said).toBeGreaterThan(20);
});

test('what happens during its pauses does not change what it found', () => {
  const nodes = many(1200, 16, { kind: 'big' });
  // The last five have room for 20 of the 40 executors.
  const setting = {
    nodes,
    busy: byName(nodes.slice(0, 1195), 14),
    gang: new GangBuilder('etl', {
      driver: { count: 1, cpu: 1 },
      executor: { count: 40, cpu: 4, nodeSelector: { kind: 'big' } },
    }),
  };
  const world = worldOf(setting);
  world.ask(setting.gang.leader());
  const { inside } = world.scheduler;
  const slices = moreNodes(inside, inside.gangs.get(setting.gang.spec.key)!);
  let pauses = 0;
  for (let step = slices.next(); ; step = slices.next()) {
    if (step.done) {
      expect(step.value).toMatchObject({ count: 5, like: { name: 'n0' } });
      break;
    }
    // Other nodes take the rows: of the last, and of the model.
    for (const name of [`n${1199 - pauses}`, `n${pauses}`]) {
      world.removeNode(name);
      world.node(node(`instead-of-${name}`, { cpu: 100 }));
    }
    pauses++;
    expect(world.ask(setting.gang.leader())).toMatch(/^waits/);
  }
  expect(pauses).toBeGreaterThan(3);
});

describe('what it costs', () => {
  afterEach(() => vi.restoreAllMocks());

  test('a few plans, however many kinds of nodes there are, and none of them for an Event', () => {
    const nodes = Array.from({ length: 40 }, (_, i) => node(`n${i}`, { cpu: 10 + i }));
    const busy = Object.fromEntries(nodes.map(({ name }, i) => [name, 10 + i]));
    const gang = spark('etl', 5000);
    const world = worldOf({ nodes, busy, gang });
    world.ask(gang.leader());
    const plan = vi.spyOn(Planner.prototype, 'plan');
    const advice = world.scheduler.advice(gang.spec.key, world.nowMs)!;
    const event = plan.mock.calls.length;
    expect(advice.join(' ')).not.toMatch(/more node/);
    expect(adviceIn(world, gang)).toMatch(SAID);
    // The look before, and for each of three kinds one plan with all the nodes and ten of the bisection.
    expect(plan.mock.calls.length - 2 * event).toBeLessThanOrEqual(1 + 3 * 11);
  });
});
