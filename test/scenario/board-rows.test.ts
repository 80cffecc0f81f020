import { expect, test } from 'vitest';
import { allAtOnce } from '../../src/core/work.ts';
import { node } from '../support/builders.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { World } from '../support/world.ts';

test.each([
  ['runs', 8, undefined],
  ['waits', 5000, 1],
])('a gang that %s, ends and comes again while the list is made is in it once', (_what, executors, first) => {
  const nodes = Array.from({ length: 20 }, (_, i) => node(`n${i}`, { cpu: 200 }));
  const world = new World(nodes, {}, true);
  const drivers = Array.from({ length: 200 }, (_, i) => new TenantApp(`gang-${i}`, { executors }).driver());
  for (const pod of drivers) world.start(pod);
  const slices = world.scheduler.board.gangRows(world.nowMs);
  expect(slices.next().done).toBe(false);
  world.gone(drivers[0]!);
  world.start({ ...drivers[0]!, uid: 'again' });
  const rows = allAtOnce(slices);
  expect(rows.filter(({ gang }) => gang === 'jobs/gang-0')).toHaveLength(1);
  expect(rows).toHaveLength(200);
  expect(rows[0]!.position).toBe(first);
});

test.each([
  ['no member has room', { nodes: 7, executors: 6, cpu: 2 }, 'room for 0 of 4 executor'],
  ['some have room', { nodes: 7, executors: 3, cpu: 2 }, 'room for <=3 of 4 executor'],
  ['each role has room, but not beside the other', { nodes: 5, executors: 1, cpu: 1 }, undefined],
])('a gang that waits for room says which role lacks it: %s', (_what, { nodes, ...runs }, lacks) => {
  const made = Array.from({ length: nodes }, (_, i) => node(`n${i}`, { cpu: 2 }));
  const world = new World(made, {}, true);
  const before = new TenantApp('before', runs);
  world.start(before.driver());
  for (let i = 0; i < runs.executors; i++) world.start(before.executor(i));
  world.ask(new TenantApp('job', { executors: 4, cpu: 2 }).driver());
  const row = allAtOnce(world.scheduler.board.gangRows(world.nowMs)).find(({ gang }) => gang === 'jobs/job');
  expect(row).toMatchObject({ waitsFor: 'room', reason: 'gang waits for room' });
  expect(row!.lacks).toBe(lacks);
});
