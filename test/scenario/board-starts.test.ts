import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { allAtOnce } from '../../src/core/work.ts';
import { runPod, wanted } from '../support/apps.ts';
import { queueWith, node, spark } from '../support/builders.ts';
import { exactly, ToldRunTimes } from '../support/told-run-times.ts';
import { World } from '../support/world.ts';

const HOUR_MS = 3_600_000;

/** `runs` holds all 8 cores for two hours; `first` and `second` need all of them, one after the other; `lost` never fits. */
function world(): World {
  const runTimes = new ToldRunTimes({ runs: exactly(2 * HOUR_MS), first: exactly(HOUR_MS), second: exactly(HOUR_MS) });
  const made = new World([node('n', { cpu: 8 })], { queue: queueWith({ blockAfterMs: 0 }) }, true, [], runTimes);
  const runs = spark('runs', 7);
  made.start(runs.leader());
  for (let i = 0; i < 7; i++) made.start(runs.member('executor', i));
  made.wait(HOUR_MS);
  for (const name of ['first', 'second']) {
    made.ask(spark(name, 7).leader());
    made.wait(1000);
  }
  made.ask(spark('lost', 70).leader());
  return made;
}

const near = (ms: number | undefined) => ms && Math.round(ms / (HOUR_MS / 10)) / 10;

test('one look through the futures tells all that wait when they start, as an explanation tells one', () => {
  const { scheduler, nowMs } = world();
  const starts = allAtOnce(scheduler.board.startTimes(nowMs, 50))!;
  expect([...starts].map(([gang, { aboutMs, latestMs }]) => [gang, near(aboutMs), near(latestMs)])).toEqual([
    ['jobs/first', 2, 2],
    ['jobs/second', 3, 3],
    ['jobs/lost', Infinity, Infinity],
  ]);
  for (const [gang, { aboutMs }] of starts) {
    if (aboutMs === Infinity) continue;
    const told = scheduler.explain(gang, nowMs)!.start!.aboutMs;
    expect(near(aboutMs)).toBe(near(told));
  }
});

test('no more than are asked for are looked at, and nobody is told what is not known', () => {
  const { scheduler, nowMs } = world();
  expect([...allAtOnce(scheduler.board.startTimes(nowMs, 1))!.keys()]).toEqual(['jobs/first']);
});

test('it ends without a result where a node comes meanwhile', () => {
  const made = world();
  const slices = made.scheduler.board.startTimes(made.nowMs, 50);
  slices.next();
  made.node(node('new', { cpu: 1 }));
  let last = slices.next();
  while (!last.done) last = slices.next();
  expect(last.value).toBeUndefined();
});

test('a gang whose room is being freed is told so, even if it starts meanwhile', () => {
  const preemption = { ...DEFAULT_POLICY.preemption, mode: 'enforce', minRuntimeMs: 0 } as const;
  const made = new World([node('n', { cpu: 4 })], { preemption });
  made.nowMs = 10 * HOUR_MS;
  const victim = runPod(made, 'low', 'n', { cpu: 4 });
  const { leader } = wanted('high', { executors: 1, priority: 9 });
  expect(made.ask(leader)).toMatch(/^waits/);
  expect(made.makeRoom()).toEqual(['low']);
  made.ask(wanted('next', { executors: 3 }).leader);
  const slices = made.scheduler.board.startTimes(made.nowMs, 50);
  slices.next();
  made.gone(victim);
  expect(made.ask(leader)).toBe('-> n');
  let last = slices.next();
  while (!last.done) last = slices.next();
  expect(last.value!.get('jobs/high')).toMatchObject({ aboutMs: made.nowMs });
});
