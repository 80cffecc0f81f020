import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { runApp, runPod, wanted } from '../support/apps.ts';
import { node } from '../support/builders.ts';
import { World } from '../support/world.ts';

const { preemption } = DEFAULT_POLICY;

/** A full node of so many cores: an app with two drivers and one executor, and a pod that is more important. */
function full(cores: number): World {
  const world = new World([node('a', { cpu: cores })], {
    preemption: { ...preemption, mode: 'enforce', wholeGangs: true },
  });
  world.nowMs = 36_000_000;
  const [driver] = runApp(world, 'low', ['a', 'a']);
  world.bind({ ...driver!, uid: 'low-driver-2', name: 'low-driver-2' }, 'a');
  runPod(world, 'high', 'a', { priority: 1000, cpu: cores - 3 });
  return world;
}

test('a gang with two leaders frees the room of each pod once', () => {
  const world = full(4);
  // Its three pods leave three cores: a fourth is not there, however often a driver is counted.
  expect(world.ask(wanted('wants', { driverCpu: 4, priority: 100 }).leader)).toMatch(/^waits/);
  expect(world.makeRoom()).toEqual([]);
});

test('a gang with two leaders goes whole where its room is enough, and each pod once', () => {
  const world = full(4);
  expect(world.ask(wanted('wants', { driverCpu: 3, priority: 100 }).leader)).toMatch(/^waits/);
  const gone = world.makeRoom();
  expect(new Set(gone)).toEqual(new Set(['low-1', 'low-driver', 'low-driver-2']));
});
