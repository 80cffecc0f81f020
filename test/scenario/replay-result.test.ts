import { expect, test } from 'vitest';
import { DEFAULT_REPLAY } from '../../src/replay/options.ts';
import { replay, type ReplayInput } from '../../src/replay/replay.ts';
import { app, nodes, preset, traceOf } from '../support/replays.ts';

const trace = traceOf(app('a'), app('b', { submitMs: 1000, durationMs: 120_000 }));
const input: ReplayInput = {
  trace,
  nodes: nodes(2, 4),
  nodesName: 'n',
  policies: [preset('muster'), preset('fifo-gang')],
  options: DEFAULT_REPLAY,
};

test('a policy is told of when it is done, and each of its jobs before', async () => {
  const told: string[] = [];
  const { policies } = await replay({
    ...input,
    onJob: ({ policy, id, outcome }) => void told.push(`${policy}: ${id} is ${outcome}`),
    onPolicy: ({ policy, outcomes }) => void told.push(`${policy}: ${outcomes.done} of ${outcomes.jobs}`),
  });
  const of = (policy: string) => [`${policy}: a is done`, `${policy}: b is done`, `${policy}: 2 of 2`];
  expect(told).toEqual([...of('muster'), ...of('fifo-gang')]);
  expect(policies.map(({ policy }) => policy)).toEqual(['muster', 'fifo-gang']);
});

test('times count from the first submission, whenever that was', async () => {
  const later = { ...trace, jobs: trace.jobs.map((job) => ({ ...job, submitMs: job.submitMs + 3_600_000 })) };
  const [one, other] = [await replay(input), await replay({ ...input, trace: later })];
  expect(other.policies).toEqual(one.policies);
  expect(other.trace).toEqual(one.trace);
});

test('the digest is that of the jobs, and not of the file that they come from', async () => {
  const digest = async (change: Partial<(typeof trace.jobs)[0]>) => {
    const jobs = trace.jobs.map((job) => ({ ...job, ...change }));
    return (await replay({ ...input, policies: [], trace: { ...trace, jobs } })).trace.sha256;
  };
  expect(await digest({ source: 'copy.csv' })).toBe(await digest({}));
  expect(await digest({ durationMs: 60_001 })).not.toBe(await digest({}));
  expect(await digest({ leader: new Map([['cpu', 1]]) })).not.toBe(await digest({}));
});

test('the work model is the trace’s own unless an option says otherwise, and the result says which', async () => {
  const worked = async (options: Partial<ReplayInput['options']>, work: 'spark' | 'gang') =>
    (await replay({ ...input, policies: [], trace: { ...trace, work }, options: { ...DEFAULT_REPLAY, ...options } }))
      .work;
  const defaults = { minRegisteredRatio: 0.8, maxRegisteredWaitMs: 30_000, serialFraction: 0.05 };
  expect(await worked({}, 'spark')).toEqual({ model: 'spark', ...defaults });
  expect(await worked({}, 'gang')).toEqual({ model: 'gang', ...defaults });
  expect(await worked({ workModel: 'gang', serialFraction: 0.2 }, 'spark')).toEqual({
    ...defaults,
    model: 'gang',
    serialFraction: 0.2,
  });
});

test('the series of policies have the same length for the same end, and shares are of the whole cluster', async () => {
  const { policies } = await replay(input);
  for (const { series, endMs, occupancy } of policies) {
    const { stepMs, ...levels } = series;
    expect(stepMs).toBe(1000); // less than 512 s
    for (const level of Object.values(levels)) expect(level).toHaveLength(Math.ceil(endMs / stepMs));
    expect(Math.max(...series.work)).toBe(1); // both jobs of four pods on eight cores
    expect(occupancy.bound).toHaveLength(2);
    expect(occupancy.bound.every((row) => row.length === Math.ceil(endMs / occupancy.stepMs))).toBe(true);
    expect(occupancy.bound[0]).toContain('9');
  }
});
