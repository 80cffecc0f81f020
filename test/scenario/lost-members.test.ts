import { describe, expect, test } from 'vitest';
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

describe('a member that was refused', () => {
  /** `etl` has lost two executors; kube-scheduler waits with both successors. */
  const refused = () => {
    const world = new World(['a', 'b', 'c', 'd'].map((name) => node(name, { cpu: 1 })));
    world.nowMs = 10 * HOUR_MS;
    const low = runPod(world, 'low', 'a', { cpu: 1 });
    const [, ...executors] = runApp(world, 'etl', ['b', 'c', 'd']);
    for (const name of ['c', 'd']) world.removeNode(name);
    for (const one of executors) world.gone(one);
    const app = new GangBuilder('etl', { driver: { count: 1, cpu: 1 }, executor: { count: 2, cpu: 1 } });
    const successors = [app.member('executor', 7), app.member('executor', 8)] as const;
    for (const one of successors) expect(world.ask(one)).toBe('waits: no offered node has room for this member');
    const from = world.effects.length;
    const woken = () =>
      world.effects.slice(from).flatMap((one) => (one.kind === 'wake-leader' ? [one.leader.name] : []));
    return { world, low, successors, woken };
  };

  test('is woken once its slot has a place: kube-scheduler does not see every reason for that', () => {
    const { world, successors, woken } = refused();
    world.node(node('c', { cpu: 1 }));
    expect(woken()).toEqual([successors[0].name]);
    expect(world.start(successors[0])).toBe('-> c');
    world.wait(1000);
    expect(woken()).toHaveLength(1);
  });

  test('is not woken when it has been asked about since', () => {
    const { world, low, successors, woken } = refused();
    world.gone(low);
    expect(world.ask(successors[0])).toBe('-> a');
    world.node(node('c', { cpu: 1 }));
    expect(woken()).toEqual([successors[1].name]);
  });
});
