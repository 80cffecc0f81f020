import { expect, test } from 'vitest';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { boundTo, node, spark } from '../support/builders.ts';
import { podOf, type GangObjectStore } from '../unit/intake/dialects/pods.ts';
import { World } from '../support/world.ts';

const WAITS = 'waits: gang waits until all 3 members that it needs exist';
const nodes = (...cpus: readonly number[]) => cpus.map((cpu, i) => node(`n${i}`, { cpu, labels: { pool: 'x' } }));
const shelf: GangObjectStore = { 'pod-group': { pg: { minMember: 3 } } };
const member = (name: string): PodInfo =>
  podOf({ name, labels: { 'scheduling.x-k8s.io/pod-group': 'pg' }, cpu: '1' }, shelf);
const admit = (world: World) => {
  const effects = world.scheduler.admitWaiting(world.nowMs);
  world.scheduler.checkInvariants();
  return effects.map(({ kind }) => kind);
};

test('a gang whose members do not all exist blocks no gang behind it', () => {
  const world = new World(nodes(4), { queue: { ...DEFAULT_POLICY.queue, blockAfterMs: 0 } });
  expect(world.ask(member('a'))).toBe(WAITS);
  world.wait(1000);
  expect(world.ask(spark('later', 3).leader())).toBe('-> n0');
});

test('nobody is evicted for it', () => {
  const { preemption } = DEFAULT_POLICY;
  const world = new World(nodes(3), { preemption: { ...preemption, mode: 'enforce', minRuntimeMs: 0 } });
  world.bind(podOf({ name: 'low', cpu: '3' }), 'n0');
  const asked = ['a', 'b', 'c'].map((name) => ({ ...member(name), priority: 1000 }));
  expect(asked.slice(0, 2).map((pod) => world.ask(pod))).toEqual([WAITS, WAITS]);
  expect(world.makeRoom()).toEqual([]);
  expect(world.ask(asked[2]!)).toBe('waits: gang waits for room');
  expect(world.makeRoom()).toEqual(['low']);
});

test('a member that is deleted while the gang waits for room no longer counts', () => {
  const world = new World(nodes(3));
  world.bind(podOf({ name: 'other', cpu: '2' }), 'n0');
  for (const name of ['a', 'b', 'c']) world.ask(member(name));
  world.gone(member('c'));
  world.gone(podOf({ name: 'other', cpu: '2' }));
  expect(admit(world)).toEqual(['gang-waits']);
  expect(world.ask(member('a'))).toBe(WAITS);
  expect(world.ask(member('d'))).toBe('-> n0');
});

test.each<[string, Partial<PodInfo>]>([
  ['gated', { gated: true }],
  ['refused by kube-scheduler because the nodes are full', { crowdedOut: true }],
  ['refused by kube-scheduler for another reason', { refusal: 'Unschedulable: 0/1 nodes are available' }],
])('members that are %s count, without a question', (_what, extra) => {
  const world = new World(nodes(4));
  for (const name of ['a', 'b']) world.learn({ kind: 'pod', pod: { ...member(name), ...extra } });
  expect(admit(world)).not.toContain('gang-admitted');
  world.learn({ kind: 'pod', pod: { ...member('c'), ...extra } });
  expect(admit(world)).toEqual(['gang-admitted', 'wake-leader']);
});

test('members that another scheduler has bound count, too', () => {
  const world = new World(nodes(4));
  world.learn({ kind: 'pod', pod: boundTo(member('a'), 'n0') });
  expect(world.ask(member('b'))).toBe(WAITS);
  expect(world.ask(member('c'))).toBe('-> n0');
});

test('the explanation says how many are missing, and not that the gang fits', () => {
  const world = new World(nodes(4));
  world.ask(member('a'));
  expect(world.scheduler.explain('jobs/pg', world.nowMs)?.advice).toEqual([
    'It waits until 2 more of its members exist. A pod counts once kube-scheduler has tried to place it.',
  ]);
});
