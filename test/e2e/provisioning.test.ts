import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ApiError } from '../../src/kube/transport.ts';
import { PlayedAutoscaler } from './harness/autoscaler.ts';
import { audit } from './harness/audit.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, FakeKubelet, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { podPath } from './harness/objects.ts';
import { PodWatch } from './harness/pods.ts';
import { waitFor } from './harness/process.ts';
import { installProvisioningCrd } from './harness/provisioning-crd.ts';
import { inProject } from './harness/root.ts';
import { runApps, SparkApp } from './harness/spark.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Patience is short here; muster decides once a second. */
const AFTER_MS = 1000;
const LONG_ENOUGH_MS = 6000;

describe.skipIf(typeof binaries === 'string')('the autoscaler hears the whole gang', () => {
  let plane: ControlPlane;
  let watch: PodWatch;
  let pair: Pair;
  let autoscaler: PlayedAutoscaler;

  beforeEach(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await applyAccess(plane);
    await applyComponent();
    await installProvisioningCrd(plane.admin);
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch);
    autoscaler = new PlayedAutoscaler(plane.admin);
    await createNodes(plane.admin, 1, { cpu: 8 });
  });

  afterEach(async () => {
    await pair?.scheduler.stop();
    await pair?.muster.kill('SIGTERM');
    autoscaler?.stop();
    watch?.stop();
    await plane?.stop();
  });

  async function applyComponent(): Promise<void> {
    for (const file of ['rbac.yaml', 'admission-policy.yaml'])
      for (const document of parseAllDocuments(
        readFileSync(inProject(`deploy/components/provisioning/${file}`), 'utf8'),
      )) {
        const object = document.toJS() as { apiVersion: string; kind: string };
        const plural = `${object.kind.toLowerCase()}s`.replace(/ys$/, 'ies');
        const path = `/apis/${object.apiVersion}/${plural}?fieldValidation=Strict`;
        await persist(plane.admin, { method: 'POST', path, body: object });
      }
  }

  async function begin(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const asks = { MUSTER_PROVISIONING: 'best-effort-atomic', MUSTER_PROVISIONING_AFTER_MS: String(AFTER_MS) };
    pair = await startPair(plane, { name: 'muster', env: { ...asks, ...env } });
  }

  async function submit(name: string, executors: number): Promise<SparkApp> {
    const options = { name, executors, schedulerName: 'muster', workMs: 2000 };
    const app = new SparkApp(plane.admin, watch, options);
    await app.submit();
    return app;
  }

  const isAsked = () => waitFor('a ProvisioningRequest', () => Promise.resolve(autoscaler.requests.size > 0));
  const isWithdrawn = () => waitFor('no ProvisioningRequest', () => Promise.resolve(autoscaler.requests.size === 0));
  const explained = async (gang: string) =>
    ((await pair.muster.json(`/v1/gangs/default/${gang}`)) as { advice: string[] }).advice.join(' ');
  const events = async (name: string) => {
    const path = '/apis/events.k8s.io/v1/namespaces/default/events';
    const { items } = (await plane.admin.request({ method: 'GET', path })) as {
      items: { reason: string; note: string; regarding: { name: string } }[];
    };
    return items.filter(({ regarding }) => regarding.name === name);
  };

  /** kube-scheduler asks about a changed pod again. */
  async function touch({ driver }: SparkApp): Promise<void> {
    const body = { metadata: { labels: { touched: String(Date.now()) } } };
    const contentType = 'application/merge-patch+json';
    await persist(plane.admin, { method: 'PATCH', path: podPath(driver!), body, contentType });
  }

  test('a gang of 50 asks once for all it lacks, is woken when nodes come, runs, and its request goes', async () => {
    await begin();
    const app = await submit('big', 49);
    await isAsked();
    const { spec, metadata } = autoscaler.request;
    expect(spec.podSets.map(({ count }) => count)).toEqual([1, 49]);
    expect(spec.provisioningClassName).toBe('best-effort-atomic-scale-up.autoscaling.x-k8s.io');
    expect(spec.parameters).toEqual({ ValidUntilSeconds: '900' });
    expect(metadata.ownerReferences).toEqual([
      { apiVersion: 'v1', kind: 'Pod', name: 'big-driver', uid: app.driver!.metadata.uid },
    ]);
    expect(await explained(app.id)).toContain('it has not answered yet');
    expect(await autoscaler.provision()).toBe(50);
    expect(await runApps([app], 90_000)).toEqual([]);
    expect(app.peak).toBe(49);
    await isWithdrawn();
    await waitFor('no PodTemplate', async () => (await autoscaler.templates()).length === 0);
    expect(autoscaler.created.size).toBe(1);
    expect((await events('big-driver')).map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['NodesAsked', 'NodesProvisioned', 'GangAdmitted']),
    );
    expect(await audit(plane.admin)).toEqual([]);
  });

  test('a muster that is killed asks for nothing twice, and goes on where it was', async () => {
    await begin();
    const app = await submit('big', 49);
    await isAsked();
    for (let i = 0; i < 3; i++) {
      await pair.muster.kill();
      pair.muster.start();
      await pair.muster.ready();
      await touch(app);
      await waitFor('the gang', async () => (await explained(app.id).catch(() => '')).includes('was asked'));
      await sleep(3 * AFTER_MS);
    }
    expect(autoscaler.created.size).toBe(1);
    await autoscaler.provision();
    expect(await runApps([app], 90_000)).toEqual([]);
    await isWithdrawn();
    expect(autoscaler.created.size).toBe(1);
    expect(await autoscaler.templates()).toEqual([]);
  });

  test('a gang that waits for quota asks for nothing; once it waits for room, it asks', async () => {
    const file = join(plane.folder, 'policies.yaml');
    const write = (cpu: number) => writeFileSync(file, `queues:\n  - name: default\n    max: { cpu: ${cpu} }\n`);
    write(6);
    await begin({ MUSTER_POLICY: file });
    const app = await submit('a', 9);
    await waitFor('the gang', async () => (await explained(app.id).catch(() => '')).length > 0);
    await sleep(LONG_ENOUGH_MS);
    expect(autoscaler.created.size).toBe(0);
    write(20);
    await isAsked();
    expect(autoscaler.request.spec.podSets.map(({ count }) => count)).toEqual([1, 9]);
  });

  test('a request that failed is made again after a minute, and says until then why', async () => {
    await begin();
    const app = await submit('a', 20);
    await isAsked();
    const { name } = autoscaler.request.metadata;
    await autoscaler.say(['Failed', 'True', 'CapacityIsNotFound', 'No node group can hold it.']);
    await waitFor('the answer', async () => (await explained(app.id)).includes('in vain: No node group can hold it.'));
    await sleep(LONG_ENOUGH_MS);
    expect(autoscaler.created.size).toBe(1);
    expect(await pair.muster.metric('muster_provisioning_requests')).toBe(1);
    await waitFor('another request', () => Promise.resolve(autoscaler.created.size === 2), undefined, 120_000);
    await waitFor('one request', () => Promise.resolve(autoscaler.requests.size === 1));
    expect(autoscaler.request.metadata.name).toBe(name.replace(/-1$/, '-2'));
    expect((await events('a-driver')).map(({ reason }) => reason)).toContain('NodesNotProvisioned');
  });

  test('only muster makes objects with its label, it makes no others, and nobody changes what a request asks', async () => {
    await begin();
    await submit('a', 20);
    await isAsked();
    const { name } = autoscaler.request.metadata;
    const path = '/apis/autoscaling.x-k8s.io/v1/namespaces/default/provisioningrequests';
    const spec = { ...autoscaler.request.spec };
    const made = (labels: object) => ({
      apiVersion: 'autoscaling.x-k8s.io/v1',
      kind: 'ProvisioningRequest',
      metadata: { name: 'forged', labels },
      spec,
    });
    const tried = async (user: 'admin' | 'muster', request: Parameters<typeof plane.admin.request>[0]) => {
      const transport = plane.transportFor(user);
      try {
        await transport.request(request);
        return 'done';
      } catch (error) {
        return error instanceof ApiError ? `${error.status} ${error.message}` : String(error);
      } finally {
        transport.close();
      }
    };
    const labels = { 'muster.dev/room-request': 'gang' };
    expect(await tried('admin', { method: 'POST', path, body: made(labels) })).toContain(
      'only muster writes the label',
    );
    expect(await tried('muster', { method: 'POST', path, body: made({}) })).toContain('without label');
    const contentType = 'application/merge-patch+json';
    const says = { metadata: { annotations: { 'muster.dev/asks-for': '{}' } } };
    const patch = { method: 'PATCH', path: `${path}/${name}`, contentType } as const;
    expect(await tried('admin', { ...patch, body: says })).toContain('only muster writes the annotation');
    const more = { spec: { podSets: [{ ...spec.podSets[0]!, count: 999 }] } };
    expect(await tried('admin', { ...patch, body: more })).toMatch(/^422 /);
    // A template of somebody else is not muster's to delete.
    const templates = '/api/v1/namespaces/default/podtemplates';
    const template = { metadata: { name: 'mine' }, template: { spec: { containers: [{ name: 'a', image: 'a' }] } } };
    expect(await tried('admin', { method: 'POST', path: templates, body: template })).toBe('done');
    expect(await tried('muster', { method: 'DELETE', path: `${templates}/mine` })).toContain('without label');
  });
});
