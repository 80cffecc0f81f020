import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { runApp, runPod, wanted } from '../support/apps.ts';
import { GangBuilder, node } from '../support/builders.ts';
import { World } from '../support/world.ts';

const HOUR_MS = 3_600_000;

/** Preemption is enforced. `etl` (priority 50) loses the executor that ran on `c`; `a` and `b` are full. */
function fullCluster() {
  const preemption = { ...DEFAULT_POLICY.preemption, mode: 'enforce', wholeGangs: true } as const;
  const world = new World([node('a', { cpu: 1 }), node('b', { cpu: 1 }), node('c', { cpu: 1 })], { preemption });
  world.nowMs = 10 * HOUR_MS;
  const low = runPod(world, 'low', 'a', { cpu: 1 });
  const [, executor] = runApp(world, 'etl', ['b', 'c'], { priority: 50 });
  world.removeNode('c');
  world.gone(executor!);
  const successor = new GangBuilder(
    'etl',
    { driver: { count: 1, cpu: 1 }, executor: { count: 1, min: 1, cpu: 1 } },
    { priority: 50 },
  ).member('executor', 7);
  return { world, low, successor };
}

test('muster evicts no pod for a gang that runs and has lost a member', () => {
  const { world, successor } = fullCluster();
  expect(world.ask(successor)).toBe('waits: no offered node has room for this member');
  expect(world.makeRoom()).toEqual([]);
  // It would for a gang that waits, even for one of lower priority.
  expect(world.ask(wanted('next', { priority: 20 }).leader)).toMatch(/^waits/);
  expect(world.makeRoom()).toEqual(['low']);
});

test('room that becomes free is its room, ahead of a waiting gang of higher priority', () => {
  const { world, low, successor } = fullCluster();
  const { leader } = wanted('next', { priority: 90 });
  expect(world.ask(leader)).toMatch(/^waits/);
  world.gone(low);
  expect(world.ask(leader)).toMatch(/^waits/);
  expect(world.start(successor)).toBe('-> a');
});

test('room that is being freed for a waiting gang is not its room', () => {
  const { world, low, successor } = fullCluster();
  const { leader } = wanted('next', { priority: 20 });
  world.ask(leader);
  expect(world.makeRoom()).toEqual(['low']);
  world.gone(low);
  expect(world.ask(successor)).toBe('waits: no offered node has room for this member');
  expect(world.start(leader)).toBe('-> a');
});
