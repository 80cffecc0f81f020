import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { MusterProcess } from './harness/muster.ts';
import { freePort, waitFor } from './harness/process.ts';
import { applyAccess } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** What muster promises after the API server answers again, or has a new resource. */
const SOON_MS = 5000;
const STALE_MS = 30_000;
/** For the machine that runs the test. */
const SPARE_MS = 3000;

describe.skipIf(typeof binaries === 'string')('contact with the API server', () => {
  let plane: ControlPlane;
  let muster: MusterProcess;

  beforeEach(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 3, { cpu: 8 });
    await applyAccess(plane);
    muster = new MusterProcess(plane, { name: 'muster', port: await freePort(), extenderPort: await freePort() });
    muster.start();
    await muster.ready();
  });

  afterEach(async () => {
    process.kill(plane.pids.apiServer, 'SIGCONT');
    await muster.kill('SIGTERM');
    await plane.stop();
  });

  /** @returns how long it took, in ms */
  async function within(patienceMs: number, what: string, holds: () => Promise<boolean>): Promise<number> {
    const from = performance.now();
    await waitFor(what, holds, undefined, patienceMs);
    return Math.round(performance.now() - from);
  }

  /** Asks as kube-scheduler does. */
  async function filter(pod: unknown): Promise<string> {
    const body = JSON.stringify({ Pod: pod, NodeNames: ['node-0000', 'node-0001', 'node-0002'] });
    const response = await fetch(`${muster.extenderUrl}/filter`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return response.text();
  }

  test('a quiet cluster is never stale; a stopped API server (SIGSTOP) is, and admits no gang', async () => {
    let oldest = 0;
    for (let i = 0; i < 90; i++) {
      await sleep(500);
      oldest = Math.max(oldest, await muster.metric('muster_snapshot_behind_seconds'));
      expect(await muster.metric('muster_snapshot_stale')).toBe(0);
    }
    expect(await muster.metric('muster_watch_failures_total')).toBe(0);
    const early = await persist(plane.admin, { method: 'POST', path: PODS, body: driverOf('early') });
    await waitFor('a gang is admitted', async () => (await filter(early)).includes('"NodeNames":["node-'));
    const late = await persist(plane.admin, { method: 'POST', path: PODS, body: driverOf('late') });
    process.kill(plane.pids.apiServer, 'SIGSTOP');
    const stale = async () => (await muster.metric('muster_snapshot_stale')) === 1;
    const tookMs = await within(STALE_MS + SPARE_MS, 'the snapshot is stale', stale);
    await sleep(500);
    expect(await filter(late)).toContain('muster has lost contact with the API server');
    const { snapshot } = (await muster.json('/v1/gangs')) as { snapshot: { ageSeconds: number; isStale: boolean } };
    expect(snapshot.isStale).toBe(true);
    process.kill(plane.pids.apiServer, 'SIGCONT');
    const backMs = await within(SOON_MS + SPARE_MS, 'it is current again', async () => !(await stale()));
    console.log(
      `quiet: at most ${oldest} s old; stopped: stale after ${tookMs} ms; continued: current after ${backMs} ms`,
    );
  });

  test('after a restart of the API server, and when a CRD is installed, muster knows within seconds', async () => {
    const lags: number[] = [];
    for (const [i, downMs] of [3000, 12_000, 25_000].entries()) {
      await plane.killApiServer();
      await sleep(downMs);
      await plane.startApiServer();
      const node = { metadata: { name: `late-${i}` }, status: { allocatable: { cpu: '8', pods: '110' } } };
      await persist(plane.admin, { method: 'POST', path: '/api/v1/nodes', body: node });
      const isKnown = async () => (await muster.metric('muster_nodes')) === 4 + i;
      lags.push(await within(SOON_MS + SPARE_MS, 'the node is known', isKnown));
    }
    await persist(plane.admin, {
      method: 'POST',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      body: podGroups,
    });
    const collection = '/apis/scheduling.x-k8s.io/v1alpha1/namespaces/default/podgroups';
    await waitFor('the CRD', () => plane.admin.request({ method: 'GET', path: collection }).then(() => true));
    const group = {
      apiVersion: 'scheduling.x-k8s.io/v1alpha1',
      kind: 'PodGroup',
      metadata: { name: 'pg' },
      spec: { minMember: 1 },
    };
    await persist(plane.admin, { method: 'POST', path: collection, body: group });
    await persist(plane.admin, { method: 'POST', path: PODS, body: member });
    const isDeclared = async () => {
      const { items } = (await muster.json('/v1/gangs?name=pg')) as { items: { phase: string }[] };
      return items[0]?.phase === 'starting';
    };
    const crdMs = await within(SOON_MS + SPARE_MS, 'the gang is declared', isDeclared);
    console.log(`known after restarts: ${lags.join(', ')} ms; the new CRD's gang after ${crdMs} ms`);
  });
});

const PODS = '/api/v1/namespaces/default/pods';

const driverOf = (name: string) => ({
  metadata: {
    name: `${name}-driver`,
    labels: { 'muster.dev/gang': name, 'muster.dev/role': 'driver' },
    annotations: {
      'muster.dev/roles': JSON.stringify([{ name: 'driver' }, { name: 'executor', count: 2, requests: { cpu: '1' } }]),
    },
  },
  spec: {
    schedulerName: 'muster',
    containers: [{ name: 'main', image: 'none', resources: { requests: { cpu: '1' } } }],
  },
});

const podGroups = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'podgroups.scheduling.x-k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/scheduler-plugins/pull/50' },
  },
  spec: {
    group: 'scheduling.x-k8s.io',
    scope: 'Namespaced',
    names: { plural: 'podgroups', singular: 'podgroup', kind: 'PodGroup', listKind: 'PodGroupList' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const member = {
  metadata: { name: 'pg-0', labels: { 'scheduling.x-k8s.io/pod-group': 'pg' } },
  spec: {
    schedulerName: 'muster',
    schedulingGates: [{ name: 'muster.dev/gang' }],
    containers: [{ name: 'main', image: 'none', resources: { requests: { cpu: '1' } } }],
  },
};
