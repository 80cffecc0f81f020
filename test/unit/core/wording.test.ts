import { expect, test } from 'vitest';
import { counted, listed } from '../../../src/core/wording.ts';
import { node, pod, spark } from '../../support/builders.ts';
import { World } from '../../support/world.ts';

test.each([
  [0, '0 pods'],
  [1, '1 pod'],
  [2, '2 pods'],
  [0.5, '0.5 pods'],
  [5000, '5,000 pods'],
])('%d', (count, text) => expect(counted(count, 'pod')).toBe(text));

test('a plural of its own', () => {
  expect(counted(2, 'policy', 'policies')).toBe('2 policies');
});

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
])('%j as a list', (names, text) => expect(listed(names)).toBe(text));

test.each([
  [2, 'Role executor needs 2 places; 1 place is free on 1 eligible node of 1; 1 core short.'],
  [3, 'Role executor needs 3 places; 1 place is free on 1 eligible node of 1; 2 cores short.'],
])('advice for a gang with %i executors', (executors, advice) => {
  const world = new World([node('a', { cpu: 4 })]);
  world.bind(pod('other', { cpu: 3 }), 'a');
  expect(world.ask(spark('etl', executors).leader())).toMatch(/^waits/);
  expect(world.scheduler.explain('jobs/etl', world.nowMs)!.advice).toContain(advice);
});

test('advice for a gang that lost one place', () => {
  const world = new World([node('a', { cpu: 1 }), node('b', { cpu: 1 })]);
  const app = spark('etl', 1);
  const at = world.start(app.leader()).slice(3);
  world.removeNode(at === 'a' ? 'b' : 'a');
  expect(world.scheduler.explain('jobs/etl', world.nowMs)!.advice).toEqual([
    '1 of its 2 slots has lost its room (another scheduler took it, or the node is gone); muster places it again as soon as there is room.',
  ]);
});

test('while no gang is admitted, why is said once, and of gangs before it nothing', () => {
  const world = new World([node('a', { cpu: 4 })]);
  const leader = spark('etl', 1, { queue: 'x' }).leader();
  const advice = () => world.scheduler.explain('jobs/etl', world.nowMs)!.advice;
  world.start(spark('other', 9, { queue: 'y', priority: 1 }).leader());
  world.scheduler.hold('muster has just taken over');
  world.start(leader);
  expect(advice()).toEqual([]);
  world.scheduler.hold('muster has lost contact with the API server');
  expect(advice()).toEqual(['No gang is admitted at present: muster has lost contact with the API server.']);
});
