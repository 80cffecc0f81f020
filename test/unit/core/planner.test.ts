import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cluster } from '../../../src/core/cluster/cluster.ts';
import { DEFAULT_POLICY, type Policy, type StrategyName } from '../../../src/core/policy/policy.ts';
import type { Need } from '../../../src/core/placement/need.ts';
import { Planner } from '../../../src/core/placement/planner.ts';
import { placeTwoKinds } from '../../../src/core/placement/two-kinds.ts';
import { NO_CONSTRAINTS, node, pod, resources, type NodeOptions } from '../../support/builders.ts';

type NodeTuple = readonly [name: string, options: NodeOptions];

function clusterOf(...nodes: readonly NodeTuple[]): Cluster {
  const cluster = new Cluster();
  for (const [name, options] of nodes) cluster.putNode(node(name, options));
  return cluster;
}

function need(cluster: Cluster, role: string, count: number, cpu: number, strategy: StrategyName = 'pack'): Need {
  return {
    role,
    count,
    vector: cluster.requestVector(resources({ cpu }, 1)),
    eligible: cluster.eligibility.maskFor(NO_CONSTRAINTS),
    preference: { ...DEFAULT_POLICY.members, strategy },
    images: [],
    isLeader: role === 'driver',
  };
}

/** `driver@n1 executor@n1 executor@n2`, sorted, or `short`. */
function plan(
  cluster: Cluster,
  needs: readonly Need[],
  policy: Partial<Policy> = {},
  siblings: readonly number[] = [],
): string {
  const found = new Planner(cluster).plan({ needs, policy: { ...DEFAULT_POLICY, ...policy }, siblings });
  if (found.kind === 'short') return 'short';
  const names = found.rows.flatMap((rows, i) =>
    [...rows].map((row) => `${needs[i]!.role}@${cluster.table.nameAt(row)}`),
  );
  return names.sort().join(' ');
}

describe('each strategy', () => {
  const nodes: NodeTuple[] = [
    ['n1', { cpu: 8 }],
    ['n2', { cpu: 4 }],
    ['n3', { cpu: 2 }],
  ];
  test.each([
    { strategy: 'pack', count: 3, busy: { n2: 2 }, want: 'x@n2 x@n2 x@n3' }, // n2 is half full; then n3, as 1 of 2 fills most
    { strategy: 'spread', count: 3, busy: {}, want: 'x@n1 x@n2 x@n3' },
    { strategy: 'spread', count: 4, busy: {}, want: 'x@n1 x@n1 x@n2 x@n3' },
    { strategy: 'least-fragmentation', count: 4, busy: {}, want: 'x@n2 x@n2 x@n2 x@n2' }, // the exact fit
    { strategy: 'least-fragmentation', count: 10, busy: {}, want: 'x@n1 x@n1 x@n1 x@n1 x@n1 x@n1 x@n1 x@n1 x@n3 x@n3' }, // 8 + 2
    { strategy: 'pack', count: 15, busy: {}, want: 'short' }, // 14 cpu in all
  ] as const)('$strategy places $count of 1 cpu at $want', ({ strategy, count, busy, want }) => {
    const cluster = clusterOf(...nodes);
    for (const [name, cpu] of Object.entries(busy)) cluster.bind(pod(`busy-${name}`, { cpu }), name);
    expect(plan(cluster, [need(cluster, 'x', count, 1, strategy)])).toBe(want);
  });
});

describe('topology', () => {
  const rack = (name: string, zone: string) => ({ labels: { rack: name, zone } });
  const racks: NodeTuple[] = [
    ['a1', { cpu: 4, ...rack('a', 'z1') }],
    ['b1', { cpu: 3, ...rack('b', 'z1') }],
    ['c1', { cpu: 2, ...rack('c', 'z2') }],
    ['c2', { cpu: 6, ...rack('c', 'z2') }],
  ];
  const topology = (mode: 'require' | 'prefer', keys = ['rack', 'zone'], leader = true) => ({
    topology: { mode, keys, leader },
  });
  test.each([
    { name: 'the tightest rack that holds the gang', count: 3, policy: topology('require'), want: 'x@b1 x@b1 x@b1' },
    {
      name: 'the next larger one where that is too small',
      count: 4,
      policy: topology('require'),
      want: 'x@a1 x@a1 x@a1 x@a1',
    },
    {
      name: 'a whole zone where no rack does',
      count: 7,
      policy: topology('require', ['none', 'zone']),
      want: /^(x@[ab]1 ?){7}$/,
    },
    { name: 'nothing where it requires a domain and none does', count: 9, policy: topology('require'), want: 'short' },
    { name: 'anywhere where it only prefers', count: 9, policy: topology('prefer'), want: /^(x@\w+ ?){9}$/ },
  ])('takes $name', ({ count, policy, want }) => {
    const cluster = clusterOf(...racks);
    const placed = plan(cluster, [need(cluster, 'x', count, 1)], policy);
    if (want instanceof RegExp) expect(placed).toMatch(want);
    else expect(placed).toBe(want);
  });

  test('keeps a member that comes later in the required domain of those that run', () => {
    const cluster = clusterOf(...racks);
    const siblings = [cluster.table.rowOf('c1')!];
    expect(plan(cluster, [need(cluster, 'x', 1, 1)], topology('require', ['rack']), siblings)).toMatch(/^x@c[12]$/);
    expect(plan(cluster, [need(cluster, 'x', 9, 1)], topology('require', ['rack']), siblings)).toBe('short');
  });

  test('lets the leader stand outside the domain where the policy says so', () => {
    const cluster = clusterOf(...racks);
    const needs = [need(cluster, 'driver', 1, 1), need(cluster, 'x', 8, 1)]; // rack c holds exactly 8
    expect(plan(cluster, needs, topology('require', ['rack'], true))).toBe('short');
    expect(plan(cluster, needs, topology('require', ['rack'], false))).toMatch(/^driver@[ab]1( x@c[12]){8}$/);
  });
});

describe('the planner', () => {
  /** Any placement at all, by trying every one. */
  function fits(free: number[], [first, ...rest]: readonly number[]): boolean {
    if (first === undefined) return true;
    return free.some((room, n) => room >= first && fits(free.with(n, room - first), rest));
  }

  test('finds a placement of a leader and one role exactly where there is one', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
    const gang = fc.record({
      driver: fc.integer({ min: 1, max: 4 }),
      count: fc.integer({ min: 0, max: 5 }),
      cpu: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(
        sizes,
        gang,
        fc.constantFrom<StrategyName>('pack', 'spread', 'least-fragmentation', 'weighted'),
        (nodes, one, strategy) => {
          const cluster = clusterOf(...nodes.map((cpu, n): NodeTuple => [`n${n}`, { cpu }]));
          const needs = [need(cluster, 'driver', 1, one.driver, strategy)];
          if (one.count > 0) needs.push(need(cluster, 'executor', one.count, one.cpu, strategy));
          const isPlaced = plan(cluster, needs) !== 'short';
          expect(isPlaced).toBe(fits(nodes, [one.driver, ...Array<number>(one.count).fill(one.cpu)]));
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });

  test('finds the one node of fifty where the leader does not take an executor’s place', () => {
    const odd: NodeTuple = ['odd', { cpu: 5 }];
    const cluster = clusterOf(...Array.from({ length: 50 }, (_, n): NodeTuple => [`n${n}`, { cpu: 4 }]), odd);
    const needs = [need(cluster, 'driver', 1, 1), need(cluster, 'executor', 51, 4)]; // 51 x 4 cpu, and 1 is left on `odd`
    expect(plan(cluster, needs)).toContain('driver@odd');
  });

  test('looks for any way at all only where that is not too much work', () => {
    const rows = 2000;
    const cluster = clusterOf(...Array.from({ length: rows }, (_, n): NodeTuple => [`n${n}`, { cpu: 4 }]));
    const place = (leaders: number) => {
      const needs = [need(cluster, 'driver', leaders, 1), need(cluster, 'executor', 5, 2)] as const;
      const free = cluster.table.free.map((column) => column.slice());
      return placeTwoKinds({ free, rows, needs, isAllowed: () => true, offered: undefined });
    };
    expect(place(3)?.map(({ length }) => length)).toEqual([3, 5]);
    expect(place(500)).toBeUndefined();
  });

  test('leaves the table as it was', () => {
    const cluster = clusterOf(['n1', { cpu: 8 }], ['n2', { cpu: 4 }]);
    const driver = need(cluster, 'driver', 1, 1);
    const before = structuredClone(cluster.table.free);
    plan(cluster, [driver, need(cluster, 'executor', 5, 2)]);
    plan(cluster, [driver, need(cluster, 'executor', 50, 2)]);
    expect(cluster.table.free).toEqual(before);
  });
});
