import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { shapeError } from '../../src/intake/json-shape.ts';
import { node } from '../support/builders.ts';
import { startServer } from './server.ts';

let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => (server = await startServer([node('n1', { cpu: 4 })])));
afterAll(() => server.close());

const meta = { name: 'p', uid: 'u' };
const names = ['n1'];
const args = (change: object) => JSON.stringify({ Pod: { metadata: meta }, Nodes: null, NodeNames: names, ...change });
const pod = (change: object) => args({ Pod: { metadata: meta, ...change } });
const requests = (value: unknown) => pod({ spec: { containers: [{ resources: { requests: value } }] } });
/** A list in a list in a list. */
const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)]);
const huge = 'x'.repeat(1_500_000);

const bad: readonly (readonly [name: string, body: string | Uint8Array, status?: number, verb?: string])[] = [
  ['nothing', ''],
  ['a space', ' '],
  ['no JSON', 'hello'],
  ['half of it', args({}).slice(0, 40)],
  ['two documents', `${args({})}${args({})}`],
  ['null', 'null'],
  ['a number', '7'],
  ['a text', '"Pod"'],
  ['a list', '[]'],
  ['an empty object', '{}'],
  ['no pod', JSON.stringify({ NodeNames: names })],
  ['a null pod', args({ Pod: null })],
  ['a pod that is a text', args({ Pod: 'p' })],
  ['a pod that is a list', args({ Pod: [] })],
  ['a pod without metadata', args({ Pod: {} })],
  ['a pod without UID', args({ Pod: { metadata: { name: 'p' } } })],
  ['a pod without name', args({ Pod: { metadata: { uid: 'u' } } })],
  ['a UID that is a number', args({ Pod: { metadata: { name: 'p', uid: 7 } } })],
  ['metadata that is a list', args({ Pod: { metadata: [] } })],
  ['labels that are a list', args({ Pod: { metadata: { ...meta, labels: ['a'] } } })],
  ['a label that is a number', args({ Pod: { metadata: { ...meta, labels: { a: 1 } } } })],
  ['annotations that are a text', args({ Pod: { metadata: { ...meta, annotations: 'a' } } })],
  ['a spec that is a number', pod({ spec: 1 })],
  ['containers that are an object', pod({ spec: { containers: {} } })],
  ['a container that is null', pod({ spec: { containers: [null] } })],
  ['resources that are a list', pod({ spec: { containers: [{ resources: [] }] } })],
  ['a negative request', requests({ cpu: '-1' })],
  ['a request that is no quantity', requests({ memory: '8gb' })],
  ['a request beyond all bounds', requests({ memory: '9e30' })],
  ['a request with a huge exponent', requests({ cpu: '1e999999999' })],
  ['a request of a million digits', requests({ cpu: '1'.repeat(1_000_000) })],
  ['a request that is an object', requests({ cpu: {} })],
  ['a priority that is a text', pod({ spec: { priority: 'high' } })],
  ['a priority with a fraction', pod({ spec: { priority: 1.5 } })],
  ['tolerations that are a text', pod({ spec: { tolerations: 'all' } })],
  ['an unknown toleration operator', pod({ spec: { tolerations: [{ operator: 'Maybe' }] } })],
  [
    'an unknown affinity operator',
    pod({
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Like' }] }],
            },
          },
        },
      },
    }),
  ],
  ['a selector of numbers', pod({ spec: { nodeSelector: { a: 1 } } })],
  ['neither names nor nodes', args({ NodeNames: null })],
  ['names that are a text', args({ NodeNames: 'n1' })],
  ['names that are an object', args({ NodeNames: { n1: true } })],
  ['a name that is null', args({ NodeNames: [null] })],
  ['a name that is a number', args({ NodeNames: [1] })],
  ['an empty name', args({ NodeNames: [''] })],
  ['a name that would break out of JSON', args({ NodeNames: ['n1"],"Error":"x'] })],
  ['a name of a megabyte', args({ NodeNames: [huge] })],
  ['100,000 names that are none', args({ NodeNames: Array<number>(100_000).fill(1) })],
  ['nodes that are a list', args({ Nodes: [], NodeNames: null })],
  ['nodes without names', args({ Nodes: { items: [{}] }, NodeNames: null })],
  ['a node that is null', args({ Nodes: { items: [null] }, NodeNames: null })],
  ['__proto__ as the pod', '{"__proto__":{"Pod":{"metadata":{"name":"p","uid":"u"}},"NodeNames":["n1"]}}'],
  ['__proto__ as metadata', '{"Pod":{"__proto__":{"metadata":{"name":"p","uid":"u"}}},"NodeNames":["n1"]}'],
  ['constructor.prototype as the pod', '{"constructor":{"prototype":{"Pod":{}}},"NodeNames":["n1"]}'],
  ['100,000 brackets', '['.repeat(100_000)],
  ['100,000 nested objects', '{"Pod":'.repeat(100_000)],
  ['65 levels in a label', args({ Pod: { metadata: meta, deep: nested(63) } })],
  ['2 MB of empty lists', `[${'[],'.repeat(600_000)}[]]`],
  ['2 MB of empty objects beside a pod', args({ Pod: { metadata: meta, status: Array(600_000).fill({}) } })],
  ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)],
  ['bytes that are packed', gzipSync(args({}))],
  ['more than the limit', args({ Pod: { metadata: { ...meta, labels: { a: huge + huge } } } }), 413],
  ['victims that are a list', args({ NodeNameToMetaVictims: [] }), 400, 'preempt'],
  ['victims of a node that are a text', args({ NodeNameToMetaVictims: { n1: 'all' } }), 400, 'preempt'],
  ['pods of a node that are an object', args({ NodeNameToMetaVictims: { n1: { Pods: {} } } }), 400, 'preempt'],
  ['a victim without UID', args({ NodeNameToMetaVictims: { n1: { Pods: [{}] } } }), 400, 'preempt'],
  ['a victim whose UID is a number', args({ NodeNameToMetaVictims: { n1: { Pods: [{ UID: 7 }] } } }), 400, 'preempt'],
  [
    'violations that are a text',
    args({ NodeNameToMetaVictims: { n1: { Pods: [], NumPDBViolations: 'no' } } }),
    400,
    'preempt',
  ],
  [
    'a node name among the victims that would break out',
    args({ NodeNameToMetaVictims: { '"': { Pods: [] } } }),
    400,
    'preempt',
  ],
  ['names that are a text, to prioritize', args({ NodeNames: 'n1' }), 400, 'prioritize'],
];

const rows = bad.map(([name, body, status = 400, verb = 'filter']) => ({ name, body, status, verb }));

test.each(rows)('$name is refused, and the next request is answered', async ({ body, status, verb }) => {
  const refused = await server.post(verb, body);
  expect(refused.status).toBe(status);
  const { Error: text } = JSON.parse(refused.text) as { Error: string };
  expect(text.length).toBeGreaterThan(10);
  expect(text.length).toBeLessThan(1000);
  expect(await server.post('filter', args({}))).toEqual({ status: 200, text: '{"NodeNames":["n1"]}' });
  server.scheduler.checkInvariants();
});

test('a pod may be nested as deep as pods are, and its strings may hold brackets', async () => {
  const brackets = { name: 'p', uid: 'u', annotations: { a: `${'['.repeat(5000)}"\\${'{'.repeat(5000)}` } };
  for (const Pod of [{ metadata: meta, deep: nested(62) }, { metadata: brackets }])
    expect((await server.post('filter', args({ Pod }))).status).toBe(200);
});

test.each([
  ['nested lists', (bytes: number) => '['.repeat(bytes)],
  ['empty lists', (bytes: number) => `[${'[],'.repeat(bytes / 3)}`],
  ['empty objects', (bytes: number) => `[${'{},'.repeat(bytes / 3)}`],
])('refusing 8 MB of %s takes no more heap than their text', (_what, text) => {
  const bytes = Buffer.from(text(8 * 2 ** 20));
  const before = process.memoryUsage().heapUsed;
  const error = shapeError(bytes);
  const after = process.memoryUsage().heapUsed;
  expect(error?.code).toBe('MUSTER_WIRE_BAD_BODY');
  expect(after - before).toBeLessThan(8 * 2 ** 20);
});

test('another content type is refused', async () => {
  expect((await server.post('filter', args({}), { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await server.post('filter', args({}), { 'content-type': 'application/json; charset=utf-8' })).status).toBe(
    200,
  );
});

test('what Go sends for "nothing" is no mistake', async () => {
  const Pod = {
    metadata: { ...meta, labels: null, annotations: null, creationTimestamp: null },
    spec: { containers: null, nodeSelector: null, tolerations: null, affinity: null, priority: null },
    status: null,
  };
  expect((await server.post('filter', args({ Pod }))).status).toBe(200);
});

test('a name that is offered twice is answered once', async () => {
  expect((await server.post('filter', args({ NodeNames: ['n1', 'n1'] }))).text).toBe('{"NodeNames":["n1"]}');
});

test('pods that invent resources do not make the server grow', async () => {
  const before = server.scheduler.stats().allocatable.size;
  for (let i = 0; i < 200; i++) await server.post('filter', requests({ [`example.com/thing-${i}`]: '1' }));
  expect(server.scheduler.stats().allocatable.size).toBe(before);
  server.scheduler.checkInvariants();
});

test('a question before the cluster has been read is a warning in the log, without a stack', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const early = await startServer([], { synced: false, logger });
  const labels = { 'muster.dev/gang': 'a', 'muster.dev/role': 'driver' };
  expect((await early.post('filter', args({ Pod: { metadata: { ...meta, labels } } }))).status).toBe(503);
  await early.close();
  const about = lines.filter((line) => JSON.stringify(line).includes('MUSTER_NOT_SYNCED'));
  expect(about.map(({ level, msg }) => [level, msg])).toContainEqual([40, 'request rejected']);
  expect(JSON.stringify(lines)).not.toContain('stack');
});

test('metrics tell what happened, health and readiness answer', async () => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/muster_decision_duration_seconds_count\{verb="filter",outcome="error"\} [1-9]/);
  expect(metrics).toMatch(/muster_gangs\{phase="waiting"\} 0/);
  expect(metrics).toContain('muster_free{resource="cpu"} 4');
  expect(metrics).toContain('nodejs_eventloop_lag_seconds');
  expect(metrics).toContain(`\nmuster_build_info{version="${VERSION}",node="${process.version}"} 1\n`);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  server.drain();
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
});
