import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import {
  addNodes,
  executor,
  leader,
  LiveMuster,
  PODS,
  stopAll,
  type LiveMusterOptions,
} from '../support/live-muster.ts';
import { until } from '../support/live.ts';

const EVENTS = '/apis/events.k8s.io/v1/events';
const LEASES = '/apis/coordination.k8s.io/v1/leases';
const PLAN = 'muster.dev/eviction';
const { preemption } = DEFAULT_POLICY;
const policy: Policy = { ...DEFAULT_POLICY, preemption: { ...preemption, mode: 'enforce', minRuntimeMs: 0 } };

let api: FakeApiServer;
const started: LiveMuster[] = [];

async function begin(options: LiveMusterOptions = {}): Promise<LiveMuster> {
  const muster = new LiveMuster(api, { policy, ...options });
  started.push(muster);
  await muster.cluster.start();
  return muster;
}

async function kill(muster: LiveMuster): Promise<void> {
  started.splice(started.indexOf(muster), 1);
  await muster.stop();
}

beforeEach(async () => {
  api = new FakeApiServer();
  api.hasGrace = true;
  await api.start();
  addNodes(api);
});

afterEach(() => stopAll(started, api));

/** 12 cores: a driver and 11 executors. */
async function fill(muster: LiveMuster): Promise<void> {
  await muster.run(leader('low', 11));
  for (let i = 0; i < 11; i++) await muster.run(executor('low', i));
}

const high = () => leader('high', 2, { priority: 1000 });
const podNamed = (name: string) => api.get(PODS, 'jobs', name);
const planOn = (pod: K8sObject) => podNamed(pod.metadata.name)?.metadata.annotations?.[PLAN];
const victimsOf = (text: string) =>
  (JSON.parse(text) as { victims: string[] }).victims.map((victim) => victim.split('/')[1]!).sort();
const evictions = () =>
  api.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/eviction')).map(({ path }) => path);
const evicted = () =>
  evictions()
    .map((path) => path.split('/').at(-2)!)
    .sort();
const going = () => api.list(PODS).filter(({ metadata }) => metadata['deletionTimestamp'] !== undefined);
const eventsFor = (name: string) =>
  api
    .list(EVENTS)
    .filter((event) => (event as unknown as { regarding: { name: string } }).regarding.name === name) as unknown as {
    reason: string;
    note: string;
  }[];

async function waits(muster: LiveMuster, pod: K8sObject): Promise<void> {
  api.put(PODS, pod);
  expect(await muster.ask(pod)).toMatch(/^gang waits for room/);
}

test('a search for victims that fails is counted and logged; muster goes on, and the next one makes room', async () => {
  const muster = await begin();
  await fill(muster);
  vi.spyOn(muster.scheduler, 'makeRoomSlice').mockImplementationOnce(() => {
    throw new Error('in the middle');
  });
  await waits(muster, high());
  await until(() => going().length === 3);
  const metrics = await muster.server.metrics.registry.metrics();
  expect(metrics).toMatch(/muster_victim_search_failures_total\{what=""\} 1/);
});

test('what a queue holds beyond a max that was lowered is evicted by the Eviction API, without a plan on a leader', async () => {
  const muster = await begin({ policy: DEFAULT_POLICY });
  await fill(muster);
  const victims = ['low-exec-0', 'low-exec-1'].map((name) => ({
    pod: { namespace: 'jobs', name, uid: podNamed(name)!.metadata.uid! },
    node: 'n',
    gang: 'jobs/low',
    because: 'max' as const,
    coreSeconds: 0,
    isLeader: false,
  }));
  muster.cluster.onEffects([{ kind: 'max-enforced', gang: 'jobs/low', queue: 'default', victims }]);
  await until(() => going().length === 2);
  expect(evicted()).toEqual(['low-exec-0', 'low-exec-1']);
  expect(podNamed('low-driver')?.metadata.annotations?.[PLAN]).toBeUndefined();
});

describe('evictions', () => {
  test('the plan is on the leader before the first eviction; each victim hears for whom it goes; the gang starts whole', async () => {
    const muster = await begin();
    await fill(muster);
    const driver = high();
    await waits(muster, driver);
    await until(() => going().length === 3);
    const planned = api.calls.findIndex(
      ({ path, body }) => path.endsWith('high-driver') && JSON.stringify(body).includes(PLAN),
    );
    const first = api.calls.findIndex(({ path }) => path.endsWith('/eviction'));
    expect(planned).toBeGreaterThanOrEqual(0);
    expect(first).toBeGreaterThan(planned);
    const victims = victimsOf(planOn(driver)!);
    expect(evicted()).toEqual(victims);
    expect(victims).not.toContain('low-driver');
    await until(() => victims.every((name) => JSON.stringify(podNamed(name)?.status).includes('gang jobs/high')));
    await until(() => victims.every((name) => eventsFor(name).some(({ reason }) => reason === 'Preempted')));
    expect(eventsFor('high-driver').map(({ reason }) => reason)).toContain('MakingRoom');
    expect(await muster.ask(driver)).toBe('gang waits for room that is being freed');

    for (const name of victims) api.remove(PODS, 'jobs', name);
    await until(() => podNamed('high-driver')?.metadata.annotations?.['muster.dev/wake'] !== undefined);
    await muster.run({ ...podNamed('high-driver')! });
    for (let i = 0; i < 2; i++) await muster.run(executor('high', i));
    await until(() => planOn(driver) === undefined);
    expect(evictions()).toHaveLength(3);
  });

  test('a restart half way goes on with the same victims, and evicts nobody else', async () => {
    const first = await begin();
    await fill(first);
    api.refuse = (_, path) => (path.endsWith('/eviction') && evictions().length > 1 ? 500 : undefined);
    const driver = high();
    await waits(first, driver);
    await until(() => going().length === 1);
    const chosen = victimsOf(planOn(driver)!);
    await kill(first);
    api.refuse = () => undefined;
    api.calls.length = 0;
    const second = await begin();
    await until(() => going().length === 3);
    expect(
      going()
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(chosen);
    expect(evicted().every((name) => chosen.includes(name))).toBe(true);
    for (const name of chosen) api.remove(PODS, 'jobs', name);
    await until(() => second.phase('high') === 'starting');
    expect(await second.ask(driver)).toMatch(/^n\d$/);
  });

  test('what a disruption budget forbids at the last moment is not forced: another plan, without that pod', async () => {
    const muster = await begin();
    await fill(muster);
    api.protectedPods.add('low-exec-0');
    const driver = high();
    await waits(muster, driver);
    await until(() => planOn(driver) !== undefined && !victimsOf(planOn(driver)!).includes('low-exec-0'));
    expect(podNamed('low-exec-0')?.metadata['deletionTimestamp']).toBeUndefined();
    expect(evicted().filter((name) => name === 'low-exec-0')).toHaveLength(1);
    // Those that were on their way already count: one more goes.
    await until(() => going().length === 3);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(going()).toHaveLength(3);
  });

  test('a plan that cannot be written is not carried out', async () => {
    const muster = await begin();
    await fill(muster);
    api.refuse = (method, path) => (method === 'PATCH' && path.endsWith('high-driver') ? 403 : undefined);
    await waits(muster, high());
    await until(() => muster.effects.some(({ kind }) => kind === 'eviction-dropped'));
    expect(evictions()).toEqual([]);
    expect(going()).toEqual([]);
  });

  test('the leader goes: nobody is evicted any more', async () => {
    const muster = await begin();
    await fill(muster);
    api.refuse = (_, path) => (path.endsWith('/eviction') ? 503 : undefined);
    await waits(muster, high());
    await until(() => evictions().length > 0);
    api.remove(PODS, 'jobs', 'high-driver');
    await until(() => muster.phase('high') === undefined);
    // A request that was under way when the leader went is refused as well.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const before = evictions().length;
    api.refuse = () => undefined;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(evictions().length).toBe(before);
    expect(going()).toEqual([]);
  });

  test('another pod of a victim’s name is left alone', async () => {
    const muster = await begin();
    await fill(muster);
    let replaced: string | undefined;
    api.refuse = (_, path) => {
      if (path.endsWith('/eviction') && replaced === undefined) {
        replaced = path.split('/').at(-2)!;
        api.remove(PODS, 'jobs', replaced);
        api.put(PODS, executor('other', 0, replaced));
      }
      return undefined;
    };
    await waits(muster, high());
    await until(() => going().length === 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(podNamed(replaced!)?.metadata['deletionTimestamp']).toBeUndefined();
  });

  test('a standby evicts nobody; when it takes over it goes on with what is written', async () => {
    const lease = (holder: string) =>
      api.put(LEASES, {
        metadata: { name: 'muster-scheduler', namespace: 'kube-system' },
        spec: { holderIdentity: `${holder}_uuid` },
      });
    const options = (identity: string) => ({ lease: 'kube-system/muster-scheduler', identity });
    lease('muster-a');
    const a = await begin(options('muster-a'));
    const b = await begin(options('muster-b'));
    await until(() => a.cluster.isLeading);
    await fill(a);
    api.refuse = (_, path) => (path.endsWith('/eviction') ? 503 : undefined);
    const driver = high();
    await waits(a, driver);
    await until(() => planOn(driver) !== undefined);
    const chosen = victimsOf(planOn(driver)!);
    await kill(a);
    api.refuse = () => undefined;
    api.calls.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(evictions()).toEqual([]);
    lease('muster-b');
    await until(() => b.cluster.isLeading && going().length === 3);
    expect(evicted()).toEqual(chosen);
  });
});
