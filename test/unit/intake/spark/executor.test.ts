import { describe, expect, test } from 'vitest';
import { executorCount } from '../../../../src/intake/spark/executor-count.ts';
import { sparkVersion } from '../../../../src/intake/spark/executor-memory.ts';
import { kubeflowAppOf } from '../../../../src/intake/spark/applications.ts';
import { executorRequests, executorShape } from '../../../../src/intake/spark/executor-pod.ts';
import { mebibytes } from '../../../../src/intake/spark/sizes.ts';

type Conf = Readonly<Record<string, string>>;
const conf = (entries: Conf) => new Map(Object.entries(entries));
const E = 'spark.executor.';
const K = 'spark.kubernetes.';
const JVM = { [`${K}memoryOverheadFactor`]: '0.1' };
const PYTHON = { [`${K}memoryOverheadFactor`]: '0.4', [`${K}resource.type`]: 'python' };

/**
 * Worked out by hand from Spark's formula: heap + overhead + off-heap + PySpark, where the overhead is what is set, or
 * the factor times the heap cut to whole MiB, and at least 384.
 */
describe('what an executor asks is what Spark then requests, byte for byte', () => {
  test.each<[version: string, what: string, conf: Conf, cpu: string, memory: string]>([
    ['3.1', 'nothing set: 1024 + 384', {}, '1', '1408Mi'],
    ['3.1', '8g: 8192 + 819', { ...JVM, [`${E}memory`]: '8g', [`${E}cores`]: '4' }, '4', '9011Mi'],
    ['3.1', '2g: 2048 + 384, since 204 is less', { ...JVM, [`${E}memory`]: '2g' }, '1', '2432Mi'],
    ['3.1', '512m: 512 + 384', { ...JVM, [`${E}memory`]: '512m' }, '1', '896Mi'],
    ['3.1', 'a bare number is MiB: 4096 + 409', { ...JVM, [`${E}memory`]: '4096' }, '1', '4505Mi'],
    ['3.1', '1t: 1048576 + 104857', { ...JVM, [`${E}memory`]: '1t' }, '1', '1153433Mi'],
    ['3.1', 'kilobytes: 4194304k are 4096', { ...JVM, [`${E}memory`]: '4194304k' }, '1', '4505Mi'],
    ['3.1', 'bytes: 5368709120b are 5120 + 512', { ...JVM, [`${E}memory`]: '5368709120b' }, '1', '5632Mi'],
    ['3.1', 'upper case and blanks: 4G', { ...JVM, [`${E}memory`]: ' 4G ' }, '1', '4505Mi'],
    ['3.1', 'two letters: 4gb', { ...JVM, [`${E}memory`]: '4gb' }, '1', '4505Mi'],
    [
      '3.1',
      'explicit overhead: 4096 + 1024',
      { ...JVM, [`${E}memory`]: '4g', [`${E}memoryOverhead`]: '1g' },
      '1',
      '5120Mi',
    ],
    [
      '3.1',
      'explicit overhead below 384 stands: 4096 + 100',
      { ...JVM, [`${E}memory`]: '4g', [`${E}memoryOverhead`]: '100' },
      '1',
      '4196Mi',
    ],
    ['3.1', 'factor 0.2: 4096 + 819', { [`${K}memoryOverheadFactor`]: '0.2', [`${E}memory`]: '4g' }, '1', '4915Mi'],
    [
      '3.1',
      "executor's own factor is not known yet",
      { ...JVM, [`${E}memory`]: '8g', [`${E}memoryOverheadFactor`]: '0.5' },
      '1',
      '9011Mi',
    ],
    ['3.1', 'PySpark 4g: 4096 + 1638', { ...PYTHON, [`${E}memory`]: '4g' }, '1', '5734Mi'],
    [
      '3.1',
      'PySpark with its own memory: 4096 + 1638 + 2048',
      { ...PYTHON, [`${E}memory`]: '4g', [`${E}pyspark.memory`]: '2g' },
      '1',
      '7782Mi',
    ],
    [
      '3.1',
      "PySpark's memory is not for the JVM",
      { ...JVM, [`${E}memory`]: '4g', [`${E}pyspark.memory`]: '2g' },
      '1',
      '4505Mi',
    ],
    [
      '3.1',
      'R: 4096 + 1638',
      { [`${K}memoryOverheadFactor`]: '0.4', [`${K}resource.type`]: 'r', [`${E}memory`]: '4g' },
      '1',
      '5734Mi',
    ],
    [
      '3.1',
      'off-heap is in bytes: 4096 + 409 + 1024',
      {
        ...JVM,
        [`${E}memory`]: '4g',
        'spark.memory.offHeap.enabled': 'true',
        'spark.memory.offHeap.size': '1073741824',
      },
      '1',
      '5529Mi',
    ],
    [
      '3.1',
      'off-heap with a unit: 4096 + 409 + 2048',
      { ...JVM, [`${E}memory`]: '4g', 'spark.memory.offHeap.enabled': 'true', 'spark.memory.offHeap.size': '2g' },
      '1',
      '6553Mi',
    ],
    [
      '3.1',
      'off-heap that is not enabled',
      { ...JVM, [`${E}memory`]: '4g', 'spark.memory.offHeap.size': '2g' },
      '1',
      '4505Mi',
    ],
    [
      '3.1',
      'all of it: 4096 + 1638 + 1024 + 512',
      {
        ...PYTHON,
        [`${E}memory`]: '4g',
        [`${E}pyspark.memory`]: '512m',
        'spark.memory.offHeap.enabled': 'true',
        'spark.memory.offHeap.size': '1g',
      },
      '1',
      '7270Mi',
    ],
    [
      '3.1',
      'request.cores goes before cores',
      { ...JVM, [`${E}cores`]: '4', [`${K}executor.request.cores`]: '500m' },
      '500m',
      '1408Mi',
    ],
    ['3.1', 'request.cores as a decimal', { ...JVM, [`${K}executor.request.cores`]: '0.5' }, '0.5', '1408Mi'],
    [
      '3.3',
      "executor's own factor: 8192 + 4096",
      { ...JVM, [`${E}memory`]: '8g', [`${E}memoryOverheadFactor`]: '0.5' },
      '1',
      '12288Mi',
    ],
    ['3.3', 'without one, that of both: 8192 + 819', { ...JVM, [`${E}memory`]: '8g' }, '1', '9011Mi'],
    [
      '3.3',
      "its own factor goes before Python's 0.4: 4096 + 819",
      { ...PYTHON, [`${E}memory`]: '4g', [`${E}memoryOverheadFactor`]: '0.2' },
      '1',
      '4915Mi',
    ],
    [
      '3.3',
      'overhead goes before any factor',
      { ...JVM, [`${E}memory`]: '8g', [`${E}memoryOverheadFactor`]: '0.5', [`${E}memoryOverhead`]: '512m' },
      '1',
      '8704Mi',
    ],
    [
      '3.3',
      'a least overhead is not known yet',
      { ...JVM, [`${E}memory`]: '1g', [`${E}minMemoryOverhead`]: '1g' },
      '1',
      '1408Mi',
    ],
    ['3.3', '7g: 7168 + 716', { ...JVM, [`${E}memory`]: '7g' }, '1', '7884Mi'],
    ['3.5', '8g: 8192 + 819', { ...JVM, [`${E}memory`]: '8g', [`${E}cores`]: '4' }, '4', '9011Mi'],
    [
      '3.5',
      'factor 0.15: 10240 + 1536',
      { ...JVM, [`${E}memory`]: '10g', [`${E}memoryOverheadFactor`]: '0.15' },
      '1',
      '11776Mi',
    ],
    [
      '3.5',
      'a factor that is no round binary: 0.07 of 6144 is 430',
      { ...JVM, [`${E}memory`]: '6g', [`${E}memoryOverheadFactor`]: '0.07' },
      '1',
      '6574Mi',
    ],
    [
      '3.5',
      'factor 0: 4096 + 384',
      { ...JVM, [`${E}memory`]: '4g', [`${E}memoryOverheadFactor`]: '0.0' },
      '1',
      '4480Mi',
    ],
    [
      '3.5',
      'factor above 1: 1024 + 1536',
      { ...JVM, [`${E}memory`]: '1g', [`${E}memoryOverheadFactor`]: '1.5' },
      '1',
      '2560Mi',
    ],
    [
      '3.5',
      'only a SparkApplication in Python, nothing resolved: 4096 + 1638',
      { [`${K}resource.type`]: 'python', [`${E}memory`]: '4g' },
      '1',
      '5734Mi',
    ],
    ['4.0', '8g: 8192 + 819', { ...JVM, [`${E}memory`]: '8g' }, '1', '9011Mi'],
    [
      '4.0',
      'least overhead: 1024 + 1024',
      { ...JVM, [`${E}memory`]: '1g', [`${E}minMemoryOverhead`]: '1g' },
      '1',
      '2048Mi',
    ],
    [
      '4.0',
      'least overhead below the factor: 8192 + 819',
      { ...JVM, [`${E}memory`]: '8g', [`${E}minMemoryOverhead`]: '256m' },
      '1',
      '9011Mi',
    ],
    [
      '4.0',
      'a smaller least overhead: 1024 + 256',
      { ...JVM, [`${E}memory`]: '1g', [`${E}minMemoryOverhead`]: '256m' },
      '1',
      '1280Mi',
    ],
    [
      '4.1',
      'explicit overhead goes before the least',
      { ...JVM, [`${E}memory`]: '1g', [`${E}minMemoryOverhead`]: '1g', [`${E}memoryOverhead`]: '200m' },
      '1',
      '1224Mi',
    ],
    [
      '4.1',
      'PySpark, off-heap, own factor: 6144 + 1843 + 1024 + 512',
      {
        ...PYTHON,
        [`${E}memory`]: '6g',
        [`${E}memoryOverheadFactor`]: '0.3',
        [`${E}pyspark.memory`]: '512m',
        'spark.memory.offHeap.enabled': 'true',
        'spark.memory.offHeap.size': '1g',
      },
      '1',
      '9523Mi',
    ],
  ])('%s: %s', (version, _what, entries, cpu, memory) => {
    expect(executorRequests({ conf: conf(entries), version: sparkVersion(version) })).toEqual({ cpu, memory });
  });

  test('custom resources are named vendor/name', () => {
    const entries = {
      [`${E}resource.gpu.amount`]: '2',
      [`${E}resource.gpu.vendor`]: 'nvidia.com',
      [`${E}resource.fpga.amount`]: '1',
    };
    expect(executorRequests({ conf: conf(entries), version: [3, 5] })).toEqual({
      cpu: '1',
      memory: '1408Mi',
      'nvidia.com/gpu': '2',
    });
  });

  test.each([
    [`${E}memory`, '4.5g', 'expected a size'],
    [`${E}memory`, '-1g', 'expected a size'],
    [`${E}memory`, '', 'expected a size'],
    [`${E}memory`, '999999999999999p', 'expected a size below 8 PiB'],
    [`${E}memoryOverhead`, 'lots', 'expected a size'],
    [`${E}cores`, '1.5', 'expected a non-negative integer'],
    [`${E}memoryOverheadFactor`, 'NaN', 'expected a number such as 0.1'],
    [`${E}memoryOverheadFactor`, '-0.1', 'expected a number such as 0.1'],
    ['spark.memory.offHeap.enabled', 'yes', 'expected true or false'],
  ])('%s: %j is refused by name', (key, value, says) => {
    const read = () => executorRequests({ conf: conf({ [key]: value }), version: [4, 0] });
    expect(read).toThrow(`${key}: ${says}`);
    expect(read).toThrow(`, got ${JSON.stringify(value)}.`);
  });
});

test.each([
  ['3.5.1', [3, 5]],
  ['4.0.0-preview2', [4, 0]],
  [undefined, [3, 1]],
  ['latest', [3, 1]],
])('version %s', (label, version) => {
  expect(sparkVersion(label)).toEqual(version);
});

test.each([
  ['1535k', 1],
  ['1023k', 0],
  ['2097152', 2_097_152],
])('%s is %i MiB', (text, size) => {
  expect(mebibytes(conf({ x: text }), 'x')).toBe(size);
});

describe('how many executors', () => {
  const D = 'spark.dynamicAllocation.';
  const dynamic = (entries: Conf) => ({ [`${D}enabled`]: 'true', ...entries });

  test.each<[what: string, conf: Conf, min: number, count: number, start?: number]>([
    ['Spark makes two where nothing is said', {}, 2, 2],
    ['as many as are said', { [`${E}instances`]: '8' }, 8, 8],
    ['none', { [`${E}instances`]: '0' }, 0, 0],
    ['local[*] makes none, whatever is said', { [`${K}driver.master`]: 'local[*]', [`${E}instances`]: '8' }, 0, 0],
    ['local[4] makes none', { [`${K}driver.master`]: 'local[4]' }, 0, 0],
    ['dynamic: from none to no end', dynamic({}), 0, 10_000],
    ['dynamic: min and max', dynamic({ [`${D}minExecutors`]: '2', [`${D}maxExecutors`]: '20' }), 2, 20],
    [
      'dynamic: starts with initialExecutors',
      dynamic({ [`${D}minExecutors`]: '2', [`${D}initialExecutors`]: '5', [`${D}maxExecutors`]: '20' }),
      5,
      20,
    ],
    [
      'dynamic: starts with instances where that is more',
      dynamic({ [`${D}minExecutors`]: '2', [`${E}instances`]: '7', [`${D}maxExecutors`]: '20' }),
      7,
      20,
    ],
    ['dynamic: max below what it starts with', dynamic({ [`${D}minExecutors`]: '6', [`${D}maxExecutors`]: '4' }), 6, 6],
    ['dynamic: max as Spark writes no end', dynamic({ [`${D}maxExecutors`]: '2147483647' }), 0, 10_000],
    ['no more pods than allocation.maximum', { [`${E}instances`]: '50', [`${K}allocation.maximum`]: '10' }, 10, 10],
    ['maxPendingPods plays no part', { [`${E}instances`]: '50', [`${K}allocation.maxPendingPods`]: '5' }, 50, 50],
    ["the operator's word for viable", { [`${E}instances`]: '10' }, 4, 10, 4],
    ["the operator's word, dynamic", dynamic({ [`${D}maxExecutors`]: '20' }), 4, 20, 4],
  ])('%s', (_what, entries, min, count, start) => {
    const isDynamic = entries[`${D}enabled`] === 'true';
    expect(executorCount(conf(entries), start)).toEqual({ min, count, ...(isDynamic ? { isDynamic } : {}) });
  });

  test.each([
    [`${E}instances`, '20000'],
    [`${E}instances`, '-1'],
    [`${E}instances`, 'many'],
    [`${D}enabled`, '1'],
  ])('%s: %j is refused', (key, value) => {
    expect(() => executorCount(conf({ [key]: value }))).toThrow(key);
  });
});

describe('the pod template', () => {
  const template = {
    spec: {
      nodeSelector: { disk: 'nvme', pool: 'template' },
      tolerations: [{ key: 'spark', operator: 'Exists' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
          },
        },
      },
      initContainers: [{ name: 'fetch', resources: { requests: { cpu: '8', memory: '1Gi' } } }],
      containers: [
        { name: 'sidecar', resources: { limits: { cpu: '250m', memory: '128Mi' } } },
        { name: 'spark', resources: { requests: { cpu: '99', memory: '99Gi', 'ephemeral-storage': '10Gi' } } },
      ],
    },
  };

  test('Spark sets cpu and memory of its own container, and everything else stays', () => {
    const entries = {
      [`${K}executor.podTemplateContainerName`]: 'spark',
      [`${K}node.selector.pool`]: 'both',
      [`${K}executor.node.selector.pool`]: 'executors',
      [`${E}cores`]: '2',
    };
    const { request, constraints } = executorShape({ conf: conf(entries), version: [3, 5], template });
    // cpu: the init container's 8 is more than 2 + 0.25; memory: 1408 + 128 MiB is more than its 1 GiB.
    expect(Object.fromEntries(request)).toEqual({
      cpu: 8000,
      memory: 1536 * 2 ** 20,
      'ephemeral-storage': 10 * 2 ** 30,
      pods: 1,
    });
    expect(Object.fromEntries(constraints.nodeSelector)).toEqual({ disk: 'nvme', pool: 'executors' });
    expect(constraints.tolerations).toMatchObject([{ key: 'spark', operator: 'Exists' }]);
    expect(constraints.affinity).toEqual([[{ on: 'label', key: 'zone', operator: 'In', values: ['a'] }]]);
  });

  test('without a name the first container is the one', () => {
    const { request } = executorShape({
      conf: conf({}),
      version: [3, 5],
      template: { spec: { containers: [...template.spec.containers].reverse() } },
    });
    expect(request.get('cpu')).toBe(1250);
    expect(request.get('ephemeral-storage')).toBe(10 * 2 ** 30);
  });

  test("an operator's webhook adds to it", () => {
    const added = {
      nodeSelector: { gpu: 'yes' },
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      affinity: {},
      containers: [{ name: 'log', resources: { requests: { cpu: '100m' } } }],
      initContainers: [],
    };
    const { request, constraints } = executorShape({
      conf: conf({}),
      version: [3, 5],
      template: { spec: { tolerations: template.spec.tolerations } },
      added,
    });
    expect(request.get('cpu')).toBe(1100);
    expect(constraints.tolerations.map(({ key }) => key)).toEqual(['spark', 'gpu']);
    expect(constraints.nodeSelector.get('gpu')).toBe('yes');
  });

  test('says how important executors are, unless the operator does', () => {
    const classOf = (spec: object, added?: object) =>
      executorShape({ conf: conf({}), version: [3, 5], template: { spec }, ...(added ? { added: { ...added } } : {}) })
        .priorityClass;
    expect(classOf({})).toBeUndefined();
    expect(classOf({ priorityClassName: 'low' })).toBe('low');
    expect(classOf({ priorityClassName: 'low' }, { priorityClassName: 'mid' })).toBe('mid');
    const { executorPod } = kubeflowAppOf({ spec: { executor: { priorityClassName: 'mid' } } });
    expect(classOf({}, executorPod)).toBe('mid');
  });

  test.each([
    { spec: 'x' },
    { spec: { containers: 'x' } },
    { spec: { containers: [3] } },
    { spec: { nodeSelector: { a: 1 } } },
  ])('%j is refused by name', (broken) => {
    expect(() => executorShape({ conf: conf({}), version: [3, 5], template: broken })).toThrow(/executor pod/);
  });
});
