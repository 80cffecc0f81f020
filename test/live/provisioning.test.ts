import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Clock } from '../../src/clock.ts';
import type { ProvisioningRules } from '../../src/kube/provisioning/provisioner.ts';
import { requestName } from '../../src/kube/provisioning/request-object.ts';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import { addNodes, leader, LiveMuster, PODS, stopAll, type LiveMusterOptions } from '../support/live-muster.ts';
import { until } from '../support/live.ts';

const REQUESTS = '/apis/autoscaling.x-k8s.io/v1/provisioningrequests';
const BETA = '/apis/autoscaling.x-k8s.io/v1beta1/provisioningrequests';
const TEMPLATES = '/api/v1/podtemplates';

const RULES: ProvisioningRules = {
  requestClass: { name: 'best-effort-atomic-scale-up.autoscaling.x-k8s.io', parameters: { ValidUntilSeconds: '900' } },
  afterMs: 0,
  most: 20,
  validMs: 900_000,
};

const clock = new Clock();
let api: FakeApiServer;
const started: LiveMuster[] = [];

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
});

afterEach(() => stopAll(started, api));

async function startMuster(rules: Partial<ProvisioningRules> = {}, more: LiveMusterOptions = {}): Promise<LiveMuster> {
  const muster = new LiveMuster(api, { provisioning: { ...RULES, ...rules }, clock, ...more });
  started.push(muster);
  return muster.start();
}

/** Gang `a` of a driver and so many executors of 1 core waits: the cluster has 12. */
async function waits(muster: LiveMuster, executors = 20, name = 'a'): Promise<K8sObject> {
  const driver = api.put(PODS, leader(name, executors));
  expect(await muster.ask(driver)).toContain('cannot start');
  return driver;
}

const requests = () => api.list(REQUESTS);
const writes = () =>
  api.calls
    .filter(({ method, path }) => method !== 'GET' && (path.includes('provisioning') || path.includes('podtemplates')))
    .map(({ method, path }) => `${method} ${path.slice(path.lastIndexOf('/namespaces'))}`);
const adviceOn = (muster: LiveMuster) => muster.scheduler.explain('jobs/a', clock.nowMs())?.advice.join(' ') ?? '';
const uidOf = ({ metadata }: K8sObject) => metadata.uid!;

/** The autoscaler answers. */
function say(type: string, message: string): void {
  const [request] = requests();
  const lastTransitionTime = new Date().toISOString();
  const conditions = [{ type, status: 'True', reason: 'Because', message, lastTransitionTime }];
  api.put(REQUESTS, { ...request!, status: { conditions } });
}

test('templates come before the request that names them, and all belong to the leader', async () => {
  const muster = await startMuster();
  const driver = await waits(muster);
  await until(() => requests().length === 1);
  const name = requestName({ leader: uidOf(driver), generation: 1 });
  expect(writes()).toEqual([
    'POST /namespaces/jobs/podtemplates',
    'POST /namespaces/jobs/podtemplates',
    'POST /namespaces/jobs/provisioningrequests',
  ]);
  expect(requests()[0]).toMatchObject({
    apiVersion: 'autoscaling.x-k8s.io/v1',
    metadata: { name, ownerReferences: [{ kind: 'Pod', uid: uidOf(driver) }] },
    spec: {
      provisioningClassName: 'best-effort-atomic-scale-up.autoscaling.x-k8s.io',
      parameters: { ValidUntilSeconds: '900' },
      podSets: [
        { count: 1, podTemplateRef: { name: `${name}-0` } },
        { count: 20, podTemplateRef: { name: `${name}-1` } },
      ],
    },
  });
  for (const { metadata } of api.list(TEMPLATES))
    expect(metadata['ownerReferences']).toMatchObject([{ kind: 'Pod', uid: uidOf(driver) }]);
  // The request counts once the watch has told of it.
  await vi.waitFor(async () =>
    expect((await muster.get('/metrics')).body).toContain('muster_provisioning_requests{state="asked"} 1'),
  );
  const { body } = await muster.get('/metrics');
  expect(body).toContain('muster_provisioning_writes_total{write="ask",outcome="done"} 1');
  expect(body).toContain('muster_provisioning_available 1');
});

test('a gang that is deleted leaves nothing behind', async () => {
  const muster = await startMuster();
  await waits(muster);
  await until(() => requests().length === 1);
  api.remove(PODS, 'jobs', 'a-driver');
  await until(() => requests().length === 0 && api.list(TEMPLATES).length === 0);
});

test('what another hand deletes is not written again at once, and its templates go', async () => {
  const muster = await startMuster();
  await waits(muster);
  await until(() => requests().length === 1);
  api.remove(REQUESTS, 'jobs', requests()[0]!.metadata.name);
  await until(() => api.list(TEMPLATES).length === 0);
  await until(() => adviceOn(muster).includes('another hand deleted the request'));
  expect(writes().filter((write) => write.endsWith('provisioningrequests'))).toHaveLength(1);
});

test('an answer that was lost makes no second request', async () => {
  const muster = await startMuster();
  let lost = 0;
  api.refuse = (method, path) => (method === 'POST' && path.includes('podtemplates') && lost++ < 3 ? 503 : undefined);
  await waits(muster);
  await until(() => requests().length === 1);
  // As if the first try had been carried out: the next finds everything there.
  const again = new LiveMuster(api, { provisioning: RULES, clock });
  started.push(again);
  await again.start();
  await until(() => again.scheduler.roomRequest('jobs/a') !== undefined);
  expect(requests()).toHaveLength(1);
  expect(api.list(TEMPLATES)).toHaveLength(2);
});

test('an object of somebody else that has the name stays as it is', async () => {
  const muster = await startMuster();
  const driver = api.put(PODS, leader('a', 20));
  const name = requestName({ leader: uidOf(driver), generation: 1 });
  const foreign = api.put(TEMPLATES, { metadata: { name: `${name}-0`, namespace: 'jobs' } });
  expect(await muster.ask(driver)).toContain('cannot start');
  await until(() => adviceOn(muster).includes('belongs to somebody else'));
  expect(requests()).toEqual([]);
  expect(api.list(TEMPLATES)).toEqual([foreign]);
});

test('a right or a quota that is missing is told, and nothing half-done stays', async () => {
  const muster = await startMuster();
  api.refuse = (method, path) => (method === 'POST' && path.includes('provisioningrequests') ? 403 : undefined);
  await waits(muster);
  await until(() => adviceOn(muster).includes('in vain: 403'));
  await until(() => api.list(TEMPLATES).length === 0);
  expect((await muster.get('/metrics')).body).toContain(
    'muster_provisioning_writes_total{write="ask",outcome="failed"} 1',
  );
  expect((await muster.get('/metrics')).body).toContain('muster_writes_refused_total{write="room-request"} 1');
});

test('with a server that has v1beta1 alone, that is used', async () => {
  api.absent.add(REQUESTS);
  const muster = await startMuster();
  await waits(muster);
  await until(() => api.list(BETA).length === 1);
  expect(api.list(BETA)[0]).toMatchObject({ apiVersion: 'autoscaling.x-k8s.io/v1beta1' });
});

test('a CRD that is installed while muster runs is found', async () => {
  api.absent.add(REQUESTS);
  api.absent.add(BETA);
  const muster = await startMuster();
  await waits(muster);
  await until(() => api.calls.filter(({ path }) => path === '/apis').length > 0);
  expect(writes()).toEqual([]);
  expect((await muster.get('/metrics')).body).toContain('muster_provisioning_available 0');
  api.install(REQUESTS);
  await until(() => requests().length === 1);
});

test('a replica that follows writes nothing, and knows what was asked', async () => {
  const leading = await startMuster();
  await waits(leading);
  await until(() => requests().length === 1);
  const before = writes().length;
  const following = await startMuster({}, { lease: 'kube-system/muster-scheduler', identity: 'muster-b' });
  await until(() => following.scheduler.roomRequest('jobs/a') !== undefined);
  api.remove(REQUESTS, 'jobs', requests()[0]!.metadata.name);
  await until(() => following.scheduler.roomRequest('jobs/a') === undefined);
  following.cluster.provisioner!.poll();
  await until(() => api.list(TEMPLATES).length === 0);
  // The one that leads cleaned up: a deletion of the request, and one of each template.
  expect(writes().slice(before)).toHaveLength(3);
});

test('off: what was asked is withdrawn', async () => {
  const asking = await startMuster();
  await waits(asking);
  await until(() => requests().length === 1);
  await stopAll(started, { stop: () => Promise.resolve() } as FakeApiServer);
  await startMuster({ requestClass: undefined });
  await until(() => requests().length === 0 && api.list(TEMPLATES).length === 0);
});

test('an object that only looks like one of muster’s is neither believed nor deleted', async () => {
  const muster = await startMuster();
  const forged = (name: string, annotation: string) =>
    api.put(REQUESTS, {
      metadata: {
        name,
        namespace: 'jobs',
        labels: { 'muster.dev/room-request': 'gang' },
        annotations: { 'muster.dev/asks-for': annotation },
        ownerReferences: [{ kind: 'Pod', uid: 'x' }],
      },
    });
  forged('forged-1', '{"gang":"a","generation":1}');
  forged('forged-2', 'no json');
  forged('forged-3', '[]');
  forged('forged-4', '{"gang":5,"generation":"x"}');
  await waits(muster);
  await until(() => requests().length === 5);
  await vi.waitFor(async () =>
    expect((await muster.get('/metrics')).body).toMatch(
      /muster_objects_skipped_total\{kind="provisioningrequests"\} 4/,
    ),
  );
  expect(muster.scheduler.roomRequest('jobs/a')?.name).not.toContain('forged');
});

test('what the autoscaler says is shown in one line, and not all of it', async () => {
  const muster = await startMuster();
  await waits(muster);
  await until(() => requests().length === 1);
  say('Provisioned', `one\n\u001b[31mtwo\u0000\u202e ${'x'.repeat(5000)}`);
  await until(() => muster.scheduler.roomRequest('jobs/a')?.state === 'provisioned');
  const { message } = muster.scheduler.roomRequest('jobs/a')!;
  expect(message).toHaveLength(300);
  expect(message.startsWith('one [31mtwo xxx')).toBe(true);
});
