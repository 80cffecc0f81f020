import { expect, test } from 'vitest';
import { app, nodes, run, traceOf } from '../support/replays.ts';

const MINUTE_MS = 60_000;
const cores = (count: number) => new Map([['cpu', count * 1000]]);

test('a user is under its share from the submission of its job on, however quiet it was before', async () => {
  const first = app('first', { user: 'a', leader: cores(4), durationMs: 60 * MINUTE_MS }, 0);
  const second = app('second', { user: 'b', leader: cores(4), submitMs: 30 * MINUTE_MS }, 0);
  const { fairness } = await run(traceOf(first, second), nodes(1, 4), 'kube-no-preemption');
  const { worst } = fairness.find(({ by }) => by === 'user')!;
  expect(worst.name).toBe('b');
  expect(Math.abs(worst.underShareMs - 30 * MINUTE_MS)).toBeLessThan(20_000);
});

test('a job that works with fewer executors than it asks for waits for none', async () => {
  // Four of its five executors are enough to begin; `low` holds as much as all of it needs.
  const low = app('low', { leader: cores(6), durationMs: 60 * MINUTE_MS }, 0);
  const urgent = app('urgent', { priority: 1000, durationMs: 20 * MINUTE_MS, submitMs: MINUTE_MS }, 5);
  const result = await run(traceOf(low, urgent), nodes(1, 11), 'kube-no-preemption', { workModel: 'spark' });
  expect(result.outcomes.done).toBe(2);
  expect(result.inversionSeconds).toBeLessThan(120);
});

test('a gang that can never be complete holds room of jobs of higher priority too', async () => {
  const low = app('low', {}, 9);
  const urgent = app('urgent', { priority: 1000, submitMs: 5 * MINUTE_MS }, 0);
  const result = await run(traceOf(low, urgent), nodes(1, 4), 'kube-no-preemption');
  expect(result.outcomes).toMatchObject({ larger: 1, waiting: 1 });
  expect(result.inversionSeconds).toBeGreaterThan(0.95 * (result.endMs / 1000 - 300));
});

test('a job that the cluster cannot hold waits for nobody', async () => {
  const low = app('low', { durationMs: 60 * MINUTE_MS });
  const impossible = app('impossible', { priority: 1000, leader: new Map([['nvidia.com/gpu', 1]]) }, 0);
  const result = await run(traceOf(low, impossible), nodes(1, 4), 'muster');
  expect(result.outcomes).toMatchObject({ done: 1, larger: 1 });
  expect(result.inversionSeconds).toBe(0);
});
