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
