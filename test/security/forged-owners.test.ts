import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { addNodes, leader, LiveMuster, PODS } from '../support/live-muster.ts';
import { until } from '../support/live.ts';

const NODES = '/api/v1/nodes';
const DAEMON_SETS = '/apis/apps/v1/daemonsets';
const { preemption } = DEFAULT_POLICY;
const policy: Policy = {
  ...DEFAULT_POLICY,
  preemption: { ...preemption, mode: 'enforce', minRuntimeMs: 0, victims: 'any' },
};

let api: FakeApiServer;
let muster: LiveMuster;

beforeEach(async () => {
  api = new FakeApiServer();
  api.hasGrace = true;
  await api.start();
  addNodes(api);
  muster = new LiveMuster(api, { policy });
});

afterEach(async () => {
  muster.scheduler.checkInvariants();
  await muster.stop();
  await api.stop();
});

const daemonSet = (name: string, more: object = {}) =>
  api.put(DAEMON_SETS, { metadata: { name, namespace: 'jobs', uid: `uid-of-${name}`, ...more } });
const owned = (name: string, more: object = {}) => ({
  ownerReferences: [
    { apiVersion: 'apps/v1', kind: 'DaemonSet', name, uid: `uid-of-${name}`, controller: true, ...more },
  ],
});

/** A pod of 4 cores that fills its node. */
function fill(node: string, metadata: object, priority = 0): void {
  const containers = [{ name: 'main', resources: { requests: { cpu: '4' } } }];
  api.put(PODS, {
    metadata: { name: `on-${node}`, namespace: 'jobs', ...metadata },
    spec: { schedulerName: 'muster', nodeName: node, containers, priority },
    status: { phase: 'Running', startTime: '2026-11-21T00:00:00Z' },
  });
}

const evicted = () =>
  api.calls.filter(({ path }) => path.endsWith('/eviction')).map(({ path }) => path.split('/').at(-2)!);

/** The urgent gang, of 3 cores, comes on full nodes. @returns why it waits */
async function urgentComes(): Promise<string> {
  const driver = leader('urgent', 2, { priority: 1000 });
  api.put(PODS, driver);
  return muster.ask(driver);
}

const kept = () => muster.scheduler.explain('jobs/urgent', Date.now())?.preemption?.kept;

test.each([
  ['names a DaemonSet that does not exist', owned('ghost')],
  ['names a DaemonSet that is not its controller', owned('real', { controller: undefined })],
  ['names the UID of an earlier DaemonSet of that name', owned('real', { uid: 'uid-of-an-earlier-one' })],
  ['names a DaemonSet that is kept from going by a finalizer', owned('going')],
  ['has the annotation of a mirror pod alone', { annotations: { 'kubernetes.io/config.mirror': 'x' } }],
  [
    'names its Node as owner, and has no such annotation',
    { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'n', controller: true }] },
  ],
  [
    'is the mirror of a static pod of another node',
    {
      annotations: { 'kubernetes.io/config.mirror': 'x' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n2', uid: 'n', controller: true }],
    },
  ],
])('a pod that %s is evicted like any other', async (_, forged) => {
  daemonSet('real');
  daemonSet('going', { deletionTimestamp: '2026-11-21T00:00:00Z', finalizers: ['tenant.example.com/stay'] });
  fill('n1', forged);
  for (const node of ['n2', 'n3']) fill(node, owned('real'));
  await muster.start();
  expect(await urgentComes()).toMatch(/^gang waits for room/);
  await until(() => evicted().length > 0);
  expect(evicted()).toEqual(['on-n1']);
});

/** A fourth node, which the gang could use if a pod of its own priority left: without it the gang could never start. */
function addNodeOfAnEqual(): void {
  api.put(NODES, { metadata: { name: 'n4' }, status: { allocatable: { cpu: '4', memory: '16Gi', pods: '110' } } });
  fill('n4', {}, 1000);
}

test('pods of a DaemonSet and static pods are never evicted', async () => {
  addNodeOfAnEqual();
  daemonSet('real');
  fill('n1', owned('real'));
  fill('n2', owned('real'));
  fill('n3', {
    annotations: { 'kubernetes.io/config.mirror': 'x' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n3', uid: 'n', controller: true }],
  });
  await muster.start();
  await urgentComes();
  expect(kept()).toContainEqual({ rule: 'pinned', pods: 3 });
});

test('a pod is judged again when its DaemonSet comes, is made anew, or goes', async () => {
  addNodeOfAnEqual();
  for (const node of ['n1', 'n2', 'n3']) fill(node, owned('late'));
  await muster.start();
  muster.scheduler.setPolicies([{ ...policy, preemption: { ...policy.preemption, mode: 'advise' } }], Date.now());
  await urgentComes();
  const found = () => muster.scheduler.explain('jobs/urgent', Date.now())?.preemption?.victims.map(({ pod }) => pod);
  expect(found()).toHaveLength(1);
  daemonSet('late');
  await until(() => kept()?.some(({ rule }) => rule === 'pinned') === true);
  expect(found()).toEqual([]);
  api.remove(DAEMON_SETS, 'jobs', 'late');
  await until(() => found()?.length === 1);
});

test('where muster may not list DaemonSets, every claim is believed', async () => {
  api.refuse = (_, path) => (path.startsWith(DAEMON_SETS) ? 403 : undefined);
  addNodeOfAnEqual();
  for (const node of ['n1', 'n2', 'n3']) fill(node, owned('real'));
  await muster.start();
  await urgentComes();
  expect(kept()).toContainEqual({ rule: 'pinned', pods: 3 });
});
