import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { MusterServer } from '../../../src/cli/server/client.ts';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const one of servers.splice(0)) one.close();
});

/** A server that may want a token, the headers it was sent, and a client that keeps its token until it is asked for. */
async function asked(wantsToken: boolean) {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.statusCode = wantsToken && request.headers.authorization !== 'Bearer secret' ? 401 : 200;
    response.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const token = () => Promise.resolve('secret');
  const client = new MusterServer({ name: 'pod a/b', base, tls: {}, token, isTokenKept: true, hint: '' });
  servers.push(client, server);
  return { client, seen };
}

test('a muster that answers without a token never gets that of the kubeconfig', async () => {
  const { client, seen } = await asked(false);
  await client.get('/v1/about');
  await client.get('/v1/board/gangs');
  expect(seen).toEqual([undefined, undefined]);
});

test('one that asks for it gets it, from then on with each question', async () => {
  const { client, seen } = await asked(true);
  await client.get('/v1/board/gangs');
  await client.get('/v1/queues');
  expect(seen).toEqual([undefined, 'Bearer secret', 'Bearer secret']);
});
