import { describe, expect, test } from 'vitest';
import type { NodeInfo } from '../../../src/core/model.ts';
import { counted } from '../../../src/core/wording.ts';
import { GangBuilder, node, pod, spark } from '../../support/builders.ts';
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

describe('advice counts what all roles need that share the room', () => {
  const adviceOn = (world: World, gang: GangBuilder) => {
    expect(world.ask(gang.leader())).toMatch(/^waits/);
    return world.scheduler.explain(gang.spec.key, world.nowMs)!.advice;
  };
  const busy = (list: readonly NodeInfo[]) => {
    const world = new World(list);
    world.bind(pod('other', { cpu: 3 }), 'a');
    return world;
  };

  test.each([
    [1, '1 place; 1 place is free on 1 eligible node of 1; at least 1 core short for it and role driver.'],
    [2, '2 places; 1 place is free on 1 eligible node of 1; at least 2 cores short for it and role driver.'],
    [3, '3 places; 1 place is free on 1 eligible node of 1; at least 3 cores short for it and role driver.'],
  ])('%i executors and the driver, which is not placed yet', (executors, advice) => {
    expect(adviceOn(busy([node('a', { cpu: 4 })]), spark('etl', executors))).toContain(`Role executor needs ${advice}`);
  });

  test('not the driver that can go elsewhere', () => {
    const gang = new GangBuilder('etl', {
      driver: { count: 1, cpu: 1 },
      executor: { count: 3, cpu: 1, nodeSelector: { kind: 'big' } },
    });
    const world = busy([node('a', { cpu: 4, labels: { kind: 'big' } }), node('b', { cpu: 1 })]);
    expect(adviceOn(world, gang)).toContain(
      'Role executor needs 3 places; 1 place is free on 1 eligible node of 2; at least 2 cores short.',
    );
  });
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
