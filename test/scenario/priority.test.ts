import { describe, expect, test } from 'vitest';
import type { PodInfo, PriorityRequest } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type DeadlineCurve, type Policy } from '../../src/core/policy/policy.ts';
import { runApp, wanted } from '../support/apps.ts';
import { node } from '../support/builders.ts';
import { World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = 10 * HOUR_MS;

function cluster(cpu: number, policy: Partial<Policy> = {}): World {
  const preemption = { ...DEFAULT_POLICY.preemption, mode: 'enforce' as const };
  const world = new World([node('a', { cpu })], { preemption, ...policy });
  world.nowMs = START_MS;
  return world;
}

const priorityOf = (world: World, gang: string) => world.scheduler.explain(`jobs/${gang}`, world.nowMs)!.priority;
const termsOf = (world: World, gang: string) =>
  world.scheduler
    .explain(`jobs/${gang}`, world.nowMs)!
    .priorityTerms.map(({ because, points }) => `${because} ${points}`)
    .join(', ');
/** The API server tells of a change of a waiting leader. */
const changed = (world: World, leader: PodInfo, change: Partial<PodInfo>) =>
  world.learn({ kind: 'pod', pod: { ...leader, ...change } });
const order = (world: World) =>
  world.scheduler
    .gangs()
    .filter(({ phase }) => phase === 'waiting')
    .sort((a, b) => world.scheduler.explain(a.gang, 0)!.ahead.length - world.scheduler.explain(b.gang, 0)!.ahead.length)
    .map(({ gang }) => gang.slice('jobs/'.length));

describe('what a gang’s priority consists of', () => {
  const policy = {
    priority: { add: 5, queues: new Map([['prod', 20]]), raiseTo: 300, members: Infinity },
  } satisfies Partial<Policy>;
  const asked = (options: Parameters<typeof wanted>[1], classes: Readonly<Record<string, number>> = {}) => {
    const world = cluster(1, policy);
    runApp(world, 'low', ['a']);
    for (const [name, value] of Object.entries(classes))
      world.learn({ kind: 'priority-class', priorityClass: { name, value } });
    world.ask(wanted('high', options).leader);
    return termsOf(world, 'high');
  };

  test('its leader’s, its policy’s and its queue’s points', () => {
    expect(asked({ priority: 100, queue: 'prod' })).toBe('class 100, policy 5, queue 20');
  });

  test('a class is worth what it is worth now, not what it was when the pod was made', () => {
    expect(asked({ priority: 100, evictionTraits: { priorityClass: 'c' } }, { c: 700 })).toBe('class 700, policy 5');
  });

  test.each<[string, PriorityRequest['priority'], string]>([
    ['lowers always', -50, 'class 100, annotation -150, policy 5'],
    ['raises as far as the policy lets it', 1000, 'class 100, annotation 200, policy 5'],
    ['by the name of a class', 'c', 'class 100, annotation 150, policy 5'],
    ['by a name that is none: says nothing', 'nobody', 'class 100, policy 5'],
  ])('the annotation %s', (_, priority, terms) => {
    expect(asked({ priority: 100, priorityRequest: { priority: priority! } }, { c: 250 })).toBe(terms);
  });

  test('an annotation lowers no class that stands above what it may raise to', () => {
    expect(asked({ priority: 900, priorityRequest: { priority: 950 } })).toBe('class 900, policy 5');
  });
});

describe('changes take effect at once', () => {
  /** A full node, and two gangs that wait for it. */
  function waiting(policy: Partial<Policy> = {}) {
    const world = cluster(3, { priority: { add: 0, queues: new Map(), raiseTo: 1000, members: Infinity }, ...policy });
    const low = runApp(world, 'low', ['a', 'a', 'a'], { priority: 50, evictionTraits: { priorityClass: 'low' } });
    const first = wanted('first', { priority: 10 }).leader;
    const second = wanted('second', { priority: 10 }).leader;
    world.ask(first);
    world.wait(1000);
    world.ask(second);
    return { world, low, first, second };
  }

  test('the annotation of a waiting gang: it passes others, and others go for it', () => {
    const { world, second } = waiting();
    expect(order(world)).toEqual(['first', 'second']);
    expect(world.makeRoom()).toEqual([]);
    changed(world, second, { priorityRequest: { priority: 60 } });
    expect(order(world)).toEqual(['second', 'first']);
    world.ask({ ...second, priorityRequest: { priority: 60 } });
    expect(world.makeRoom()).toHaveLength(1);
  });

  test('the annotation of a running gang: it becomes a victim', () => {
    const { world, low, first } = waiting();
    world.bind({ ...low[0]!, priorityRequest: { priority: 5 } }, 'a');
    expect(priorityOf(world, 'low')).toBe(5);
    world.wait(15_000);
    world.ask(first);
    expect(world.makeRoom()).toEqual(['low-1', 'low-2']);
  });

  test('a PriorityClass that is made anew with another value', () => {
    const { world, first } = waiting();
    world.learn({ kind: 'priority-class', priorityClass: { name: 'low', value: 1 } });
    expect(priorityOf(world, 'low')).toBe(1);
    world.wait(15_000);
    world.ask(first);
    expect(world.makeRoom()).toEqual(['low-1', 'low-2']);
    world.learn({ kind: 'priority-class-gone', name: 'low' });
    expect(priorityOf(world, 'low')).toBe(50);
  });

  test('a policy', () => {
    const { world } = waiting();
    world.scheduler.setPolicies(
      [{ ...DEFAULT_POLICY, priority: { add: 7, queues: new Map(), raiseTo: 0, members: Infinity } }],
      world.nowMs,
    );
    expect([priorityOf(world, 'low'), priorityOf(world, 'first')]).toEqual([57, 17]);
  });
});

describe('a deadline', () => {
  const curve: DeadlineCurve = { boost: 100, from: 2, full: 0, expectedMs: HOUR_MS, late: 'keep' };

  /** A gang that takes an hour, with its deadline in so many hours, waits behind one of priority 0. */
  function due(hours: number, change: Partial<DeadlineCurve> = {}) {
    const world = cluster(2, { deadline: { ...curve, ...change } });
    runApp(world, 'low', ['a', 'a']);
    const priorityRequest = { deadlineMs: START_MS + hours * HOUR_MS, expectedMs: HOUR_MS };
    const { leader } = wanted('late', { priority: -10, priorityRequest });
    world.ask(leader);
    return { world, leader };
  }

  test.each<[string, number, number]>([
    ['far off adds nothing', 10, -10],
    ['with twice its run to spare nothing yet', 3, -10],
    ['with once its run to spare half', 2, 40],
    ['with none to spare all', 1, 90],
    ['that can be met no more all', 0.5, 90],
    ['that has passed all, since late jobs are wanted still', -1, 90],
  ])('%s', (_, hours, priority) => {
    expect(priorityOf(due(hours).world, 'late')).toBe(priority);
  });

  test('that has passed adds nothing any more where late jobs are worth nothing', () => {
    const { world } = due(1, { late: 'drop' });
    expect(priorityOf(world, 'late')).toBe(90);
    world.wait(HOUR_MS + 1000);
    expect(priorityOf(world, 'late')).toBe(-10);
  });

  test('comes nearer while the gang waits, until others go for it: a job of low priority gets done', () => {
    const { world, leader } = due(2.9);
    expect(world.makeRoom()).toEqual([]);
    for (let minutes = 0; minutes < 10; minutes++) world.wait(MINUTE_MS);
    world.ask(leader);
    expect(priorityOf(world, 'late')).toBe(3);
    expect(world.makeRoom()).toEqual(['low-1']);
  });

  test('falls back when the annotation goes', () => {
    const { world, leader } = due(1);
    changed(world, leader, {});
    const { priorityRequest, ...rest } = leader;
    expect(priorityRequest).toBeDefined();
    world.learn({ kind: 'pod', pod: rest });
    expect(priorityOf(world, 'late')).toBe(-10);
  });

  test('counts what a running gang has still to run: in good time it keeps the slack that it had', () => {
    const world = cluster(2, { deadline: curve });
    const priorityRequest = { deadlineMs: START_MS + 2 * HOUR_MS, expectedMs: HOUR_MS };
    runApp(world, 'low', ['a', 'a'], { age: 0, priorityRequest });
    expect(priorityOf(world, 'low')).toBe(50);
    world.wait(HOUR_MS / 2);
    expect(priorityOf(world, 'low')).toBe(50);
    world.wait(HOUR_MS);
    expect(priorityOf(world, 'low')).toBe(75);
  });
});
