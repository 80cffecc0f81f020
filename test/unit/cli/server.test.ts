import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { NODE_SORTS, PHASES, SORTS, WAITS_FOR } from '../../../src/cli/choices.ts';
import { serverUrl } from '../../../src/cli/server/address.ts';
import { connect } from '../../../src/cli/server/connect.ts';
import { eventsOf, type ServerEvent } from '../../../src/cli/server/events.ts';
import { SERVER_VARIABLES, TOKEN_VARIABLE } from '../../../src/cli/server/flags.ts';
import { GANG_SORTS, WaitKind, GangRowView } from '../../../src/server/api/board-schemas.ts';

test.each([
  ['muster', 'http://muster:8888/'],
  ['muster:80', 'http://muster/'],
  ['muster:9000', 'http://muster:9000/'],
  [':9000', 'http://localhost:9000/'],
  ['localhost:8888', 'http://localhost:8888/'],
  ['[::1]:9000', 'http://[::1]:9000/'],
  ['::1', 'http://[::1]:8888/'],
  ['10.0.0.7', 'http://10.0.0.7:8888/'],
  ['https://muster.example.com', 'https://muster.example.com/'],
  ['HTTP://Muster:1/api?x#y', 'http://muster:1/api/'],
  ['muster.example.com/path', 'http://muster.example.com:8888/path/'],
])('%s is %s', (text, url) => expect(serverUrl(text).href).toBe(url));

test('a certificate means HTTPS where no scheme is given', () => {
  expect(serverUrl('muster', true).href).toBe('https://muster:8888/');
  expect(serverUrl('http://muster', true).href).toBe('http://muster/');
});

test.each([
  ['ftp://muster', /--server ftp:\/\/muster: scheme ftp is neither http nor https/],
  ['', /--server : it is no address/],
  ['a b', /it is no address/],
  ['http://user:secret@muster', /--server \(hidden\): it holds a password/],
])('%s is refused', (text, says) => expect(() => serverUrl(text)).toThrow(says));

describe('server-sent events', () => {
  async function read(...chunks: string[]): Promise<ServerEvent[]> {
    async function* bytes() {
      for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk, 'latin1'));
    }
    const out: ServerEvent[] = [];
    for await (const one of eventsOf(bytes())) out.push(one);
    return out;
  }

  test('however the bytes are cut', async () => {
    const text = ': hello\r\nevent: tick\ndata: {"a":\ndata: 1}\nid: 7\n\nevent: x\n\ndata: "\xc3\xa4"\n\n';
    const whole = await read(text);
    expect(whole).toEqual([
      { event: 'tick', data: '{"a":\n1}', id: '7' },
      { event: 'message', data: '"ä"', id: '7' },
    ]);
    expect(await read(...text)).toEqual(whole);
  });

  test('an event without an end is not told; one without bounds is refused', async () => {
    expect(await read('data: 1\n')).toEqual([]);
    await expect(read(`data: ${'x'.repeat(5 * 2 ** 20)}`)).rejects.toThrow('too long');
    await expect(read(...Array.from({ length: 6 }, () => `data: ${'x'.repeat(2 ** 20)}\n`))).rejects.toThrow(
      'too long',
    );
  });
});

describe('what a server answers', () => {
  const servers: { close: () => unknown }[] = [];
  afterEach(() => void servers.splice(0).forEach((one) => one.close()));

  /** @returns its address, and the requests that came */
  async function answering(status: number, body: string) {
    const asked: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      asked.push(request);
      response.writeHead(status).end(body);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  test.each([
    [
      401,
      '{"error":"give a token"}',
      /wants to know who asks: give a token\. Give --token-file FILE or set MUSTER_TOKEN\..*\[MUSTER_ASK_FAILED\]/,
    ],
    [403, '{"error":"not you"}', /lets you not see this: not you\. readAccess/],
    [404, '{"error":"There is no queue x."}', /^There is no queue x\. .*\[MUSTER_USAGE\]/],
    [
      404,
      '{"message":"Route not found","error":"Not Found","statusCode":404}',
      /has no \/v1\/x: it is an older muster, or none\. Compare `muster version`/,
    ],
    [400, '{"error":"query limit: too big"}', /query limit: too big\..*\[MUSTER_USAGE\]/],
    [500, 'boom', /answered \/v1\/x with 500: boom\./],
    [200, '<html>', /with no JSON: is it muster\?/],
  ])('%i %s', async (status, body, says) => {
    const { address } = await answering(status, body);
    const server = await connect({ server: address }, {});
    await expect(server.get('/v1/x')).rejects.toThrow(says);
    server.close();
  });

  test('an error is one line', async () => {
    const { address } = await answering(500, 'a\n  b\nc');
    const server = await connect({ server: address }, {});
    await expect(server.get('/v1/x')).rejects.toThrow(/^[^\n]*a b c[^\n]*$/);
    server.close();
  });

  test('the token goes along; a variable stands for a flag, and the flag wins', async () => {
    const { address, asked } = await answering(200, '{}');
    const server = await connect({}, { MUSTER_SERVER: address, MUSTER_TOKEN: 'secret' });
    await server.get('/v1/x');
    server.close();
    expect(asked[0]!.headers.authorization).toBe('Bearer secret');
    const other = await connect({ server: address }, { MUSTER_SERVER: 'nowhere:1' });
    expect(await other.get('/v1/x')).toEqual({});
    other.close();
    expect(asked[1]!.headers.authorization).toBeUndefined();
    await expect(connect({ server: address }, { MUSTER_TOKEN: 'two words' })).rejects.toThrow(
      'MUSTER_TOKEN: expected one token',
    );
    await expect(connect({ server: address, clientCert: 'x.pem' }, {})).rejects.toThrow('give both');
  });
});

test('the values of flags are those of the schemas', () => {
  expect(SORTS).toEqual(GANG_SORTS);
  expect(WAITS_FOR).toEqual(WaitKind.options);
  expect(PHASES).toEqual(GangRowView.shape.phase.options);
  expect(NODE_SORTS).toContain('stranded');
});

test('docs/cli.md has every flag and variable of the server', () => {
  const text = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  for (const [flag, variable] of Object.entries(SERVER_VARIABLES)) {
    expect(text).toContain(`\`--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}\``);
    expect(text).toContain(`\`${variable}\``);
  }
  expect(text).toContain(`\`${TOKEN_VARIABLE}\``);
});
