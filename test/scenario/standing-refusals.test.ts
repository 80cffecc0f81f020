import { describe, expect, test } from 'vitest';
import { GangBuilder, node, pod, resources, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

function admit(world: World): string[] {
  const effects = world.scheduler.admitWaiting(world.nowMs);
  world.scheduler.checkInvariants();
  return effects.map(({ kind, gang }) => `${kind} ${gang}`);
}

describe('a waiting gang is planned again although no room appeared, because', () => {
  test('another scheduler bound one of its members: it needs one less', () => {
    const world = new World([node('full', { cpu: 2 }), node('free', { cpu: 2 })]);
    world.bind(pod('other', { cpu: 2 }), 'full');
    const gang = spark('a', 3);
    world.bind(gang.leader(), 'full');
    world.ask(gang.member('executor', 0));
    expect(admit(world)).toEqual([]);
    // A node that another scheduler fills beyond its room: on the others there is as much as before.
    world.bind(gang.member('executor', 1), 'full');
    expect(admit(world)).toContain('gang-admitted jobs/a');
  });

  test('its new leader requests less', () => {
    const world = new World([node('n', { cpu: 3 })]);
    const gang = spark('a', 2);
    const large = { ...gang.leader(), request: resources({ cpu: 2 }, 1) };
    expect(world.ask(large)).toMatch(/^waits/);
    expect(world.ask(gang.leader())).toBe('-> n');
  });
});

test('the room that a leader requests counts, although its role declares more', () => {
  const world = new World([node('n', { cpu: 3 })]);
  world.bind(pod('other', { cpu: 1 }), 'n');
  world.bind(pod('another', { cpu: 2 }), 'n');
  const gang = new GangBuilder('a', { leader: { count: 1, cpu: 2 } });
  const small = { ...gang.leader(), request: resources({ cpu: 1 }, 1) };
  expect(world.ask(small)).toMatch(/^waits/);
  world.gone(pod('other'));
  expect(world.ask(small)).toBe('-> n');
});
