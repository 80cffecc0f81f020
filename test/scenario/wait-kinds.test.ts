import { describe, expect, test } from 'vitest';
import { waitKindOf } from '../../src/core/explanation/wait-kind.ts';
import { node, pod, queueWith, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

const kindOf = (world: World, name: string) =>
  waitKindOf(world.scheduler.inside.gangs.get(`jobs/${name}`)!, world.scheduler.blocked !== undefined);

const cluster = () => {
  const world = new World([node('a', { cpu: 8 })]);
  world.bind(pod('other', { cpu: 4 }), 'a');
  return world;
};

describe('what a gang waits for', () => {
  test('room; and the same while an earlier refusal is looked at again', () => {
    const world = cluster();
    world.ask(spark('etl', 6).leader());
    expect(kindOf(world, 'etl')).toBe('room');
    world.scheduler.setRules(world.scheduler.rules, world.nowMs);
    expect(kindOf(world, 'etl')).toBe('room');
  });

  test('more than the empty cluster has', () => {
    const world = cluster();
    world.ask(spark('etl', 60).leader());
    expect(kindOf(world, 'etl')).toBe('unschedulable');
  });

  test('its turn', () => {
    const world = new World([node('a', { cpu: 8 })], { queue: queueWith({ blockAfterMs: 0, backfill: 'off' }) });
    world.bind(pod('other', { cpu: 4 }), 'a');
    world.ask(spark('first', 6).leader());
    world.wait(1000);
    world.ask(spark('second', 1).leader());
    expect(kindOf(world, 'second')).toBe('turn');
  });

  test('a question: a leader that is known and has not been asked about', () => {
    const world = cluster();
    world.learn({ kind: 'pod', pod: { ...spark('etl', 1).leader(), gated: true } });
    expect(kindOf(world, 'etl')).toBe('not-asked');
  });

  test('the end of a hold, unless it could not start without it', () => {
    const world = cluster();
    world.ask(spark('huge', 60).leader());
    world.ask(spark('wide', 6).leader());
    world.scheduler.hold('the view of the cluster is stale');
    world.ask(spark('etl', 1).leader());
    expect(['huge', 'wide', 'etl'].map((name) => kindOf(world, name))).toEqual(['unschedulable', 'hold', 'hold']);
    world.scheduler.hold(undefined);
    expect(['huge', 'wide', 'etl'].map((name) => kindOf(world, name))).toEqual(['unschedulable', 'room', 'hold']);
  });

  test('pods in flight do not hide that it is room', () => {
    const world = cluster();
    world.ask(pod('single', { cpu: 1 }));
    world.ask(spark('etl', 6).leader());
    expect(kindOf(world, 'etl')).toBe('room');
  });
});
