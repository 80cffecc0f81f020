import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { LiveCluster } from '../../src/kube/live-cluster.ts';
import { Transport } from '../../src/kube/transport.ts';
import { buildServer, type MusterServer } from '../../src/server/app.ts';
import { liveMetrics } from '../../src/server/live-metrics.ts';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import { kubeConfigFor, until } from '../support/live.ts';

const PODS = '/api/v1/pods';
const NODES = '/api/v1/nodes';
const LEASES = '/apis/coordination.k8s.io/v1/leases';
const EVENTS = '/apis/events.k8s.io/v1/events';

let api: FakeApiServer;
const started: Muster[] = [];

/** A muster beside its kube-scheduler, whose questions `ask` puts; in this process, on the fake API server. */
class Muster {
  readonly cluster: LiveCluster;
  readonly scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
  readonly server: MusterServer;
  readonly effects: Effect[] = [];

  constructor(options: { lease?: string; identity?: string; settleMs?: number; staleAfterMs?: number } = {}) {
    const { lease, identity = 'muster-a', settleMs = 0, staleAfterMs = 30_000 } = options;
    const nowMs = () => Date.now();
    this.cluster = new LiveCluster({
      transport: new Transport(kubeConfigFor(api.url)),
      scheduler: this.scheduler,
      nowMs,
      schedulerNames: ['muster'],
      lease,
      identity,
      limits: { staleAfterMs, settleMs, wakesPerSecond: 100, eventsPerSecond: 100 },
      onEffects: (effects) => this.server.onEffects(effects),
      log: () => undefined,
      count: (what, label) => metrics.count(what, label),
    });
    const { context, onAsked } = this.cluster;
    const onEffects = (effects: readonly Effect[]) => {
      this.effects.push(...effects);
      this.cluster.onEffects(effects);
    };
    const logger = pino({ level: 'silent' });
    const live = { context, onAsked, onEffects };
    this.server = buildServer({
      scheduler: this.scheduler,
      nowMs,
      logger,
      reasons: 'one',
      maxBodyBytes: 2 ** 20,
      live,
    });
    const metrics = liveMetrics(this.server.metrics.registry, this.cluster);
    started.push(this);
  }

  async start(): Promise<this> {
    await this.cluster.start();
    return this;
  }

  /** The node answered, or the reason for none, or the status of an error. */
  async ask(pod: K8sObject): Promise<string> {
    const NodeNames = [...nodes];
    const payload = { Pod: api.get(PODS, pod.metadata.namespace, pod.metadata.name) ?? pod, Nodes: null, NodeNames };
    const response = await this.server.app.inject({ method: 'POST', url: '/filter', payload });
    if (response.statusCode !== 200) return String(response.statusCode);
    const answer = response.json<{ NodeNames: string[] | null; FailedAndUnresolvableNodes?: Record<string, string> }>();
    const [refusal] = Object.values(answer.FailedAndUnresolvableNodes ?? {});
    return answer.NodeNames?.[0] ?? refusal?.replace('muster: ', '') ?? 'none';
  }

  async get(url: string): Promise<{ status: number; body: string }> {
    const { statusCode: status, body } = await this.server.app.inject({ url });
    return { status, body };
  }

  phase(gang: string): string | undefined {
    return this.scheduler.gangs().find((one) => one.gang === `jobs/${gang}`)?.phase;
  }

  /** As after kill -9: nothing is written any more. */
  async kill(): Promise<void> {
    started.splice(started.indexOf(this), 1);
    await this.cluster.stop();
    await this.server.app.close();
  }
}

const nodes = ['n1', 'n2', 'n3'];

function leader(
  name: string,
  executors: number,
  extra: { cpu?: string; gates?: object[]; priority?: number } = {},
): K8sObject {
  const roles = [{ name: 'driver' }, { name: 'executor', count: executors, requests: { cpu: '1' } }];
  return podObject(`${name}-driver`, {
    name,
    role: 'driver',
    annotations: { 'muster.dev/roles': JSON.stringify(roles) },
    ...extra,
  });
}

const executor = (name: string, i: number) => podObject(`${name}-exec-${i}`, { name, role: 'executor' });

interface PodShape {
  readonly name: string;
  readonly role: string;
  readonly annotations?: Record<string, string>;
  readonly cpu?: string;
  readonly gates?: object[];
}

function podObject(pod: string, { name, role, annotations = {}, cpu = '1', gates }: PodShape): K8sObject {
  const labels = { 'muster.dev/gang': name, 'muster.dev/role': role };
  const containers = [{ name: 'main', resources: { requests: { cpu } } }];
  const spec = { schedulerName: 'muster', containers, ...(gates ? { schedulingGates: gates } : {}) };
  return { metadata: { name: pod, namespace: 'jobs', labels, annotations }, spec, status: { phase: 'Pending' } };
}

const create = (pod: K8sObject): K8sObject => api.put(PODS, pod);

function bind(pod: K8sObject, node: string): void {
  const known = api.get(PODS, 'jobs', pod.metadata.name)!;
  api.put(PODS, { ...known, spec: { ...known.spec, nodeName: node } });
}

const annotationOf = (pod: K8sObject, key: string) =>
  api.get(PODS, 'jobs', pod.metadata.name)?.metadata.annotations?.[key];
const reservationOf = (pod: K8sObject) => annotationOf(pod, 'muster.dev/reservation');

/** Creates the pod, asks until there is a node, and binds it there. @returns the node */
async function run(muster: Muster, pod: K8sObject): Promise<string> {
  create(pod);
  const node = await muster.ask(pod);
  expect(nodes).toContain(node);
  bind(pod, node);
  return node;
}

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  for (const name of nodes) {
    api.put(NODES, { metadata: { name }, status: { allocatable: { cpu: '4', memory: '16Gi', pods: '110' } } });
  }
});

afterEach(async () => {
  for (const muster of started.splice(0)) {
    muster.scheduler.checkInvariants();
    await muster.cluster.stop();
    await muster.server.app.close();
  }
  await api.stop();
});

describe('reservations survive', () => {
  test('nothing is written before the leader is bound; then every slot is, and a restart knows them all', async () => {
    const first = await new Muster().start();
    const driver = leader('a', 5);
    create(driver);
    const node = await first.ask(driver);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(reservationOf(driver)).toBeUndefined();
    bind(driver, node);
    await until(() => reservationOf(driver) !== undefined);
    const written = JSON.parse(reservationOf(driver)!) as { v: number; roles: Record<string, Record<string, number>> };
    expect(written.roles['driver']).toEqual({ [node]: 1 });
    expect(Object.values(written.roles['executor']!).reduce((a, b) => a + b)).toBe(5);
    const places = (muster: Muster) => {
      return muster.scheduler
        .explain('jobs/a', 0)!
        .placed.map(({ role, node: at }) => `${role} ${at}`)
        .sort();
    };
    const before = places(first);
    await first.kill();
    const second = await new Muster().start();
    expect(places(second)).toEqual(before);
    for (let i = 0; i < 5; i++) await run(second, executor('a', i));
    await until(() => second.phase('a') === 'running');
  });

  test('members that run when muster starts take their slots; the open ones stay where they were', async () => {
    const first = await new Muster().start();
    const driver = leader('a', 5);
    await run(first, driver);
    await until(() => reservationOf(driver) !== undefined);
    const taken = [await run(first, executor('a', 0)), await run(first, executor('a', 1))];
    await until(() => first.scheduler.gangs()[0]!.slots.bound === 3);
    const open = first.scheduler
      .explain('jobs/a', 0)!
      .placed.filter(({ state }) => state === 'reserved')
      .map(({ node }) => node);
    await first.kill();
    const second = await new Muster().start();
    const { slots } = second.scheduler.gangs()[0]!;
    expect(slots).toEqual({ unplaced: 0, reserved: 3, assumed: 0, bound: 3 });
    const now = second.scheduler
      .explain('jobs/a', 0)!
      .placed.filter(({ state }) => state === 'reserved')
      .map(({ node }) => node);
    expect(now.sort()).toEqual(open.sort());
    expect(taken).toHaveLength(2);
  });

  test('a bound leader whose annotation was never written is planned anew before anybody else is admitted', async () => {
    const first = await new Muster().start();
    const driver = leader('a', 8);
    create(driver);
    const node = await first.ask(driver);
    await first.kill();
    bind(driver, node);
    create(leader('b', 8));
    const second = await new Muster().start();
    expect(second.scheduler.gangs().find(({ gang }) => gang === 'jobs/a')?.slots).toMatchObject({
      reserved: 8,
      bound: 1,
    });
    expect(await second.ask(leader('b', 8))).toBe('gang waits for room');
    await until(() => reservationOf(driver) !== undefined);
  });

  test.each([
    'no JSON',
    '{"v":2}',
    '{"v":1,"roles":{"executor":{"n1":-1}}}',
    '{"v":1,"roles":{"executor":{"gone":2,"n1":1}}}',
  ])('an annotation that cannot be used (%s) is planned anew and written again', async (text) => {
    const driver = leader('a', 3);
    driver.metadata.annotations!['muster.dev/reservation'] = text;
    create(driver);
    bind(driver, 'n1');
    const muster = await new Muster().start();
    expect(muster.scheduler.gangs()[0]!.slots).toEqual({ unplaced: 0, reserved: 3, assumed: 0, bound: 1 });
    await until(() => reservationOf(driver) !== text);
    expect(JSON.parse(reservationOf(driver)!)).toMatchObject({ v: 1, roles: { driver: { n1: 1 } } });
  });

  test('what kubelet writes meanwhile is no conflict: the reservation is written after all', async () => {
    const muster = await new Muster().start();
    const driver = leader('a', 2);
    create(driver);
    const node = await muster.ask(driver);
    let conflicts = 0;
    api.refuse = (method, path) =>
      method === 'PATCH' && path.includes('a-driver') && conflicts++ < 2 ? 409 : undefined;
    bind(driver, node);
    await until(() => reservationOf(driver) !== undefined);
    expect(conflicts).toBe(3);
  });

  test('writes that fail are tried again', async () => {
    const muster = await new Muster().start();
    let refused = 0;
    api.refuse = (method) => (method === 'PATCH' && refused++ < 2 ? 500 : undefined);
    const driver = leader('a', 2);
    await run(muster, driver);
    await until(() => reservationOf(driver) !== undefined);
    await until(() => muster.cluster.backlog.reservations === 0);
  });

  test('the end of the leader frees everything, also where the deletion came during a gap', async () => {
    const muster = await new Muster().start();
    const driver = leader('a', 11);
    await run(muster, driver);
    const other = leader('b', 11);
    create(other);
    expect(await muster.ask(other)).toBe('gang waits for room');
    api.refuse = (_method, path) => (path.includes('watch') ? 503 : undefined);
    api.cutWatches();
    api.remove(PODS, 'jobs', 'a-driver');
    api.forget();
    api.refuse = () => undefined;
    await until(() => muster.phase('a') === undefined);
    await until(() => muster.phase('b') === 'starting');
  });
});

test('in a gang of equals the reservation moves to a leader that lives', async () => {
  const muster = await new Muster().start();
  const roles = JSON.stringify([{ name: 'worker', count: 4 }]);
  const worker = (i: number) =>
    podObject(`eq-${i}`, { name: 'eq', role: 'worker', annotations: { 'muster.dev/roles': roles } });
  for (let i = 0; i < 3; i++) await run(muster, worker(i));
  const written = () => [0, 1, 2].filter((i) => reservationOf(worker(i)) !== undefined);
  await until(() => written().length === 1);
  const [first] = written() as [number];
  api.remove(PODS, 'jobs', `eq-${first}`);
  await until(() => written().length === 1 && written()[0] !== first);
  expect(muster.scheduler.gangs()[0]!.slots).toMatchObject({ bound: 2, reserved: 2 });
});

describe('two replicas', () => {
  const lease = (holder: string) =>
    api.put(LEASES, {
      metadata: { name: 'muster-scheduler', namespace: 'kube-system' },
      spec: { holderIdentity: `${holder}_uuid` },
    });
  const options = (identity: string) => ({ lease: 'kube-system/muster-scheduler', identity });

  test('the standby follows what the other wrote, writes nothing itself, and answers at once when it is asked', async () => {
    lease('muster-a');
    const a = await new Muster(options('muster-a')).start();
    const b = await new Muster(options('muster-b')).start();
    await until(() => a.cluster.isLeading);
    expect(b.cluster.isLeading).toBe(false);
    const driver = leader('a', 5);
    await run(a, driver);
    await until(() => reservationOf(driver) !== undefined);
    const text = reservationOf(driver);
    const places = (muster: Muster) =>
      muster.scheduler
        .explain('jobs/a', 0)
        ?.placed.map(({ role, node }) => `${role} ${node}`)
        .sort();
    await until(() => JSON.stringify(places(a)) === JSON.stringify(places(b)));
    await a.kill();
    const node = await run(b, executor('a', 0));
    expect(text).toContain(node);
    expect(b.cluster.isLeading).toBe(true);
  });

  test('a standby that planned otherwise takes over what is written', async () => {
    lease('muster-a');
    const driver = leader('a', 2);
    create(driver);
    bind(driver, 'n1');
    const b = await new Muster(options('muster-b')).start();
    await until(() => b.phase('a') === 'starting');
    const elsewhere = '{"v":1,"roles":{"driver":{"n1":1},"executor":{"n3":2}}}';
    const known = api.get(PODS, 'jobs', 'a-driver')!;
    api.put(PODS, {
      ...known,
      metadata: {
        ...known.metadata,
        annotations: { ...known.metadata.annotations, 'muster.dev/reservation': elsewhere },
      },
    });
    await until(() => b.scheduler.explain('jobs/a', 0)!.placed.filter(({ node }) => node === 'n3').length === 2);
  });

  test('after a take-over new gangs are held for a moment, and then started without being asked again', async () => {
    lease('muster-a');
    const b = await new Muster({ ...options('muster-b'), settleMs: 400 }).start();
    await new Promise((resolve) => setTimeout(resolve, 450));
    const driver = leader('a', 2);
    create(driver);
    expect(await b.ask(driver)).toBe('muster has just taken over');
    await until(() => annotationOf(driver, 'muster.dev/wake') !== undefined);
    expect(nodes).toContain(await b.ask(driver));
  });
});

describe('waking', () => {
  test('a waiting gang is admitted when room appears, and its leader woken', async () => {
    const muster = await new Muster().start();
    const big = leader('big', 11);
    await run(muster, big);
    const small = leader('small', 2);
    create(small);
    expect(await muster.ask(small)).toBe('gang waits for room');
    expect(await muster.ask(small)).toBe('gang waits for room');
    expect(annotationOf(small, 'muster.dev/wake')).toBeUndefined();
    api.remove(PODS, 'jobs', 'big-driver');
    await until(() => annotationOf(small, 'muster.dev/wake') !== undefined);
    expect(nodes).toContain(await muster.ask(small));
  });

  test('a gated leader is never asked about: it is put in line when it is seen, and its gate lifted when it fits', async () => {
    const muster = await new Muster().start();
    await run(muster, leader('big', 11));
    const gated = leader('gated', 2, { gates: [{ name: 'muster.dev/gang' }] });
    create(gated);
    await until(() => muster.phase('gated') === 'waiting');
    api.remove(PODS, 'jobs', 'big-driver');
    await until(() => api.get(PODS, 'jobs', 'gated-driver')?.spec?.['schedulingGates'] === undefined);
    expect(nodes).toContain(await muster.ask(gated));
  });

  test("a leader with somebody else's gate as well is left alone", async () => {
    const muster = await new Muster().start();
    create(leader('a', 2, { gates: [{ name: 'muster.dev/gang' }, { name: 'example.com/quota' }] }));
    create(leader('b', 2, { gates: [{ name: 'muster.dev/gang' }] }));
    await until(() => muster.phase('b') === 'starting');
    expect(muster.phase('a')).toBeUndefined();
    expect(api.get(PODS, 'jobs', 'a-driver')?.spec?.['schedulingGates']).toHaveLength(2);
  });
});

describe('trust', () => {
  test('/readyz says no, and gangs get an error, until the cluster has been read', async () => {
    api.refuse = (_method, path) => (path.startsWith(PODS) ? 503 : undefined);
    const muster = new Muster();
    const starting = muster.start();
    const driver = leader('a', 2);
    create(driver);
    expect((await muster.get('/readyz')).status).toBe(503);
    expect(await muster.ask(driver)).toBe('503');
    api.refuse = () => undefined;
    await starting;
    expect((await muster.get('/readyz')).status).toBe(200);
    expect(nodes).toContain(await muster.ask(driver));
  });

  test('out of touch with the API server: new gangs wait with that reason, reserved members and foreign pods go on', async () => {
    const muster = await new Muster({ staleAfterMs: 300 }).start();
    await run(muster, leader('a', 2));
    api.refuse = (_method, path) => (path.includes('watch') || path.includes('limit') ? 503 : undefined);
    api.cutWatches();
    await until(() => muster.cluster.isStale());
    await until(() => muster.scheduler.explain('jobs/a', 0) !== undefined);
    const late = leader('late', 2);
    create(late);
    create(executor('a', 0));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await muster.ask(late)).toBe('muster has lost touch with the API server');
    expect(nodes).toContain(await muster.ask(executor('a', 0)));
    expect(await muster.ask({ metadata: { name: 'web', namespace: 'jobs', uid: 'web' }, spec: {} })).toBe('n1');
    expect((await muster.get('/metrics')).body).toContain('muster_snapshot_stale 1');
    api.refuse = () => undefined;
    await until(() => annotationOf(late, 'muster.dev/wake') !== undefined);
  });
});

describe('what people see', () => {
  test('a gang that waits has one Event that says what would help, however often it is asked about', async () => {
    const muster = await new Muster().start();
    await run(muster, leader('big', 8));
    const waiting = leader('waiting', 5);
    create(waiting);
    for (let i = 0; i < 20; i++) await muster.ask(waiting);
    const events = () => api.calls.filter(({ method, path }) => method === 'POST' && path.includes('/events'));
    await until(() => events().length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const bodies = events().map(({ body }) => body as { reason: string; note: string; regarding: { name: string } });
    expect(bodies.map(({ reason, regarding }) => `${reason} ${regarding.name}`)).toEqual([
      'GangAdmitted big-driver',
      'GangWaits waiting-driver',
    ]);
    expect(bodies[1]!.note).toContain('With 2 instead of 5 of role executor it would start now.');
    expect(api.get(EVENTS, 'jobs', 'x')).toBeUndefined();
  });

  test('what is held for a pod that the API server never had is given back', async () => {
    const muster = await new Muster().start();
    expect(muster.scheduler.claimants()).toEqual([]);
    const ghost = { ...leader('ghost', 2), metadata: { ...leader('ghost', 2).metadata, uid: 'ghost' } };
    expect(nodes).toContain(await muster.ask(ghost));
    expect(muster.scheduler.claimants()).toEqual(['ghost']);
  });
});
