import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../src/intake/field.ts';
import { toNodeInfo } from '../../src/intake/node.ts';
import { daemonSetClaimOf } from '../../src/intake/pinned.ts';
import { toPodInfo } from '../../src/intake/pod.ts';
import type { Resource } from '../../src/kube/decode/envelope.ts';
import { NODE } from '../../src/kube/decode/node.ts';
import { POD } from '../../src/kube/decode/pod.ts';
import { Encoding } from '../../src/kube/encoding.ts';
import { Reflector, type ReflectorNote } from '../../src/kube/reflector.ts';
import { ApiError, type Answer, type Transport } from '../../src/kube/transport.ts';
import { until } from '../support/live.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const PODS = '/api/v1/namespaces/default/pods';
const BOTH = 'application/vnd.kubernetes.protobuf,application/json';

const recorded = (name: string) => {
  const file = new URL(`../wire/recordings/${name}.v1.36.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { request: { body: { Pod: Json } } }).request.body.Pod;
};

/** A recorded pod with another name, and more of what muster reads. */
function podLike(from: string, name: string, metadata: object = {}, spec: object = {}): Json {
  const pod = recorded(from);
  const { labels, annotations } = pod['metadata'] as Json;
  // The server has no service accounts, and makes its own defaults.
  const none = {
    serviceAccountName: undefined,
    serviceAccount: undefined,
    priorityClassName: undefined,
    priority: undefined,
    preemptionPolicy: undefined,
  };
  return {
    metadata: { name, labels, annotations, ...metadata },
    spec: { ...(pod['spec'] as Json), ...none, ...spec },
  };
}

const RICH = {
  tolerations: [{ key: 'k', operator: 'Exists', tolerationSeconds: 60, effect: 'NoExecute' }],
  nodeSelector: { a: 'b', '7': 'c' },
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'k', operator: 'In', values: ['a', ''] }] }],
      },
    },
  },
  terminationGracePeriodSeconds: 90,
  hostNetwork: true,
  initContainers: [
    { name: 'i', image: 'init', restartPolicy: 'Always', resources: { requests: { cpu: '1500m', memory: '1e9' } } },
  ],
  schedulingGates: [{ name: 'muster.dev/gang' }],
  activeDeadlineSeconds: 3600,
};
const OWNED = {
  labels: { app: 'web', empty: '' },
  annotations: { text: 'zwölf', 'muster.dev/priority': '5', empty: '' },
  ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u-1', controller: true }],
};

const podRecord = (pod: unknown) => ({ info: toPodInfo(pod, 'Pod'), claim: daemonSetClaimOf(pod as Json, 'Pod') });

describe.skipIf(typeof binaries === 'string')('a real API server', () => {
  let plane: ControlPlane;
  let api: Transport;

  const create = (pod: Json) => persist(api, { method: 'POST', path: PODS, body: pod });

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    api = plane.admin;
    await createNodes(api, 3, { cpu: 8 });
    await create(podLike('filter-names-driver', 'driver'));
    await create(podLike('filter-names-executor-choose-one', 'executor', { finalizers: ['a/b'] }));
    await create(podLike('filter-names-default-profile', 'rich', OWNED, RICH));
    await create(podLike('filter-names-default-profile', 'bound', {}, { nodeName: 'node-0001' }));
  });

  afterAll(async () => {
    await plane?.stop();
  });

  async function pagesOf(path: string, resource: Resource) {
    const answers: Answer[] = [];
    const items: unknown[][] = [];
    for (const encoding of [new Encoding(resource), new Encoding(undefined)]) {
      const answer = await api.requestBytes(path, encoding.accept);
      answers.push(answer);
      items.push([...encoding.page(answer).items]);
    }
    return { answers, items: items as [unknown[], unknown[]] };
  }

  test('lists the same pods and nodes in both encodings, in fewer bytes', async () => {
    const pods = await pagesOf(PODS, POD);
    expect(pods.answers.map(({ type }) => type)).toEqual(['application/vnd.kubernetes.protobuf', 'application/json']);
    expect(pods.items[1]).toHaveLength(4);
    expect(pods.items[0].map(podRecord)).toEqual(pods.items[1].map(podRecord));
    expect(pods.answers[0]!.bytes.length).toBeLessThan(0.85 * pods.answers[1]!.bytes.length);
    const nodes = await pagesOf('/api/v1/nodes', NODE);
    const read = (node: unknown) => toNodeInfo(node, 'Node');
    expect(nodes.items[0].map(read)).toEqual(nodes.items[1].map(read));
    expect(nodes.items[0]).toHaveLength(3);
  });

  test('tells errors in protobuf', async () => {
    const error = await api.requestBytes(`${PODS}?limit=1&continue=x`, BOTH).catch((one: unknown) => one);
    expect(error).toMatchObject({ status: 400, reason: 'BadRequest' });
    expect((error as Error).message).toContain('continue');
    await expect(api.requestBytes(PODS, 'application/none')).rejects.toBeInstanceOf(ApiError);
  });

  test('a watch tells of pods that come, change and go, and of bookmarks, as in JSON', async () => {
    const mirrors = (['protobuf', 'json'] as const).map((apiEncoding) => mirrorOf(api, apiEncoding));
    await until(() => mirrors.every(({ records }) => records.size === 4), 20_000);
    await create(podLike('filter-names-executor-choose-one', 'late'));
    await until(() => mirrors.every(({ records }) => records.has('late')), 20_000);
    const body = { metadata: { annotations: { 'muster.dev/priority': '7' } } };
    const contentType = 'application/merge-patch+json';
    await persist(api, { method: 'PATCH', path: `${PODS}/late`, body, contentType });
    await persist(api, { method: 'DELETE', path: `${PODS}/driver?gracePeriodSeconds=0` });
    const isTold = ({ records }: ReturnType<typeof mirrorOf>) =>
      !records.has('driver') && records.get('late')?.info.priorityRequest?.priority === 7;
    await until(() => mirrors.every(isTold), 20_000);
    const [protobuf, json] = mirrors.map(({ records }) => Object.fromEntries(records));
    expect(protobuf).toEqual(json);
    // Watches last two or three seconds and are renewed from their bookmarks.
    await until(() => mirrors.every(({ notes }) => notes.filter((what) => what === 'reconnect').length >= 2), 20_000);
    for (const { notes, reflector } of mirrors) {
      reflector.stop();
      expect(notes).not.toContain('unencoded');
    }
  });
});

function mirrorOf(transport: Transport, apiEncoding: 'protobuf' | 'json') {
  const records = new Map<string, ReturnType<typeof podRecord>>();
  const notes: string[] = [];
  const nameOf = (pod: Json) => (pod['metadata'] as { name: string }).name;
  const reflector = new Reflector(
    {
      kind: 'pods',
      path: PODS,
      resource: POD,
      keyOf: nameOf,
      project: podRecord,
      onPut: (name, record) => records.set(name, record),
      onGone: (name) => records.delete(name),
    },
    {
      transport,
      apiEncoding,
      watchMs: 3000,
      nowMs: () => performance.now(),
      onNote: ({ what }: ReflectorNote) => notes.push(what),
    },
  );
  void reflector.run();
  return { records, notes, reflector };
}
