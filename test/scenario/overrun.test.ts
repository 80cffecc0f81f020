import { describe, expect, test } from 'vitest';
import type { Forecast, RunTimes } from '../../src/core/history/run-times.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type PreemptionRules, type QueueRules } from '../../src/core/policy/policy.ts';
import { runPod } from '../support/apps.ts';
import { GangBuilder, node, pod, queueWith, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

const MINUTE = 60_000;

/** All of them take so many minutes, as far as anybody knows. They may take longer. */
const MINUTES: Readonly<Record<string, number>> = { r: 100, h: 30, g: 30, c: 50, l: 200, s: 5 };

const exactly = (minutes: number): Forecast => ({
  endsWithin: (_share, ranMs) => Math.max(minutes * MINUTE, ranMs),
  isKnown: true,
  runs: 10,
  basis: 'a test',
  error: 0,
});

const runTimes: RunTimes = {
  forecast: ({ name }) => exactly(MINUTES[name] ?? Infinity),
  learn: () => undefined,
};

interface Rules {
  readonly queue?: Partial<QueueRules>;
  readonly preemption?: Partial<PreemptionRules>;
}

/** Whoever waits has a start time at once, and gets back what it has lent. */
const policyWith = ({ queue = {}, preemption = {} }: Rules) => ({
  queue: queueWith({
    blockAfterMs: 1,
    backfill: 'reserve',
    patience: { times: 0, mostMs: 0 },
    overrun: 'return',
    ...queue,
  }),
  preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce' as const, ...preemption },
});

const at = (world: World, minutes: number) => world.wait(minutes * MINUTE - world.nowMs);

/** Asks about the pod; where there is a place, it runs there from now on. */
function start(world: World, pod: PodInfo): string {
  const answer = world.ask(pod);
  const running = { ...pod, evictionTraits: { startedMs: world.nowMs } };
  if (answer.startsWith('-> ')) world.bind(running, answer.slice(3));
  return answer;
}

/** One member of so many cores. */
const single = (name: string, cpu: number, options: { queue?: string; priority?: number } = {}) =>
  new GangBuilder(name, { worker: { count: 1, cpu } }, options).leader();

type Options = NonNullable<Parameters<typeof spark>[2]>;

/** A driver and three executors, all of one core. */
function startApp(world: World, name: string, options: Options = {}): string {
  const app = spark(name, 3, options);
  const pods = [app.leader(), ...[0, 1, 2].map((i) => app.member('executor', i))];
  return pods.map((pod) => start(world, pod)).find((answer) => answer.startsWith('waits')) ?? 'runs';
}

const H = single('h', 8);

/**
 * A node of ten cores. R has six of them, and H wants eight: it starts at minute 100, when R ends. C, of four cores, is to
 * be over by minute 51 and is let in.
 */
function play(rules: Rules = {}, c: Options = {}, h: PodInfo = H): World {
  const world = new World([node('n', { cpu: 10 })], policyWith(rules), true, [], runTimes);
  start(world, single('r', 6));
  expect(world.ask(h)).toBe('waits: gang waits for room');
  at(world, 1);
  expect(startApp(world, 'c', c)).toBe('runs');
  return world;
}

/** R has ended early, and H could start with the room of C. @returns who goes for it, asked at that minute */
function victimsAt(world: World, minutes: number, h: PodInfo = H): string {
  world.gone(single('r', 6));
  at(world, minutes);
  expect(world.ask(h)).toMatch(/^waits/);
  return world.makeRoom().join(' ');
}

test('a gang that passed a head and runs longer than foretold gives the room back, with equal priority', () => {
  const world = play();
  expect(victimsAt(world, 60)).toBe('c-executor-0 c-executor-1');
  world.wait(1000);
  expect(world.ask(H)).toBe('waits: gang waits for room that is being freed');
  for (const i of [0, 1]) world.gone(spark('c', 3).member('executor', i));
  // Successors come within a second, and the room is not for them.
  expect(world.ask(spark('c', 3).member('executor', 4))).toMatch(/^waits/);
  expect(world.ask(H)).toBe('-> n');
});

test('members of the head that are as important as those who went claim no more than is theirs', () => {
  const h = spark('h', 7);
  const world = play({}, {}, h.leader());
  expect(victimsAt(world, 60, h.leader())).toBe('c-executor-0 c-executor-1');
  for (const i of [0, 1]) world.gone(spark('c', 3).member('executor', i));
  for (const one of [h.leader(), h.member('executor', 0)]) expect(start(world, one)).toBe('-> n');
  expect(world.kinds()).not.toContain('priority-overclaimed');
  const less = { ...h.member('executor', 1), priority: -1 };
  expect(start(world, less)).toBe('-> n');
  expect(world.kinds()).toContain('priority-overclaimed');
});

test('the whole gang goes where nothing less helps and whole gangs may go', () => {
  const h = single('h', 10);
  expect(victimsAt(play({ preemption: { wholeGangs: true } }, {}, h), 60, h)).toBe(
    'c-driver c-executor-0 c-executor-1 c-executor-2',
  );
  expect(victimsAt(play({}, {}, h), 60, h)).toBe('');
});

describe('who gives nothing back', () => {
  test.each<[string, Rules, Options, number]>([
    ['a gang that is within its time', {}, {}, 50],
    ['anybody, if the policy lets them run', { queue: { overrun: 'wait' } }, {}, 60],
    ['anybody, under mode advise', { preemption: { mode: 'advise' } }, {}, 60],
    ['a gang in another queue', { preemption: { priorityGap: 100 } }, { queue: 'other', priority: -50 }, 60],
    ['members younger than the minimum runtime', { preemption: { minRuntimeMs: 90 * MINUTE } }, {}, 60],
    ['gangs in queues that are protected', { preemption: { queues: ['other'] } }, {}, 60],
    [
      'more than the budget per minute',
      { preemption: { budget: { ...DEFAULT_POLICY.preemption.budget, perMinute: 1 } } },
      {},
      60,
    ],
    [
      'more than the budget per gang',
      { preemption: { budget: { ...DEFAULT_POLICY.preemption.budget, perGang: 1 } } },
      {},
      60,
    ],
  ])('%s', (_who, rules, c, minutes) => {
    expect(victimsAt(play(rules, c), minutes)).toBe('');
  });

  test('a gang that nobody let in, however long it runs', () => {
    const world = new World([node('n', { cpu: 10 })], policyWith({}), true, [], runTimes);
    start(world, single('r', 6));
    startApp(world, 'c');
    world.ask(H);
    expect(victimsAt(world, 90)).toBe('');
  });

  test('a gang that fitted beside the head, however long it runs', () => {
    const world = new World([node('n', { cpu: 13 })], policyWith({}), true, [], runTimes);
    start(world, single('r', 6));
    world.ask(H);
    at(world, 1);
    expect(startApp(world, 'l')).toBe('runs');
    runPod(world, 'more-important', 'n', { cpu: 2, priority: 1000 });
    expect(victimsAt(world, 240)).toBe('');
  });

  test('anybody to a gang that was not passed', () => {
    const world = play();
    const late = single('g', 8);
    world.ask(late);
    world.gone(H);
    expect(victimsAt(world, 60, late)).toBe('');
  });

  test('a gang with the key of one that was let in', () => {
    const world = play();
    const c = spark('c', 3);
    const executors = [0, 1, 2].map((i) => c.member('executor', i));
    for (const one of [c.leader(), ...executors]) world.gone(one);
    // Another scheduler places this one.
    for (const one of [c.leader('c-again'), ...executors])
      world.bind({ ...one, evictionTraits: { startedMs: world.nowMs } }, 'n');
    expect(victimsAt(world, 60)).toBe('');
  });

  test('a gang that has become more important than the head', () => {
    const world = play();
    world.learn({ kind: 'pod', pod: { ...spark('c', 3, { priority: 1 }).leader(), node: 'n' } });
    expect(victimsAt(world, 60)).toBe('');
  });

  test('a gang of a muster that knows nothing of it after a restart', () => {
    const before = play();
    const after = new World([node('n', { cpu: 10 })], policyWith({}), false, [], runTimes);
    after.nowMs = before.nowMs;
    for (const { pod, node: on } of before.scheduler.inside.cluster.boundPods.values()) after.bind(pod, on);
    after.sync();
    expect(after.ask(H)).toBe('waits: gang waits for room');
    expect(victimsAt(after, 60)).toBe('');
  });

  test('anybody to pods of no gang: kube-scheduler evicts by priority alone', () => {
    const world = play();
    world.gone(single('r', 6));
    at(world, 60);
    const lone = pod('lone', { cpu: 8 });
    expect(world.preempt(lone, { n: ['c-executor-0', 'c-executor-1'] })).toBe('nobody');
  });
});

test('under mode advise the advice says whose room it would be', () => {
  const world = play({ preemption: { mode: 'advise' } });
  expect(victimsAt(world, 60)).toBe('');
  const { advice, preemption } = world.scheduler.explain('jobs/h', world.nowMs)!;
  expect(preemption!.victims.map(({ pod }) => pod)).toEqual(['jobs/c-executor-0', 'jobs/c-executor-1']);
  expect(advice.join('\n')).toContain('Let in before it, to be over by then, and still there: jobs/c (9 min ago).');
});

test('priorityGap does not protect who is overdue, and priority still comes first', () => {
  const gap = { preemption: { priorityGap: 100 } };
  expect(victimsAt(play(gap, { priority: -50 }), 60)).toBe('c-executor-0 c-executor-1');
  const h = single('h', 7);
  const world = play({}, {}, h);
  runPod(world, 'low', 'n', { cpu: 2, priority: -10 });
  expect(victimsAt(world, 60, h)).toBe('c-executor-0 low');
});

test('a gang that holds room and has not begun by its end gives it back', () => {
  const world = new World([node('n', { cpu: 10 })], policyWith({}), true, [], runTimes);
  start(world, single('r', 6));
  world.ask(H);
  at(world, 1);
  world.scheduler.hold('a test');
  world.ask(spark('s', 3).leader());
  world.scheduler.hold(undefined);
  world.effects.push(...world.scheduler.admitWaiting(world.nowMs));
  expect(world.kinds()).toContain('gang-admitted');
  world.gone(single('r', 6));
  at(world, 5);
  world.ask(H);
  world.makeRoom();
  expect(world.kinds()).not.toContain('reservation-revoked');
  at(world, 7);
  world.ask(H);
  world.makeRoom();
  expect(world.kinds()).toContain('reservation-revoked');
  expect(world.ask(H)).toBe('-> n');
});

test('members beyond the minimum that were let in go, and the gang that was not stays', () => {
  const world = new World([node('n', { cpu: 11 })], policyWith({}), true, [], runTimes);
  const c = spark('c', 3, { min: 1 });
  start(world, single('r', 6));
  for (const pod of [c.leader(), c.member('executor', 0)]) start(world, pod);
  world.ask(H);
  at(world, 1);
  for (const i of [1, 2]) expect(start(world, c.member('executor', i))).toBe('-> n');
  expect(victimsAt(world, 60)).toBe('c-executor-1');
  world.gone(c.member('executor', 1));
  expect(world.ask(H)).toBe('-> n');
});

test('who had to return something is let in by its forecast no more for a day', () => {
  const h = single('h', 10);
  const world = play({ preemption: { wholeGangs: true } }, {}, h);
  const startsBefore = () => {
    start(world, single('r', 6));
    world.ask(single('g', 10));
    world.wait(1000);
    return startApp(world, 'c');
  };
  expect(victimsAt(world, 60, h)).toContain('c-driver');
  const c = spark('c', 3);
  for (const pod of [c.leader(), ...[0, 1, 2].map((i) => c.member('executor', i))]) world.gone(pod);
  expect(start(world, h)).toBe('-> n');
  world.gone(h);
  expect(startsBefore()).toBe('waits: gang waits behind a start time');
  for (const pod of [c.leader(), single('g', 10), single('r', 6)]) world.gone(pod);
  at(world, 60 + 24 * 60);
  expect(startsBefore()).toBe('runs');
});
