import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cluster } from '../../src/core/cluster/cluster.ts';
import type { Need } from '../../src/core/placement/need.ts';
import { Planner } from '../../src/core/placement/planner.ts';
import { DEFAULT_POLICY, type StrategyName, type Topology } from '../../src/core/policy/policy.ts';
import { NO_CONSTRAINTS, node, resources } from '../support/builders.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';

interface Size {
  readonly cpu: number;
  readonly memoryGib: number;
}
interface Scene {
  readonly nodes: readonly (Size & { readonly rack: 'r0' | 'r1'; readonly isOffered: boolean })[];
  readonly leader: Size & { readonly count: number };
  readonly member: Size & { readonly count: number };
  readonly strategy: StrategyName;
  readonly mode: Topology['mode'];
  readonly isLeaderBound: boolean;
  readonly isAsked: boolean;
}

const size = (least: number, most: number) => ({
  cpu: fc.integer({ min: least, max: most }),
  memoryGib: fc.integer({ min: least, max: most }),
});

const scene: fc.Arbitrary<Scene> = fc.record({
  nodes: fc.array(
    fc.record({ ...size(1, 8), rack: fc.constantFrom('r0' as const, 'r1' as const), isOffered: fc.boolean() }),
    { minLength: 1, maxLength: 4 },
  ),
  leader: fc.record({ ...size(1, 4), count: fc.integer({ min: 1, max: 4 }) }),
  member: fc.record({ ...size(1, 4), count: fc.integer({ min: 1, max: 5 }) }),
  strategy: fc.constantFrom<StrategyName>('pack', 'spread', 'least-fragmentation', 'weighted'),
  mode: fc.constantFrom<Topology['mode']>('none', 'none', 'require', 'prefer'),
  isLeaderBound: fc.boolean(),
  isAsked: fc.boolean(),
});

/** By trying every way to put so many leaders and then so many members on each node. */
function fits({ nodes, leader, member, mode, isLeaderBound, isAsked }: Scene): boolean {
  const holds = (room: Size, each: Size) => Math.min(room.cpu / each.cpu, room.memoryGib / each.memoryGib) >= 1;
  const less = (room: Size, each: Size) => ({ cpu: room.cpu - each.cpu, memoryGib: room.memoryGib - each.memoryGib });
  const fill = (room: Size, each: Size): number => (holds(room, each) ? 1 + fill(less(room, each), each) : 0);
  const inRack = (rack: string | undefined) => {
    const isIn = (i: number) => rack === undefined || nodes[i]!.rack === rack;
    const search = (i: number, leaders: number, members: number, isMet: boolean): boolean => {
      if (i === nodes.length) return leaders <= 0 && members <= 0 && isMet;
      let room: Size = nodes[i]!;
      for (let taken = 0; ; taken++) {
        const there = isIn(i) ? fill(room, member) : 0;
        const isNowMet = isMet || (taken > 0 && nodes[i]!.isOffered);
        if (search(i + 1, leaders - taken, members - there, isNowMet)) return true;
        if (!holds(room, leader) || (isLeaderBound && !isIn(i))) return false;
        room = less(room, leader);
      }
    };
    return search(0, leader.count, member.count, !isAsked);
  };
  return mode === 'require' ? ['r0', 'r1'].some(inRack) : inRack(undefined);
}

/** The planner's answer, checked: every member has a place, no node holds too much, and the asked leader is offered. */
function planned(one: Scene): boolean {
  const cluster = new Cluster();
  one.nodes.forEach(({ rack, ...amounts }, i) => cluster.putNode(node(`n${i}`, { ...amounts, labels: { rack } })));
  const need = (role: string, isLeader: boolean, { count, ...amounts }: Scene['leader']): Need => ({
    role,
    count,
    vector: cluster.requestVector(resources(amounts, 1)),
    eligible: cluster.eligibility.maskFor(NO_CONSTRAINTS),
    preference: { ...DEFAULT_POLICY.members, strategy: one.strategy, weights: new Map([['binPacking', 1]]) },
    images: [],
    isLeader,
  });
  const needs = [need('driver', true, one.leader), need('executor', false, one.member)];
  const topology = { mode: one.mode, keys: ['rack'], leader: one.isLeaderBound };
  const isOffered = (row: number) => one.nodes[row]!.isOffered;
  const before = structuredClone(cluster.table.free);
  const plan = new Planner(cluster).plan({
    needs,
    policy: { ...DEFAULT_POLICY, topology },
    siblings: [],
    ...(one.isAsked ? { offered: isOffered } : {}),
  });
  expect(cluster.table.free).toEqual(before);
  if (plan.kind === 'short') return false;
  needs.forEach(({ count, vector }, i) => {
    expect(plan.rows[i]).toHaveLength(count);
    for (const row of plan.rows[i]!) vector.forEach((amount, c) => (before[c]![row]! -= amount));
  });
  expect(Math.min(...before.flatMap((column) => [...column]))).toBeGreaterThanOrEqual(0);
  if (one.isAsked) expect(isOffered(plan.rows[0]![0]!)).toBe(true);
  const bound = [...plan.rows[1]!, ...(one.isLeaderBound ? plan.rows[0]! : [])];
  if (one.mode === 'require') expect(new Set(bound.map((row) => one.nodes[row]!.rack)).size).toBe(1);
  return true;
}

test('several leaders and one role are placed exactly where there is a way', () => {
  let [feasible, refused] = [0, 0];
  fc.assert(
    fc.property(scene, (one) => {
      const isFeasible = fits(one);
      const isPlaced = planned(one);
      if (isFeasible) feasible++;
      if (isFeasible && !isPlaced) refused++;
      expect(isPlaced && !isFeasible).toBe(false);
    }),
    { numRuns: propertyRuns(3000), seed: 17 },
  );
  expect(feasible).toBeGreaterThan(timesMet(500));
  expect(refused).toBe(0);
});
