import { describe, expect, test } from 'vitest';
import { toNodeInfo } from '../../../src/intake/node.ts';
import { toPodInfo } from '../../../src/intake/pod.ts';
import { parseManifests } from '../../../src/intake/manifests.ts';
import { toKubernetesPod } from '../../../src/replay/kubernetes-pod.ts';
import { GangBuilder } from '../../support/builders.ts';

const metadata = { name: 'p', namespace: 'jobs', uid: 'u' };
const asks = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu } }, ...more });
const cpuOf = (spec: object, status: object = {}) => toPodInfo({ metadata, spec, status }, 'Pod').request.get('cpu');

const sidecar = (cpu: string, name = 's') => asks(cpu, { name, restartPolicy: 'Always' });
const resized = (spec: string, actual: string, allocated: string) => ({
  spec: { nodeName: 'n', containers: [asks(spec, { name: 'c' })] },
  status: {
    containerStatuses: [
      { name: 'c', resources: { requests: { cpu: actual } }, allocatedResources: { cpu: allocated } },
    ],
  },
});
const infeasible = { conditions: [{ type: 'PodResizePending', reason: 'Infeasible' }] };

const formula: readonly (readonly [rule: string, spec: object, want: number | undefined, status?: object])[] = [
  ['containers are added', { containers: [asks('1'), asks('500m')] }, 1500],
  ['a container without requests counts 0', { containers: [asks('1'), {}] }, 1000],
  ['nothing asked is nothing', { containers: [{}] }, undefined],
  ['rounded up once, not per container', { containers: [asks('0.4m'), asks('0.4m')] }, 1],
  [
    'the dearest init container counts if it is dearer',
    { containers: [asks('1')], initContainers: [asks('3'), asks('2')] },
    3000,
  ],
  ['else it does not', { containers: [asks('4')], initContainers: [asks('3')] }, 4000],
  ['sidecars are added to the containers', { containers: [asks('1')], initContainers: [sidecar('500m')] }, 1500],
  [
    'an init container runs beside the sidecars before it',
    { containers: [asks('1')], initContainers: [sidecar('1'), asks('3')] },
    4000,
  ],
  ['and not beside those after it', { containers: [asks('1')], initContainers: [asks('3'), sidecar('1')] }, 3000],
  ['pod-level cpu replaces the sum', { containers: [asks('1')], resources: { requests: { cpu: '5' } } }, 5000],
  ['also where it is less', { containers: [asks('4')], resources: { requests: { cpu: '2' } } }, 2000],
  [
    'pod-level names of other kinds do not',
    { containers: [asks('4')], resources: { requests: { 'example.com/x': '2' } } },
    4000,
  ],
  ['overhead comes on top', { containers: [asks('1')], overhead: { cpu: '250m' } }, 1250],
  [
    'also on top of pod-level',
    { containers: [asks('1')], resources: { requests: { cpu: '5' } }, overhead: { cpu: '1' } },
    6000,
  ],
  ['ephemeral containers never count', { containers: [asks('1')], ephemeralContainers: [asks('7')] }, 1000],
  [
    'an assigned pod: the largest of spec, actual and allocated',
    resized('1', '3', '2').spec,
    3000,
    resized('1', '3', '2').status,
  ],
  ['the allocated one', resized('1', '2', '4').spec, 4000, resized('1', '2', '4').status],
  [
    'an infeasible resize: without spec',
    resized('9', '2', '3').spec,
    3000,
    { ...resized('9', '2', '3').status, ...infeasible },
  ],
  [
    'a sidecar that is resized counts as a container does',
    { nodeName: 'n', containers: [asks('1', { name: 'c' })], initContainers: [sidecar('1')] },
    4000, // 1 + the 3 that the sidecar still has
    { initContainerStatuses: [{ name: 's', resources: { requests: { cpu: '3' } } }] },
  ],
  [
    'an ordinary init container: spec alone',
    { nodeName: 'n', initContainers: [asks('1', { name: 'i' })] },
    1000,
    { initContainerStatuses: [{ name: 'i', resources: { requests: { cpu: '3' } } }] },
  ],
  ['a waiting pod: spec alone', { containers: [asks('1', { name: 'c' })] }, 1000, resized('1', '3', '2').status],
];

test.each(formula.map(([rule, spec, want, status]) => ({ rule, spec, want, status })))(
  'requests: $rule',
  ({ spec, want, status }) => {
    expect(cpuOf(spec, status)).toBe(want);
  },
);

test('GPUs stay the sum of the containers beside a pod-level cpu', () => {
  const container = { resources: { requests: { cpu: '1', 'nvidia.com/gpu': 2 } } };
  const { request } = toPodInfo(
    { metadata, spec: { containers: [container, container], resources: { requests: { cpu: '9' } } } },
    'Pod',
  );
  expect([...request].sort()).toEqual([
    ['cpu', 9000],
    ['nvidia.com/gpu', 4],
    ['pods', 1],
  ]);
});

test('pod-level hugepages replace the sum, pod-level storage does not', () => {
  const requests = { 'hugepages-2Mi': '2Mi', 'ephemeral-storage': '5' };
  const resources = { requests: { 'hugepages-2Mi': '8Mi', 'ephemeral-storage': '7' } };
  const { request } = toPodInfo({ metadata, spec: { containers: [{ resources: { requests } }], resources } }, 'Pod');
  expect([request.get('hugepages-2Mi'), request.get('ephemeral-storage')]).toEqual([8 * 1024 ** 2, 5]);
});

test('a pod and a node with everything that is read', () => {
  const pod = toPodInfo(
    {
      metadata: { ...metadata, labels: { a: '1' }, deletionTimestamp: '2026-01-01T00:00:00Z' },
      spec: {
        schedulerName: 'muster',
        priority: 7,
        nodeName: 'n',
        nodeSelector: { z: 'a' },
        containers: [{ image: 'i' }],
        tolerations: [{ operator: 'Exists' }],
      },
      status: { phase: 'Failed' },
    },
    'Pod',
  );
  expect(pod).toMatchObject({
    uid: 'u',
    schedulerName: 'muster',
    priority: 7,
    node: 'n',
    terminal: true,
    deleting: true,
    images: ['i'],
  });
  expect(pod.constraints.tolerations).toEqual([{ key: '', operator: 'Exists', value: '', effect: '' }]);
  const node = toNodeInfo(
    {
      metadata: { name: 'n', labels: { z: 'a' } },
      spec: { unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule' }] },
      status: { allocatable: { cpu: '3920m', memory: '1Ki' }, images: [{ names: ['i'] }] },
    },
    'Node',
  );
  expect(node).toMatchObject({
    name: 'n',
    unschedulable: true,
    taints: [{ key: 'k', value: '', effect: 'NoSchedule' }],
  });
  expect([...node.allocatable]).toEqual([
    ['cpu', 3920],
    ['memory', 1024],
  ]);
});

describe('the native dialect', () => {
  const member = (labels: object, roles?: unknown, spec: object = {}) =>
    toPodInfo(
      {
        metadata: {
          ...metadata,
          labels,
          ...(roles === undefined
            ? {}
            : { annotations: { 'muster.dev/roles': typeof roles === 'string' ? roles : JSON.stringify(roles) } }),
        },
        spec: { containers: [asks('2')], ...spec },
      },
      'Pod',
    ).membership;
  const gang = { 'muster.dev/gang': 'g' };

  test('a leader declares its roles; its own size is what it really asks', () => {
    const found = member({ ...gang, 'muster.dev/role': 'driver', 'muster.dev/queue': 'q' }, [
      { name: 'driver' },
      { name: 'executor', count: 4, min: 2, requests: { cpu: '1', memory: '1Gi' }, nodeSelector: { pool: 'x' } },
    ]);
    expect(found).toMatchObject({ gang: 'jobs/g', role: 'driver', spec: { queue: 'q' } });
    const [driver, executor] = found!.spec!.roles;
    expect([driver!.count, driver!.request.get('cpu')]).toEqual([1, 2000]);
    expect([executor!.count, executor!.min, executor!.request.get('memory'), executor!.request.get('pods')]).toEqual([
      4,
      2,
      2 ** 30,
      1,
    ]);
    expect(executor!.constraints.nodeSelector.get('pool')).toBe('x');
  });

  test('a leader goes where its role says, else where its pod says; null says nothing', () => {
    const spec = { nodeSelector: { pool: 'own' }, tolerations: [{ operator: 'Exists' }] };
    const where = (role: object) => {
      const { nodeSelector, tolerations } = member(gang, [{ name: 'a', ...role }], spec)!.spec!.roles[0]!.constraints;
      return [nodeSelector.get('pool'), tolerations.length];
    };
    expect(where({})).toEqual(['own', 1]);
    expect(where({ nodeSelector: null })).toEqual(['own', 1]);
    expect(where({ nodeSelector: { pool: 'x' } })).toEqual(['x', 0]);
    expect(where({ tolerations: [] })).toEqual([undefined, 0]);
  });

  test('a member says its role; one that says none is told', () => {
    expect(member({ ...gang, 'muster.dev/role': 'executor' })).toEqual({ gang: 'jobs/g', role: 'executor' });
    expect(member(gang)?.problem).toBe('label muster.dev/role is missing: say which role of the gang this pod has');
  });

  test('pods that Kubernetes schedules as a group itself are left alone', () => {
    expect(member(gang, [{ name: 'w' }], { schedulingGroup: { podGroupName: 'x' } })).toBeUndefined();
    expect(member(gang, [{ name: 'w' }], { workloadRef: { name: 'x' } })).toBeUndefined();
  });

  test.each<[unknown, RegExp]>([
    ['{', /expected JSON, got "{"/],
    ['{}', /expected a list of 1 to 16 roles/],
    [[], /expected a list of 1 to 16 roles/],
    [Array(17).fill({ name: 'a' }), /expected a list of 1 to 16 roles/],
    [[null], /roles\[0\]: expected an object, got null/],
    [[{}], /roles\[0\]\.name: is required, but is missing/],
    [[{ name: 'A b' }], /expected a DNS label, got "A b"/],
    [[{ name: 'a', count: 0 }], /count: must be between 1 and 10000, got 0/],
    [[{ name: 'a', count: 10_001 }], /must be between 1 and 10000, got 10001/],
    [[{ name: 'a', count: 1.5 }], /count: expected an integer, got 1\.5/],
    [[{ name: 'a', count: 2, min: 3 }], /min: must be between 1 and 2, got 3/],
    [[{ name: 'a' }, { name: 'a' }], /two roles have the same name/],
    [[{ name: 'a', requests: { cpu: '-1' } }], /requests\.cpu: must not be negative, got "-1"/],
    [[{ name: 'a', mim: 1 }], /unknown field "mim"; expected one of name, count, min/],
    ['[{"name":"a","__proto__":{"count":5}}]', /unknown field "__proto__"/],
    [`["${'x'.repeat(70_000)}"]`, /at most 65536 characters/],
  ])('roles %j: the user is told', (roles, says) => {
    expect(member({ ...gang, 'muster.dev/role': 'a' }, roles)?.problem).toMatch(says);
  });

  test('a role that is not among the roles is told', () => {
    expect(member({ ...gang, 'muster.dev/role': 'x' }, [{ name: 'a' }])?.problem).toMatch(/"x" is not among the roles/);
  });

  test('what the replay sends is read back as it was', () => {
    const sized = { cpu: 1, memoryGib: 2 };
    const app = new GangBuilder(
      'etl',
      { driver: { count: 1, ...sized }, executor: { count: 8, min: 3, ...sized } },
      { priority: 5, queue: 'q' },
    );
    const read = toPodInfo(toKubernetesPod(app.leader()), 'Pod');
    expect(read.membership!.spec).toEqual(app.spec);
    expect(read.request).toEqual(app.leader().request);
    expect(toPodInfo(toKubernetesPod(app.member('executor', 2)), 'Pod').membership).toEqual({
      gang: 'jobs/etl',
      role: 'executor',
    });
  });
});

describe('the traceparent of a leader', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
  const SPAN = '00f067aa0ba902b7';
  const roles = JSON.stringify([{ name: 'driver' }]);
  const read = (text: string, labels: object = { 'muster.dev/gang': 'etl', 'muster.dev/role': 'driver' }) => {
    const annotations = { 'muster.dev/roles': roles, 'muster.dev/traceparent': text };
    return toPodInfo({ metadata: { ...metadata, labels, annotations }, spec: {} }, 'Pod').traceParent;
  };

  test.each(['00', '01', 'ff'])('is kept as it is, with flags %s', (flags) => {
    expect(read(`00-${TRACE}-${SPAN}-${flags}`)).toBe(`00-${TRACE}-${SPAN}-${flags}`);
  });

  test.each([
    '',
    'x',
    `00-${TRACE}-${SPAN}`,
    `01-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `00-${TRACE}-${SPAN}-0100`,
  ])('is ignored where it is malformed: %j', (text) => {
    expect(read(text)).toBeUndefined();
  });

  test('is not kept of a pod that leads no gang', () => {
    expect(read(`00-${TRACE}-${SPAN}-01`, { 'muster.dev/gang': 'etl', 'muster.dev/role': 'executor' })).toBeUndefined();
    expect(read(`00-${TRACE}-${SPAN}-01`, {})).toBeUndefined();
  });
});

describe("Palantir's dialect", () => {
  const labels = { 'spark-role': 'driver', 'spark-app-id': 'app-1' };
  const sizes = {
    'spark-driver-cpu': '1',
    'spark-driver-mem': '1Gi',
    'spark-executor-cpu': '2',
    'spark-executor-mem': '4Gi',
    'spark-executor-nvidia.com/gpu': '1',
  };
  const read = (more: object, annotations: object) =>
    toPodInfo(
      {
        metadata: { ...metadata, labels: { ...labels, ...more }, annotations },
        spec: { containers: [asks('1')], nodeSelector: { pool: 's' } },
      },
      'Pod',
    ).membership;

  test('a static and a dynamic application', () => {
    const fixed = read({}, { ...sizes, 'spark-executor-count': '8' })!.spec!.roles[1]!;
    expect([fixed.count, fixed.min, fixed.request.get('cpu'), fixed.request.get('nvidia.com/gpu')]).toEqual([
      8, 8, 2000, 1,
    ]);
    expect(fixed.constraints.nodeSelector.get('pool')).toBe('s');
    const dynamic = read(
      {},
      {
        ...sizes,
        'spark-dynamic-allocation-enabled': 'true',
        'spark-dynamic-allocation-min-executor-count': '2',
        'spark-dynamic-allocation-max-executor-count': '9',
      },
    )!;
    expect([dynamic.spec!.roles[1]!.count, dynamic.spec!.roles[1]!.min]).toEqual([9, 2]);
  });

  test('an executor is known by spark-app-id alone', () => {
    expect(read({ 'spark-role': 'executor' }, {})).toEqual({ gang: 'jobs/app-1', role: 'executor' });
    const plain = { metadata: { ...metadata, labels: { 'spark-role': 'executor', 'spark-app-selector': 'spark-1' } } };
    expect(toPodInfo(plain, 'Pod').membership).toBeUndefined();
  });

  test.each<[object, RegExp]>([
    [{ 'spark-executor-count': '8' }, /spark-executor-cpu is missing/],
    [sizes, /spark-executor-count is missing/],
    [{ ...sizes, 'spark-executor-count': '-1' }, /expected a number from 0 to 10000, got "-1"/],
    [{ ...sizes, 'spark-executor-count': 'many' }, /expected a number from 0 to 10000, got "many"/],
    [{ ...sizes, 'spark-executor-mem': '4gb', 'spark-executor-count': '1' }, /expected a quantity, got "4gb"/],
  ])('%j: the user is told', (annotations, says) => {
    expect(read({}, annotations)?.problem).toMatch(says);
  });
});

describe('manifests', () => {
  const node = { kind: 'Node', metadata: { name: 'n' }, status: { allocatable: { cpu: '1' } } };
  test('JSON and YAML, lists and documents', () => {
    const pods = { kind: 'PodList', items: [{ metadata }] };
    expect(
      parseManifests(JSON.stringify({ kind: 'List', items: [node, { kind: 'Pod', metadata }] }), 'f'),
    ).toMatchObject({ nodes: [{ name: 'n' }], pods: [{ uid: 'u' }] });
    expect(parseManifests(JSON.stringify(pods), 'f').pods).toHaveLength(1);
    expect(
      parseManifests('kind: Node\nmetadata: {name: a}\n---\nkind: Node\nmetadata: {name: b}\n', 'f').nodes.map(
        ({ name }) => name,
      ),
    ).toEqual(['a', 'b']);
  });
  test.each([
    ['{', /^f: /],
    ['kind: Secret\nmetadata: {name: a}\n', /^f\.kind: expected one of Node, Pod, .*, got "Secret"/],
    ['kind: NodeList\nitems: [{}]\n', /^f: items\[0\]\.metadata\.name: is required, but is missing/],
    [
      'kind: Node\nmetadata: {name: a}\nstatus: {allocatable: {cpu: lots}}\n',
      /^f\.status\.allocatable\.cpu: expected a quantity, got "lots"/,
    ],
    ['a: &a [x]\nb: [*a,*a', /^f: /],
    ['just text', /^f: expected an object, got "just text"/],
  ])('%j is refused', (text, says) => {
    expect(() => parseManifests(text, 'f')).toThrow(says);
  });
});
