import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MOST_OPEN } from '../../src/server/telemetry/gang-traces.ts';
import { Traces } from '../../src/server/telemetry/traces.ts';
import { GangBuilder, node, pod } from '../support/builders.ts';
import { builtCli, written } from '../support/cli.ts';
import { Collector, type ReceivedSpan } from '../support/collector.ts';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import { kubeConfigFor } from '../support/live.ts';
import { addNodes, bind, nodes, podObject, PODS } from '../support/live-muster.ts';
import { admitted } from '../support/tenants.ts';
import { World } from '../support/world.ts';

const PARENT = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const TRACEPARENT = `00-${PARENT.traceId}-${PARENT.spanId}-01`;

let collector: Collector;
beforeEach(async () => {
  collector = await new Collector().start();
});
afterEach(() => collector.stop());

const named = (name: string): ReceivedSpan[] => collector.spans.filter((span) => span.name === name);
const one = (name: string): ReceivedSpan => {
  expect(named(name)).toHaveLength(1);
  return named(name)[0]!;
};

/** A world whose effects become traces. Spans go to the collector when they are flushed. */
async function traced(cores = 4) {
  const world = new World([node('a', { cpu: cores })]);
  world.nowMs = 100_000;
  const errors: unknown[] = [];
  const clock = { nowMs: () => world.nowMs, toWall: (ms: number) => ms + 1_700_000_000_000 };
  const onError = (error: unknown) => void errors.push(error);
  const about = { 'service.name': 'muster' };
  const traces = await Traces.open(collector.url, about, { scheduler: world.scheduler, clock, onError });
  const registry = new Registry();
  traces.register(registry);
  const ids: (string | undefined)[] = [];
  // Right after the call that had them.
  world.effects.push = (...effects) => {
    for (const effect of effects) ids.push(traces.onEffect(effect));
    traces.tick();
    return ids.length;
  };
  const metrics = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { world, traces, ids, errors, metrics };
}

const gang = (name: string, executors: number, cpu = 1) =>
  new GangBuilder(name, { driver: { count: 1, cpu: 1 }, executor: { count: executors, cpu } });

describe('the trace of a gang', () => {
  test('has its wait with every change of the reason, and its start, from submit to complete', async () => {
    const { world, traces, ids } = await traced();
    const other = pod('other', { cpu: 3 });
    world.bind(other, 'a');
    const etl = gang('etl', 1);
    const leader = { ...etl.leader(), createdMs: 40_000 };
    world.ask(leader);
    world.scheduler.hold('the view of the cluster is stale');
    world.ask(leader);
    world.scheduler.hold(undefined);
    world.gone(other);
    world.nowMs = 160_000;
    world.start(leader);
    world.nowMs = 170_000;
    world.start(etl.member('executor', 0));
    await traces.close();
    const root = one('gang');
    const waiting = one('waiting');
    const completing = one('completing');
    expect([root, waiting, completing].map(({ startMs, endMs }) => [startMs, endMs])).toEqual(
      [
        [40_000, 170_000],
        [40_000, 160_000],
        [160_000, 170_000],
      ].map((times) => times.map((ms) => ms + 1_700_000_000_000)),
    );
    expect([root, waiting, completing].map(({ parentSpanId }) => parentSpanId)).toEqual(['', root.spanId, root.spanId]);
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set(ids));
    expect(waiting.events.map(({ name, attributes }) => [name, attributes['reason']])).toEqual([
      ['waits', 'gang waits for room'],
      ['waits', expect.stringContaining('stale')],
    ]);
    expect([root, waiting, completing].map(({ attributes }) => attributes['muster.outcome'])).toEqual([
      'complete',
      'reserved',
      'complete',
    ]);
    expect(root.attributes).toMatchObject({
      'muster.gang': 'jobs/etl',
      'muster.queue': 'default',
      'muster.policy': 'default',
      'muster.members': 2,
      'muster.priority': 0,
      'k8s.namespace.name': 'jobs',
      'k8s.pod.name': leader.name,
    });
    expect(root.resource).toMatchObject({ 'service.name': 'muster' });
  });

  test('is the same whoever tells it: another muster gives it the same id', async () => {
    const ids = [];
    for (let i = 0; i < 2; i++) {
      const told = await traced();
      told.world.ask(gang('etl', 2).leader());
      ids.push(told.ids[0]);
      await told.traces.close();
    }
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(ids[1]).toBe(ids[0]);
  });

  test('is part of the trace that its leader names', async () => {
    const { world, traces } = await traced();
    world.start({ ...gang('lone', 0).leader(), traceParent: TRACEPARENT });
    await traces.close();
    expect(one('gang')).toMatchObject({ traceId: PARENT.traceId, parentSpanId: PARENT.spanId });
  });

  test('is not kept where the trace that its leader names is not', async () => {
    const { world, traces, metrics } = await traced();
    world.start({ ...gang('lone', 0).leader(), traceParent: TRACEPARENT.replace(/01$/, '00') });
    await traces.close();
    expect(collector.spans).toEqual([]);
    expect(await metrics()).toContain('muster_trace_spans_total{outcome="dropped"} 0');
  });

  test('tells a lost reservation, and that it waits again', async () => {
    const { world, traces } = await traced();
    const etl = gang('etl', 1);
    const leader = { ...etl.leader(), gated: true } as const;
    world.learn({ kind: 'pod', pod: leader });
    admitted(world);
    world.wait(600_000);
    admitted(world);
    world.start(etl.leader());
    world.start(etl.member('executor', 0));
    await traces.close();
    const outcomes = (name: string) => named(name).map(({ attributes }) => attributes['muster.outcome']);
    expect(outcomes('waiting')).toEqual(['reserved', 'reserved']);
    expect(outcomes('completing')).toEqual(['expired', 'complete']);
    expect(outcomes('gang')).toEqual(['complete']);
  });

  test('ends with a gang that is deleted while it waits or starts', async () => {
    const { world, traces, metrics } = await traced();
    const [wide, etl] = [gang('wide', 9), gang('etl', 1)];
    world.ask(wide.leader());
    world.start(etl.leader());
    expect(await metrics()).toContain('muster_traces_open 2');
    world.gone(wide.leader());
    world.gone(etl.leader());
    world.wait(10_000);
    expect(await metrics()).toContain('muster_traces_open 0');
    await traces.close();
    expect(
      named('gang')
        .map(({ attributes }) => attributes['muster.outcome'])
        .sort(),
    ).toEqual(['gone', 'released']);
  });

  test('of a gang that has the name of one that is gone is another', async () => {
    const { world, traces, ids } = await traced();
    const wide = gang('wide', 9);
    world.ask(wide.leader());
    world.gone(wide.leader());
    world.nowMs += 1;
    world.ask(wide.leader('another'));
    expect(new Set(ids).size).toBe(2);
    await traces.close();
    expect(one('gang').attributes).toMatchObject({ 'muster.outcome': 'gone' });
  });

  test('is left to the replica that decides', async () => {
    const { world, traces, metrics } = await traced();
    world.ask(gang('wide', 9).leader());
    world.scheduler.followOthers(true, world.nowMs);
    world.wait(10_000);
    expect(await metrics()).toContain('muster_traces_open 0');
    await traces.close();
    expect(collector.spans).toEqual([]);
  });

  test('keeps the last changes of a reason that changes for days', async () => {
    const { world, traces } = await traced();
    const wide = gang('wide', 2, 1);
    world.bind(pod('other', { cpu: 3 }), 'a');
    for (let i = 0; i < 100; i++) {
      world.scheduler.hold(`reason ${i} ${'x'.repeat(5000)}`);
      world.ask(wide.leader());
    }
    world.gone(wide.leader());
    world.wait(10_000);
    await traces.close();
    const { events } = one('waiting');
    expect(events).toHaveLength(32);
    expect(events.at(-1)!.attributes['reason']).toMatch(/reason 99 x+$/);
    expect(String(events[0]!.attributes['reason']).length).toBeLessThanOrEqual(200);
  });
});

describe('a collector that', () => {
  function complete(count: number, { world }: Awaited<ReturnType<typeof traced>>): void {
    for (let i = 0; i < count; i++) {
      const lone = gang(`g${i}`, 0);
      world.start(lone.leader());
      world.gone(lone.leader());
    }
  }

  test('refuses loses spans, which are counted; decisions go on', async () => {
    collector.answers = 400;
    const all = await traced();
    complete(10, all);
    await all.traces.close();
    expect(collector.requests.length).toBeGreaterThan(0);
    expect(await all.metrics()).toContain('muster_trace_spans_total{outcome="failed"} 30');
    expect(all.errors).toEqual([]);
  });

  test('hangs makes further spans be dropped, and holds up the end for seconds alone', async () => {
    collector.answers = 'hangs';
    const all = await traced();
    all.world.scheduler.checkInvariants = () => undefined;
    complete(1000, all);
    expect(await all.metrics()).toEqual(
      expect.arrayContaining([
        'muster_trace_spans_total{outcome="dropped"} 952',
        'muster_trace_spans_total{outcome="exported"} 0',
        'muster_traces_open 0',
      ]),
    );
    await all.traces.close();
    expect(all.errors).toEqual([]);
  }, 30_000);

  test('is told of at most so many gangs that wait', async () => {
    const { world, traces, metrics } = await traced();
    world.scheduler.checkInvariants = () => undefined;
    for (let i = 0; i < MOST_OPEN + 10; i++) world.ask(gang(`g${i}`, 9).leader());
    expect(await metrics()).toEqual(
      expect.arrayContaining([`muster_traces_open ${MOST_OPEN}`, 'muster_trace_spans_total{outcome="dropped"} 10']),
    );
    await traces.close();
  }, 30_000);
});

describe('the bundle', () => {
  const cli = builtCli();
  const api = new FakeApiServer();
  const kubeconfig = join(cli.folder, 'kubeconfig');

  beforeAll(async () => {
    await api.start();
    addNodes(api);
    writeFileSync(kubeconfig, kubeConfigFor(api.url).exportConfig());
  });
  afterAll(() => api.stop());

  const roles = JSON.stringify([{ name: 'driver' }, { name: 'executor', count: 1, requests: { cpu: '1' } }]);
  const pods = (name: string, more: Record<string, string> = {}) => [
    podObject(`${name}-driver`, { name, role: 'driver', annotations: { 'muster.dev/roles': roles, ...more } }),
    podObject(`${name}-exec`, { name, role: 'executor' }),
  ];

  /** Serves the cluster; `line` waits for a line of the log. */
  async function serve(env: Record<string, string>) {
    const flags = ['serve', '--live', '--kubeconfig', kubeconfig, '--port', '0'];
    const muster = cli.start(flags, { MUSTER_EXTENDER_PORT: '0', MUSTER_SETTLE_MS: '0', ...env });
    const line = async (pattern: RegExp) =>
      JSON.parse((await written(muster, pattern))[0]) as Readonly<Record<string, string>>;
    const { url, extenderUrl } = await line(/^.*"muster listens.*$/m);
    await line(/^.*"muster serves".*$/m);
    return { muster, line, url: url!, extenderUrl: extenderUrl! };
  }

  async function run(extenderUrl: string, one: K8sObject): Promise<void> {
    const NodeNames = [...nodes];
    const Pod = api.put(PODS, one);
    const body = JSON.stringify({ Pod, Nodes: null, NodeNames });
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    let node: string | undefined;
    // muster may not have heard of the pod yet, and admits nobody for a moment after it started.
    while (node === undefined) {
      const answer = (await (await fetch(`${extenderUrl}/filter`, post)).json()) as { NodeNames?: string[] | null };
      node = answer.NodeNames?.[0];
    }
    bind(api, one, node);
  }

  test('traces a gang of a cluster, names the trace in the log, and flushes as it ends', async () => {
    const env = { MUSTER_TRACES: 'env', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const more = { OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test' };
    const { muster, line, extenderUrl } = await serve({ ...env, ...more });
    for (const each of pods('etl', { 'muster.dev/traceparent': TRACEPARENT })) await run(extenderUrl, each);
    const complete = await line(/^.*"msg":"gang-complete".*$/m);
    expect(complete).toMatchObject({ gang: 'jobs/etl', trace_id: PARENT.traceId });
    muster.child.kill('SIGTERM');
    expect((await muster.ended).code).toBe(0);
    expect(collector.spans.map(({ name }) => name).sort()).toEqual(['completing', 'gang', 'waiting']);
    expect(one('gang')).toMatchObject({
      ...{ traceId: PARENT.traceId, parentSpanId: PARENT.spanId },
      resource: { 'service.name': 'muster', 'deployment.environment': 'test' },
    });
    expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', headers: { 'x-tenant': 'a' } });
  });

  test('ends within seconds where the collector is gone', async () => {
    const { muster, line, extenderUrl } = await serve({ MUSTER_TRACES: 'http://127.0.0.1:9' });
    for (const each of pods('gone')) await run(extenderUrl, each);
    const { trace_id } = await line(/^.*"msg":"gang-complete".*$/m);
    expect(trace_id).toMatch(/^[0-9a-f]{32}$/);
    muster.child.kill('SIGTERM');
    expect((await muster.ended).code).toBe(0);
  }, 30_000);

  test('sends nothing unless it is told to', async () => {
    const { muster, line, url, extenderUrl } = await serve({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    for (const each of pods('quiet')) await run(extenderUrl, each);
    expect(await line(/^.*"msg":"gang-complete".*$/m)).not.toHaveProperty('trace_id');
    expect(await (await fetch(`${url}/metrics`)).text()).not.toContain('muster_trace');
    muster.child.kill('SIGTERM');
    expect((await muster.ended).code).toBe(0);
    expect(collector.requests).toEqual([]);
  });
});
