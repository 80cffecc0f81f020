import { describe, expect, test } from 'vitest';
import { pino } from 'pino';
import { generateTrace } from '../../src/replay/generate/generate.ts';
import { profileNamed } from '../../src/replay/generate/profiles.ts';
import { httpPort } from '../../src/replay/http-port.ts';
import { DEFAULT_REPLAY } from '../../src/replay/options.ts';
import { replay, schedulerFor } from '../../src/replay/replay.ts';
import { readTrace } from '../../src/replay/trace/read-trace.ts';
import { select } from '../../src/replay/trace/select.ts';
import { buildServer } from '../../src/server/app.ts';
import { app, nodes, preset, run, traceOf } from '../support/replays.ts';

describe('three applications for which there is room for one', () => {
  const three = traceOf(app('a'), app('b'), app('c')); // 4 pods of 1 cpu each; the cluster has 5
  test('without gangs all drivers start and none gets its executors: a deadlock', async () => {
    const result = await run(three, nodes(1, 5), 'kube-default');
    expect(result).toMatchObject({ outcomes: { done: 0, deadlocked: 3 }, overcommits: 0 });
    expect(result.idle.partial).toBeGreaterThan(60);
  });
  test.each(['fifo-gang', 'muster'])('under %s one runs after the other', async (policy) => {
    const result = await run(three, nodes(1, 5), policy);
    expect(result).toMatchObject({
      outcomes: { done: 3, deadlocked: 0 },
      idle: { partial: 0 },
      overcommits: 0,
      podsBound: 12,
    });
    expect(result.waitMs.max).toBeGreaterThan(60_000);
  });
});

test('a single pod runs for its duration', async () => {
  const result = await run(traceOf(app('a', { durationMs: 5000 }, 0)), nodes(1, 1), 'muster');
  expect([result.outcomes.done, result.completionMs.max, result.waitMs.max]).toEqual([1, 5000, 0]);
});

test('executors trickle in five a second, and work starts with the last of the minimum', async () => {
  const result = await run(traceOf(app('a', {}, 12)), nodes(1, 20), 'muster');
  expect(result.outcomes.done).toBe(1);
  expect(result.waitMs.max).toBeGreaterThan(5000 + 2000); // the driver's start, and three batches
});

test('a job that the trace fails is failed', async () => {
  const result = await run(traceOf(app('a', { failsAt: 0.5 })), nodes(1, 5), 'muster');
  expect(result.outcomes).toMatchObject({ done: 0, failed: 1 });
});

test('dynamic allocation above the minimum never delays a gang that was admitted', async () => {
  const result = await run(traceOf(app('a', {}, 20, 2), app('b', {}, 4)), nodes(2, 6), 'fifo-gang');
  expect(result).toMatchObject({ outcomes: { done: 2 }, idle: { partial: 0 }, overcommits: 0 });
});

test('nodes that fail lose pods, and the gangs go on', async () => {
  const jobs = Array.from({ length: 20 }, (_, i) => app(`a${i}`, { submitMs: i * 60_000, durationMs: 900_000 }));
  const result = await run(traceOf(...jobs), nodes(8, 6), 'muster', { nodeFailuresPerDay: 300 });
  expect(result.nodeFailures).toBeGreaterThan(2);
  expect(result.outcomes.done + result.outcomes.failed).toBe(20);
  expect(result).toMatchObject({ idle: { partial: 0 }, overcommits: 0 });
});

describe('a generated morning', () => {
  const trace = select(generateTrace(profileNamed('S'), { seed: 3 }), { maxJobs: 100 });
  // As `muster` goes `muster-fair`, and the others that are left differ in settings alone.
  const presets = ['kube-default', 'kube-no-preemption', 'fifo-gang', 'muster-preempt', 'muster-fair'];
  test.each(presets)('the same seed gives the same result under %s, latencies apart', async (policy) => {
    const once = async () =>
      JSON.stringify(await run(trace, nodes(20, 32), policy, { checkEvery: 50, nodeFailuresPerDay: 50 }));
    expect(await once()).toBe(await once());
  });
  test('gangs are never partial and nodes never overcommitted', async () => {
    for (const policy of ['fifo-gang', 'muster']) {
      const result = await run(trace, nodes(16, 32), policy, { checkEvery: 20 });
      expect(result).toMatchObject({ idle: { partial: 0 }, overcommits: 0, outcomes: { deadlocked: 0 } });
      expect(result.outcomes.done).toBeGreaterThan(80);
      expect(result.waitMs.mean).toBeGreaterThan(60_000);
    }
  });
});

test('over HTTP the extender decides what the core decides', async () => {
  const file = new URL('../../bench/traces/msft-itp/cluster03.csv.gz', import.meta.url).pathname;
  const trace = select(await readTrace(file, { seed: 1 }), { maxJobs: 60, speed: 10, shorten: 10 });
  const policy = preset('muster');
  const scheduler = schedulerFor(policy);
  let now = 0;
  const { app: server } = buildServer({
    scheduler,
    nowMs: () => now,
    logger: pino({ level: 'silent' }),
    reasons: 'one',
    maxBodyBytes: 2 ** 20,
  });
  const port = httpPort(await server.listen({ host: '127.0.0.1', port: 0 }), scheduler, (nowMs) => (now = nowMs));
  const input = { trace, nodes: nodes(8, 32), nodesName: 'n', policies: [policy], options: DEFAULT_REPLAY };
  const wire = await replay({ ...input, portFor: () => port });
  port.close();
  await server.close();
  const direct = await replay(input);
  expect(wire.policies).toEqual(direct.policies);
});

test('stopped early it gives what there is', async () => {
  const trace = generateTrace(profileNamed('S'), { seed: 1 });
  const abort = new AbortController();
  const input = {
    trace,
    nodes: nodes(50, 32),
    nodesName: 'n',
    policies: [preset('muster'), preset('fifo-gang')],
    options: DEFAULT_REPLAY,
  };
  const result = await replay({ ...input, signal: abort.signal, onProgress: () => abort.abort() });
  expect([result.complete, result.policies.length]).toEqual([false, 1]);
  expect(result.policies[0]!.outcomes.waiting).toBeGreaterThan(0);
});
