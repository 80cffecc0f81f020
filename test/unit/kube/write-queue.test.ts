import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { sleep } from '../../../src/kube/back-off.ts';
import { ApiError, Transport } from '../../../src/kube/transport.ts';
import { WriteQueue, type WriteOutcome } from '../../../src/kube/write-queue.ts';
import { kubeConfigFor, until } from '../../support/live.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A queue on a clock of its own, and what came of a write of each second. */
function queueOf(run: () => Promise<void>) {
  let nowMs = 0;
  let refusals = 0;
  const queue = new WriteQueue({ nowMs: () => nowMs, onRefused: () => refusals++ });
  const write = (key: string) => new Promise<WriteOutcome>((resolve) => queue.push(key, run, resolve));
  return {
    write,
    refusals: () => refusals,
    /** One write a second. */
    async seconds(count: number, key = 'reservation a'): Promise<WriteOutcome[]> {
      const outcomes: WriteOutcome[] = [];
      for (let i = 0; i < count; i++) {
        outcomes.push(await write(key));
        nowMs += 1000;
      }
      return outcomes;
    },
  };
}

test.each([400, 401, 403, 404, 422])('a write refused with %i is sent ever less often', async (status) => {
  let sent = 0;
  const queue = queueOf(() => {
    sent++;
    return Promise.reject(new ApiError(status, 'Refused', 'no'));
  });
  const outcomes = await queue.seconds(3600);
  // After 1, 2, 4, ... 256 s, then every 300 s.
  expect(sent).toBe(9 + 11);
  expect(queue.refusals()).toBe(sent);
  expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(3600 - sent);
});

test('a refusal holds back its own key alone, and a success ends it', async () => {
  let isAllowed = false;
  let sent = 0;
  const queue = queueOf(() => {
    sent++;
    return isAllowed ? Promise.resolve() : Promise.reject(new ApiError(403, 'Forbidden', 'no'));
  });
  await queue.seconds(3);
  expect(await queue.write('reservation b')).toBe('failed');
  isAllowed = true;
  const outcomes = await queue.seconds(10);
  expect(outcomes.filter((outcome) => outcome === 'done').length).toBeGreaterThan(7);
  isAllowed = false;
  expect(await queue.seconds(2)).toEqual(['failed', 'failed']);
  expect(sent).toBeGreaterThan(10);
});

test('what another replica overtook is not held back: the watch brings the newer state', async () => {
  let sent = 0;
  const queue = queueOf(() => {
    sent++;
    return Promise.reject(new ApiError(410, 'Overtaken', 'no'));
  });
  await queue.seconds(5);
  expect(sent).toBe(5);
});

test('a Retry-After of a month is one of a minute', async () => {
  const server = createServer((_request, response) => response.writeHead(429, { 'retry-after': '3000000' }).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = new Transport(kubeConfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  const error = await transport.request({ method: 'GET', path: '/' }).catch((caught: unknown) => caught);
  transport.close();
  server.close();
  expect((error as ApiError).retryAfterMs).toBe(60_000);
});

test('a wait that is too long for a timer does not end at once', async () => {
  const stop = new AbortController();
  let isOver = false;
  void sleep(3e9, stop.signal).then(() => (isOver = true));
  await pause(30);
  expect(isOver).toBe(false);
  stop.abort();
  await until(() => isOver);
});

test('a write that is to be repeated in a month is sent once', async () => {
  let sent = 0;
  const queue = new WriteQueue({ firstMs: 1 });
  queue.push('wake a', () => {
    sent++;
    return Promise.reject(new ApiError(429, 'TooManyRequests', 'later', { retryAfterMs: 3e9 }));
  });
  await pause(100);
  expect(sent).toBe(1);
  await queue.stop(0);
});
