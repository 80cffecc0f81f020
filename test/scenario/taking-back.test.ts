import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { runApp, runSingleRoleGang } from '../support/apps.ts';
import { GangBuilder, node, spark } from '../support/builders.ts';
import { cores, queue, tenancyOf } from '../support/reclaim-tenancies.ts';
import { admitted, setTenancy } from '../support/tenants.ts';
import { World } from '../support/world.ts';

const MINUTE = 60_000;

const TAINT = { key: 'kind', value: 'gpu', effect: 'NoSchedule' } as const;

/** Ten cores on `n` and four of another kind on `g`; an app of seven executors has lost two to queue a, and these have ended. */
function afterReclaim(): World {
  const { preemption } = DEFAULT_POLICY;
  const world = new World([node('n', { cpu: 10 }), node('g', { cpu: 4, labels: { kind: 'gpu' }, taints: [TAINT] })], {
    preemption: { ...preemption, mode: 'off', minRuntimeMs: 0 },
  });
  world.nowMs = 600 * MINUTE;
  setTenancy(world, tenancyOf([queue('a', { guaranteed: cores(14) }), queue('b')]));
  runApp(world, 'app', Array<string>(8).fill('n'), { queue: 'b' });
  runSingleRoleGang(world, 'old', Array<string>(4).fill('g'), { queue: 'a' });
  const four = new GangBuilder('four', { worker: { count: 4, cpu: 1 } }, { queue: 'a' });
  world.ask(four.leader('four-0'));
  const victims = world.makeRoom();
  expect(victims).toHaveLength(2);
  for (const uid of victims) world.learn({ kind: 'pod-gone', uid });
  for (let i = 0; i < 4; i++) expect(world.start(four.leader(`four-${i}`))).toBe('-> n');
  for (let i = 0; i < 4; i++) world.gone(four.leader(`four-${i}`));
  return world;
}

/** A gang of queue a that waits for room within its share. */
function waits(world: World, kind: 'gpu' | undefined): void {
  const more = kind === undefined ? {} : { nodeSelector: { kind } };
  const gang = new GangBuilder('waits', { worker: { count: kind ? 4 : 5, cpu: 1, ...more } }, { queue: 'a' });
  const tolerations = [{ key: 'kind', operator: 'Exists', value: '', effect: '' }];
  Object.assign(gang.spec.roles[0]!.constraints, { tolerations });
  expect(world.ask(gang.leader('waits-0'))).toBe('waits: gang waits for room');
}

const unplaced = (world: World) =>
  world.scheduler.inside.gangs.get('jobs/app')!.slots.filter(({ state }) => state === 'unplaced').length;
const successor = (world: World, i: number) =>
  world.start({ ...spark('app', 7, { queue: 'b' }).member('executor', i), uid: `again-${i}`, name: `again-${i}` });

describe('a member that was reclaimed from a gang of a queue beyond its share', () => {
  test('comes back after a minute, where nobody within a share waits', () => {
    const world = afterReclaim();
    expect(unplaced(world)).toBe(2);
    world.wait(2 * MINUTE);
    expect(unplaced(world)).toBe(0);
    expect(successor(world, 0)).toBe('-> n');
  });

  test('does not, as long as a gang within its share waits for such room', () => {
    const world = afterReclaim();
    waits(world, undefined);
    world.wait(2 * MINUTE);
    expect(unplaced(world)).toBe(2);
    expect(successor(world, 0)).toBe('waits: room is needed by a queue within its share');
    expect(admitted(world)).toEqual([]);
  });

  test('does, where that gang waits for other nodes', () => {
    const world = afterReclaim();
    waits(world, 'gpu');
    world.wait(2 * MINUTE);
    expect(unplaced(world)).toBe(0);
    expect(successor(world, 0)).toBe('-> n');
  });
});
