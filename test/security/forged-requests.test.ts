import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import {
  addNodes,
  bind,
  executor,
  leader,
  LiveMuster,
  nodes,
  podObject,
  PODS,
  stopAll,
  type LiveMusterOptions,
} from '../support/live-muster.ts';
import { until } from '../support/live.ts';

/** Requests that reach the port of the extender, and that kube-scheduler would not have sent. */

const { preemption } = DEFAULT_POLICY;
const policy: Policy = { ...DEFAULT_POLICY, preemption: { ...preemption, mode: 'enforce', minRuntimeMs: 0 } };

let api: FakeApiServer;
const started: LiveMuster[] = [];

async function begin(options: LiveMusterOptions = {}): Promise<LiveMuster> {
  const muster = new LiveMuster(api, { policy, ...options });
  started.push(muster);
  return muster.start();
}

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
});

afterEach(() => stopAll(started, api));

/** A pod of no gang. */
function single(name: string, spec: Record<string, unknown> = {}): K8sObject {
  const containers = [{ name: 'main', resources: { requests: { cpu: '1' } } }];
  return { metadata: { name, namespace: 'jobs', uid: `uid-${name}` }, spec: { containers, ...spec }, status: {} };
}

const withUid = (pod: K8sObject): K8sObject => ({
  ...pod,
  metadata: { ...pod.metadata, uid: `forged-${pod.metadata.name}` },
});

/** The stored pod, with parts replaced as no API server would have them. */
function forged(pod: K8sObject, change: { spec?: object; labels?: object; annotations?: object }): K8sObject {
  const known = api.get(PODS, 'jobs', pod.metadata.name)!;
  const { labels, annotations } = known.metadata as { labels?: object; annotations?: object };
  return {
    ...known,
    metadata: {
      ...known.metadata,
      labels: { ...labels, ...change.labels },
      annotations: { ...annotations, ...change.annotations },
    },
    spec: { ...known.spec, ...change.spec },
  };
}

async function post(muster: LiveMuster, verb: string, pod: K8sObject, more: object = { NodeNames: nodes }) {
  const payload = { Pod: pod, Nodes: null, ...more };
  const response = await muster.server.extender.inject({ method: 'POST', url: `/${verb}`, payload });
  return { status: response.statusCode, body: response.json<unknown>() };
}

/** 12 bound pods of priority 100, one for each core. */
async function fill(muster: LiveMuster): Promise<string[]> {
  const pods = Array.from({ length: 12 }, (_, i) => single(`web-${i}`, { priority: 100 }));
  pods.forEach((pod, i) => {
    api.put(PODS, pod);
    bind(api, pod, nodes[i % 3]!);
  });
  await until(() => muster.scheduler.stats().pods === 12);
  return pods.map(({ metadata }) => metadata.uid!);
}

/** The leader of gang a is bound, and its two executors have slots. */
async function runsAlone(muster: LiveMuster): Promise<void> {
  await muster.run(leader('a', 2));
  await until(() => muster.scheduler.gangs()[0]!.slots.bound === 1);
}

const rounds = async (muster: LiveMuster) => {
  for (let i = 0; i < 3; i++) {
    muster.server.onEffects(muster.scheduler.admitWaiting(Date.now()));
    muster.server.onEffects(muster.scheduler.makeRoom(Date.now()));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
};
/** Whether the watch has told of the pod. */
const knows = ({ cluster }: LiveMuster, { metadata: { name, uid } }: K8sObject) => {
  const identity = cluster.identify({ namespace: 'jobs', name, uid: uid! });
  return 'kind' in identity && identity.kind !== 'unknown';
};
const planned = (muster: LiveMuster) => muster.effects.filter(({ kind }) => kind === 'eviction-planned');

describe('a priority that only the request has', () => {
  test('evicts nobody for the gang of a known pod', async () => {
    const muster = await begin();
    await fill(muster);
    const driver = leader('mine', 2);
    api.put(PODS, driver);
    await post(muster, 'filter', forged(driver, { spec: { priority: 2_000_000_000 } }));
    await rounds(muster);
    expect(planned(muster)).toEqual([]);
    expect(muster.scheduler.gangs()).toMatchObject([{ gang: 'jobs/mine', priority: 0 }]);
  });

  test('lets kube-scheduler evict nobody for a pod of no gang', async () => {
    const muster = await begin();
    const [victim] = await fill(muster);
    const pod = single('mine');
    api.put(PODS, pod);
    const proposal = { NodeNameToMetaVictims: { n1: { Pods: [{ UID: victim }], NumPDBViolations: 0 } } };
    const { body } = await post(muster, 'preempt', forged(pod, { spec: { priority: 2_000_000_000 } }), proposal);
    expect(body).toEqual({ NodeNameToMetaVictims: {} });
  });
});

describe('a pod that the API server does not have', () => {
  test('declares no gang: nothing is reserved, nobody is evicted', async () => {
    const muster = await begin();
    await fill(muster);
    const { status } = await post(muster, 'filter', withUid(leader('ghost', 2, { priority: 2_000_000_000 })));
    await rounds(muster);
    expect(status).toBe(503);
    expect(muster.scheduler.gangs()).toEqual([]);
    expect(planned(muster)).toEqual([]);
    expect((await muster.get('/metrics')).body).toMatch(/duration_seconds_count\{verb="filter",outcome="unknown"\} 1/);
  });

  test('takes no slot of a gang that it names', async () => {
    const muster = await begin();
    await runsAlone(muster);
    const { status } = await post(muster, 'filter', withUid(executor('a', 0)));
    expect(status).toBe(503);
    expect(muster.scheduler.gangs()[0]!.slots).toMatchObject({ reserved: 2, assumed: 0 });
  });

  test('of no gang may go where there is room, and holds back nobody, however much it claims to need', async () => {
    const muster = await begin();
    await muster.run(leader('a', 3));
    const huge = { containers: [{ name: 'main', resources: { requests: { cpu: '1000' } } }] };
    const small = await post(muster, 'filter', single('ghost'));
    expect(small).toMatchObject({ status: 200 });
    await post(muster, 'filter', single('ghost-2', huge), { NodeNames: ['n1', 'n2', 'n3', 'n4'] });
    const next = leader('b', 3);
    api.put(PODS, next);
    expect(nodes).toContain(await muster.ask(next));
  });

  test('evicts nobody by the preempt verb, and nothing is held for it', async () => {
    const muster = await begin();
    const [victim] = await fill(muster);
    const proposal = { NodeNameToMetaVictims: { n1: { Pods: [{ UID: victim }], NumPDBViolations: 0 } } };
    const { body } = await post(muster, 'preempt', single('ghost', { priority: 2_000_000_000 }), proposal);
    expect(body).toEqual({ NodeNameToMetaVictims: {} });
    expect(muster.scheduler.stats().free.get('cpu') ?? 0).toBe(0);
  });

  test('gets no advice by the prioritize verb', async () => {
    const muster = await begin();
    expect((await post(muster, 'prioritize', single('ghost', { schedulerName: 'muster' }))).body).toEqual([]);
  });

  test('makes no standby decide', async () => {
    api.put('/apis/coordination.k8s.io/v1/leases', {
      metadata: { name: 'muster-scheduler', namespace: 'kube-system' },
      spec: { holderIdentity: 'muster-a_uuid' },
    });
    const standby = await begin({ lease: 'kube-system/muster-scheduler', identity: 'muster-b' });
    await post(standby, 'filter', withUid(leader('ghost', 2)));
    await post(standby, 'filter', single('ghost'));
    expect(standby.cluster.isLeading).toBe(false);
  });
});

describe('labels and annotations that only the request has', () => {
  test("take no slot of somebody's gang", async () => {
    const muster = await begin();
    await runsAlone(muster);
    const pod = single('mine');
    api.put(PODS, pod);
    const labels = { 'muster.dev/gang': 'a', 'muster.dev/role': 'executor' };
    const { status } = await post(muster, 'filter', forged(pod, { labels }));
    expect(status).toBe(200);
    expect(muster.scheduler.gangs()[0]!.slots).toMatchObject({ reserved: 2, assumed: 0 });
  });

  test('declare no other size of a waiting gang', async () => {
    const muster = await begin();
    const driver = leader('a', 2);
    api.put(PODS, driver);
    const roles = JSON.stringify([{ name: 'driver' }, { name: 'executor', count: 9, requests: { cpu: '1' } }]);
    await post(muster, 'filter', forged(driver, { annotations: { 'muster.dev/roles': roles } }));
    expect(muster.scheduler.gangs()[0]!.slots).toEqual({ unplaced: 0, reserved: 2, assumed: 1, bound: 0 });
  });
});

test.each([
  ['that is bound', (pod: K8sObject) => bind(api, pod, 'n1')],
  [
    'that is being deleted',
    (pod: K8sObject) => {
      const known = api.get(PODS, 'jobs', pod.metadata.name)!;
      api.put(PODS, { ...known, metadata: { ...known.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    },
  ],
])('a pod %s is offered no node, and nothing changes', async (_what, settle) => {
  const muster = await begin();
  const driver = leader('a', 2);
  const before = api.put(PODS, driver);
  settle(driver);
  const marker = single('marker');
  api.put(PODS, marker);
  await until(() => knows(muster, marker));
  const gangs = JSON.stringify(muster.scheduler.gangs());
  const { status, body } = await post(muster, 'filter', before);
  expect(status).toBe(200);
  expect(body).toMatchObject({ NodeNames: [] });
  expect(JSON.stringify(muster.scheduler.gangs())).toBe(gangs);
  expect((await post(muster, 'prioritize', before)).body).toEqual([]);
  expect((await post(muster, 'preempt', before, { NodeNameToMetaVictims: {} })).body).toEqual({
    NodeNameToMetaVictims: {},
  });
});

test('a UID under the name of another pod is unknown', async () => {
  const muster = await begin();
  const driver = leader('a', 2);
  const stored = api.put(PODS, driver);
  await until(() => knows(muster, stored));
  const other = { ...stored, metadata: { ...stored.metadata, name: 'b-driver' } };
  expect((await post(muster, 'filter', other)).status).toBe(503);
  expect(muster.scheduler.gangs()).toEqual([]);
});

describe('kube-scheduler', () => {
  test('may be ahead of the watch: its question waits for the pod', async () => {
    const muster = await begin();
    await until(() => muster.cluster.isWatching);
    const firstAnswer = async (i: number) => {
      const driver = withUid(leader(`a-${i}`, 2));
      const answer = post(muster, 'filter', driver);
      await new Promise((resolve) => setImmediate(resolve));
      api.put(PODS, driver);
      return (await answer).status;
    };
    // On a busy machine the watch may be told later than a request waits.
    let tries = 0;
    while ((await firstAnswer(tries)) !== 200 && tries < 20) tries++;
    expect(tries).toBeLessThan(20);
    expect(muster.scheduler.gangs()).toMatchObject([{ gang: `jobs/a-${tries}`, slots: { assumed: 1, reserved: 2 } }]);
  });

  test('hears of a gang object that has changed since the pod came', async () => {
    const GROUPS = '/apis/scheduling.x-k8s.io/v1alpha1/podgroups';
    const group = (minMember: number) =>
      api.put(GROUPS, { metadata: { name: 'g', namespace: 'jobs' }, spec: { minMember } });
    group(10_001);
    const muster = await begin();
    const worker = podObject('g-0', { name: 'unused', role: 'unused' });
    worker.metadata['labels'] = { 'scheduling.x-k8s.io/pod-group': 'g' };
    api.put(PODS, worker);
    expect(await muster.ask(worker)).toContain('must be between 0 and 10000');
    group(1);
    await until(() => muster.cluster.context.gangObjects.get('pod-group', 'jobs', 'g')?.minMember === 1);
    expect(nodes).toContain(await muster.ask(worker));
  });
});
