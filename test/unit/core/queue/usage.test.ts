import { expect, test } from 'vitest';
import { OPEN_TENANCY } from '../../../../src/core/policy/tenancy.ts';
import { QueueTree } from '../../../../src/core/queue/tree.ts';
import { Usage } from '../../../../src/core/queue/usage.ts';
import { boundTo, node, pod, spark } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

const CPU = 0;

function setUp() {
  const tree = new QueueTree(OPEN_TENANCY);
  const usage = new Usage();
  const account = (queue: string, user = 'u') => ({ leaf: tree.leaf(queue), user });
  const cpu = (queue: string) => tree.leaf(queue).holds.vector[CPU] ?? 0;
  return { tree, usage, account, cpu };
}

const cpuOf = (world: World, queue: string) => world.scheduler.inside.tree.leaf(queue).holds.vector[CPU] ?? 0;

test('a gang is counted in its queue, whenever it becomes known', () => {
  const { tree, usage, account } = setUp();
  usage.hold('jobs/a', Float64Array.of(2000), 'n');
  expect(tree.root.holds.parts).toBe(0);
  expect([...usage.uncounted.vector]).toEqual([2000]);
  usage.assign('jobs/a', account('q'));
  usage.hold('jobs/a', Float64Array.of(1000, 5), 'n');
  expect([...tree.leaf('q').holds.vector]).toEqual([3000, 5]);
  expect([...tree.root.holds.vector]).toEqual([3000, 5]);
  expect(usage.uncounted.parts).toBe(0);
});

test('a gang takes what it holds with it to another queue, and out of all when it is over', () => {
  const { tree, usage, account, cpu } = setUp();
  usage.assign('jobs/a', account('q'));
  usage.assign('jobs/b', account('q'));
  usage.hold('jobs/a', Float64Array.of(1000), 'n');
  usage.hold('jobs/b', Float64Array.of(500), 'n');
  expect(tree.leaf('q').holds.gangs).toBe(2);
  usage.assign('jobs/a', account('r'));
  expect([cpu('q'), cpu('r')]).toEqual([500, 1000]);
  expect([tree.leaf('q').holds.gangs, tree.leaf('r').holds.gangs]).toEqual([1, 1]);
  usage.assign('jobs/a', undefined);
  expect([cpu('q'), cpu('r')]).toEqual([500, 0]);
  usage.release('jobs/a', Float64Array.of(1000), 'n');
  usage.release('jobs/b', Float64Array.of(500), 'n');
  expect([tree.root.holds.parts, tree.root.holds.gangs, usage.uncounted.parts]).toEqual([0, 0, 0]);
});

test('users and namespaces are counted beside their queues, and forgotten when they hold nothing', () => {
  const { tree, usage, account } = setUp();
  usage.assign('jobs/a', account('q', 'alice'));
  usage.assign('jobs/b', account('q', 'bob'));
  usage.hold('jobs/a', Float64Array.of(1000), 'n');
  usage.hold('jobs/b', Float64Array.of(500), 'n');
  const { users } = tree.leaf('q');
  expect([...users].map(([user, { vector, gangs }]) => [user, vector[CPU], gangs])).toEqual([
    ['alice', 1000, 1],
    ['bob', 500, 1],
  ]);
  expect(usage.namespaces.get('jobs')).toMatchObject({ parts: 2, gangs: 2 });
  usage.release('jobs/a', Float64Array.of(1000), 'n');
  expect([...users.keys()]).toEqual(['bob']);
  usage.release('jobs/b', Float64Array.of(500), 'n');
  expect(users.size).toBe(0);
  expect(usage.namespaces.size).toBe(0);
});

test('a pod of no gang counts in the queue that the rules name, and in none without a rule', () => {
  const { usage, account, cpu } = setUp();
  const single = pod('web', { cpu: 1 });
  const bound = { pod: single, node: 'n', row: 0, vector: Float64Array.of(1000), isLeaving: false, slot: 0 };
  usage.bind(bound);
  expect([cpu('q'), usage.uncounted.vector[CPU]]).toEqual([0, 1000]);
  usage.recountSingles(() => account('q'), [bound]);
  expect([cpu('q'), usage.uncounted.vector[CPU]]).toEqual([1000, 0]);
  usage.leave(bound, 1);
  usage.recountSingles(() => account('r'), [{ ...bound, isLeaving: true }]);
  expect([cpu('q'), cpu('r'), account('r').leaf.holds.leaving[CPU]]).toEqual([0, 1000, 1000]);
  usage.leave(bound, -1);
  usage.unbind(bound);
  expect([cpu('r'), account('r').leaf.holds.parts]).toEqual([0, 0]);
});

test('a reload counts every single pod once, and none is lost', () => {
  const world = new World([node('n', { cpu: 8 })]);
  world.bind(pod('web', { cpu: 2 }), 'n');
  const { rules } = world.scheduler;
  for (let i = 0; i < 2; i++) world.scheduler.setRules({ ...rules, tenancy: { ...rules.tenancy } }, 0);
  world.scheduler.checkInvariants();
  expect(world.scheduler.inside.usage.namespaces.get('jobs')).toMatchObject({ parts: 1 });
});

test('a queue holds what its gangs have reserved, then what their pods ask, and nothing when they are gone', () => {
  const world = new World([node('n', { cpu: 8 })]);
  const gang = spark('a', 2, { queue: 'etl' });
  world.start(gang.leader());
  expect(cpuOf(world, 'etl')).toBe(3000);
  world.start(gang.member('executor', 0));
  world.start(gang.member('executor', 1));
  // Beyond the minimum: held until it is bound.
  world.ask(gang.member('executor', 2));
  expect(cpuOf(world, 'etl')).toBe(4000);
  for (const i of [0, 1]) world.gone(gang.member('executor', i));
  world.gone(gang.leader());
  expect(cpuOf(world, 'etl')).toBe(0);
});

test('a bound pod that is labelled into another gang counts there', () => {
  const world = new World([node('n', { cpu: 8 })]);
  const [a, b] = [spark('a', 1, { queue: 'qa' }), spark('b', 1, { queue: 'qb' })];
  for (const one of [a, b]) world.start(one.leader());
  world.start(a.member('executor', 0));
  const moved = { ...a.member('executor', 0), membership: { gang: 'jobs/b', role: 'executor' } };
  world.learn({ kind: 'pod', pod: boundTo(moved, 'n') });
  // The slot of `a` is confirmed by its pod; `b` has its leader, its slot's room or its member, and the pod.
  expect(cpuOf(world, 'qa')).toBe(1000);
  expect(cpuOf(world, 'qb')).toBeGreaterThanOrEqual(2000);
});
