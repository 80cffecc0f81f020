import { describe, expect, test } from 'vitest';
import { gangObjectKey, type GangObjectRecords } from '../../../../src/intake/gang-objects.ts';
import { read, record, rolesOf } from './pods.ts';

const labelsOf = (job: string) => ({
  'jobset.sigs.k8s.io/jobset-name': 'train',
  'jobset.sigs.k8s.io/replicatedjob-name': job,
});

interface JobOptions {
  readonly cpu?: string;
  readonly parallelism?: number;
  readonly completions?: number;
  readonly schedulerName?: string;
  readonly [field: string]: unknown;
}

/** A JobTemplateSpec. */
function job({ cpu = '1', parallelism, completions, schedulerName = 'muster', ...pod }: JobOptions = {}) {
  const containers = [{ name: 'c', env: [{ name: 'TOKEN', value: 'secret' }], resources: { requests: { cpu } } }];
  return { spec: { parallelism, completions, template: { spec: { schedulerName, containers, ...pod } } } };
}

const shelf = (replicatedJobs: unknown, replicatedJobsStatus?: unknown) => ({
  'job-set': { train: record('job-set', { spec: { replicatedJobs }, status: { replicatedJobsStatus } }) },
});

const driver = { name: 'driver', replicas: 1, template: job() };
const workers = { name: 'workers', replicas: 2, template: job({ cpu: '4', parallelism: 8, completions: 8 }) };

describe('each replicated job is a role with all its pods', () => {
  test('the first leads, and every pod declares them all', () => {
    for (const role of ['driver', 'workers']) {
      const found = read({ labels: labelsOf(role) }, shelf([driver, workers]));
      expect(found).toMatchObject({ gang: 'jobs/train', role, spec: { key: 'jobs/train', queue: 'default' } });
      expect(rolesOf(found)).toEqual(['driver 1/1 cpu 1000', 'workers 16/16 cpu 4000']);
    }
  });

  test.each<[string, object, string]>([
    ['replicas and parallelism left out', { name: 'a', template: job() }, 'a 1/1 cpu 1000'],
    ['fewer completions', { ...workers, template: job({ parallelism: 8, completions: 3 }) }, 'workers 6/6 cpu 1000'],
    ['a work queue', { ...workers, template: job({ parallelism: 8 }) }, 'workers 16/16 cpu 1000'],
    ['no template at all', { name: 'a' }, 'a 1/1 cpu 0'],
  ])('%s', (_what, one, role) => {
    const { name } = one as { name: string };
    expect(rolesOf(read({ labels: labelsOf(name) }, shelf([one])))).toEqual([role]);
  });

  test('its template says how important a pod is', () => {
    const sets = [driver, { ...workers, template: job({ priorityClassName: 'low' }) }];
    const [first, second] = read({ labels: labelsOf('driver') }, shelf(sets))!.spec!.roles;
    expect([first!.priorityClass, second!.priorityClass]).toEqual([undefined, 'low']);
  });

  test('its template says what a pod asks, init containers included, and where it may go', () => {
    const template = job({
      initContainers: [{ name: 'i', restartPolicy: 'Always', resources: { requests: { cpu: '500m' } } }],
      overhead: { cpu: '250m' },
      nodeSelector: { gpu: 'a100' },
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
    });
    const [role] = read({ labels: labelsOf('a') }, shelf([{ name: 'a', template }]))!.spec!.roles;
    expect(role!.request.get('cpu')).toBe(1750);
    expect(role!.constraints).toEqual({
      nodeSelector: new Map([['gpu', 'a100']]),
      tolerations: [{ key: 'gpu', operator: 'Exists', value: '', effect: '' }],
    });
  });

  test('the queue is muster’s label or annotation', () => {
    const labels = { ...labelsOf('driver'), 'muster.dev/queue': 'ml' };
    expect(read({ labels }, shelf([driver]))?.spec?.queue).toBe('ml');
  });
});

describe('of a set that runs', () => {
  const jobs = [{ name: 'download', template: job() }, workers];

  test('jobs that are done are no part any more, and the next one leads', () => {
    const status = [
      { name: 'download', succeeded: 1 },
      { name: 'workers', succeeded: 1 },
    ];
    expect(rolesOf(read({ labels: labelsOf('workers') }, shelf(jobs, status)))).toEqual(['workers 8/8 cpu 4000']);
  });

  test('a pod is one, whatever the status says', () => {
    const status = [{ name: 'download', succeeded: 1 }];
    const found = read({ labels: labelsOf('download') }, shelf(jobs, status));
    expect(rolesOf(found)).toEqual(['download 1/1 cpu 1000', 'workers 16/16 cpu 4000']);
  });

  test.each([-5, 0, null])('%s jobs done are none', (succeeded) => {
    const found = read({ labels: labelsOf('download') }, shelf(jobs, [{ name: 'download', succeeded }]));
    expect(rolesOf(found)).toEqual(['download 1/1 cpu 1000', 'workers 16/16 cpu 4000']);
  });
});

describe('pods of other schedulers', () => {
  const foreign = { name: 'driver', template: job({ schedulerName: 'default-scheduler' }) };

  test('are no part: their leader would never be asked about here', () => {
    expect(rolesOf(read({ labels: labelsOf('workers') }, shelf([foreign, workers])))).toEqual([
      'workers 16/16 cpu 4000',
    ]);
  });

  test('a pod whose scheduler was set past its template joins those whose templates name ours', () => {
    expect(rolesOf(read({ labels: labelsOf('driver') }, shelf([foreign, workers])))).toEqual([
      'driver 1/1 cpu 1000',
      'workers 16/16 cpu 4000',
    ]);
  });

  test('a scheduler that was set on the pods, past the template, is taken for all of that template', () => {
    const found = read(
      { labels: labelsOf('b') },
      shelf([
        { ...foreign, name: 'a' },
        { ...foreign, name: 'b' },
      ]),
    );
    expect(rolesOf(found)).toEqual(['a 1/1 cpu 1000', 'b 1/1 cpu 1000']);
  });
});

test('a set that is not there yet is waited for', () => {
  expect(read({ labels: labelsOf('driver') })).toEqual({
    gang: 'jobs/train',
    role: '',
    problem: 'JobSet train does not exist yet',
    awaits: gangObjectKey('job-set', 'jobs', 'train'),
  });
});

test('one label without the other is no JobSet', () => {
  expect(read({ labels: { 'jobset.sigs.k8s.io/jobset-name': 'train' } }, shelf([driver]))).toBeUndefined();
  expect(read({ labels: { 'jobset.sigs.k8s.io/replicatedjob-name': 'driver' } }, shelf([driver]))).toBeUndefined();
});

const at = 'JobSet train: spec.replicatedJobs';

test.each<[string, readonly object[], string]>([
  ['no such job', [workers], 'label jobset.sigs.k8s.io/replicatedjob-name: JobSet train has no replicated job driver'],
  ['replicas -1', [{ ...driver, replicas: -1 }], `${at}[0].replicas: must be between 0 and 10000, got -1`],
  [
    'replicas huge',
    [driver, { ...workers, replicas: 2 ** 31 }],
    `${at}[1].replicas: must be between 0 and 10000, got 2147483648`,
  ],
  [
    'parallelism -1',
    [{ ...driver, template: job({ parallelism: -1 }) }],
    `${at}[0].parallelism: must be between 0 and 10000, got -1`,
  ],
  [
    'too many together',
    [driver, { ...workers, replicas: 2000 }],
    `${at}[1]: pods of workers: must be between 0 and 10000, got 16000`,
  ],
  [
    'a negative request',
    [{ ...driver, template: job({ cpu: '-1' }) }],
    `${at}[0].template.spec.template.spec.containers[0].resources.requests.cpu: must not be negative, got "-1"`,
  ],
  [
    'a toleration that is none',
    [{ ...driver, template: job({ tolerations: [{ operator: 'is' }] }) }],
    `${at}[0].template.spec.template.spec.tolerations[0].operator: expected one of Exists, Equal, Lt, Gt, got "is"`,
  ],
  [
    '65 jobs',
    [driver, ...Array.from({ length: 64 }, (_, i) => ({ ...driver, name: `w${i}` }))],
    `${at}: must be at most 64 jobs, got 65`,
  ],
])('%s is the reason for waiting', (_what, jobs, problem) => {
  expect(read({ labels: labelsOf('driver') }, shelf(jobs))).toEqual({ gang: 'jobs/train', role: '', problem });
});

test('a record holds no more of a template than a gang depends on', () => {
  const found: GangObjectRecords['job-set'] = shelf([driver])['job-set'].train;
  expect(found.replicatedJobs[0]!.pod).toEqual({
    schedulerName: 'muster',
    containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }],
    initContainers: [],
  });
});
