import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../../../src/core/errors.ts';
import { parseManifests } from '../../../src/intake/manifests.ts';
import { toNodeInfo } from '../../../src/intake/node.ts';
import { toPodInfo } from '../../../src/intake/pod.ts';

const metadata = { name: 'p', namespace: 'jobs', uid: 'u' };
const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
const noText = { toString: null, valueOf: null };
const inSpec = (spec: object) => ({ metadata, spec });
const affinity = (term: unknown) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
});

/** What a call throws, if it is ours; any other error fails the test. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof MusterError) return error.what;
    throw error;
  }
  return 'accepted';
}

test.each<[string, unknown, string]>([
  ['null', null, 'Pod: expected an object, got null.'],
  ['a list', [], 'Pod: expected an object, got [].'],
  ['a text', 'pod', 'Pod: expected an object, got "pod".'],
  ['no metadata', {}, 'Pod.metadata.uid: is required, but is missing.'],
  ['metadata null', { metadata: null }, 'Pod.metadata.uid: is required, but is missing.'],
  ['metadata a text', { metadata: 'x' }, 'Pod.metadata: expected an object, got "x".'],
  ['no name', { metadata: { uid: 'u' } }, 'Pod.metadata.name: is required, but is missing.'],
  ['an empty uid', { metadata: { ...metadata, uid: '' } }, 'Pod.metadata.uid: is required, but is empty.'],
  ['a number as name', { metadata: { ...metadata, name: 5 } }, 'Pod.metadata.name: expected a string, got 5.'],
  [
    'a name only inherited',
    { metadata: Object.create(metadata) as object },
    'Pod.metadata.uid: is required, but is missing.',
  ],
  [
    'labels a list',
    { metadata: { ...metadata, labels: ['a'] } },
    'Pod.metadata.labels: expected an object, got ["a"].',
  ],
  [
    'a label a number',
    { metadata: { ...metadata, labels: { a: 1 } } },
    'Pod.metadata.labels["a"]: expected a string, got 1.',
  ],
  [
    'labels nested 30,000 deep',
    { metadata: { ...metadata, labels: JSON.parse(deep) as unknown } },
    'Pod.metadata.labels: expected an object, got a list.',
  ],
  ['spec a number', { metadata, spec: 3 }, 'Pod.spec: expected an object, got 3.'],
  ['priority a text', inSpec({ priority: '1' }), 'Pod.spec.priority: expected an integer, got "1".'],
  [
    'priority beyond exact integers',
    inSpec({ priority: 2 ** 60 }),
    'Pod.spec.priority: expected an integer, got 1152921504606847000.',
  ],
  ['containers an object', inSpec({ containers: {} }), 'Pod.spec.containers: expected a list, got {}.'],
  ['a container null', inSpec({ containers: [null] }), 'Pod.spec.containers[0]: expected an object, got null.'],
  [
    'requests a list',
    inSpec({ containers: [{ resources: { requests: [1] } }] }),
    'Pod.spec.containers[0].resources.requests: expected an object, got [1].',
  ],
  [
    'a negative request',
    inSpec({ containers: [{}, { resources: { requests: { cpu: '-1' } } }] }),
    'Pod.spec.containers[1].resources.requests.cpu: must not be negative, got "-1".',
  ],
  [
    'a request null',
    inSpec({ containers: [{ resources: { requests: { cpu: null } } }] }),
    'Pod.spec.containers[0].resources.requests.cpu: expected a quantity, got null.',
  ],
  [
    'overhead garbage',
    inSpec({ overhead: { memory: '1 GB' } }),
    'Pod.spec.overhead.memory: expected a quantity, got "1 GB".',
  ],
  [
    'a sum beyond 2^53',
    inSpec({ containers: Array(3).fill({ resources: { requests: { memory: '4Pi' } } }) }),
    'Pod.memory: must be at most 2^53 - 1, got "13510798882111488".',
  ],
  [
    'restartPolicy a list',
    inSpec({ initContainers: [{ restartPolicy: [] }] }),
    'Pod.spec.initContainers[0].restartPolicy: expected a string, got [].',
  ],
  [
    'an operator that is none',
    inSpec(affinity({ matchExpressions: [{ key: 'a', operator: 'Is' }] })),
    'Pod.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: expected one of In, NotIn, Exists, DoesNotExist, Gt, Lt, got "Is".',
  ],
  [
    'a toleration operator',
    inSpec({ tolerations: [{ operator: 'exists' }] }),
    'Pod.spec.tolerations[0].operator: expected one of Exists, Equal, Lt, Gt, got "exists".',
  ],
  [
    'an image a number',
    inSpec({ containers: [{ image: 1 }] }),
    'Pod.spec.containers[0].image: expected a string, got 1.',
  ],
  [
    'a container name without text form',
    inSpec({ nodeName: 'n', containers: [{ name: noText }] }),
    'Pod.spec.containers[0].name: expected a string, got {"toString":null,"valueOf":null}.',
  ],
  ['phase an object', { metadata, status: { phase: {} } }, 'Pod.status.phase: expected a string, got {}.'],
  [
    'a status of the wrong kind',
    {
      ...inSpec({ nodeName: 'n', containers: [{ name: 'c' }] }),
      status: { containerStatuses: [{ name: 'c', resources: { requests: { cpu: 'x' } } }] },
    },
    'Pod.status.containerStatuses[0].resources.requests.cpu: expected a quantity, got "x".',
  ],
  [
    'a value of a million characters',
    { metadata: { ...metadata, name: ['x'.repeat(1e6)] } },
    `Pod.metadata.name: expected a string, got ["${'x'.repeat(75)}....`,
  ],
])('a pod with %s is refused, and the field named', (_, pod, says) => {
  expect(refusal(() => toPodInfo(pod, 'Pod'))).toBe(says);
});

test.each<[string, unknown, string]>([
  ['no name', { metadata: {} }, 'Node.metadata.name: is required, but is missing.'],
  [
    'a text as cordon',
    { metadata, spec: { unschedulable: 'yes' } },
    'Node.spec.unschedulable: expected true or false, got "yes".',
  ],
  [
    'a taint without key',
    { metadata, spec: { taints: [{}] } },
    'Node.spec.taints[0].key: is required, but is missing.',
  ],
  [
    'negative room',
    { metadata, status: { allocatable: { pods: '-1' } } },
    'Node.status.allocatable.pods: must not be negative, got "-1".',
  ],
  [
    'room beyond 2^53',
    { metadata, status: { allocatable: { memory: '16Ei' } } },
    'Node.status.allocatable.memory: must be at most 2^53 - 1, got "18446744073709551616".',
  ],
  [
    'image names a text',
    { metadata, status: { images: [{ names: 'i' }] } },
    'Node.status.images[0].names: expected a list, got "i".',
  ],
])('a node with %s is refused, and the field named', (_, node, says) => {
  expect(refusal(() => toNodeInfo(node, 'Node'))).toBe(says);
});

test('nulls are absent, as Go writes what is not set', () => {
  const pod = {
    metadata: { ...metadata, labels: null, annotations: null, deletionTimestamp: null },
    spec: {
      containers: null,
      initContainers: null,
      nodeSelector: null,
      affinity: null,
      tolerations: null,
      overhead: null,
      priority: null,
      nodeName: '',
      schedulingGroup: null,
    },
    status: null,
  };
  expect(toPodInfo(pod, 'Pod')).toEqual(toPodInfo({ metadata }, 'Pod'));
  const node = {
    metadata: { name: 'n', labels: null },
    spec: { taints: null },
    status: { allocatable: null, images: [{ names: null }] },
  };
  expect(toNodeInfo(node, 'Node')).toEqual(toNodeInfo({ metadata: { name: 'n' } }, 'Node'));
});

test('foreign keys such as __proto__ are keys like any other, and change nothing else', () => {
  const labels = JSON.parse('{"__proto__":"x","constructor":"y"}') as object;
  const requests = JSON.parse('{"__proto__":"2"}') as object;
  const pod = toPodInfo(
    { metadata: { ...metadata, labels }, spec: { containers: [{ resources: { requests } }] } },
    'Pod',
  );
  expect([...pod.labels]).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  expect([...pod.request]).toEqual([
    ['__proto__', 2],
    ['pods', 1],
  ]);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test.each<[string, string]>([
  ['a list', deep],
  ['a name', `[{"name":${deep}}]`],
])('a role declaration nested 30,000 deep (%s) is a problem of its gang, not of the server', (_, roles) => {
  const pod = {
    metadata: { ...metadata, labels: { 'muster.dev/gang': 'g' }, annotations: { 'muster.dev/roles': roles } },
  };
  expect(toPodInfo(pod, 'Pod').membership?.problem).toMatch(/^annotation muster\.dev\/roles.*: expected an? /);
});

describe('gang labels that are empty or unclear', () => {
  const read = (labels: object, annotations: object = {}) =>
    toPodInfo({ metadata: { ...metadata, labels, annotations } }, 'Pod').membership;
  const driver = { 'spark-role': 'driver', 'spark-app-id': 'a' };
  const sizes = { 'spark-executor-cpu': '1', 'spark-executor-mem': '1Gi', 'spark-executor-count': '2' };

  test('an empty gang label is told, so that strangers do not become one gang', () => {
    expect(read({ 'muster.dev/gang': '', 'muster.dev/role': 'a' })?.problem).toBe(
      'label muster.dev/gang is empty: name the gang',
    );
  });
  test('an empty application id is none', () => {
    expect(read({ 'spark-role': 'executor', 'spark-app-id': '' })).toBeUndefined();
    expect(read({ 'spark-role': 'driver', 'spark-app-id': '', 'spark-app-selector': 's' }, sizes)?.gang).toBe('jobs/s');
  });
  test('a driver or executor without any declaration of its own is not ours', () => {
    expect(read(driver)).toBeUndefined();
    expect(read({ 'spark-role': 'executor' })).toBeUndefined();
    expect(read({ 'spark-app-id': 'a' }, sizes)).toBeUndefined();
  });
  test('the native dialect is asked first', () => {
    expect(read({ ...driver, 'muster.dev/gang': 'g', 'muster.dev/role': 'r' }, sizes)).toEqual({
      gang: 'jobs/g',
      role: 'r',
    });
  });
  test.each<[object, string]>([
    [
      { 'spark-dynamic-allocation-enabled': 'yes' },
      'annotation spark-dynamic-allocation-enabled: expected true or false, got "yes"',
    ],
    [
      { 'spark-executor-mem': '8Ei' },
      'annotation spark-executor-mem.memory: must be at most 2^53 - 1, got "9223372036854775808"',
    ],
    [
      {
        'spark-dynamic-allocation-enabled': 'true',
        'spark-dynamic-allocation-min-executor-count': '3',
        'spark-dynamic-allocation-max-executor-count': '2',
      },
      'annotation spark-dynamic-allocation-max-executor-count: 2 is less than the minimum 3',
    ],
  ])('%j is told', (more, says) => {
    expect(read(driver, { ...sizes, ...more })?.problem).toBe(says);
  });
});

test.each<[string, string, RegExp]>([
  ['an alias without anchor', 'kind: *x', /^f: Unresolved alias/],
  [
    'a value that holds itself',
    'kind: Node\nmetadata: {name: &a [*a]}',
    /^f(: |\.metadata\.name: expected a string, got a list)/,
  ],
  [
    'more aliases than a person writes',
    [
      'a: &a [x,x]',
      ...Array.from(
        { length: 9 },
        (_, i) =>
          `b${i}: &b${i} [${Array(20)
            .fill(i ? `*b${i - 1}` : '*a')
            .join()}]`,
      ),
    ].join('\n'),
    /^f: Excessive alias count/,
  ],
  [
    'a second document of another kind',
    'kind: Node\nmetadata: {name: n}\n---\nkind: Job\n',
    /^f: document 2\.kind: expected one of .*, got "Job"/,
  ],
])('a file with %s is refused', (_, text, says) => {
  expect(refusal(() => parseManifests(text, 'f'))).toMatch(says);
});

test('an empty file holds nothing, and a byte order mark is not content', () => {
  expect(parseManifests('', 'f')).toEqual({ nodes: [], pods: [] });
  const text = '{"kind":"Node","metadata":{"name":"n"}}';
  expect(parseManifests(`\uFEFF${text}`, 'f')).toEqual(parseManifests(text, 'f'));
});

test('any JSON at all is read or refused by name, never another error', () => {
  const part = fc.oneof(fc.constant(metadata), fc.jsonValue());
  const spec = fc.record(
    { nodeName: part, containers: part, initContainers: part, tolerations: part, affinity: part, overhead: part },
    { requiredKeys: [] },
  );
  const pod = fc.oneof(
    fc.jsonValue(),
    fc.record({ metadata: part, spec: fc.oneof(spec, part), status: part }, { requiredKeys: [] }),
  );
  fc.assert(
    fc.property(pod, (value) => {
      expect(refusal(() => toPodInfo(value, 'Pod'))).toMatch(/^(accepted$|Pod)/);
      expect(refusal(() => toNodeInfo(value, 'Node'))).toMatch(/^(accepted$|Node)/);
    }),
    { seed: 7, numRuns: 500 },
  );
});

/** Recorded from real kube-schedulers: what they send must be read. */
const recordings = new URL('../../wire/recordings/', import.meta.url);
const bodies = readdirSync(recordings).filter((name) => /^(filter|prioritize)-.*\.json$/.test(name));

test.each(bodies)('the pod and the nodes of %s are read', (name) => {
  const recording = JSON.parse(readFileSync(new URL(name, recordings), 'utf8')) as unknown;
  const pods = under('Pod', recording);
  expect(pods.length).toBeGreaterThan(0);
  for (const pod of pods) expect(toPodInfo(pod, 'Pod').request.get('pods')).toBe(1);
  const nodes = under('Nodes', recording).flatMap((list) => (list as { items?: unknown[] } | null)?.items ?? []);
  expect(nodes.length > 0).toBe(name.startsWith('filter-nodes') || name.startsWith('prioritize-nodes'));
  for (const node of nodes) expect(toNodeInfo(node, 'Node').allocatable.get('pods')).toBeGreaterThan(0);
});

/** The values of this key, wherever the recording keeps the body. */
function under(wanted: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, unknown>).flatMap(([key, inner]) =>
    key === wanted ? [inner] : under(wanted, inner),
  );
}
