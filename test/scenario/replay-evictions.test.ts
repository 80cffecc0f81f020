import { describe, expect, test } from 'vitest';
import { openRules } from '../../src/core/policy/rules.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { generateTrace } from '../../src/replay/generate/generate.ts';
import { profileNamed } from '../../src/replay/generate/profiles.ts';
import { select } from '../../src/replay/trace/select.ts';
import type { PolicyResult } from '../../src/replay/result.ts';
import { app, nodes, recordsOf, run, traceOf } from '../support/replays.ts';

const MINUTE_MS = 60_000;
const low = (change: Parameters<typeof app>[1] = {}, workers = 4, min = workers) =>
  app('low', { durationMs: 60 * MINUTE_MS, ...change }, workers, min);
/** Of the job of highest priority, in ms. */
const urgentWait = ({ groups }: PolicyResult) => groups.find(({ by }) => by === 'priority')!.rows[0]!.waitMs.max;
const urgent = (workers = 1) => app('urgent', { submitMs: 10 * MINUTE_MS, priority: 1000 }, workers);

describe('an urgent app on a full cluster', () => {
  const both = traceOf(low(), urgent()); // 5 cores, and 2 that are wanted

  test('without preemption it waits for the other’s end, and that is counted as inversion', async () => {
    const result = await run(both, nodes(1, 5), 'muster');
    expect(result).toMatchObject({ outcomes: { done: 2 }, evictions: 0, gangsBroken: 0, work: { lostToEvictions: 0 } });
    expect(urgentWait(result)).toBeGreaterThan(50 * MINUTE_MS);
    expect(result.inversionSeconds).toBeGreaterThan(45 * 60);
  });

  test('with it, it waits for the grace period; the other loses two executors and their share of its work', async () => {
    const result = await run(both, nodes(1, 5), 'muster-preempt', { graceMs: 20_000 });
    expect(result).toMatchObject({
      outcomes: { done: 2 },
      evictions: 2,
      gangsBroken: 1,
      idle: { partial: 0 },
      overcommits: 0,
    });
    expect(urgentWait(result)).toBeGreaterThan(20_000);
    expect(urgentWait(result)).toBeLessThan(2 * MINUTE_MS);
    // About ten minutes of two executors, each of which does a quarter of what five cores do.
    expect(result.work.lostToEvictions).toBeGreaterThan(2 * 1.25 * 500);
    expect(result.work.lostToEvictions).toBeLessThan(2 * 1.25 * 650);
    expect(result.idle.broken).toBeGreaterThan(0);
    expect(result.inversionSeconds).toBeLessThan(60);
    // An hour, the urgent app's minute, and what is done again.
    expect(result.completionMs.max).toBeGreaterThan(61 * MINUTE_MS);
    expect(result.completionMs.max).toBeLessThan(70 * MINUTE_MS);
  });

  test('the room of victims in their grace period is not reserved beside: all kinds of room are the cluster’s at most', async () => {
    const { series } = await run(both, nodes(1, 5), 'muster-preempt', { graceMs: 120_000 });
    const kinds = [series.work, series.partial, series.starting, series.reserved, series.broken];
    for (const i of series.work.keys()) expect(kinds.reduce((sum, kind) => sum + kind[i]!, 0)).toBeLessThan(1.00001);
  });

  test('executors beyond the minimum go first, and the app goes on', async () => {
    const result = await run(traceOf(low({}, 4, 2), urgent()), nodes(1, 5), 'muster-preempt');
    expect(result).toMatchObject({ outcomes: { done: 2 }, evictions: 2, gangsBroken: 0 });
  });

  test('kube-scheduler’s own preemption takes as many, one after the other', async () => {
    const result = await run(both, nodes(1, 5), 'kube-default');
    expect(result).toMatchObject({ outcomes: { done: 2 }, overcommits: 0 });
    expect(result.evictions).toBeGreaterThanOrEqual(2);
    expect(urgentWait(result)).toBeLessThan(5 * MINUTE_MS);
  });

  test('kube-scheduler’s own preemption sees all pods of one priority alike: an app that loses its driver is submitted again', async () => {
    const result = await run(traceOf(low({}, 0), urgent(0)), nodes(1, 1), 'kube-default');
    expect(result).toMatchObject({ outcomes: { done: 2 }, evictions: 1, gangsBroken: 1 });
    // Ten minutes' work, and a minute until it is submitted again.
    expect(result.completionMs.max).toBeGreaterThan(70 * MINUTE_MS);
  });

  test('muster takes no driver for it', async () => {
    const result = await run(traceOf(low({}, 0), urgent(0)), nodes(1, 1), 'muster-preempt');
    expect(result).toMatchObject({ outcomes: { done: 2 }, evictions: 0 });
  });
});

describe('deadlines', () => {
  const due = app('due', { submitMs: MINUTE_MS, priority: -1, deadlineMs: 60 * MINUTE_MS, expectedMs: 10 * MINUTE_MS });
  const trace = traceOf(low({ durationMs: 600 * MINUTE_MS }), due);
  const preempting = { ...DEFAULT_POLICY.preemption, mode: 'enforce' as const };
  const policyWith = (boost: number): Policy => ({
    ...DEFAULT_POLICY,
    deadline: { ...DEFAULT_POLICY.deadline, boost },
    preemption: preempting,
  });

  test.each([
    [0, 1],
    [10, 0],
  ])('with a boost of %i points %i of 1 is missed', async (boost, missed) => {
    const policy = { name: 'p', rules: openRules([policyWith(boost)]) };
    const result = await run(trace, nodes(1, 5), policy);
    expect(result).toMatchObject({ outcomes: { done: 2 }, deadlines: 1, deadlinesMissed: missed });
  });
});

test('a morning with two priorities and node failures: no half gang, no node overcommitted, work is repeated', async () => {
  const trace = select(generateTrace(profileNamed('S'), { seed: 5 }), {
    maxJobs: 200,
    urgent: { share: 0.2, seed: 5 },
  });
  const result = await run(trace, nodes(20, 32), 'muster-preempt', { checkEvery: 20, nodeFailuresPerDay: 50 });
  expect(result).toMatchObject({ idle: { partial: 0 }, overcommits: 0, outcomes: { deadlocked: 0 } });
  expect(result.evictions).toBeGreaterThan(0);
  expect(result.outcomes.jobs).toBe(200);
  expect(result.outcomes.done).toBeGreaterThan(180);
});

test('a worker that is lost while others are still to be created has its successor beside them', async () => {
  // The gang has its hundred workers not before 25 s; at 25 s the urgent pod takes the room of some that are there.
  const urgent = app('urgent', { submitMs: 25_000, priority: 1000, leader: new Map([['cpu', 40_000]]) }, 0);
  const trace = traceOf(low({ durationMs: MINUTE_MS }, 100), urgent);
  const result = await run(trace, nodes(2, 51), 'kube-default', { graceMs: 1000, workModel: 'gang' });
  expect(result.evictions).toBeGreaterThan(0);
  expect(result.outcomes).toMatchObject({ done: 2, waiting: 0, deadlocked: 0 });
});

test('a gang that has worked, and can never be whole again, is deadlocked', async () => {
  // The driver of `big` evicts a worker of `low`, and stays: no node is large enough for its executor.
  const workers = { count: 1, min: 1, request: new Map([['cpu', 64_000]]) };
  const big = app('big', { submitMs: 10 * MINUTE_MS, priority: 1000, workers }, 1);
  const { result, records } = await recordsOf(traceOf(low(), big), nodes(1, 5), 'kube-default', { workModel: 'gang' });
  expect(records.get('low')!.waited.map(({ phase }) => phase)).toContain('working');
  expect(result.outcomes).toMatchObject({ larger: 1, deadlocked: 1, waiting: 0 });
});
