import { afterEach, beforeEach, expect, test } from 'vitest';
import { Clock } from '../../src/clock.ts';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import {
  addNodes,
  bind,
  executor,
  leader,
  LiveMuster,
  nodes,
  PODS,
  stopAll,
  type LiveMusterOptions,
} from '../support/live-muster.ts';
import { until } from '../support/live.ts';

const LEASES = '/apis/coordination.k8s.io/v1/leases';
const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;

/** By how much each clock was moved: the wall clock by somebody who set it, the monotonic one by waiting. */
let setBy = 0;
let waited = 0;
const wallMs = () => Date.now() + setBy + waited;

let api: FakeApiServer;
let clock: Clock;
const started: LiveMuster[] = [];

beforeEach(async () => {
  [setBy, waited] = [0, 0];
  clock = new Clock(wallMs, () => performance.now() + waited);
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
});

afterEach(() => stopAll(started, api));

async function startMuster(options: LiveMusterOptions = {}): Promise<LiveMuster> {
  const muster = new LiveMuster(api, { clock, ...options });
  started.push(muster);
  await muster.start();
  return muster;
}

/** Sets the wall clock, and lets the server's tick find it. */
function setWallClock(muster: LiveMuster, byMs: number): number {
  setBy += byMs;
  const jumpMs = clock.check();
  if (jumpMs !== 0) muster.cluster.onClockSet();
  muster.server.onEffects(muster.scheduler.tick(clock.nowMs()));
  return jumpMs;
}

const create = (pod: K8sObject) => api.put(PODS, pod);
const wakeOf = (pod: K8sObject) => api.get(PODS, 'jobs', pod.metadata.name)?.metadata.annotations?.['muster.dev/wake'];

test.each([-HOUR_MS, DAY_MS])('wall clock set by %i ms: gangs are admitted, and woken by wall time', async (by) => {
  const muster = await startMuster({ settleMs: 20 * SECOND_MS });
  const big = create(leader('big', 11));
  expect(await muster.ask(big)).toBe('muster has just taken over');
  setWallClock(muster, by);
  waited += 20 * SECOND_MS;
  await until(() => muster.phase('big') === 'starting');
  bind(api, big, await muster.ask(big));
  const small = create(leader('small', 2));
  expect(await muster.ask(small)).toBe('gang waits for room');
  api.remove(PODS, 'jobs', 'big-driver');
  await until(() => wakeOf(small) !== undefined);
  expect(Math.abs(Date.parse(wakeOf(small)!) - wallMs())).toBeLessThan(HOUR_MS / 2);
  expect(nodes).toContain(await muster.ask(small));
});

test('wall clock set forward a day: the open slots of a starting gang stay; they expire when their time has passed', async () => {
  const muster = await startMuster();
  await muster.run(leader('a', 5));
  await until(() => muster.scheduler.gangs()[0]!.slots.bound === 1);
  setWallClock(muster, DAY_MS);
  expect(muster.scheduler.gangs()[0]!.slots).toMatchObject({ reserved: 5, bound: 1 });
  expect(nodes).toContain(await muster.ask(create(executor('a', 0))));
  waited += HOUR_MS;
  muster.server.onEffects(muster.scheduler.tick(clock.nowMs()));
  expect(muster.scheduler.gangs()[0]!.slots).toMatchObject({ reserved: 0 });
});

test('wall clock set back: a leader that was just woken is woken again a second later, not an hour later', async () => {
  const muster = await startMuster();
  const driver = leader('a', 2, { gates: [] });
  await muster.run(leader('big', 11));
  create(driver);
  await muster.ask(driver);
  const wakes = () => api.calls.filter(({ body }) => JSON.stringify(body ?? '').includes('muster.dev/wake')).length;
  api.remove(PODS, 'jobs', 'big-driver');
  await until(() => wakes() === 1);
  setWallClock(muster, -HOUR_MS);
  const { uid } = api.get(PODS, 'jobs', 'a-driver')!.metadata;
  const pod = { namespace: 'jobs', name: 'a-driver', uid: uid! };
  muster.cluster.onEffects([{ kind: 'wake-leader', gang: 'jobs/a', leader: pod, gated: false }]);
  waited += 2 * SECOND_MS;
  await until(() => wakes() === 2);
});

test('a replica that has lost the lease stops deciding though the wall clock was set back', async () => {
  const hold = (holder: string, renewTime: string) =>
    api.put(LEASES, {
      metadata: { name: 'muster-scheduler', namespace: 'kube-system' },
      spec: { holderIdentity: `${holder}_uuid`, leaseDurationSeconds: 15, renewTime },
    });
  hold('muster-a', '2026-01-01T00:00:00.000000Z');
  const muster = await startMuster({ lease: 'kube-system/muster-scheduler', identity: 'muster-a' });
  await until(() => muster.cluster.isLeading);
  await muster.ask(create(leader('a', 2)));
  hold('muster-b', '2026-01-01T00:00:02.000000Z');
  setWallClock(muster, -HOUR_MS);
  waited += 16 * SECOND_MS;
  await until(() => !muster.cluster.isLeading);
});

test('a lease that nobody renews ends after its duration, whatever time its holder wrote', async () => {
  const renew = (renewTime: string) =>
    api.put(LEASES, {
      metadata: { name: 'muster-scheduler', namespace: 'kube-system' },
      spec: { holderIdentity: 'muster-a_uuid', leaseDurationSeconds: 15, renewTime },
    });
  renew('2099-01-01T00:00:00.000000Z');
  const muster = await startMuster({ lease: 'kube-system/muster-scheduler', identity: 'muster-a' });
  await until(() => muster.cluster.isLeading);
  waited += 16 * SECOND_MS;
  expect(muster.cluster.isLeading).toBe(false);
  renew('1999-01-01T00:00:00.000000Z');
  await until(() => muster.cluster.isLeading);
});

test('ages and deadlines of pods follow the wall clock that they were written by', async () => {
  const muster = await startMuster();
  const startTime = new Date(wallMs() + DAY_MS - 10 * 60 * SECOND_MS).toISOString();
  const pod = create(leader('a', 1));
  api.put(PODS, { ...pod, spec: { ...pod.spec, nodeName: 'n1' }, status: { phase: 'Running', startTime } });
  const ageMs = () => clock.nowMs() - (muster.scheduler.members('jobs/a')[0]?.evictionTraits?.startedMs ?? NaN);
  await until(() => ageMs() < -HOUR_MS);
  expect(setWallClock(muster, DAY_MS)).toBeGreaterThan(DAY_MS - SECOND_MS);
  await until(() => ageMs() > 0);
  expect(Math.round(ageMs() / (60 * SECOND_MS))).toBe(10);
  const { since } = JSON.parse((await muster.get('/v1/gangs/jobs/a')).body) as { since: string };
  expect(Math.abs(Date.parse(since) - wallMs())).toBeLessThan(HOUR_MS);
});
