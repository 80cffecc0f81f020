import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import * as live from '../support/live-muster.ts';
import {
  addNodes,
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

const LEASES = '/apis/coordination.k8s.io/v1/leases';
const EVENTS = '/apis/events.k8s.io/v1/events';

let api: FakeApiServer;
const started: LiveMuster[] = [];

function newMuster(options: LiveMusterOptions = {}): LiveMuster {
  const muster = new LiveMuster(api, options);
  started.push(muster);
  return muster;
}

async function kill(muster: LiveMuster): Promise<void> {
  started.splice(started.indexOf(muster), 1);
  await muster.stop();
}

const bind = (pod: K8sObject, node: string) => live.bind(api, pod, node);
const create = (pod: K8sObject): K8sObject => api.put(PODS, pod);

const annotationOf = (pod: K8sObject, key: string) =>
  api.get(PODS, 'jobs', pod.metadata.name)?.metadata.annotations?.[key];
/** Waits until the watch has told of the pod. */
const knows = (muster: LiveMuster, { metadata: { name, uid } }: K8sObject) =>
  until(() => {
    const identity = muster.cluster.identify({ namespace: 'jobs', name, uid: uid! });
    return 'kind' in identity && identity.kind !== 'unknown';
  });
const reservationOf = (pod: K8sObject) => annotationOf(pod, 'muster.dev/reservation');

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
});

afterEach(() => stopAll(started, api));

describe('reservations survive', () => {
  test('nothing is written before the leader is bound; then every slot is, and a restart knows them all', async () => {
    const first = await newMuster().start();
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
    const places = (muster: LiveMuster) => {
      return muster.scheduler
        .explain('jobs/a', 0)!
        .placed.map(({ role, node: at }) => `${role} ${at}`)
        .sort();
    };
    const before = places(first);
    await kill(first);
    const second = await newMuster().start();
    expect(places(second)).toEqual(before);
    for (let i = 0; i < 5; i++) await second.run(executor('a', i));
    await until(() => second.phase('a') === 'running');
  });

  test('members that run when muster starts take their slots; the open ones stay where they were', async () => {
    const first = await newMuster().start();
    const driver = leader('a', 5);
    await first.run(driver);
    await until(() => reservationOf(driver) !== undefined);
    const taken = [await first.run(executor('a', 0)), await first.run(executor('a', 1))];
    await until(() => first.scheduler.gangs()[0]!.slots.bound === 3);
    const open = first.scheduler
      .explain('jobs/a', 0)!
      .placed.filter(({ state }) => state === 'reserved')
      .map(({ node }) => node);
    await kill(first);
    const second = await newMuster().start();
    const { slots } = second.scheduler.gangs()[0]!;
    expect(slots).toEqual({ unplaced: 0, reserved: 3, assumed: 0, bound: 3 });
    const now = second.scheduler
      .explain('jobs/a', 0)!
      .placed.filter(({ state }) => state === 'reserved')
      .map(({ node }) => node);
    expect(now.sort()).toEqual(open.sort());
    expect(taken).toHaveLength(2);
  });

  test('a bound leader whose annotation was never written waits in line, as the oldest of its priority', async () => {
    const first = await newMuster().start();
    const driver = leader('a', 8);
    create(driver);
    const node = await first.ask(driver);
    await kill(first);
    bind(driver, node);
    create(leader('b', 8));
    const second = await newMuster().start();
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
  ])(
    'an annotation that cannot be used (%s) counts as none: its gang waits in line, and its slots are written again',
    async (text) => {
      const driver = leader('a', 3);
      driver.metadata.annotations!['muster.dev/reservation'] = text;
      create(driver);
      bind(driver, 'n1');
      const muster = await newMuster().start();
      expect(muster.scheduler.gangs()[0]!.slots).toEqual({ unplaced: 0, reserved: 3, assumed: 0, bound: 1 });
      await until(() => reservationOf(driver) !== text);
      expect(JSON.parse(reservationOf(driver)!)).toMatchObject({ v: 1, roles: { driver: { n1: 1 } } });
    },
  );

  test('what kubelet writes meanwhile is no conflict: the reservation is written after all', async () => {
    const muster = await newMuster().start();
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
    const muster = await newMuster().start();
    let refused = 0;
    api.refuse = (method) => (method === 'PATCH' && refused++ < 2 ? 500 : undefined);
    const driver = leader('a', 2);
    await muster.run(driver);
    await until(() => reservationOf(driver) !== undefined);
    await until(() => muster.cluster.backlog.reservations === 0);
  });

  test('the end of the leader frees everything, also where the deletion came during a gap', async () => {
    const muster = await newMuster().start();
    const driver = leader('a', 11);
    await muster.run(driver);
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

test('in a gang of one role the reservation moves to a leader that lives', async () => {
  const muster = await newMuster().start();
  const roles = JSON.stringify([{ name: 'worker', count: 4 }]);
  const worker = (i: number) =>
    podObject(`eq-${i}`, { name: 'eq', role: 'worker', annotations: { 'muster.dev/roles': roles } });
  for (let i = 0; i < 3; i++) await muster.run(worker(i));
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
    const a = await newMuster(options('muster-a')).start();
    const b = await newMuster(options('muster-b')).start();
    await until(() => a.cluster.isLeading);
    expect(b.cluster.isLeading).toBe(false);
    const driver = leader('a', 5);
    await a.run(driver);
    await until(() => reservationOf(driver) !== undefined);
    const text = reservationOf(driver);
    const places = (muster: LiveMuster) =>
      muster.scheduler
        .explain('jobs/a', 0)
        ?.placed.map(({ role, node }) => `${role} ${node}`)
        .sort();
    await until(() => JSON.stringify(places(a)) === JSON.stringify(places(b)));
    await kill(a);
    const node = await b.run(executor('a', 0));
    expect(text).toContain(node);
    expect(b.cluster.isLeading).toBe(true);
  });

  test('a standby reserves what is written, and moves it as that changes', async () => {
    lease('muster-a');
    const driver = leader('a', 2);
    create(driver);
    bind(driver, 'n1');
    const b = await newMuster(options('muster-b')).start();
    await until(() => b.phase('a') === 'waiting');
    for (const node of ['n3', 'n2']) {
      const written = `{"v":1,"roles":{"driver":{"n1":1},"executor":{"${node}":2}}}`;
      const known = api.get(PODS, 'jobs', 'a-driver')!;
      const annotations = { ...known.metadata.annotations, 'muster.dev/reservation': written };
      api.put(PODS, { ...known, metadata: { ...known.metadata, annotations } });
      await until(() => b.scheduler.explain('jobs/a', 0)!.placed.filter((one) => one.node === node).length === 2);
    }
  });

  test('after a take-over new gangs are held for a moment, and then started without being asked again', async () => {
    lease('muster-a');
    const b = await newMuster({ ...options('muster-b'), settleMs: 400 }).start();
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
    const muster = await newMuster().start();
    const big = leader('big', 11);
    await muster.run(big);
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
    const muster = await newMuster().start();
    await muster.run(leader('big', 11));
    const gated = leader('gated', 2, { gates: [{ name: 'muster.dev/gang' }] });
    create(gated);
    await until(() => muster.phase('gated') === 'waiting');
    api.remove(PODS, 'jobs', 'big-driver');
    await until(() => api.get(PODS, 'jobs', 'gated-driver')?.spec?.['schedulingGates'] === undefined);
    expect(nodes).toContain(await muster.ask(gated));
  });

  test("a leader with somebody else's gate as well is left alone", async () => {
    const muster = await newMuster().start();
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
    const muster = newMuster();
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
    const muster = await newMuster({ staleAfterMs: 2000 }).start();
    await muster.run(leader('a', 2));
    const late = leader('late', 2);
    create(late);
    await knows(muster, create(executor('a', 0)));
    api.refuse = (_method, path) => (path.includes('watch') || path.includes('limit') ? 503 : undefined);
    api.cutWatches();
    await until(() => muster.cluster.isStale());
    await until(() => muster.scheduler.blocked?.includes('lost contact') ?? false);
    const unheard = create(executor('a', 1));
    expect(await muster.ask(unheard)).toBe('503');
    expect(await muster.ask(late)).toBe('muster has lost contact with the API server');
    expect(nodes).toContain(await muster.ask(executor('a', 0)));
    expect(await muster.ask({ metadata: { name: 'web', namespace: 'jobs', uid: 'web' }, spec: {} })).toBe('n1');
    expect((await muster.get('/metrics')).body).toContain('muster_snapshot_stale 1');
    api.refuse = () => undefined;
    await until(() => annotationOf(late, 'muster.dev/wake') !== undefined);
  });
});

describe('what people see', () => {
  const verbose = async (muster: LiveMuster) => {
    const { status, body } = await muster.get('/readyz?verbose');
    // Ages differ from run to run.
    return [
      status,
      ...body
        .replaceAll(/\d+\.\d s/g, 'N s')
        .trimEnd()
        .split('\n'),
    ];
  };

  test('/readyz?verbose says what is well, and why no gang is admitted', async () => {
    const muster = newMuster({ staleAfterMs: 300, settleMs: 60_000 });
    expect(await verbose(muster)).toEqual([
      503,
      '[-]sync the cluster has not been read yet',
      expect.stringMatching(/^\[-\]watch no word from the API server for N s$/),
      '[-]snapshot no event yet',
      '[+]leader this replica decides',
      '[-]admission the cluster has not been read yet',
      'not ready: the cluster has not been read yet',
    ]);
    await muster.start();
    await until(() => muster.cluster.isWatching);
    expect(await verbose(muster)).toEqual([
      200,
      '[+]sync ok',
      '[+]watch ok',
      '[+]snapshot last event N s ago',
      '[+]leader this replica decides',
      '[-]admission muster has just taken over',
      'ready, but admits no gang because muster has just taken over',
    ]);
    api.refuse = (_method, path) => (path.includes('watch') || path.includes('limit') ? 503 : undefined);
    api.cutWatches();
    await until(() => muster.cluster.isStale());
    muster.server.drain();
    await until(() => muster.scheduler.blocked?.includes('lost contact') ?? false);
    expect((await verbose(muster)).slice(2)).toEqual([
      '[-]watch no word from the API server for N s',
      '[+]snapshot last event N s ago',
      '[+]leader this replica decides',
      '[-]admission muster has lost contact with the API server',
      'not ready: shutting down',
    ]);
  });

  test('/readyz?verbose of a standby: ready, but another decides', async () => {
    api.put(LEASES, {
      metadata: { name: 'muster-scheduler', namespace: 'kube-system' },
      spec: { holderIdentity: 'muster-a_uuid' },
    });
    const standby = await newMuster({ lease: 'kube-system/muster-scheduler', identity: 'muster-b' }).start();
    await until(() => standby.scheduler.blocked === 'another replica decides');
    const lines = await verbose(standby);
    expect(lines).toContain('[+]leader another replica decides');
    expect(lines.at(-1)).toBe('ready, but admits no gang because another replica decides');
    expect((await standby.get('/readyz')).body).toBe('ok\n');
  });

  test('a gang that waits has one Event that says what would help, however often it is asked about', async () => {
    const muster = await newMuster().start();
    await muster.run(leader('big', 8));
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
    expect(bodies[1]!.note).toContain('With 2 members of role executor instead of 5 it would start now.');
    expect(api.get(EVENTS, 'jobs', 'x')).toBeUndefined();
  });

  test('nothing is held for a pod that the API server never had', async () => {
    const muster = await newMuster().start();
    const ghost = { ...leader('ghost', 2), metadata: { ...leader('ghost', 2).metadata, uid: 'ghost' } };
    expect(await muster.ask(ghost)).toBe('503');
    expect(muster.scheduler.claimants()).toEqual([]);
  });
});

describe('members that queue are told their node ahead', () => {
  const nomineeOf = (pod: K8sObject) => api.get(PODS, 'jobs', pod.metadata.name)?.status?.['nominatedNodeName'];
  const nominations = () => api.calls.filter(({ method, path }) => method === 'PATCH' && path.endsWith('/status'));

  test('each gets its slot, and filter answers the same node', async () => {
    const muster = await newMuster({ nominate: 'always' }).start();
    await muster.run(leader('a', 5));
    const members = [0, 1, 2, 3, 4].map((i) => create(executor('a', i)));
    await until(() => members.every((pod) => nomineeOf(pod) !== undefined));
    const nominated = members.map(nomineeOf);
    expect(await Promise.all(members.map((pod) => muster.ask(pod)))).toEqual(nominated);
    expect(muster.scheduler.gangs()[0]!.slots).toMatchObject({ reserved: 0, assumed: 5 });
    expect(nominations()).toHaveLength(5);
  });

  test('one that goes before it is asked about leaves its slot to the next', async () => {
    const muster = await newMuster({ nominate: 'always' }).start();
    await muster.run(leader('a', 1));
    const first = create(executor('a', 0));
    await until(() => nomineeOf(first) !== undefined);
    const node = nomineeOf(first);
    api.remove(PODS, 'jobs', first.metadata.name);
    const second = create(executor('a', 1));
    await until(() => nomineeOf(second) !== undefined);
    expect(nomineeOf(second)).toBe(node);
    expect(muster.scheduler.gangs()[0]!.slots).toMatchObject({ assumed: 1 });
  });

  test('a refused write costs the hint alone', async () => {
    const muster = await newMuster({ nominate: 'always' }).start();
    await muster.run(leader('a', 1));
    api.refuse = (method, path) => (method === 'PATCH' && path.endsWith('/status') ? 403 : undefined);
    const member = create(executor('a', 0));
    await until(() => nominations().length === 1);
    expect(nodes).toContain(await muster.ask(member));
    expect(nomineeOf(member)).toBeUndefined();
  });

  test('nobody is nominated who was asked about at once, is spare, or waits for a leader', async () => {
    const muster = await newMuster({ nominate: 'always' }).start();
    await muster.run(leader('a', 1));
    await muster.ask(create(executor('a', 0)));
    create(executor('a', 1));
    create(executor('b', 0));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(nominations()).toEqual([]);
  });

  test('where all nodes are offered and they are few, nobody is nominated by default', async () => {
    const muster = await newMuster({ nominate: 'auto' }).start();
    await muster.run(leader('a', 10));
    for (let i = 0; i < 10; i++) create(executor('a', i));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(muster.scheduler.gangs()[0]!.slots).toMatchObject({ reserved: 10, assumed: 0 });
    expect(nominations()).toEqual([]);
  });

  test('members that were there before their gang are nominated when it is admitted', async () => {
    const muster = await newMuster({ nominate: 'always' }).start();
    const members = [0, 1, 2].map((i) => create(executor('a', i)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(nominations()).toEqual([]);
    await muster.run(leader('a', 3));
    await until(() => members.every((pod) => nomineeOf(pod) !== undefined));
    expect(nominations()).toHaveLength(3);
  });
});
