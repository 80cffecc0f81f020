import { describe, expect, test } from 'vitest';
import type { PodInfo } from '../../src/core/model.ts';
import type { QueueSpec, Tenancy } from '../../src/core/policy/tenancy.ts';
import { GangBuilder, node, queueWith } from '../support/builders.ts';
import { queue, tenancyOf } from '../support/tenancies.ts';
import { World } from '../support/world.ts';

const STARTS = '-> n';
const NO_ROOM = 'waits: gang waits for room';

/** Ten places on one node, on which gangs of the default policy stop nobody. */
function cluster(queues: readonly QueueSpec[], fairness: Partial<Tenancy['fairness']> = {}): World {
  const world = new World([node('n', { cpu: 10 })], { queue: queueWith({ blockAfterMs: Infinity }) });
  const { scheduler } = world;
  scheduler.setRules({ policies: scheduler.policies, tenancy: tenancyOf(queues, fairness) }, 0);
  return world;
}

const gang = (name: string, queue: string, count: number, priority = 0) =>
  new GangBuilder(name, { worker: { count, cpu: 1 } }, { queue, priority });

function run(world: World, one: GangBuilder): void {
  world.start(one.leader());
  for (let i = 1; i < one.spec.roles[0]!.count; i++) expect(world.start(one.member('worker', i))).toBe(STARTS);
}

function end(world: World, one: GangBuilder): void {
  world.gone(one.leader());
  for (let i = 1; i < one.spec.roles[0]!.count; i++) world.gone(one.member('worker', i));
}

/** A second later, muster tries all that wait. @returns who was admitted, in order */
function admitted(world: World): readonly string[] {
  world.wait(1000);
  const effects = world.scheduler.admitWaiting(world.nowMs);
  world.scheduler.checkInvariants();
  return effects.flatMap((one) => (one.kind === 'gang-admitted' ? [one.gang.replace('jobs/', '')] : []));
}

const asUser = (pod: PodInfo, user: string): PodInfo => ({ ...pod, recurrence: { user } });

describe('whose turn it is when room is freed', () => {
  /** Queue a holds so many of 10 places, a filler of queue c the rest; a and b wait for two gangs of 2 each. */
  function twoWait(queues: readonly QueueSpec[], fairness: Partial<Tenancy['fairness']> = {}, priority = 0): World {
    const world = cluster([...queues, queue('c')], fairness);
    run(world, gang('holds', 'a', 4));
    const filler = gang('filler', 'c', 6);
    run(world, filler);
    for (const name of ['a1', 'a2']) expect(world.ask(gang(name, 'a', 2, priority).leader())).toBe(NO_ROOM);
    for (const name of ['b1', 'b2']) expect(world.ask(gang(name, 'b', 2).leader())).toBe(NO_ROOM);
    world.wait(1000);
    end(world, filler);
    return world;
  }

  test('that of the queue with least of its share, gang after gang', () => {
    // The second of b would be at its share as well, and came later.
    expect(admitted(twoWait([queue('a'), queue('b')]))).toEqual(['b1', 'a1', 'b2']);
  });

  test('that of the queue within its guarantee', () => {
    expect(admitted(twoWait([queue('a', { guaranteed: { cpu: 8 } }), queue('b')]))).toEqual(['a1', 'a2', 'b1']);
  });

  test('priority does not count between queues', () => {
    expect(admitted(twoWait([queue('a'), queue('b')], {}, 5))).toEqual(['b1', 'a1', 'b2']);
  });

  test.each([
    ['first', ['a1', 'a2', 'b1']],
    ['across', ['a1', 'b1', 'b2']],
  ] as const)('unless it counts %s', (priority, order) => {
    expect(admitted(twoWait([queue('a', { weight: 1.2 }), queue('b')], { priority }, 5))).toEqual(order);
  });

  test.each([
    ['fifo', ['a1', 'a2', 'b1']],
    ['borrowing', ['b1', 'b2', 'a1']],
    ['guarantee-ratio', ['b1', 'b2', 'a1']],
  ] as const)('turns: %s', (turns, order) => {
    expect(admitted(twoWait([queue('a'), queue('b')], { turns }))).toEqual(order);
  });

  test('a gang that does not fit does not count against its queue', () => {
    const world = cluster([queue('a'), queue('b'), queue('c')]);
    run(world, gang('stays', 'c', 2));
    const filler = gang('filler', 'c', 8);
    run(world, filler);
    for (const [name, queue, count] of [
      ['large', 'a', 9],
      ['small', 'a', 2],
      ['b', 'b', 3],
    ] as const)
      expect(world.ask(gang(name, queue, count).leader())).toBe(NO_ROOM);
    end(world, filler);
    expect(admitted(world)).toEqual(['b', 'small']);
  });
});

describe('before a gang is answered', () => {
  /** The hog, queue b, holds 5 of 10 places, and a waits. */
  function hog(turns: Tenancy['fairness']['turns'] = 'share'): World {
    const world = cluster([queue('a'), queue('b'), queue('c')], { turns });
    run(world, gang('holds', 'b', 5));
    const filler = gang('filler', 'c', 5);
    run(world, filler);
    expect(world.ask(gang('a', 'a', 4).leader())).toBe(NO_ROOM);
    world.wait(1000);
    end(world, filler);
    return world;
  }

  test('one of another queue starts whose turn it is', () => {
    const world = hog();
    expect(world.ask(gang('b', 'b', 4).leader())).toBe(NO_ROOM);
    expect(world.effects.at(-2)).toMatchObject({ kind: 'wake-leader', gang: 'jobs/a' });
    expect(world.ask(gang('a', 'a', 4).leader())).toBe(STARTS);
  });

  test('but not where turns do not count', () => {
    expect(hog('fifo').ask(gang('b', 'b', 4).leader())).toBe(STARTS);
  });

  test('nor one whose turn is later', () => {
    const world = hog();
    expect(world.ask(gang('c', 'c', 2).leader())).toBe(STARTS);
    expect(world.kinds().filter((kind) => kind === 'wake-leader')).toEqual([]);
  });
});

test('A22: in a queue of order fair, the one gang of a user starts second, not after the hundred of another', () => {
  for (const [order, place] of [
    ['fair', 1],
    ['fifo', 9],
  ] as const) {
    const world = cluster([queue('q', { order }), queue('c')]);
    const filler = gang('filler', 'c', 10);
    run(world, filler);
    for (let i = 0; i < 100; i++) {
      world.wait(1);
      world.ask(asUser(gang(`u1-${String(i).padStart(3, '0')}`, 'q', 1).leader(), 'u1'));
      world.wait(1);
      if (i === 8) world.ask(asUser(gang('u2', 'q', 1).leader(), 'u2'));
    }
    end(world, filler);
    expect(admitted(world).indexOf('u2')).toBe(place);
  }
});
