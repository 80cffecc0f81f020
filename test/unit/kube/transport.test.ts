import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeConfig } from '@kubernetes/client-node';
import { Transport } from '../../../src/kube/transport.ts';
import { kubeConfigFor } from '../../support/live.ts';

let server: http.Server;
let answer: (response: http.ServerResponse, request: http.IncomingMessage) => void;
let transport: Transport;
let lookUps: number;

/** Counts how often credentials are looked up. */
function counted(config: KubeConfig): KubeConfig {
  const apply = config.applyToHTTPSOptions.bind(config);
  config.applyToHTTPSOptions = (options) => {
    lookUps++;
    return apply(options);
  };
  return config;
}

beforeEach(async () => {
  lookUps = 0;
  answer = (response) => response.end('{}');
  server = http.createServer((request, response) => {
    request.resume().on('end', () => answer(response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  transport = new Transport(counted(kubeConfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)));
});

afterEach(() => {
  transport.close();
  server.closeAllConnections();
  server.close();
});

const POST = { method: 'POST', path: '/x', body: {} } as const;

test('a burst of requests looks its credentials up once, and all of them carry the token', async () => {
  const tokens = new Set<string | undefined>();
  answer = (response, { headers }) => {
    tokens.add(headers.authorization);
    response.end('{}');
  };
  await transport.request(POST);
  await Promise.all(Array.from({ length: 50 }, () => transport.send(POST)));
  expect(lookUps).toBe(1);
  expect([...tokens]).toEqual(['Bearer secret']);
});

test('credentials that the server refuses are looked up again', async () => {
  answer = (response) => response.writeHead(lookUps === 1 ? 401 : 200).end('{}');
  await expect(transport.request(POST)).rejects.toMatchObject({ status: 401 });
  expect(await transport.request(POST)).toEqual({});
  expect(lookUps).toBe(2);
});

test('send waits for the end of an answer that nobody reads, and tells of errors', async () => {
  answer = (response) => response.end('x'.repeat(2 ** 20));
  await transport.send(POST);
  answer = (response) => response.writeHead(409).end('{"reason":"Conflict","message":"it changed"}');
  await expect(transport.send(POST)).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
  answer = (response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half');
    setImmediate(() => response.destroy());
  };
  await expect(transport.send(POST)).rejects.toThrow(/aborted|broke off/);
});
