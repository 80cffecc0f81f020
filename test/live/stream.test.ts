import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { pino } from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Scheduler } from '../../src/core/scheduler.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { DecisionList, TickView } from '../../src/server/api/board-schemas.ts';
import type { ReadAccess, Verdict } from '../../src/server/access/read-access.ts';
import { EVERYTHING } from '../../src/server/api/viewer.ts';
import { MOST_STREAMS, Streams, type StreamTimes } from '../../src/server/api/stream.ts';
import { buildServer } from '../../src/server/app.ts';
import { node, offer } from '../support/builders.ts';
import { TenantApp } from '../support/tenant-apps.ts';

const QUICK: StreamTimes = { everyMs: 20, heartbeatMs: 100_000, stuckMs: 100 };

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function serve(times: StreamTimes = QUICK, access?: ReadAccess) {
  const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
  scheduler.observe({ kind: 'node', node: node('n', { cpu: 4 }) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  const options = { scheduler, nowMs: () => 0, logger: pino({ level: 'silent' }), streamTimes: times };
  const readers = access ? { access } : {};
  const server = buildServer({ ...options, ...readers, reasons: 'one', maxBodyBytes: 2 ** 20 });
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.app.server.address() as AddressInfo;
  open.push(server.app);
  const waits = (name: string, namespace = 'jobs') => {
    const pod = new TenantApp(name, { namespace, executors: 9 }).driver();
    server.onEffects(scheduler.filter({ pod, candidates: offer(['n']) }, 0).effects);
  };
  /** More than the buffers of the kernel hold. */
  const flood = () => {
    const leader = { namespace: 'jobs', name: 'driver', uid: 'u' };
    const reason = 'r'.repeat(8000);
    const effect = { kind: 'gang-waits', gang: 'jobs/one', leader, reason } as const;
    server.onEffects(Array.from({ length: 1900 }, () => effect));
  };
  return { server, scheduler, url, port, waits, flood };
}

/** A reader of the stream by fetch, event by event. */
async function reader(url: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const response = await fetch(`${url}/v1/stream`, { headers, signal: stop.signal });
  const lines = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (kind: string): Promise<{ readonly id: string | undefined; readonly data: unknown }> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const fields = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => line.split(/: (.*)/, 2) as [string, string]),
        );
        text = text.slice(end + 2);
        if (fields.get('event') === kind) return { id: fields.get('id'), data: JSON.parse(fields.get('data')!) };
        continue;
      }
      const { done, value } = await lines.read();
      if (done) throw new Error('the stream has ended');
      text += value;
    }
  };
  return { response, next, stop: () => stop.abort() };
}

/** A reader that sends the request and then reads nothing. */
function deaf(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n', () => resolve(socket));
    });
    socket.once('readable', () => socket.pause());
    socket.on('error', () => undefined);
  });
}

describe('GET /v1/stream', () => {
  test('tells at once what there is, and again when it changes', async () => {
    const { url, waits } = await serve();
    const { response, next, stop } = await reader(url);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const first = TickView.parse((await next('tick')).data);
    expect(first.counts).toEqual({ nodes: 1, waiting: 0, starting: 0, running: 0, degraded: 0 });
    waits('one');
    const { id, data } = await next('decisions');
    expect(DecisionList.parse(data).items.map(({ kind, gang }) => [kind, gang])).toEqual([['gang-waits', 'jobs/one']]);
    expect(id).toMatch(/^[1-9]\d*$/);
    const second = TickView.parse((await next('tick')).data);
    expect(second.gangs).toBeGreaterThan(first.gangs);
    expect(second.counts.waiting).toBe(1);
    stop();
  });

  test('a reader that comes again is told what it missed, oldest first; one that is new is not', async () => {
    const { url, waits } = await serve();
    for (const name of ['a', 'b', 'c']) waits(name);
    const known = DecisionList.parse(await (await fetch(`${url}/v1/decisions`)).json()).items;
    const first = known.at(-1)!.id;
    const again = await reader(url, { 'last-event-id': String(first) });
    const { items } = DecisionList.parse((await again.next('decisions')).data);
    expect(items.map(({ id, gang }) => [id, gang])).toEqual([
      [first + 1, 'jobs/b'],
      [first + 2, 'jobs/c'],
    ]);
    const fresh = await reader(url);
    waits('d');
    expect(DecisionList.parse((await fresh.next('decisions')).data).items.map(({ gang }) => gang)).toEqual(['jobs/d']);
    again.stop();
    fresh.stop();
  });

  test.each(['x', '-1', '1e3', '9'.repeat(400)])('Last-Event-ID %s does no harm', async (said) => {
    const { url, waits } = await serve();
    const { next, stop } = await reader(url, { 'last-event-id': said });
    waits('a');
    expect((await next('decisions')).id).toMatch(/^[1-9]\d*$/);
    stop();
  });

  test('one that counts from before a restart is told all that is known', async () => {
    const { url, waits } = await serve();
    waits('a');
    const { next, stop } = await reader(url, { 'last-event-id': '9999999999999' });
    expect(DecisionList.parse((await next('decisions')).data).items).toHaveLength(1);
    stop();
  });

  test('a heartbeat comes though nothing changes', async () => {
    const { url } = await serve({ ...QUICK, heartbeatMs: 1 });
    const { next, stop } = await reader(url);
    const ticks = [await next('tick'), await next('tick'), await next('tick')].map(({ data }) => TickView.parse(data));
    expect(new Set(ticks.map(({ gangs }) => gangs)).size).toBe(1);
    stop();
  });

  test('more than the most are refused, and a place is free again when one goes', async () => {
    const { url } = await serve();
    const readers = await Promise.all(Array.from({ length: MOST_STREAMS }, () => reader(url)));
    const refused = await fetch(`${url}/v1/stream`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({ error: '100 streams are open; close one, or ask again later.' });
    readers[0]!.stop();
    await vi.waitFor(async () => {
      const again = await reader(url);
      again.stop();
      expect(again.response.status).toBe(200);
    });
    for (const one of readers) one.stop();
  });

  test('those that go while the API server is asked who they are take no place', async () => {
    const verdicts: ((verdict: Verdict) => void)[] = [];
    const decide = () => new Promise<Verdict>((resolve) => verdicts.push(resolve));
    const { url, port, server } = await serve(QUICK, { needsToken: true, decide });
    const gone = await Promise.all(Array.from({ length: MOST_STREAMS }, () => deaf(port)));
    await vi.waitFor(() => expect(verdicts).toHaveLength(MOST_STREAMS));
    for (const socket of gone) socket.destroy();
    const connections = () => new Promise((resolve) => server.app.server.getConnections((_, count) => resolve(count)));
    await vi.waitFor(async () => expect(await connections()).toBe(0));
    for (const resolve of verdicts.splice(0)) resolve({ viewer: EVERYTHING });
    const asked = fetch(`${url}/v1/stream`);
    await vi.waitFor(() => expect(verdicts).toHaveLength(1));
    verdicts[0]!({ viewer: EVERYTHING });
    const { status, body } = await asked;
    await body?.cancel();
    expect(status).toBe(200);
  });

  test('one that reads nothing is dropped, while others are told', async () => {
    const { url, port, flood, server } = await serve({ ...QUICK, stuckMs: 1500 });
    const socket = await deaf(port);
    const { next, stop } = await reader(url);
    await next('tick');
    const connections = () => new Promise((resolve) => server.app.server.getConnections((_, count) => resolve(count)));
    expect(await connections()).toBe(2);
    flood();
    expect(DecisionList.parse((await next('decisions')).data).items.length).toBeGreaterThan(0);
    const reading = (async () => {
      for (;;) await next('decisions');
    })().catch(() => undefined);
    await vi.waitFor(async () => expect(await connections()).toBe(1), { timeout: 20_000, interval: 50 });
    socket.destroy();
    stop();
    await reading;
  }, 30_000);

  test('closing the server ends all streams, also those that nobody reads', async () => {
    const { url, port, server, flood } = await serve({ ...QUICK, stuckMs: 100_000 });
    const { next } = await reader(url);
    const socket = await deaf(port);
    await next('tick');
    flood();
    await next('decisions');
    await server.app.close();
    const readOn = async () => {
      for (;;) await next('decisions');
    };
    await expect(readOn()).rejects.toThrow();
    socket.destroy();
  });

  test('HEAD opens none', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/v1/stream`, { method: 'HEAD' })).status).toBe(404);
  });
});

test('between two readers others have their turn', async () => {
  const ticks: string[][] = [];
  const source = {
    tick: () => {
      ticks.push([]);
      return Promise.resolve('{}');
    },
    decisionsAfter: () => {
      const turns = ticks.at(-1)!;
      if (turns.push('told') === 1) setImmediate(() => turns.push('other'));
      return { events: [], lastId: 0 };
    },
    lastId: () => 0,
    onProblem: () => undefined,
  };
  const streams = new Streams(source, QUICK);
  const app = Fastify();
  app.addHook('preClose', () => Promise.resolve(streams.close()));
  app.get('/v1/stream', (request, reply) => streams.open(request, reply));
  open.push(app);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const readers = await Promise.all(Array.from({ length: 3 }, () => reader(url)));
  await vi.waitFor(() => expect(ticks).toContainEqual(['told', 'other', 'told', 'told']));
  for (const { stop } of readers) stop();
});

test('five streams and their windows make the list once', async () => {
  const { url, scheduler } = await serve();
  const made = { gangs: 0, nodes: 0 };
  const { board } = scheduler;
  const [gangRows, nodeMap] = [board.gangRows.bind(board), board.nodeMap.bind(board)];
  vi.spyOn(board, 'gangRows').mockImplementation((nowMs) => {
    made.gangs++;
    return gangRows(nowMs);
  });
  vi.spyOn(board, 'nodeMap').mockImplementation(() => {
    made.nodes++;
    return nodeMap();
  });
  const readers = await Promise.all(Array.from({ length: 5 }, () => reader(url)));
  await Promise.all(
    readers.map(async ({ next }) => {
      await next('tick');
      const paths = ['gangs?limit=1', 'gangs?sort=gang', 'nodes', 'nodes?known=1'];
      for (const path of paths) expect((await fetch(`${url}/v1/board/${path}`)).status).toBe(200);
    }),
  );
  expect(made).toEqual({ gangs: 1, nodes: 1 });
  for (const { stop } of readers) stop();
});
