import fc from 'fast-check';
import { expect, test } from 'vitest';
import { podOf, read, record, rolesOf, type Shape, type GangObjectStore } from './pods.ts';

const GROUP = { 'scheduling.x-k8s.io/pod-group': 'pg' };
const VOLCANO = { 'scheduling.k8s.io/group-name': 'vg' };
const YUNIKORN = { 'yunikorn.apache.org/task-group-name': 'w', 'yunikorn.apache.org/app-id': 'yk' };
const KUEUE = { 'kueue.x-k8s.io/pod-group-name': 'kg' };
const JOB_SET = { 'jobset.sigs.k8s.io/jobset-name': 'js', 'jobset.sigs.k8s.io/replicatedjob-name': 'd' };
const JOB = { 'muster.dev/gang-job': 'true' };
const owners = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'ij', controller: true }];

test.each<[string, Shape]>([
  ['YuniKorn', { annotations: YUNIKORN }],
  ['Volcano', { annotations: VOLCANO }],
  ['PodGroup', { labels: GROUP }],
  ['Kueue', { labels: KUEUE }],
  ['JobSet', { labels: JOB_SET }],
  ['Indexed Job', { labels: JOB, owners }],
])("%s: a pod of another scheduler is that scheduler's affair", (_what, shape) => {
  expect(read(shape)).toBeDefined();
  expect(read({ ...shape, schedulerName: 'volcano' })).toBeUndefined();
});

test.each<[string, Shape, string]>([
  [
    "muster's own is first",
    { labels: { 'muster.dev/gang': 'own', 'muster.dev/role': 'r', ...GROUP }, annotations: { ...YUNIKORN } },
    'own',
  ],
  ['then YuniKorn', { labels: { ...GROUP, ...KUEUE, ...JOB_SET }, annotations: { ...YUNIKORN, ...VOLCANO } }, 'yk'],
  ['then Volcano', { labels: { ...GROUP, ...KUEUE, ...JOB_SET }, annotations: VOLCANO }, 'vg'],
  ['then PodGroup', { labels: { ...GROUP, ...KUEUE, ...JOB_SET } }, 'pg'],
  ['then Kueue', { labels: { ...KUEUE, ...JOB_SET, ...JOB }, owners }, 'kg'],
  ['then JobSet', { labels: { ...JOB_SET, ...JOB }, owners }, 'js'],
  ['then the Indexed Job', { labels: JOB, owners }, 'ij'],
])('a pod of several dialects: %s', (_what, shape, gang) => {
  expect(read(shape)?.gang).toBe(`jobs/${gang}`);
});

test.each<[string, Record<string, string>, Record<string, string>]>([
  ['scheduler-plugins', { 'scheduling.x-k8s.io/pod-group': 'etl-pg' }, {}],
  ['Volcano', {}, { 'scheduling.k8s.io/group-name': 'etl-pg' }],
  ['YuniKorn', { queue: 'root' }, { ...YUNIKORN, 'yunikorn.apache.org/task-groups': '[{"name":"w","minMember":1}]' }],
])(
  "a Spark driver that kubeflow's operator prepared for %s is Spark's: its executors count",
  (_what, labels, annotations) => {
    const spark = { 'spark-role': 'driver', 'spark-app-selector': 'spark-1', 'sparkoperator.k8s.io/app-name': 'etl' };
    const shelf: GangObjectStore = {
      'pod-group': { 'etl-pg': { minMember: 1 } },
      'volcano-group': { 'etl-pg': { minMember: 1 } },
      'kubeflow-app': { etl: record('kubeflow-app', { spec: { executor: { instances: 3 } } }) },
    };
    const found = read({ labels: { ...spark, ...labels }, annotations }, shelf);
    expect(found?.gang).toBe('jobs/spark-1');
    expect(rolesOf(found)).toEqual(['driver 1/1 cpu 2000', 'executor 3/3 cpu 1000']);
  },
);

test('a pod that nobody knows is in no gang', () => {
  expect(read({ labels: { app: 'web' }, owners })).toBeUndefined();
});

const KEYS = [
  ...Object.keys({ ...GROUP, ...VOLCANO, ...YUNIKORN, ...KUEUE, ...JOB_SET, ...JOB }),
  'scheduling.volcano.sh/group-name',
  'yunikorn.apache.org/task-groups',
  'kueue.x-k8s.io/pod-group-total-count',
  'applicationId',
];
const value = fc.oneof(
  fc.constantFrom('', 'true', 'g', '5', '-1', '[{"name":"g","minMember":2}]', '[{"name":"g","minMember":-2}]', '../x'),
  fc.string({ maxLength: 20 }),
  fc.json({ maxDepth: 2 }),
);
const number = fc.constantFrom(-1, 0, 1, 3, 10_000, 10_001, Number.MAX_SAFE_INTEGER);
const texts = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 });

test('whatever a pod claims, it is in no gang, in one of 1 to 10,000 a role, or hears why not', () => {
  fc.assert(
    fc.property(texts, texts, number, number, (labels, annotations, a, b) => {
      const replicatedJobs = [{ name: 'g', replicas: a, parallelism: b, pod: {} }];
      const shelf: GangObjectStore = {
        'pod-group': { g: { minMember: a } },
        'volcano-group': { g: { minMember: a } },
        job: { ij: { parallelism: a, completions: b, isIndexed: true } },
        'job-set': { g: { replicatedJobs } },
      };
      const { membership } = podOf({ labels, annotations, owners }, shelf);
      if (membership?.problem !== undefined) expect(membership.problem.length).toBeGreaterThan(5);
      for (const { min, count } of membership?.spec?.roles ?? []) {
        expect(min).toBeGreaterThanOrEqual(1);
        expect(count).toBeGreaterThanOrEqual(min);
        expect(count).toBeLessThanOrEqual(10_000);
      }
      if (membership?.spec) expect(membership.spec.roles.map(({ name }) => name)).toContain(membership.role);
    }),
    { numRuns: 2000 },
  );
});
