import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterEvent } from '../../src/core/model.ts';
import { DriverFigures } from '../../src/kube/driver-figures.ts';
import { GangBuilder } from '../support/builders.ts';

const EVERY_MS = 60_000;
const gang = new GangBuilder('app', { driver: { count: 1, cpu: 1 }, executor: { count: 2, min: 2, cpu: 1 } });
const members = [0, 1].map((i) => ({
  ...gang.member('executor', i),
  labels: new Map([['spark-exec-id', String(i + 1)]]),
}));
const SUMMARIES = JSON.stringify([
  { id: 'driver' },
  { id: '1', totalDuration: 5000, totalShuffleWrite: 10 },
  { id: '7', totalDuration: 1 },
]);

let server: http.Server;
let asked: string[];
let answer: (response: http.ServerResponse) => void;
let nowMs: number;
let events: ClusterEvent[];
let outcomes: string[];

beforeEach(async () => {
  [asked, events, outcomes, nowMs] = [[], [], [], 0];
  answer = (response) => response.end(SUMMARIES);
  server = http.createServer((request, response) => {
    asked.push(request.url!);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function poller(gangs: readonly string[] = ['jobs/app']): DriverFigures {
  const { port } = server.address() as AddressInfo;
  const reportUrl = `http://127.0.0.1:${port}/api/v1/applications/app/executors`;
  return new DriverFigures({
    leaders: { reporting: () => gangs.map((one) => ({ gang: one, reportUrl })) },
    membersOf: () => members,
    observe: (event) => events.push(event),
    onPoll: (outcome) => outcomes.push(outcome),
    nowMs: () => nowMs,
    everyMs: EVERY_MS,
  });
}

describe('asking drivers', () => {
  test('what is known of executors that run is told, by the UIDs of their pods', async () => {
    await poller().poll();
    const figures = new Map([[members[0]!.uid, { taskSeconds: 5, keptBytes: 10 }]]);
    expect(events).toEqual([{ kind: 'figures', gang: 'jobs/app', figures }]);
    expect(asked).toEqual(['/api/v1/applications/app/executors']);
  });

  test('each driver is asked once in the interval, however often there is a round', async () => {
    const one = poller(Array.from({ length: 20 }, (_, i) => `jobs/${i}`));
    await one.poll();
    await one.poll();
    expect(asked).toHaveLength(20);
    nowMs = EVERY_MS;
    await Promise.all([one.poll(), one.poll()]);
    expect(asked).toHaveLength(40);
  });

  test.each<[string, (response: http.ServerResponse) => void]>([
    ['401', (response) => response.writeHead(401).end()],
    ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['a login page', (response) => response.end('<html>')],
    ['a broken connection', (response) => response.destroy()],
  ])('%s: nothing is learnt, and it is asked ever less', async (_, trouble) => {
    answer = trouble;
    const one = poller();
    await one.poll();
    expect([events, outcomes]).toEqual([[], ['failed']]);
    nowMs = EVERY_MS;
    await one.poll();
    expect(outcomes).toHaveLength(1);
    nowMs = 2 * EVERY_MS;
    await one.poll();
    answer = (response) => response.end(SUMMARIES);
    nowMs = 6 * EVERY_MS;
    await one.poll();
    expect(outcomes).toEqual(['failed', 'failed', 'done']);
  });

  test('one that never answers holds nobody up for long', async () => {
    let first = true;
    answer = (response) => {
      if (!first) response.end(SUMMARIES);
      first = false;
    };
    await poller(['jobs/a', 'jobs/b', 'jobs/c']).poll();
    expect(outcomes.sort()).toEqual(['done', 'done', 'failed']);
  });
});
