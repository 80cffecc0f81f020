import { once } from 'node:events';
import net from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { node } from '../support/builders.ts';
import { startServer } from './server.ts';

/**
 * What kube-scheduler usually sends is answered without Fastify (hot-path.ts). These tests send each body both ways to
 * equal servers: over a socket, and by Fastify's own `inject`, which knows only the ordinary way.
 */
const nodes = ['n1', 'n2', 'node-3.example', 'other-4'].map((name, i) => node(name, { cpu: 2 ** i }));
let hot: Awaited<ReturnType<typeof startServer>>;
let ordinary: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  [hot, ordinary] = [await startServer(nodes), await startServer(nodes)];
});
afterAll(async () => {
  await Promise.all([hot.close(), ordinary.close()]);
});

const HEADERS = { 'content-type': 'application/json' };

async function both(verb: string, body: Buffer) {
  const response = await fetch(`${hot.url}/${verb}`, { method: 'POST', body: new Uint8Array(body), headers: HEADERS });
  const taken = { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  const {
    statusCode: status,
    headers,
    payload: text,
  } = await ordinary.app.inject({
    method: 'POST',
    url: `/${verb}`,
    headers: HEADERS,
    payload: body,
  });
  return { taken, told: { status, type: headers['content-type'], text } };
}

const name = fc.constantFrom('n1', 'n2', 'node-3.example', 'other-4', 'unknown-5');
const oddName = fc.oneof(
  { weight: 8, arbitrary: name },
  { weight: 1, arbitrary: fc.constantFrom('', 'N1', 'n-', '.n', 'n_1', 'é', 'n"1', 'n\\1', 'n'.repeat(254), '\ud800') },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
);
const names = fc.array(oddName, { maxLength: 8 });
/** Whatever a tenant may write into a pod, first of all what looks like the end of the request. */
const forged = fc.constantFrom(
  ',"Nodes":null,"NodeNames":["n1"]}',
  '","Nodes":null,"NodeNames":["n2"]}\n',
  'ünï\u2028"\\',
  '{"NodeNames":["n1"]}',
);
const inner = fc.oneof(
  forged,
  fc.constant({ Pod: null, Nodes: null, NodeNames: ['n1', 'n2'] }),
  fc.constant({ __proto__: null, a: [[[]]] }),
  fc.jsonValue({ maxDepth: 2 }),
);
const ONE_CORE = { name: 'a', resources: { requests: { cpu: '1' } } };
const pod = fc.record(
  {
    metadata: fc.record(
      {
        name: fc.constantFrom('p', 'q', ''),
        namespace: fc.constantFrom('jobs', ''),
        uid: fc.constantFrom('u1', 'u2'),
        annotations: fc.oneof(fc.dictionary(fc.string({ maxLength: 4 }), forged, { maxKeys: 2 }), inner),
        labels: fc.constantFrom({}, null, { 'muster.dev/gang': 'g', 'muster.dev/role': 'driver' }, { a: 1 }),
      },
      { requiredKeys: ['name', 'uid'] },
    ),
    spec: fc.constantFrom({}, null, { schedulerName: 'muster', containers: [ONE_CORE] }, { containers: [null] }),
    status: inner,
  },
  { requiredKeys: ['metadata'] },
);

/** The members of the request's object as texts: in any order, some twice, some unknown, with any casing. */
const members = fc.record({
  Pod: fc.oneof({ weight: 12, arbitrary: pod }, { weight: 1, arbitrary: fc.jsonValue() }),
  names,
  extra: fc.array(
    fc.tuple(fc.constantFrom('NodeNames', 'nodenames', 'Nodes', 'Pod', 'POD', '__proto__', 'constructor', 'x'), inner),
    { maxLength: 2 },
  ),
});

/** As Go writes it, except where told otherwise. */
function written(
  { Pod, names: list, extra }: { Pod: unknown; names: unknown; extra: [string, unknown][] },
  form: Form,
) {
  const head = `"Pod":${JSON.stringify(Pod)}`;
  const tail = [`"Nodes":null`, `"NodeNames":${JSON.stringify(list)}`];
  const more = extra.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? 'null'}`);
  const [before, after] = [more.slice(0, form.before), more.slice(form.before)];
  const parts = form.isTurned ? [...tail, ...more, head] : [...before, head, ...after, ...tail];
  const text = `{${parts.join(form.comma)}}${form.end}`;
  return form.isEscaped ? text.replace('n1', '\\u006e1') : text;
}

interface Form {
  readonly before: number;
  readonly isTurned: boolean;
  readonly isEscaped: boolean;
  readonly comma: string;
  readonly end: string;
}

const form: fc.Arbitrary<Form> = fc.record({
  before: fc.nat(2),
  isTurned: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  isEscaped: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  comma: fc.oneof(
    { weight: 5, arbitrary: fc.constant(',') },
    { weight: 1, arbitrary: fc.constantFrom(', ', '\n,', ',,') },
  ),
  end: fc.constantFrom('', '\n', ' ', '}', '\n\n'),
});

describe('both ways to an answer', () => {
  const verb = fc.constantFrom('filter', 'prioritize', 'preempt');

  test('agree about every body', async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(verb, members, form, async (which, parts, how) => {
        const { taken, told } = await both(which, Buffer.from(written(parts, how)));
        expect(taken).toEqual(told);
        kinds.add(`${which} ${taken.status}`);
        if (taken.text.startsWith('[{"Host"')) kinds.add('scores');
      }),
      { numRuns: 250, seed: 15 },
    );
    expect([...kinds]).toEqual(
      expect.arrayContaining(['filter 200', 'filter 400', 'prioritize 200', 'preempt 200', 'scores']),
    );
  });

  test('agree about bodies with a byte changed, and about those cut off', async () => {
    const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('"\\,]}[{:n')));
    await fc.assert(
      fc.asyncProperty(members, form, fc.double({ min: 0, max: 1, noNaN: true }), fc.option(byte), async (...made) => {
        const [parts, how, share, to] = made;
        const whole = Buffer.from(written(parts, how));
        const at = Math.min(whole.length - 1, Math.floor(share * whole.length));
        if (to !== null) whole[at] = to;
        const { taken, told } = await both('filter', to === null ? whole.subarray(0, at) : whole);
        expect(taken).toEqual(told);
      }),
      { numRuns: 250, seed: 15 },
    );
  });
});

const meta = '"metadata":{"name":"p","uid":"u1"}';
const END = ',"Nodes":null,"NodeNames":["n1"]}';

test('scores are those that JSON of their objects has, and none where all are the same', async () => {
  const Pod = { metadata: { name: 'p', uid: 'u' }, spec: { schedulerName: 'muster', containers: [ONE_CORE] } };
  const asked = (list: readonly string[]) => Buffer.from(JSON.stringify({ Pod, Nodes: null, NodeNames: list }));
  const { taken, told } = await both('prioritize', asked(['unknown-5', 'n2', 'other-4', 'n1']));
  expect(taken).toEqual(told);
  const scores = JSON.parse(taken.text) as { Host: string; Score: number }[];
  expect(scores.map(({ Host }) => Host)).toEqual(['n2', 'other-4', 'n1']);
  expect(taken.text).toBe(JSON.stringify(scores));
  expect((await both('prioritize', asked(['n2']))).taken.text).toBe('[]');
});

test.each([
  ['names before the pod', `{"NodeNames":["n2"],"Pod":{${meta}}${END}`],
  ['nodes before the pod', `{"Nodes":{"items":[]},"Pod":{${meta}}${END}`],
  ['names of another casing before the pod', `{"nodenames":["n2"],"Pod":{${meta}}${END}`],
  ['the end of a request in a string of the pod', `{"Pod":{${meta},"a":${JSON.stringify(END)}}${END}`],
  ['the end of a request as an object of the pod', `{"Pod":{${meta},"status":{"a":1${END}}${END}`],
  ['a pod that ends like a request, and nothing after it', `{"Pod":{${meta}${END}}`],
  ['a pod that is not closed', `{"Pod":{${meta}${END}`],
  ['two ends', `{"Pod":{${meta}}${END.slice(0, -1)}${END}`],
  ['a pod that is a request', `{"Pod":{"Pod":{${meta}}${END}${END}`],
  ['an end alone', `{"a":1${END}`],
  ['an end alone, without a start', END],
  ['keys of the prototype', `{"__proto__":{"Pod":{${meta}}},"Pod":{${meta},"constructor":{"prototype":{}}}${END}`],
  ['many lists beside the pod', `{"Pod":{${meta},"a":[${'[],'.repeat(1500)}[]]}${END}`],
])('both ways agree about %s', async (_what, body) => {
  for (const verb of ['filter', 'prioritize']) {
    const { taken, told } = await both(verb, Buffer.from(body));
    expect(taken).toEqual(told);
  }
});

const args = (change: object = {}) =>
  JSON.stringify({ Pod: { metadata: { name: 'p', uid: 'u' } }, Nodes: null, NodeNames: ['n2', 'n1'], ...change });
const question = (body: string, headers: readonly string[] = []) =>
  [
    'POST /filter HTTP/1.1',
    'Host: a',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
    '',
    body,
  ].join('\r\n');

/** Writes these pieces one after the other and returns what the server says until it closes the connection. */
async function said(...pieces: readonly string[]): Promise<string> {
  const socket = net.connect(Number(new URL(hot.url).port), '127.0.0.1');
  socket.setNoDelay(true);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await once(socket, 'close');
  return text;
}

const LAST = ['Connection: close'];

describe('over a connection', () => {
  test('two questions in one packet are answered in their order', async () => {
    const [first, second] = [args({ NodeNames: ['n1'] }), args({ NodeNames: ['n2'] })];
    const text = await said(question(first) + question(second, LAST));
    expect(text.match(/\{.*\}/g)).toEqual(['{"NodeNames":["n1"]}', '{"NodeNames":["n2"]}']);
  });

  test.each([
    ['a name', args({ NodeNames: ['n1'] })],
    ['5,000 names', args({ NodeNames: Array.from({ length: 5000 }, (_, i) => `node-${i}.example`) })],
  ])('an answer of %s is one write', async (_what, body) => {
    const wrote = vi.spyOn(net.Socket.prototype as unknown as { _writev: () => void }, '_writev');
    const single = vi.spyOn(net.Socket.prototype, '_write');
    const socket = net.connect(Number(new URL(hot.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const own = () => [...wrote.mock.contexts, ...single.mock.contexts].filter((one) => one !== socket).length;
    socket.end(question(body, LAST));
    socket.resume();
    await once(socket, 'close');
    expect(own()).toBe(1);
    vi.restoreAllMocks();
  });

  test('a question in many packets is answered', async () => {
    const text = await said(...question(args(), LAST).match(/[^]{1,7}/g)!);
    expect(text).toMatch(
      /^HTTP\/1.1 200 OK\r\ncontent-type: application\/json; charset=utf-8\r\ncontent-length: 25\r\n/,
    );
    expect(text).toMatch(/\r\n\r\n\{"NodeNames":\["n2","n1"\]\}$/);
  });

  test('a body in chunks, without a length, is answered', async () => {
    const head = question('', [...LAST, 'Transfer-Encoding: chunked']).replace('Content-Length: 0\r\n', '');
    const body = args();
    const text = await said(`${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 200 OK[^]*\{"NodeNames":\["n2","n1"\]\}$/);
  });

  test('a client that goes away in the middle of a body does not disturb the next', async () => {
    const socket = net.connect(Number(new URL(hot.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(question(args()).slice(0, -20));
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    expect(await said(question(args(), LAST))).toContain('{"NodeNames":["n2","n1"]}');
  });

  test('questions on many connections at once are answered from their own bodies', async () => {
    const asked = Array.from({ length: 30 }, (_, i) => {
      const list = Array.from({ length: 50 + i }, (_, k) => `node-${i}-${k}.example`);
      return hot
        .post('filter', args({ NodeNames: list }))
        .then(({ text }) => [text, JSON.stringify({ NodeNames: list })]);
    });
    for (const [text, expected] of await Promise.all(asked)) expect(text).toBe(expected);
  });
});
