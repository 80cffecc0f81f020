import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PodsApi } from '../../src/kube/pods-api.ts';
import { ApiError, type ApiRequest, type Transport } from '../../src/kube/transport.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import type { Pod } from './harness/objects.ts';
import { applyAccess } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const OWN = ['muster.dev/reservation', 'muster.dev/eviction', 'muster.dev/wake'];
const PODS = '/api/v1/namespaces/default/pods';
const RIGHTS = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
const ONLY_MUSTER = /only muster writes the annotations/;
const MERGE = 'application/merge-patch+json';

const podNamed = (name: string, metadata: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { schedulerName: 'muster', containers: [{ name: 'c', image: 'c:1' }], ...spec },
});

describe.skipIf(typeof binaries === 'string')('the admission policies, judged by the API server', () => {
  let plane: ControlPlane;
  let admin: Transport;
  let tenant: Transport;
  let muster: Transport;
  let scheduler: Transport;
  let api: PodsApi;
  let count = 0;

  /** `done`, or what the API server says. */
  async function ask(as: Transport, request: ApiRequest): Promise<string> {
    try {
      await as.request(request);
      return 'done';
    } catch (error) {
      if (error instanceof ApiError) return error.message;
      throw error;
    }
  }

  const patch = (as: Transport, name: string, body: object, contentType = MERGE) =>
    ask(as, { method: 'PATCH', path: `${PODS}/${name}`, body, contentType });

  /** A pod of its own for each test. */
  async function create(metadata: object = {}, spec: object = {}): Promise<Pod['metadata']> {
    const body = podNamed(`pod-${++count}`, metadata, spec);
    return ((await tenant.request({ method: 'POST', path: PODS, body })) as Pod).metadata;
  }

  /** A pod that has what muster writes. */
  async function annotated(spec: object = {}): Promise<Pod['metadata']> {
    const pod = await create({}, spec);
    const { version } = await api.writeReservation(pod, pod.resourceVersion, 'reserved');
    expect(version).not.toBe(pod.resourceVersion);
    await api.wake(pod, 0);
    await api.writePlan(pod, 'planned');
    return pod;
  }

  const valuesOf = async (name: string) => {
    const { metadata } = (await admin.request({ method: 'GET', path: `${PODS}/${name}` })) as Pod;
    return OWN.map((key) => metadata.annotations?.[key]);
  };

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 1, { cpu: 8 });
    await applyAccess(plane);
    admin = plane.admin;
    [tenant, muster, scheduler] = (['tenant', 'muster', 'scheduler'] as const).map((user) =>
      plane.transportFor(user),
    ) as [Transport, Transport, Transport];
    api = new PodsApi(muster);
    // More than role `edit` gives: only the policies are in the tenant's way.
    const rules = [{ apiGroups: [''], resources: ['pods', 'pods/status', 'pods/binding', 'bindings'], verbs: ['*'] }];
    const metadata = { name: 'tenant' };
    await admin.request({ method: 'POST', path: `${RIGHTS}/roles`, body: { metadata, rules } });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'tenant' };
    const subjects = [{ kind: 'User', name: 'tenant', apiGroup: 'rbac.authorization.k8s.io' }];
    await admin.request({ method: 'POST', path: `${RIGHTS}/rolebindings`, body: { metadata, roleRef, subjects } });
    // The API server takes policies up within a second or two.
    const forged = podNamed('probe', { annotations: { [OWN[0]!]: 'x' } });
    const probe = () => ask(tenant, { method: 'POST', path: `${PODS}?dryRun=All`, body: forged });
    for (let i = 0; i < 100 && !ONLY_MUSTER.test(await probe()); i++)
      await new Promise((resolve) => setTimeout(resolve, 200));
  });
  afterAll(async () => {
    for (const one of [tenant, muster, scheduler]) one?.close();
    await plane?.stop();
  });

  describe.each(OWN)('%s', (key) => {
    const forged = { metadata: { annotations: { [key]: 'forged' } } };

    test('is on no pod that a tenant creates, nor on one that the cluster admin does', async () => {
      const body = podNamed('forged', forged.metadata);
      expect(await ask(tenant, { method: 'POST', path: PODS, body })).toMatch(ONLY_MUSTER);
      expect(await ask(admin, { method: 'POST', path: PODS, body })).toMatch(ONLY_MUSTER);
    });

    test('is added, changed and removed by nobody else, in no way that there is', async () => {
      const [bare, full] = [await create(), await annotated()];
      const before = await valuesOf(full.name);
      expect(before).toEqual(['reserved', 'planned', expect.any(String)]);
      for (const { name } of [bare, full]) {
        expect(await patch(tenant, name, forged)).toMatch(ONLY_MUSTER);
        expect(await patch(tenant, `${name}/status`, forged)).toMatch(ONLY_MUSTER);
        const applied = podNamed(name, forged.metadata);
        const path = `${name}?fieldManager=tenant&force=true`;
        expect(await patch(tenant, path, applied, 'application/apply-patch+yaml')).toMatch(ONLY_MUSTER);
        const target = { apiVersion: 'v1', kind: 'Node', name: 'node-0000' };
        const binding = { metadata: { name, ...forged.metadata }, target };
        expect(await ask(tenant, { method: 'POST', path: `${PODS}/${name}/binding`, body: binding })).toMatch(
          ONLY_MUSTER,
        );
        const old = '/api/v1/namespaces/default/bindings';
        expect(await ask(tenant, { method: 'POST', path: old, body: binding })).toMatch(ONLY_MUSTER);
      }
      expect(await patch(tenant, full.name, { metadata: { annotations: { [key]: null } } })).toMatch(ONLY_MUSTER);
      expect(await valuesOf(full.name)).toEqual(before);
      expect(await valuesOf(bare.name)).toEqual([undefined, undefined, undefined]);
    });
  });

  test('others go on with pods that muster has annotated: change, bind, report and delete them', async () => {
    const { name } = await annotated();
    const change = {
      metadata: { labels: { team: 'a' }, annotations: { note: 'mine' } },
      spec: { containers: [{ name: 'c', image: 'c:2' }] },
    };
    expect(await patch(tenant, name, change, 'application/strategic-merge-patch+json')).toBe('done');
    const applied = podNamed(name, { labels: { team: 'b' } });
    const path = `${name}?fieldManager=tenant&force=true`;
    expect(await patch(tenant, path, applied, 'application/apply-patch+yaml')).toBe('done');
    const target = { apiVersion: 'v1', kind: 'Node', name: 'node-0000' };
    const binding = { metadata: { name }, target };
    expect(await ask(scheduler, { method: 'POST', path: `${PODS}/${name}/binding`, body: binding })).toBe('done');
    expect(await patch(tenant, `${name}/status`, { status: { phase: 'Running' } })).toBe('done');
    expect((await valuesOf(name)).slice(0, 2)).toEqual(['reserved', 'planned']);
    expect(await ask(tenant, { method: 'DELETE', path: `${PODS}/${name}` })).toBe('done');
  });

  test('muster does all that it has to do', async () => {
    const gated = await create({}, { schedulingGates: [{ name: 'muster.dev/gang' }] });
    await api.liftGate(gated, 'muster.dev/gang');
    const pod = await annotated();
    await api.nominate(pod, 'node-0000');
    await api.writePlan(pod, undefined);
    const [reservation, plan] = await valuesOf(pod.name);
    expect([reservation, plan]).toEqual(['reserved', undefined]);
    const target = { apiVersion: 'v1', kind: 'Node', name: 'node-0000' };
    await scheduler.request({
      method: 'POST',
      path: `${PODS}/${pod.name}/binding`,
      body: { metadata: { name: pod.name }, target },
    });
    await patch(tenant, `${pod.name}/status`, { status: { phase: 'Running' } });
    await api.evict(pod);
    // The pod is being deleted by now.
    await api.markVictim(pod, 'default/a');
    const read = (await admin.request({ method: 'GET', path: `${PODS}/${pod.name}` })) as Pod;
    expect(read.metadata.deletionTimestamp).toBeDefined();
    expect(read.status.conditions?.find(({ type }) => type === 'DisruptionTarget')?.message).toMatch(/gang default\/a/);
  });

  const container = { name: 'c', image: 'evil:1' };
  const toleration = { key: 'x', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 };
  test.each<[string, object, RegExp]>([
    ['labels', { metadata: { labels: { a: 'b' } } }, /nothing of a pod's metadata but its annotations/],
    ['finalizers', { metadata: { finalizers: ['a.example/b'] } }, /nothing of a pod's metadata/],
    [
      'owners',
      { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }] } },
      /nothing of a pod's metadata/,
    ],
    ['other annotations', { metadata: { annotations: { 'muster.dev/priority': '9' } } }, /no annotations but/],
    ["a tenant's annotations away", { metadata: { annotations: { note: null } } }, /no annotations but/],
    ['images', { spec: { containers: [container] } }, /nothing of a pod's spec but its gate/],
    ['tolerations', { spec: { tolerations: [toleration] } }, /nothing of a pod's spec but its gate/],
    ['deadlines', { spec: { activeDeadlineSeconds: 1 } }, /nothing of a pod's spec but its gate/],
    ['gates that are not its own', { spec: { schedulingGates: [{ name: 'muster.dev/gang' }] } }, /no gate but/],
    ['gates all at once', { spec: { schedulingGates: null } }, /no gate but/],
  ])('muster does not write %s', async (_, change, says) => {
    const gates = [{ name: 'muster.dev/gang' }, { name: 'other.example/gate' }];
    const { name } = await create({ annotations: { note: 'mine' } }, { schedulingGates: gates });
    expect(await patch(muster, name, change)).toMatch(says);
    // The status takes no owners at all, and says nothing.
    if ('metadata' in change && !('ownerReferences' in (change.metadata as object)))
      expect(await patch(muster, `${name}/status`, change)).toMatch(says);
  });

  test('muster takes its own gate from among others', async () => {
    const gates = [{ name: 'muster.dev/gang' }, { name: 'other.example/gate' }];
    const { name } = await create({}, { schedulingGates: gates });
    expect(await patch(muster, name, { spec: { schedulingGates: gates.slice(1) } })).toBe('done');
  });

  test('muster binds nothing, creates nothing and deletes nothing: RBAC', async () => {
    const { name } = await create();
    const target = { apiVersion: 'v1', kind: 'Node', name: 'node-0000' };
    for (const request of [
      { method: 'POST', path: PODS, body: podNamed('new') },
      { method: 'POST', path: `${PODS}/${name}/binding`, body: { metadata: { name }, target } },
      { method: 'DELETE', path: `${PODS}/${name}` },
    ] as const)
      expect(await ask(muster, request)).toMatch(/^403 Forbidden/);
  });
});
