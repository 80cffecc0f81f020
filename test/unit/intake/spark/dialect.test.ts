import { describe, expect, test } from 'vitest';
import type { Membership } from '../../../../src/core/model.ts';
import {
  gangObjectKey,
  livingPodKey,
  type GangObjectKind,
  type GangObjects,
  type LivingPod,
} from '../../../../src/intake/gang-objects.ts';
import { GANG_OBJECT_SOURCES } from '../../../../src/intake/gang-object-sources.ts';
import type { Json } from '../../../../src/intake/field.ts';
import { DAEMON_SETS_AS_WRITTEN } from '../../../../src/intake/pinned.ts';
import { toPodInfo } from '../../../../src/intake/pod.ts';
import { apacheAppOf, kubeflowAppOf } from '../../../../src/intake/spark/applications.ts';
import { sparkConfOf, sparkTemplateOf } from '../../../../src/intake/spark/driver-conf.ts';
import { parseProperties } from '../../../../src/intake/spark/properties.ts';

const APP = 'spark-9d1f0a6be8c54b1d9d7f3c2f6a0b7e55';

/** The cluster's gangObjects, by kind and name, all in namespace `spark-jobs`. */
type GangObjectStore = Partial<Record<GangObjectKind, Record<string, unknown>>>;

const gangObjects = (shelf: GangObjectStore): GangObjects => ({
  get: (kind, namespace, name) => (namespace === 'spark-jobs' ? shelf[kind]?.[name] : undefined) as never,
});

interface PodShape {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly schedulerName?: string;
  readonly volumes?: readonly object[];
  readonly owners?: readonly object[];
  /** What the living pods are, by UID. */
  readonly pods?: Record<string, LivingPod>;
}

const CONF_VOLUME = { name: 'spark-conf-volume-driver', configMap: { name: 'drv-conf' } };
const TEMPLATE_VOLUME = { name: 'pod-template-volume', configMap: { name: 'drv-podspec' } };
const OWNER = { apiVersion: 'v1', kind: 'Pod', name: 'd', uid: 'd', controller: true };

function membership(
  { labels = {}, annotations = {}, schedulerName = 'muster', volumes, owners = [], pods = {} }: PodShape,
  shelf: GangObjectStore = {},
): Membership | undefined {
  const resources = { requests: { cpu: '1', memory: '2432Mi' } };
  const object = {
    metadata: {
      name: 'p',
      namespace: 'spark-jobs',
      uid: 'u',
      labels: { 'spark-app-selector': APP, ...labels },
      annotations,
      ownerReferences: owners,
    },
    spec: {
      schedulerName,
      containers: [{ name: 'c', resources }],
      volumes: volumes ?? [CONF_VOLUME],
      nodeSelector: { pool: 'drivers' },
    },
  };
  return toPodInfo(object, 'Pod', {
    gangObjects: gangObjects(shelf),
    livingPod: (uid) => pods[uid],
    schedulerNames: new Set(['muster']),
    daemonSets: DAEMON_SETS_AS_WRITTEN,
  }).membership;
}

const driver = (shape: PodShape = {}, shelf: GangObjectStore = {}) =>
  membership({ ...shape, labels: { 'spark-role': 'driver', 'spark-version': '3.5.1', ...shape.labels } }, shelf);
const executor = (shape: PodShape = {}, shelf: GangObjectStore = {}) =>
  membership(
    {
      volumes: [],
      owners: [OWNER],
      pods: { d: 'spark-driver' },
      ...shape,
      labels: { 'spark-role': 'executor', 'spark-exec-id': '1', 'spark-exec-resourceprofile-id': '0', ...shape.labels },
    },
    shelf,
  );

const confOf = (entries: Record<string, string>) => new Map(Object.entries(entries));
const FOUR = confOf({
  'spark.executor.instances': '4',
  'spark.executor.cores': '4',
  'spark.executor.memory': '8g',
  'spark.kubernetes.memoryOverheadFactor': '0.1',
  'spark.kubernetes.executor.node.selector.pool': 'exec',
});

/** `executor 4/4 cpu 4000 memory 9011Mi`. */
const roleText = (found: Membership | undefined, name = 'executor') => {
  const role = found?.spec?.roles.find((one) => one.name === name);
  return (
    role &&
    `${role.min}/${role.count} cpu ${role.request.get('cpu')} memory ${(role.request.get('memory') ?? 0) / 2 ** 20}Mi`
  );
};

describe('the driver', () => {
  test('declares its gang by the ConfigMap behind its volume', () => {
    const found = driver({}, { 'spark-conf': { 'drv-conf': FOUR } });
    expect(found).toMatchObject({ gang: `spark-jobs/${APP}`, role: 'driver', spec: { name: APP, queue: 'default' } });
    expect(roleText(found, 'driver')).toBe('1/1 cpu 1000 memory 2432Mi');
    expect(roleText(found)).toBe('4/4 cpu 4000 memory 9011Mi');
    expect(found!.spec!.roles.map(({ constraints }) => constraints.nodeSelector.get('pool'))).toEqual([
      'drivers',
      'exec',
    ]);
  });

  test('its queue is a label or an annotation', () => {
    const shelf = { 'spark-conf': { 'drv-conf': FOUR } };
    expect(driver({ labels: { 'muster.dev/queue': 'etl' } }, shelf)?.spec?.queue).toBe('etl');
    expect(driver({ annotations: { 'muster.dev/queue': 'ads' } }, shelf)?.spec?.queue).toBe('ads');
  });

  test('trap 1: the ConfigMap is not there yet, and no ConfigMap does not mean no executors', () => {
    expect(driver()).toEqual({
      gang: `spark-jobs/${APP}`,
      role: 'driver',
      problem: 'ConfigMap drv-conf of the driver does not exist yet',
      awaits: gangObjectKey('spark-conf', 'spark-jobs', 'drv-conf'),
    });
  });

  test('the pod template is waited for as well', () => {
    const found = driver({ volumes: [CONF_VOLUME, TEMPLATE_VOLUME] }, { 'spark-conf': { 'drv-conf': FOUR } });
    expect(found?.awaits).toBe(gangObjectKey('spark-template', 'spark-jobs', 'drv-podspec'));
    const template = {
      spec: { containers: [{}, { resources: { requests: { cpu: '500m' } } }], tolerations: [{ operator: 'Exists' }] },
    };
    const there = driver(
      { volumes: [CONF_VOLUME, TEMPLATE_VOLUME] },
      { 'spark-conf': { 'drv-conf': FOUR }, 'spark-template': { 'drv-podspec': template } },
    );
    expect(roleText(there)).toBe('4/4 cpu 4500 memory 9011Mi');
    expect(there!.spec!.roles[1]!.constraints.tolerations).toHaveLength(1);
  });

  test('trap 6: local[*] makes no executors, whatever spark.executor.instances says', () => {
    const local = new Map([...FOUR, ['spark.kubernetes.driver.master', 'local[*]']]);
    expect(roleText(driver({}, { 'spark-conf': { 'drv-conf': local } }))).toBe('0/0 cpu 4000 memory 9011Mi');
  });

  test('trap 7: 0.4 for Python', () => {
    const python = confOf({
      'spark.kubernetes.resource.type': 'python',
      'spark.executor.memory': '4g',
      'spark.kubernetes.memoryOverheadFactor': '0.4',
    });
    expect(roleText(driver({}, { 'spark-conf': { 'drv-conf': python } }))).toBe('2/2 cpu 1000 memory 5734Mi');
  });

  test('a conf that cannot be is the reason for waiting, with key and value', () => {
    const bad = confOf({ 'spark.executor.memory': '4.5g' });
    expect(driver({}, { 'spark-conf': { 'drv-conf': bad } })).toMatchObject({
      problem: 'spark.executor.memory: expected a size such as 4g or 512m, got "4.5g"',
    });
  });

  test('a driver without conf and without SparkApplication says what to do', () => {
    expect(driver({ volumes: [] })?.problem).toMatch(
      /neither a volume spark-conf-volume-driver nor a SparkApplication.*muster\.dev\/roles/,
    );
  });

  test("another scheduler's driver is none of ours, unless it sends its executors here (Spark 3.1)", () => {
    const shelf = (entries: Record<string, string>) => ({
      'spark-conf': { 'drv-conf': new Map([...FOUR, ...Object.entries(entries)]) },
    });
    expect(driver({ schedulerName: 'volcano' }, shelf({}))).toBeUndefined();
    expect(driver({ schedulerName: 'default-scheduler' })).toBeUndefined();
    expect(driver({ schedulerName: 'default-scheduler' }, shelf({ 'spark.executor.memory': 'x' }))).toBeUndefined();
    expect(
      roleText(
        driver({ schedulerName: 'default-scheduler' }, shelf({ 'spark.kubernetes.executor.scheduler.name': 'muster' })),
      ),
    ).toBe('4/4 cpu 4000 memory 9011Mi');
    expect(
      driver(
        { schedulerName: 'default-scheduler' },
        shelf({ 'spark.kubernetes.scheduler.name': 'muster', 'spark.kubernetes.executor.scheduler.name': 'volcano' }),
      ),
    ).toBeUndefined();
  });
});

describe('precedence', () => {
  const shelf: GangObjectStore = { 'spark-conf': { 'drv-conf': FOUR } };
  const kubeflow = {
    spec: { type: 'Scala', executor: { instances: 3, cores: 2, memory: '2g', nodeSelector: { pool: 'webhook' } } },
  };

  test('muster.dev annotations go before everything', () => {
    const roles = JSON.stringify([{ name: 'driver' }, { name: 'executor', count: 9, requests: { cpu: '1' } }]);
    const found = driver({ labels: { 'muster.dev/gang': 'mine' }, annotations: { 'muster.dev/roles': roles } }, shelf);
    expect(found?.gang).toBe('spark-jobs/mine');
    expect(found?.spec?.roles[1]).toMatchObject({ count: 9, min: 9 });
  });

  test("Palantir's annotations go before the ConfigMap", () => {
    const annotations = { 'spark-executor-count': '7', 'spark-executor-cpu': '1', 'spark-executor-mem': '1Gi' };
    expect(roleText(driver({ annotations }, shelf))).toBe('7/7 cpu 1000 memory 1024Mi');
  });

  test("a SparkApplication's keys go before the ConfigMap's, and what it does not say stays", () => {
    const found = driver(
      { labels: { 'sparkoperator.k8s.io/app-name': 'etl' } },
      { ...shelf, 'kubeflow-app': { etl: kubeflowAppOf(kubeflow) } },
    );
    expect(roleText(found)).toBe('3/3 cpu 2000 memory 2432Mi');
    expect(found!.spec!.roles[1]!.constraints.nodeSelector.get('pool')).toBe('webhook');
  });

  test('a SparkApplication alone will do: nothing is waited for', () => {
    const found = driver(
      { labels: { 'sparkoperator.k8s.io/app-name': 'etl' } },
      { 'kubeflow-app': { etl: kubeflowAppOf(kubeflow) } },
    );
    expect(found?.problem).toBeUndefined();
    expect(roleText(found)).toBe('3/3 cpu 2000 memory 2432Mi');
  });

  test.each([
    ['spark-s', 6],
    ['spark-d', 6],
  ])('the live replicas of %s go before the conf', (prefix, replicas) => {
    const source = GANG_OBJECT_SOURCES.find(({ kinds }) => kinds.includes('spark-replicas'))!;
    const name = `${prefix}-${APP}-0`;
    const object = { metadata: { name, namespace: 'spark-jobs' }, spec: { replicas } };
    expect(source.read({ ...object, metadata: { name: 'web', namespace: 'spark-jobs' } })).toEqual({});
    const live = { ...shelf, 'spark-replicas': { [name]: source.read(object)['spark-replicas'] } };
    expect(roleText(driver({}, live))).toBe('6/6 cpu 4000 memory 9011Mi');
  });

  test("kubeflow's PodGroup label on the same pods changes nothing", () => {
    expect(roleText(driver({ labels: { 'scheduling.x-k8s.io/pod-group': 'etl-pg' } }, shelf))).toBe(
      '4/4 cpu 4000 memory 9011Mi',
    );
  });
});

describe('executors', () => {
  test('traps 2, 3, 4: an executor is a member by its label, whatever its name, and declares nothing', () => {
    expect(executor()).toEqual({ gang: `spark-jobs/${APP}`, role: 'executor' });
  });

  test('trap 12: a finished executor that lingers is none', () => {
    expect(executor({ labels: { 'spark-exec-inactive': 'true' } })).toBeUndefined();
  });

  test('trap 15: in client mode there is no driver, and each executor may start alone', () => {
    const found = executor({ owners: [] });
    expect(found?.spec?.roles).toMatchObject([{ name: 'executor', min: 1, count: 10_000 }]);
    expect(roleText(found)).toBe('1/10000 cpu 1000 memory 2432Mi');
  });

  test('an owner that is no Spark driver, such as a notebook, leaves them in client mode', () => {
    const [notebook, other] = [
      { ...OWNER, uid: 'n' },
      { ...OWNER, uid: 'o' },
    ];
    const pods: Record<string, LivingPod> = { n: 'other', d: 'spark-driver' };
    const plain = { gang: `spark-jobs/${APP}`, role: 'executor' };
    expect(executor({ owners: [notebook], pods })).toEqual(executor({ owners: [] }));
    expect(executor({ owners: [notebook, OWNER], pods })).toEqual(plain);
    expect(executor({ owners: [notebook, other], pods })).toEqual({ ...plain, awaits: livingPodKey('o') });
    expect(executor({ owners: [notebook], pods }, { 'spark-driver': { [APP]: true } })).toEqual(plain);
  });

  test('trap 16: EXECID, and owned by a StatefulSet: the driver is known by the app', () => {
    const owners = [{ kind: 'StatefulSet', name: 's', uid: 's' }];
    expect(executor({ owners, labels: { 'spark-exec-id': 'EXECID' } }, { 'spark-driver': { [APP]: true } })).toEqual({
      gang: `spark-jobs/${APP}`,
      role: 'executor',
    });
  });

  test('trap 17: another resource profile has another shape, so it takes no place that is held', () => {
    expect(executor({ labels: { 'spark-exec-resourceprofile-id': '3' } })).toEqual({
      gang: `spark-jobs/${APP}`,
      role: 'executor',
      isElastic: true,
    });
  });

  test('Spark Connect: a server with a conf leads, one without is client mode', () => {
    expect(
      roleText(membership({ labels: { 'spark-role': 'connect-server' } }, { 'spark-conf': { 'drv-conf': FOUR } })),
    ).toBe('4/4 cpu 4000 memory 9011Mi');
    expect(membership({ labels: { 'spark-role': 'connect-server' }, volumes: [] })).toBeUndefined();
  });

  test('pods of other schedulers, and pods of no app', () => {
    expect(executor({ schedulerName: 'volcano' })).toBeUndefined();
    expect(membership({ labels: { 'spark-app-selector': '', 'spark-role': 'driver' } })).toBeUndefined();
  });
});

describe("the driver's ConfigMap", () => {
  const text = [
    '#Java properties built from Kubernetes config map with name: spark-drv-81d4aa0c4506c9f-conf-map',
    '#Mon Sep 21 14:13:20 UTC 2026',
    'spark.master=k8s\\://https\\://10.0.0.1\\:443',
    'spark.executor.memory=8g',
    'spark.kubernetes.executor.node.selector.example.com/pool=exec\\=1',
    'spark.hadoop.fs.s3a.secret.key=hunter2',
    'spark.executor.instances : 4',
    'spark.app.name=caf\\u00e9 \\',
    '   au lait',
    '',
  ].join('\n');

  test('is kept only as far as gangs depend on it: no secrets', () => {
    const kept = sparkConfOf({ data: { 'spark.properties': text } });
    expect(Object.fromEntries(kept!)).toEqual({
      'spark.executor.memory': '8g',
      'spark.kubernetes.executor.node.selector.example.com/pool': 'exec=1',
      'spark.executor.instances': '4',
    });
  });

  test('is read as Java reads properties', () => {
    const all = parseProperties(text);
    expect(all.get('spark.master')).toBe('k8s://https://10.0.0.1:443');
    expect(all.get('spark.app.name')).toBe('café au lait');
  });

  test.each<[string, Record<string, string>]>([
    ['a=b', { a: 'b' }],
    ['a:b', { a: 'b' }],
    ['a b', { a: 'b' }],
    ['  a  =  b c ', { a: 'b c ' }],
    ['a', { a: '' }],
    ['a\\ b=c', { 'a b': 'c' }],
    ['a\\=b=c', { 'a=b': 'c' }],
    ['a==b', { a: '=b' }],
    ['! no\n# no\na=b', { a: 'b' }],
    ['a=b\\\\\nc=d', { a: 'b\\', c: 'd' }],
    ['a=1\\\r\n  2\r\nb=3', { a: '12', b: '3' }],
    ['a=\\t\\n\\q', { a: '\t\nq' }],
    ['__proto__=x\nconstructor=y', JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>],
    ['a=b\\', { a: 'b' }],
  ])('%j', (properties, expected) => {
    expect([...parseProperties(properties)]).toEqual(Object.entries(expected));
  });

  test('absurdly long texts and values are passed over', () => {
    expect(parseProperties('a=b\n'.repeat(1e6)).size).toBe(0);
    expect(sparkConfOf({ data: { 'spark.properties': `spark.executor.memory=${'9'.repeat(5000)}` } })?.size).toBe(0);
  });

  test.each<[string, Json]>([
    ['another ConfigMap', { data: { 'app.yaml': 'x' } }],
    ['no data', {}],
    ['null data', { data: null }],
  ])('%s is none', (_what, configMap) => {
    expect(sparkConfOf(configMap)).toBeUndefined();
    expect(sparkTemplateOf(configMap)).toBeUndefined();
  });

  test.each([
    ['spec: {nodeSelector: {a: b}}', { spec: { nodeSelector: { a: 'b' } } }],
    ['[', {}],
    ['- a', {}],
    ['', {}],
    ['a: &x [*x]', {}],
  ])('template %j', (yaml, expected) => {
    expect(sparkTemplateOf({ data: { 'podspec-configmap-key': yaml } })).toEqual(expected);
  });
});

describe('SparkApplication', () => {
  test('kubeflow: typed fields go before sparkConf', () => {
    const { conf, executorPod } = kubeflowAppOf({
      spec: {
        type: 'Python',
        memoryOverheadFactor: '0.3',
        sparkConf: { 'spark.executor.instances': '99', 'spark.executor.memory': '1g' },
        nodeSelector: { a: 'all', b: 'all' },
        executor: {
          instances: 5,
          cores: 3,
          coreRequest: '1500m',
          memory: '4g',
          memoryOverhead: '700m',
          nodeSelector: { b: 'executor' },
          gpu: { name: 'nvidia.com/gpu', quantity: 2 },
          tolerations: [{ key: 'x' }],
          sidecars: [{ name: 's' }],
        },
      },
    });
    expect(Object.fromEntries(conf)).toEqual({
      'spark.kubernetes.resource.type': 'python',
      'spark.kubernetes.memoryOverheadFactor': '0.3',
      'spark.executor.instances': '5',
      'spark.executor.cores': '3',
      'spark.kubernetes.executor.request.cores': '1500m',
      'spark.executor.memory': '4g',
      'spark.executor.memoryOverhead': '700m',
      'spark.executor.resource.gpu.amount': '2',
      'spark.executor.resource.gpu.vendor': 'nvidia.com',
    });
    expect(executorPod).toMatchObject({
      nodeSelector: { a: 'all', b: 'executor' },
      tolerations: [{ key: 'x' }],
      containers: [{ name: 's' }],
    });
  });

  test('kubeflow: one executor where nothing is said, unless allocation is dynamic', () => {
    expect(kubeflowAppOf({ spec: {} }).conf.get('spark.executor.instances')).toBe('1');
    const { conf } = kubeflowAppOf({
      spec: { dynamicAllocation: { enabled: true, minExecutors: 2, maxExecutors: 9 } },
    });
    expect(conf.has('spark.executor.instances')).toBe(false);
    expect([
      conf.get('spark.dynamicAllocation.minExecutors'),
      conf.get('spark.dynamicAllocation.maxExecutors'),
    ]).toEqual(['2', '9']);
  });

  test('Apache: everything is in sparkConf, and initExecutors says what makes it viable', () => {
    const app = apacheAppOf({
      spec: {
        sparkConf: { 'spark.executor.instances': '8' },
        pyFiles: 'local:///app.py',
        executorSpec: { podTemplateSpec: { spec: { nodeSelector: { pool: 'x' } } } },
        applicationTolerations: { instanceConfig: { minExecutors: 1, initExecutors: 5, maxExecutors: 8 } },
      },
    });
    expect(app).toMatchObject({ start: 5, template: { spec: { nodeSelector: { pool: 'x' } } } });
    expect(app.conf.get('spark.kubernetes.resource.type')).toBe('python');
  });

  test.each<[string, Json]>([
    ['spec is a text', { spec: 'x' }],
    ['instances is a text', { spec: { executor: { instances: 'x' } } }],
    ['sparkConf holds a number', { spec: { sparkConf: { 'spark.executor.instances': 3 } } }],
  ])('%s: refused by name', (_what, object) => {
    expect(() => kubeflowAppOf(object)).toThrow(/SparkApplication\.spec/);
  });
});
