import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SLICE } from '../../src/kube/slices.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { LiveMuster, podObject, PODS } from '../support/live-muster.ts';

const NODES = '/api/v1/nodes';
const PODS_AT_START = 3000;
const GANGS = 300;

let api: FakeApiServer;
let muster: LiveMuster;

/** A cluster full of pods, and of leaders that were bound without muster or have a reservation for more than there is. */
beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  for (let i = 0; i < 50; i++)
    api.put(NODES, { metadata: { name: `n${i}` }, status: { allocatable: { cpu: '4', memory: '16Gi', pods: '250' } } });
  for (let i = 0; i < PODS_AT_START; i++) {
    const roles = JSON.stringify([{ name: 'leader' }, { name: 'worker', count: 2000, requests: { cpu: '1' } }]);
    const reservation = JSON.stringify({ v: 1, roles: { leader: { n1: 1 }, worker: { n1: 2000 } } });
    const written = i % 2 === 0 ? { 'muster.dev/reservation': reservation } : {};
    const annotations = i < GANGS ? { 'muster.dev/roles': roles, ...written } : {};
    const one = podObject(`p${i}`, { name: `g${i}`, role: i < GANGS ? 'leader' : 'worker', cpu: '1m', annotations });
    api.put(PODS, { ...one, spec: { ...one.spec, nodeName: `n${i % 50}` } });
  }
  muster = new LiveMuster(api);
});

afterEach(async () => {
  muster.scheduler.checkInvariants();
  await muster.stop();
  await api.stop();
});

test('the cluster is read in slices, and health is answered between them', async () => {
  const { scheduler, server } = muster;
  // What happens in one turn of the event loop.
  const now = { pods: 0, adopted: 0 };
  const most = { pods: 0, adopted: 0 };
  let isStarting = true;
  const turn = () => {
    for (const what of ['pods', 'adopted'] as const) {
      most[what] = Math.max(most[what], now[what]);
      now[what] = 0;
    }
    if (isStarting) setImmediate(turn);
  };
  const observe = scheduler.observe.bind(scheduler);
  scheduler.observe = (event, nowMs) => {
    const effects = observe(event, nowMs);
    if (event.kind === 'pod') now.pods++;
    now.adopted += effects.filter(({ kind }) => kind === 'gang-adopted').length;
    return effects;
  };
  const onEffects = server.onEffects;
  Object.assign(server, {
    onEffects: (effects: Parameters<typeof onEffects>[0]) => {
      now.adopted += effects.filter(({ kind }) => kind === 'gang-adopted').length;
      onEffects(effects);
    },
  });
  await server.app.listen({ port: 0 });
  const { port } = server.app.server.address() as AddressInfo;
  const answers = { healthy: 0, notReady: 0 };
  const probing = (async () => {
    while (isStarting) {
      if ((await fetch(`http://127.0.0.1:${port}/healthz`)).status === 200) answers.healthy++;
      if ((await fetch(`http://127.0.0.1:${port}/readyz`)).status === 503 && scheduler.stats().pods > 0)
        answers.notReady++;
    }
  })();
  setImmediate(turn);
  await muster.start();
  isStarting = false;
  await probing;
  expect(scheduler.stats()).toMatchObject({ synced: true, pods: PODS_AT_START });
  expect(scheduler.stats().gangs).toMatchObject({ waiting: GANGS / 2, degraded: GANGS / 2 });
  expect(most.pods).toBeLessThanOrEqual(2 * SLICE);
  // Each of these reservations is more than a slice.
  expect(most.adopted).toBeLessThanOrEqual(2);
  expect(answers.healthy).toBeGreaterThan(0);
  expect(answers.notReady).toBeGreaterThan(0);
});
