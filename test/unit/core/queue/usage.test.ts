import { expect, test } from 'vitest';
import { QueueUsage } from '../../../../src/core/queue/usage.ts';
import { boundTo, node, spark } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';

const CPU = 0;
const cpuOf = (usage: QueueUsage, queue: string) => usage.of(queue)[CPU] ?? 0;

test('a gang is counted in its queue, whenever it becomes known', () => {
  const usage = new QueueUsage();
  usage.take('jobs/a', Float64Array.of(2000));
  expect([...usage.queues]).toEqual([]);
  usage.assign('jobs/a', 'q');
  usage.take('jobs/a', Float64Array.of(1000, 5));
  expect([...usage.of('q')]).toEqual([3000, 5]);
});

test('a gang takes what it holds with it to another queue, and out of all when it is over', () => {
  const usage = new QueueUsage();
  usage.assign('jobs/a', 'q');
  usage.assign('jobs/b', 'q');
  usage.take('jobs/a', Float64Array.of(1000));
  usage.take('jobs/b', Float64Array.of(500));
  usage.assign('jobs/a', 'r');
  expect([cpuOf(usage, 'q'), cpuOf(usage, 'r')]).toEqual([500, 1000]);
  usage.assign('jobs/a', undefined);
  expect([...usage.queues]).toEqual(['q']);
  usage.give('jobs/a', Float64Array.of(1000));
  usage.give('jobs/b', Float64Array.of(500));
  expect([...usage.queues]).toEqual([]);
});

test('a queue holds what its gangs have reserved, then what their pods ask, and nothing when they are gone', () => {
  const world = new World([node('n', { cpu: 8 })]);
  const { usage } = world.scheduler.inside;
  const gang = spark('a', 2, { queue: 'etl' });
  world.start(gang.leader());
  expect(cpuOf(usage, 'etl')).toBe(3000);
  world.start(gang.member('executor', 0));
  world.start(gang.member('executor', 1));
  // Beyond the minimum: held until it is bound.
  world.ask(gang.member('executor', 2));
  expect(cpuOf(usage, 'etl')).toBe(4000);
  for (const i of [0, 1]) world.gone(gang.member('executor', i));
  world.gone(gang.leader());
  expect([...usage.queues]).toEqual([]);
});

test('a bound pod that is labelled into another gang counts there', () => {
  const world = new World([node('n', { cpu: 8 })]);
  const { usage } = world.scheduler.inside;
  const [a, b] = [spark('a', 1, { queue: 'qa' }), spark('b', 1, { queue: 'qb' })];
  for (const one of [a, b]) world.start(one.leader());
  world.start(a.member('executor', 0));
  const moved = { ...a.member('executor', 0), membership: { gang: 'jobs/b', role: 'executor' } };
  world.learn({ kind: 'pod', pod: boundTo(moved, 'n') });
  // The slot of `a` is confirmed by its pod; `b` has its leader, its slot's room or its member, and the pod.
  expect(cpuOf(usage, 'qa')).toBe(1000);
  expect(cpuOf(usage, 'qb')).toBeGreaterThanOrEqual(2000);
});
