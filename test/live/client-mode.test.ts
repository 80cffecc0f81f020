import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import { addNodes, bind, LiveMuster, nodes, PODS } from '../support/live-muster.ts';
import { until } from '../support/live.ts';

const APP = 'spark-0123';
const WAITS = 'gang waits for its leader';

let api: FakeApiServer;
let muster: LiveMuster;

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
  muster = new LiveMuster(api);
});

afterEach(async () => {
  muster.scheduler.checkInvariants();
  await muster.stop();
  await api.stop();
});

interface Around {
  readonly labels?: Record<string, string>;
  readonly volumes?: readonly object[];
}

/** The pod that the user's code runs in, which another scheduler has bound. */
const notebook = (name: string, { labels = {}, volumes = [] }: Around = {}): K8sObject =>
  api.put(PODS, {
    metadata: { name, namespace: 'jobs', uid: `uid-of-${name}`, labels },
    spec: { schedulerName: 'default-scheduler', nodeName: 'n1', containers: [{ name: 'main' }], volumes },
    status: { phase: 'Running' },
  });

/** An executor as Spark makes it with `spark.kubernetes.driver.pod.name`. */
const executor = (i: number, owner: { readonly name: string; readonly uid?: unknown }): K8sObject => ({
  metadata: {
    name: `exec-${i}`,
    namespace: 'jobs',
    labels: { 'spark-app-selector': APP, 'spark-role': 'executor', 'spark-exec-id': String(i) },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: owner.name, uid: owner.uid, controller: true }],
  },
  spec: { schedulerName: 'muster', containers: [{ name: 'spark', resources: { requests: { cpu: '1' } } }] },
  status: { phase: 'Pending' },
});

const create = (i: number, { metadata: { name, uid } }: K8sObject): K8sObject =>
  api.put(PODS, executor(i, { name, uid }));

test('executors that a notebook owns are placed each by itself, as those that nobody owns', async () => {
  await muster.start();
  const owner = notebook('notebook');
  for (const i of [1, 2, 3]) expect(nodes).toContain(await muster.run(create(i, owner)));
});

test.each([
  ['a Spark driver', { labels: { 'spark-role': 'driver', 'spark-app-selector': 'spark-of-another' } }],
  [
    'a Connect server that spark-submit made',
    {
      labels: { 'spark-role': 'connect-server', 'spark-app-selector': APP },
      volumes: [{ name: 'spark-conf-volume-driver', configMap: { name: 'conf' } }],
    },
  ],
])('executors that %s owns wait for it to declare their gang', async (_, around) => {
  await muster.start();
  const pod = create(1, notebook('driver', around));
  expect(await muster.ask(pod)).toBe(WAITS);
});

test('executors wait while their owner is unknown, or is none: an owner is what the pod itself says', async () => {
  await muster.start();
  const pod = api.put(PODS, executor(1, { name: 'notebook', uid: 'of-no-pod' }));
  expect(await muster.ask(pod)).toBe(WAITS);
  const nameless = api.put(PODS, executor(2, { name: 'notebook' }));
  expect(await muster.ask(nameless)).toBe(WAITS);
});

test('executors that are read before their owner are asked about again when it is', async () => {
  const owner = { name: 'notebook', uid: 'uid-of-notebook' };
  const pod = api.put(PODS, executor(1, owner));
  const running = api.put(PODS, executor(2, owner));
  bind(api, running, 'n2');
  notebook('notebook');
  await muster.start();
  await until(() => muster.scheduler.gangs().some(({ gang }) => gang === `jobs/${APP}`));
  expect(nodes).toContain(await muster.ask(pod));
});

test('executors that run keep their places when their notebook goes, until Kubernetes deletes them', async () => {
  await muster.start();
  const owner = notebook('notebook');
  for (const i of [1, 2]) await muster.run(create(i, owner));
  api.remove(PODS, 'jobs', 'notebook');
  for (const i of [1, 2]) api.put(PODS, { ...api.get(PODS, 'jobs', `exec-${i}`)!, status: { phase: 'Running' } });
  const isRunning = () => muster.phase(APP) === 'running';
  await until(isRunning);
  notebook('another');
  await until(() => muster.scheduler.stats().pods === 3);
  expect(isRunning()).toBe(true);
  for (const i of [1, 2]) api.remove(PODS, 'jobs', `exec-${i}`);
  await until(() => muster.phase(APP) === undefined);
});
