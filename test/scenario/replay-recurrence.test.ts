import { expect, test } from 'vitest';
import type { ClusterEvent, NodeInfo, PodInfo } from '../../src/core/model.ts';
import { DEFAULT_REPLAY, type ReplayOptions } from '../../src/replay/options.ts';
import { replay, schedulerFor } from '../../src/replay/replay.ts';
import { directPort } from '../../src/replay/sim/port.ts';
import type { TraceJob } from '../../src/replay/trace/job.ts';
import { app, nodes, preset, traceOf } from '../support/replays.ts';

const MINUTE_MS = 60_000;

/** What muster hears and is asked about in a replay. */
async function heard(jobs: readonly TraceJob[], cluster: readonly NodeInfo[], options: Partial<ReplayOptions> = {}) {
  const events: ClusterEvent[] = [];
  const asked = new Map<string, PodInfo>();
  const port = directPort(schedulerFor(preset('muster-preempt')));
  await replay({
    trace: traceOf(...jobs),
    nodes: cluster,
    nodesName: 'n',
    policies: [preset('muster-preempt')],
    options: { ...DEFAULT_REPLAY, ...options },
    portFor: () => ({
      ...port,
      filter: (request, nowMs) => {
        asked.set(request.pod.name, request.pod);
        return port.filter(request, nowMs);
      },
      observe: (event, nowMs) => {
        events.push(event);
        port.observe(event, nowMs);
      },
    }),
  });
  const bound = events.flatMap((event) => (event.kind === 'pod' ? [event.pod] : []));
  const outcomes = new Map(events.flatMap((event) => (event.kind === 'pod-gone' ? [[event.uid, event.outcome]] : [])));
  return { asked, bound, outcomes };
}

test('leaders and single pods say which app and user they are of, workers do not', async () => {
  const jobs = [
    app('gang', { app: 'orders-20261121', user: 'ann' }),
    app('pod', { app: 'mail' }, 0),
    app('plain', { user: '' }, 1),
  ];
  const { asked, bound } = await heard(jobs, nodes(1, 20));
  for (const pods of [[...asked.values()], bound]) {
    const told = Object.fromEntries(pods.map(({ name, recurrence }) => [name, recurrence]));
    expect(told['gang-driver']).toEqual({ app: 'orders-#', user: 'ann' });
    expect(told['pod-driver']).toEqual({ app: 'mail' });
    expect([told['plain-driver'], told['gang-exec-1'], told['plain-exec-1']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(told).toHaveProperty('gang-exec-1');
  }
});

test('a leader that ends by itself tells how; its workers, and those that are evicted, tell nothing', async () => {
  const victim = app('victim', { durationMs: 60 * MINUTE_MS }, 4);
  const urgent = app('urgent', { submitMs: 10 * MINUTE_MS, priority: 1000, failsAt: 0.5 }, 4);
  const { outcomes } = await heard([victim, urgent], nodes(1, 5));
  expect(outcomes.get('jobs/urgent-driver')).toBe('failed');
  expect(outcomes.get('jobs/victim-rerun-driver')).toBe('succeeded');
  expect(outcomes.has('jobs/victim-driver')).toBe(true);
  for (const uid of ['victim-driver', 'victim-exec-1', 'urgent-exec-1', 'victim-rerun-exec-1'])
    expect(outcomes.get(`jobs/${uid}`)).toBeUndefined();
});

test('a leader that is lost with its node tells nothing', async () => {
  const long = app('long', { durationMs: 300 * MINUTE_MS }, 2);
  const { outcomes } = await heard([long], nodes(2, 4), { nodeFailuresPerDay: 12, seed: 3 });
  expect(outcomes.has('jobs/long-driver')).toBe(true);
  expect(outcomes.get('jobs/long-driver')).toBeUndefined();
  expect([...outcomes.values()].filter((outcome) => outcome !== undefined)).toEqual(['succeeded']);
});
