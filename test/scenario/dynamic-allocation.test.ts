import { describe, expect, test } from 'vitest';
import type { GangSpec, PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { node, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

const app = (name: string) => spark(name, 10_000, { min: 0 });

/** The driver of an app with Spark's defaults for dynamic allocation: from no executor to any number. */
function driverOf(name: string, count = 10_000): PodInfo {
  const { spec } = app(name);
  const roles = spec.roles.map((role) =>
    role.name === 'executor' ? { ...role, count, isDynamic: true as const } : role,
  );
  const declared: GangSpec = { ...spec, roles };
  return { ...app(name).leader(), membership: { gang: spec.key, role: 'driver', spec: declared } };
}

const adviceOn = (world: World, gang: string) => world.scheduler.explain(`jobs/${gang}`, world.nowMs)!.advice.join(' ');
const withFloor = (minExecutors: number) => ({ spark: { minExecutors } });

describe('apps with dynamic allocation that ask for no executor to begin with', () => {
  test('do not fill the cluster with drivers: each starts with room for one executor', () => {
    const world = new World([node('a', { cpu: 4 })]);
    const answers = ['a', 'b', 'c', 'd'].map((name) => world.start(driverOf(name)));
    expect(answers).toEqual(['-> a', '-> a', 'waits: gang waits for room', 'waits: gang waits for room']);
    expect(world.start(app('a').member('executor', 0))).toBe('-> a');
    expect(world.start(app('b').member('executor', 0))).toBe('-> a');
  });

  test.each([
    { floor: 0, started: 4 },
    { floor: 1, started: 2 },
    { floor: 3, started: 1 },
  ])('with a floor of $floor, $started of four start', ({ floor, started }) => {
    const world = new World([node('a', { cpu: 4 })], withFloor(floor));
    const answers = ['a', 'b', 'c', 'd'].map((name) => world.start(driverOf(name)));
    expect(answers.filter((answer) => answer === '-> a')).toHaveLength(started);
  });

  test('get no more room than they may have executors', () => {
    const world = new World([node('a', { cpu: 3 })], withFloor(5));
    expect(world.start(driverOf('a', 2))).toBe('-> a');
    expect(world.scheduler.stats().free.get('cpu')).toBeUndefined();
  });

  test('lose the room when no executor claims it in time', () => {
    const world = new World([node('a', { cpu: 2 })]);
    world.start(driverOf('a'));
    world.wait(599_999);
    expect(world.scheduler.stats().reserved.get('cpu')).toBe(1000);
    world.wait(1);
    expect(world.scheduler.stats().reserved.get('cpu')).toBeUndefined();
  });

  test('hear of the floor, and of its absence', () => {
    const world = new World([node('a', { cpu: 1 }), node('b', { cpu: 1, unschedulable: true })]);
    world.ask(driverOf('a'));
    expect(adviceOn(world, 'a')).toMatch(
      /declares 0 executors to begin with; policy default reserves 1 with the driver \(spark\.minExecutors\)/,
    );
    world.scheduler.setPolicies([{ ...DEFAULT_POLICY, ...withFloor(0) }], 0);
    expect(world.start(driverOf('a'))).toBe('-> a');
    expect(adviceOn(world, 'a')).toMatch(/starts with its driver alone/);
  });

  test('follow a new policy while they wait', () => {
    const world = new World([node('a', { cpu: 2 })], withFloor(2));
    expect(world.ask(driverOf('a'))).toMatch(/^waits/);
    world.scheduler.setPolicies([{ ...DEFAULT_POLICY, ...withFloor(1) }], 0);
    expect(world.scheduler.admitWaiting(0).map(({ kind }) => kind)).toContain('gang-admitted');
  });
});

test('a role that is declared with a minimum of 0, without dynamic allocation, keeps it', () => {
  const world = new World([node('a', { cpu: 1 })]);
  expect(world.start(app('a').leader())).toBe('-> a');
});
