import { expect, test } from 'vitest';
import { outlookOf, type Outlook } from '../../src/core/outlook/outlook.ts';
import type { Forecast, RunIdentity } from '../../src/core/history/run-times.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { allAtOnce } from '../../src/core/work.ts';
import { GangBuilder, node, queueWith, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

const SECOND = 1000;

/** Such runs take this time. */
const exactly = (seconds: number): Forecast => ({
  endsWithin: (_share, ranMs) => Math.max(seconds * SECOND, ranMs),
  isKnown: true,
  runs: 10,
  basis: 'a test',
  error: 0,
});

/** Such runs take from 0 to this time, all equally likely. */
const upTo = (seconds: number): Forecast => ({
  ...exactly(0),
  endsWithin: (share, ranMs) => ranMs + share * (seconds * SECOND - ranMs),
});

const UNKNOWN: Forecast = { ...exactly(0), endsWithin: () => Infinity, isKnown: false };

type Forecasts = Readonly<Record<string, Forecast>>;

/** Whoever waits has a place in time at once. */
const IMPATIENT = { queue: queueWith({ blockAfterMs: 1, backfill: 'reserve', patience: { times: 0, mostMs: 0 } }) };

/** Ten places on one node, and gangs that need so many of them, each asked for once, in this order. */
function play(gangs: Readonly<Record<string, number>>, policy: Partial<Policy> = IMPATIENT): World {
  const world = new World([node('n1', { cpu: 10 })], policy);
  for (const [name, count] of Object.entries(gangs)) {
    world.ask(new GangBuilder(name, { worker: { count, cpu: 1 } }).leader());
    world.nowMs += 1;
  }
  return world;
}

function outlook({ scheduler: { inside }, nowMs }: World, name: string, forecasts: Forecasts): Outlook | undefined {
  const gang = inside.gangs.get(`jobs/${name}`)!;
  const runTimes = { forecast: (run: RunIdentity) => forecasts[run.name] ?? UNKNOWN };
  const place = () => ({ gang, ahead: inside.queues.aheadInAllQueues(gang) });
  return allAtOnce(outlookOf({ ...inside, runTimes }, place, nowMs));
}

/** `60 because of r1`, in seconds, rounded: the forward look coarsens times by up to 2 %. */
function told(world: World, name: string, forecasts: Forecasts): string {
  const { aboutMs, becauseOf } = outlook(world, name, forecasts)!;
  const seconds = Math.round((aboutMs - world.nowMs) / SECOND / 1.01);
  const because = becauseOf.map((key) => key.replace('jobs/', '')).join(', ');
  return because === '' ? String(seconds) : `${seconds} because of ${because}`;
}

const R1 = { r1: exactly(60) };

test('a gang starts when enough of those that run have ended', () => {
  expect(told(play({ r1: 6, h: 8 }), 'h', R1)).toBe('60 because of r1');
  expect(told(play({ a: 3, b: 3, h: 8 }), 'h', { a: exactly(30), b: exactly(90) })).toBe('90 because of b, a');
});

test('time that a run has run already counts', () => {
  const world = play({ r1: 6, h: 8 });
  const leader = new GangBuilder('r1', { worker: { count: 6, cpu: 1 } }).leader();
  world.bind(leader, 'n1');
  world.nowMs += 40 * SECOND;
  expect(told(world, 'h', R1)).toBe('20 because of r1');
});

test.each([
  ['that ends before the first starts', 4, exactly(50), '0'],
  ['that would delay the first', 4, exactly(90), '161 because of h'],
  ['that fits beside the first, however long it runs', 2, exactly(1000), '0'],
  ['of which nothing is known, beside the first', 2, UNKNOWN, '0'],
  ['of which nothing is known and that would delay the first', 4, UNKNOWN, '161 because of h'],
])('a gang behind the first %s', (_what, places, c, expected) => {
  // Free: 4. `wide` keeps c from starting while the world is built.
  const world = play({ r1: 6, h: 8 });
  const asked = new GangBuilder('c', { worker: { count: places, cpu: 1 } }).leader();
  world.scheduler.hold('the test');
  world.ask(asked);
  expect(told(world, 'c', { ...R1, h: exactly(100), c })).toBe(expected);
});

test('nobody passes in a queue without backfill, and who never blocks holds nobody up', () => {
  const forecasts = { ...R1, h: exactly(100), c: exactly(10) };
  const waitingBehind = (policy: Partial<Policy>) => {
    const world = play({ r1: 6, h: 8 }, policy);
    world.scheduler.hold('the test');
    world.ask(new GangBuilder('c', { worker: { count: 4, cpu: 1 } }).leader());
    return world;
  };
  expect(told(waitingBehind({ queue: queueWith({ blockAfterMs: 0, backfill: 'reserve' }) }), 'c', forecasts)).toBe(
    '161 because of h',
  );
  expect(told(waitingBehind({ queue: queueWith({ blockAfterMs: 1, backfill: 'off' }) }), 'c', forecasts)).toBe(
    '161 because of h',
  );
  const long = { ...forecasts, c: exactly(1000) };
  expect(told(waitingBehind({ queue: queueWith({ blockAfterMs: Infinity }) }), 'c', long)).toBe('0');
});

test('roles that fit one by one but not together are tried again when there is more room', () => {
  const world = new World([node('n1', { cpu: 8 })], IMPATIENT);
  world.ask(new GangBuilder('r1', { worker: { count: 6, cpu: 1 } }).leader());
  // Two places are free: for the driver, or for both executors.
  world.ask(spark('h', 2).leader());
  expect(told(world, 'h', R1)).toBe('60 because of r1');
});

test('where nobody knows when a run ends, it is said of which', () => {
  const world = play({ r1: 6, h: 8 });
  expect(outlook(world, 'h', {})).toMatchObject({ aboutMs: Infinity, unknown: ['jobs/r1'], becauseOf: [] });
});

test('where the end of a run is supposed, it is said of which', () => {
  const world = play({ r1: 6, h: 8 });
  const supposed = { ...exactly(60), isKnown: false };
  expect(outlook(world, 'h', { r1: supposed })).toMatchObject({ becauseOf: ['jobs/r1'], unknown: ['jobs/r1'] });
  expect(outlook(world, 'h', R1)).toMatchObject({ becauseOf: ['jobs/r1'], unknown: [] });
});

test('runs that may end early or late make a span, and many of them a narrower one than one', () => {
  const one = outlook(play({ r1: 10, h: 10 }), 'h', { r1: upTo(1000) })!;
  expect(one.earliestMs).toBeLessThan(100 * SECOND);
  expect(one.aboutMs).toBeGreaterThan(400 * SECOND);
  expect(one.aboutMs).toBeLessThan(600 * SECOND);
  expect(one.latestMs).toBeGreaterThan(900 * SECOND);
  const names = Array.from({ length: 10 }, (_, i) => `r${i}`);
  const many = play({ ...Object.fromEntries(names.map((name) => [name, 1])), h: 5 });
  const forecasts = Object.fromEntries(names.map((name) => [name, upTo(1000)]));
  const half = outlook(many, 'h', forecasts)!;
  expect(half.latestMs - half.earliestMs).toBeLessThan(0.7 * (one.latestMs - one.earliestMs));
});

test('a gang that waits for anything but room has no outlook', () => {
  const world = play({ r1: 6, wide: 11 });
  expect(outlook(world, 'wide', R1)).toBeUndefined();
  expect(outlook(world, 'r1', R1)).toBeUndefined();
});

test('with more gangs ahead than are looked at, the time is the earliest', () => {
  const gangs = Object.fromEntries(Array.from({ length: 203 }, (_, i) => [`g${i}`, 6]));
  const world = play(gangs);
  const forecasts = Object.fromEntries(Object.keys(gangs).map((name) => [name, exactly(60)]));
  const { isAtLeast } = outlook(world, 'g200', forecasts)!;
  expect(isAtLeast).toBe(false);
  expect(outlook(world, 'g202', forecasts)!.isAtLeast).toBe(true);
});

test('the same cluster has the same outlook', () => {
  const world = play({ a: 3, b: 3, h: 8 });
  const forecasts = { a: upTo(300), b: upTo(900) };
  expect(outlook(world, 'h', forecasts)).toEqual(outlook(world, 'h', forecasts));
});
