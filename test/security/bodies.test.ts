import { once } from 'node:events';
import net from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpServer } from '../../src/server/http.ts';
import { webhookRoutes } from '../../src/webhook/routes.ts';
import { node } from '../support/builders.ts';
import { builtCli, written, type Started } from '../support/cli.ts';
import { startServer } from '../wire/server.ts';

/** Bodies that reach a port and that no kube-scheduler or API server would send. */

const MB = 2 ** 20;
const review = JSON.stringify({ Pod: { metadata: { name: 'p', uid: 'u' } }, NodeNames: ['demo-1'] });

describe('a process with a small heap and a large limit', () => {
  const { start } = builtCli();
  let url: string;
  let child: Started['child'];

  beforeAll(async () => {
    const env = { NODE_OPTIONS: '--max-old-space-size=256', MUSTER_MAX_BODY_BYTES: String(64 * MB) };
    const started = start(['serve', '--demo', '--port', '0'], env);
    child = started.child;
    url = (await written(started, /"url":"([^"]+)"/))[1]!;
  });

  test.each([
    ['nested lists', `${'['.repeat(26 * MB)}${']'.repeat(26 * MB)}`],
    ['brackets', '['.repeat(60 * MB)],
    ['nested objects', '{"a":'.repeat(10 * MB)],
    ['empty lists', `[${'[],'.repeat(17 * MB)}[]]`],
    ['lists of empty lists', `[${'[[],[]],'.repeat(6 * MB)}[]]`],
    ['empty objects beside the pod', `{"a":[${'{},'.repeat(17 * MB)}{}],${review.slice(1)}`],
  ])('refuses %s and lives', async (_what, body) => {
    const headers = { 'content-type': 'application/json' };
    const refused = await fetch(`${url}/filter`, { method: 'POST', headers, body });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toMatch(/nested deeper|empty lists/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(child.exitCode).toBeNull();
  });
});

describe('requests that never end', () => {
  const logger = pino({ level: 'silent' });
  const webhook = httpServer(logger, { bodyLimit: MB });
  let extender: Awaited<ReturnType<typeof startServer>>;
  const urls = new Map<string, string>();

  beforeAll(async () => {
    extender = await startServer([node('n1', { cpu: 4 })]);
    await webhook.register(webhookRoutes, {
      config: () => ({ rules: [], user: false }),
      hasQueues: () => false,
      onOutcome: () => undefined,
    });
    urls.set('/filter', extender.url);
    urls.set('/mutate', await webhook.listen({ host: '127.0.0.1', port: 0 }));
  });

  afterAll(async () => {
    await extender.close();
    await webhook.close();
  });

  /** Resolves when the server has closed the connection. */
  async function open(path: string, text: string): Promise<void> {
    const socket = net.connect(Number(new URL(urls.get(path)!).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(text);
    // A byte now and then keeps the connection from being idle.
    const dripping = setInterval(() => socket.write('x'), 500);
    socket.resume();
    await once(socket, 'close');
    clearInterval(dripping);
  }

  test.each(['/filter', '/mutate'])('%s: the server closes them all, and answers others meanwhile', async (path) => {
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;
    const half = `${head}Content-Length: 100000\r\n\r\n{"Pod":`;
    const slow = [...Array(20).keys()].map((i) => open(path, i % 2 === 0 ? half : head));
    const body = path === '/filter' ? review : '{"request":{"uid":"u"}}';
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(urls.get(path)! + path, { method: 'POST', headers, body })).status).toBe(200);
    await Promise.all(slow);
    expect((await fetch(urls.get(path)! + path, { method: 'POST', headers, body })).status).toBe(200);
  });
});

test('a review that is nested too deep is refused, and counted as failed', async () => {
  const outcomes: string[] = [];
  const app = httpServer(pino({ level: 'silent' }), { bodyLimit: 3 * MB });
  await app.register(webhookRoutes, {
    config: () => ({ rules: [], user: false }),
    hasQueues: () => false,
    onOutcome: (outcome) => void outcomes.push(outcome),
  });
  const headers = { 'content-type': 'application/json' };
  const payload = `{"request":{"uid":"u","object":${'['.repeat(100)}${']'.repeat(100)}}}`;
  const { statusCode } = await app.inject({ method: 'POST', url: '/mutate', headers, payload });
  await app.close();
  expect([statusCode, outcomes]).toEqual([400, ['failed']]);
});
