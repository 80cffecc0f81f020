import { expect, test } from 'vitest';
import { node, pod, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

const inventing = (i: number) => {
  const one = pod(`x${i}`);
  const names = Array.from({ length: 20 }, (_, n) => [`invented.example/r${i}-${n}`, 1] as const);
  return { ...one, request: new Map([...one.request, ...names]) };
};

test('bound pods with invented resources widen the table no further than to a limit, and leave no trace', () => {
  const world = new World([node('n0', { cpu: 64, memoryGib: 64 })]);
  const { columns } = world.scheduler.inside.cluster;
  for (let i = 0; i < 50; i++) world.bind(inventing(i), 'n0');
  expect(columns.size).toBeLessThanOrEqual(128);
  expect(columns.size).toBeGreaterThan(100);
  for (let i = 0; i < 50; i++) world.gone(inventing(i));
  const gang = spark('a', 3);
  expect(world.ask(gang.leader())).toBe('-> n0');
});

test('a resource that a node brings later counts, even for requests that were known before', () => {
  const world = new World([node('n0', { cpu: 64, memoryGib: 64 })]);
  for (let i = 0; i < 50; i++) world.bind(inventing(i), 'n0');
  const one = pod('early', { cpu: 1 });
  // Requests are shared between pods that ask for the same.
  const request = new Map([...one.request, ['example.com/gpu', 1] as const]);
  const asks = (name: string) => ({ ...pod(name, { cpu: 1 }), request });
  world.bind(asks('early'), 'n0');
  const bare = node('n1', { cpu: 8 });
  world.node({ ...bare, allocatable: new Map([...bare.allocatable, ['example.com/gpu', 2] as const]) });
  const free = () =>
    world.scheduler
      .nodes()
      .find(({ node: name }) => name === 'n1')
      ?.free.get('example.com/gpu');
  expect(free()).toBe(2);
  world.bind(asks('late'), 'n1');
  expect(free()).toBe(1);
  world.gone(asks('late'));
  expect(free()).toBe(2);
});
