import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { node, pod, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

/** Cores that are free at the node. */
const free = ({ scheduler }: World, name: string) =>
  (scheduler
    .nodes()
    .find(({ node: its }) => its === name)!
    .free.get('cpu') ?? 0) / 1000;

describe('a pod that was answered with a node, and is not bound yet', () => {
  test('has one place, also if it asked as an elastic member first and then takes a slot', () => {
    const world = new World([node('n0', { cpu: 8 })]);
    const app = spark('a', 3, { min: 1 });
    world.start(app.leader());
    world.start(app.member('executor', 0));
    expect(world.ask(app.member('executor', 1))).toBe('-> n0');
    world.gone(app.member('executor', 0));
    expect(free(world, 'n0')).toBe(5);
    expect(world.ask(app.member('executor', 1))).toBe('-> n0');
    expect(free(world, 'n0')).toBe(6);
  });

  test('keeps its room when the leader of its gang ends, until it is bound and gone itself', () => {
    const world = new World([node('n0', { cpu: 8 })]);
    const app = spark('a', 2);
    world.start(app.leader());
    expect(world.ask(app.member('executor', 0))).toBe('-> n0');
    world.gone(app.leader());
    expect(world.scheduler.gangs()).toEqual([]);
    expect(free(world, 'n0')).toBe(7);
    world.bind(app.member('executor', 0), 'n0');
    expect(free(world, 'n0')).toBe(7);
    world.gone(app.member('executor', 0));
    expect(free(world, 'n0')).toBe(8);
  });

  test('keeps its room when its gang expires, and takes a slot when it is bound after the gang has started anew', () => {
    const world = new World([node('n0', { cpu: 8 })]);
    const app = spark('a', 2);
    world.learn({ kind: 'pod', pod: { ...app.leader(), gated: true } });
    world.scheduler.admitWaiting(world.nowMs);
    expect(world.ask(app.member('executor', 0))).toBe('-> n0');
    expect(free(world, 'n0')).toBe(5);
    world.wait(DEFAULT_POLICY.reservation.unclaimedMs);
    expect(world.scheduler.gangs()[0]!.phase).toBe('waiting');
    expect(free(world, 'n0')).toBe(7);
    world.bind(app.member('executor', 0), 'n0');
    expect(world.start(app.leader())).toBe('-> n0');
    expect(world.start(app.member('executor', 1))).toBe('-> n0');
    expect(free(world, 'n0')).toBe(5);
    expect(world.scheduler.gangs()[0]!.phase).toBe('running');
  });

  test('holds no room any more once it asked again and was refused', () => {
    const world = new World([node('n0', { cpu: 8 })]);
    const app = spark('a', 2);
    world.start(app.leader());
    world.ask(app.member('executor', 0));
    world.gone(app.leader());
    expect(world.ask(app.member('executor', 0))).toBe('waits: gang waits for its leader');
    expect(free(world, 'n0')).toBe(8);
  });

  test('holds nothing if it ends together with its gang', () => {
    const world = new World([node('n0', { cpu: 8 })]);
    const app = spark('a', 2);
    expect(world.ask(app.leader())).toBe('-> n0');
    world.gone(app.leader());
    expect(free(world, 'n0')).toBe(8);
  });

  test('leaves its slot to a successor on another node if its own has shrunk meanwhile', () => {
    const world = new World([node('n0', { cpu: 3 }), node('n1', { cpu: 1 })]);
    const app = spark('a', 1, { cpu: 2 });
    expect(world.start(app.leader())).toBe('-> n1');
    expect(world.ask(app.member('executor', 0))).toBe('-> n0');
    world.node(node('n0', { cpu: 1 }));
    world.node(node('n2', { cpu: 2 }));
    world.gone(app.member('executor', 0));
    expect(free(world, 'n0')).toBe(1);
    expect(world.start(app.member('executor', 1))).toBe('-> n2');
  });

  test('is placed once if a policy takes it out of its gang before it is bound', () => {
    const world = new World([node('n0', { cpu: 8 })]);
    const app = spark('a', 1);
    world.start(app.leader());
    world.ask(app.member('executor', 0));
    world.scheduler.setPolicies([{ ...DEFAULT_POLICY, gangs: 'off' }], world.nowMs);
    expect(world.ask(app.member('executor', 0))).toBe('any');
    world.scheduler.setPolicies([DEFAULT_POLICY], world.nowMs);
    expect(world.ask(app.member('executor', 0))).toBe('-> n0');
    expect(free(world, 'n0')).toBe(6);
  });
});

test('a bound pod about which is asked once more is told its node, and takes no more room', () => {
  const world = new World([node('n0', { cpu: 8 })]);
  const app = spark('a', 2, { min: 0 });
  world.start(app.leader());
  world.start(app.member('executor', 0));
  expect(world.ask(app.member('executor', 0))).toBe('-> n0');
  expect(world.ask(app.member('executor', 0), [])).toBe('waits: pod is bound already');
  world.bind(pod('single'), 'n0');
  expect(world.ask(pod('single'))).toBe('any');
  expect(free(world, 'n0')).toBe(5);
});
