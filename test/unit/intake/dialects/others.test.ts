import { describe, expect, test } from 'vitest';
import type { Membership } from '../../../../src/core/model.ts';
import { companionKey, type CompanionKind, type Companions } from '../../../../src/intake/companions.ts';
import { COMPANION_SOURCES } from '../../../../src/intake/companion-sources.ts';
import type { Json } from '../../../../src/intake/field.ts';
import { toPodInfo } from '../../../../src/intake/pod.ts';

type Shelf = Partial<Record<CompanionKind, Record<string, unknown>>>;

interface Shape {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owners?: readonly object[];
  readonly schedulerName?: string;
}

function read(
  { labels = {}, annotations = {}, owners = [], schedulerName = 'muster' }: Shape,
  shelf: Shelf = {},
): Membership | undefined {
  const companions: Companions = {
    get: (kind, namespace, name) => (namespace === 'jobs' ? shelf[kind]?.[name] : undefined) as never,
  };
  const metadata = { name: 'p-0', namespace: 'jobs', uid: 'u', labels, annotations, ownerReferences: owners };
  const spec = {
    schedulerName,
    nodeSelector: { pool: 'x' },
    containers: [{ name: 'c', resources: { requests: { cpu: '2' } } }],
  };
  return toPodInfo({ metadata, spec }, 'Pod', { companions, schedulerNames: new Set(['muster']) }).membership;
}

/** `member 2/4 cpu 2000`, for every role. */
const rolesOf = (found: Membership | undefined) =>
  found?.spec?.roles.map(({ name, min, count, request }) => `${name} ${min}/${count} cpu ${request.get('cpu')}`);

/** The record that the feed would keep of an object. */
function record(kind: CompanionKind, object: Json): unknown {
  return COMPANION_SOURCES.find(({ kinds }) => kinds.includes(kind))!.read(object)[kind];
}

describe('PodGroup of scheduler-plugins', () => {
  const label = { 'scheduling.x-k8s.io/pod-group': 'pg' };
  const shelf = { 'pod-group': { pg: record('pod-group', { spec: { minMember: 4 } }) } };

  test('every member may lead a gang of minMember', () => {
    const found = read({ labels: label }, shelf);
    expect(found).toMatchObject({ gang: 'jobs/pg', role: 'member', spec: { queue: 'default' } });
    expect(rolesOf(found)).toEqual(['member 4/4 cpu 2000']);
    expect(found!.spec!.roles[0]!.constraints.nodeSelector.get('pool')).toBe('x');
  });

  test('the older label', () => {
    expect(rolesOf(read({ labels: { 'pod-group.scheduling.sigs.k8s.io': 'pg' } }, shelf))).toEqual([
      'member 4/4 cpu 2000',
    ]);
  });

  test('a group that is not there yet is waited for', () => {
    expect(read({ labels: label })).toEqual({
      gang: 'jobs/pg',
      role: '',
      problem: 'PodGroup pg is not there yet',
      awaits: companionKey('pod-group', 'jobs', 'pg'),
    });
  });

  test.each([undefined, 0, 1])('minMember %s: each starts alone', (minMember) => {
    expect(
      rolesOf(
        read(
          { labels: label },
          { 'pod-group': { pg: record('pod-group', { spec: { minMember: minMember ?? null } }) } },
        ),
      ),
    ).toEqual(['member 1/1 cpu 2000']);
  });

  test.each([-1, 1e9, '4', {}])('minMember %j is refused by name', (minMember) => {
    expect(() => record('pod-group', { spec: { minMember } })).toThrow(/PodGroup\.spec\.minMember/);
  });
});

describe('PodGroup of Volcano', () => {
  const annotations = { 'scheduling.k8s.io/group-name': 'vg' };

  test('the annotation names it; it has a queue', () => {
    const shelf = { 'volcano-group': { vg: record('volcano-group', { spec: { minMember: 3, queue: 'research' } }) } };
    expect(read({ annotations }, shelf)?.spec).toMatchObject({ key: 'jobs/vg', queue: 'research' });
    expect(rolesOf(read({ annotations: { 'scheduling.volcano.sh/group-name': 'vg' } }, shelf))).toEqual([
      'member 3/3 cpu 2000',
    ]);
  });

  test('one of scheduler-plugins is another object', () => {
    expect(read({ annotations }, { 'pod-group': { vg: { minMember: 3 } } })?.problem).toBe(
      'PodGroup vg is not there yet',
    );
  });
});

describe('YuniKorn', () => {
  const groups = (...list: object[]) => JSON.stringify(list);
  const app = { 'yunikorn.apache.org/app-id': 'etl' };
  const workers = {
    name: 'workers',
    minMember: 5,
    minResource: { cpu: '1500m', memory: '1Gi' },
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
  };

  test("the originator's group leads, with what its pod really asks", () => {
    const annotations = {
      ...app,
      'yunikorn.apache.org/task-group-name': 'head',
      'yunikorn.apache.org/task-groups': groups(workers, { name: 'head', minMember: 1, minResource: { cpu: '9' } }),
    };
    const found = read({ annotations, labels: { queue: 'root.etl' } });
    expect(rolesOf(found)).toEqual(['head 1/1 cpu 2000', 'workers 5/5 cpu 1500']);
    expect(found!.spec).toMatchObject({ key: 'jobs/etl', queue: 'root.etl' });
    expect(found!.spec!.roles[1]!.constraints).toMatchObject({ tolerations: [{ key: 'a' }] });
    expect(found!.spec!.roles[1]!.constraints.nodeSelector.get('disk')).toBe('ssd');
  });

  test('an originator in no group leads alone', () => {
    expect(rolesOf(read({ annotations: { ...app, 'yunikorn.apache.org/task-groups': groups(workers) } }))).toEqual([
      'originator 1/1 cpu 2000',
      'workers 5/5 cpu 1500',
    ]);
  });

  test('a member names its group', () => {
    expect(read({ annotations: { ...app, 'yunikorn.apache.org/task-group-name': 'workers' } })).toEqual({
      gang: 'jobs/etl',
      role: 'workers',
    });
  });

  test.each<[string, string]>([
    ['not JSON', '['],
    ['no list', '{}'],
    ['empty', '[]'],
    ['no name', groups({ minMember: 1 })],
    ['minMember 0', groups({ ...workers, minMember: 0 })],
    ['minMember huge', groups({ ...workers, minMember: 1e6 })],
    ['a bad quantity', groups({ ...workers, minResource: { cpu: 'lots' } })],
    ['a negative quantity', groups({ ...workers, minResource: { cpu: '-1' } })],
    ['70 KiB', groups({ ...workers, name: 'x'.repeat(70_000) })],
  ])('%s: the reason for waiting names the annotation', (_what, text) => {
    expect(read({ annotations: { ...app, 'yunikorn.apache.org/task-groups': text } })?.problem).toMatch(
      /^annotation yunikorn\.apache\.org\/task-groups/,
    );
  });

  test('without an application it says so', () => {
    expect(read({ annotations: { 'yunikorn.apache.org/task-group-name': 'w' } })?.problem).toMatch(/app-id is missing/);
  });
});

describe('Kueue pod groups', () => {
  const labels = { 'kueue.x-k8s.io/pod-group-name': 'kg', 'kueue.x-k8s.io/queue-name': 'user-queue' };

  test('all of them start together', () => {
    const found = read({ labels, annotations: { 'kueue.x-k8s.io/pod-group-total-count': '6' } });
    expect(rolesOf(found)).toEqual(['member 6/6 cpu 2000']);
    expect(found?.spec?.queue).toBe('user-queue');
  });

  test.each([undefined, '0', '-1', 'x', '99999999', '1e3'])('a total of %j is the reason for waiting', (total) => {
    const annotations: Record<string, string> =
      total === undefined ? {} : { 'kueue.x-k8s.io/pod-group-total-count': total };
    expect(read({ labels, annotations })?.problem).toMatch(/^annotation kueue\.x-k8s\.io\/pod-group-total-count/);
  });
});

describe('JobSet', () => {
  const labels = { 'jobset.sigs.k8s.io/jobset-name': 'train', 'jobset.sigs.k8s.io/replicatedjob-name': 'driver' };
  const job = (cpu: string, parallelism?: number) => ({
    spec: {
      parallelism,
      template: { spec: { containers: [{ resources: { requests: { cpu } } }], nodeSelector: { gpu: cpu } } },
    },
  });
  const set = {
    spec: {
      replicatedJobs: [
        { name: 'driver', template: job('1') },
        { name: 'workers', replicas: 2, template: job('4', 8) },
        { name: 'off', replicas: 0, template: job('1') },
      ],
    },
  };
  const shelf = { 'job-set': { train: record('job-set', JSON.parse(JSON.stringify(set)) as Json) } };

  test('each replicated job is a role with all its pods', () => {
    expect(rolesOf(read({ labels }, shelf))).toEqual(['driver 1/1 cpu 1000', 'workers 16/16 cpu 4000']);
    expect(read({ labels: { ...labels, 'jobset.sigs.k8s.io/replicatedjob-name': 'workers' } }, shelf)).toMatchObject({
      gang: 'jobs/train',
      role: 'workers',
    });
  });

  test('a set that is not there yet is waited for; a job that it has not is a problem', () => {
    expect(read({ labels })?.awaits).toBe(companionKey('job-set', 'jobs', 'train'));
    expect(read({ labels: { ...labels, 'jobset.sigs.k8s.io/replicatedjob-name': 'x' } }, shelf)?.problem).toMatch(
      /has no replicated job x/,
    );
  });

  test.each([
    { spec: { replicatedJobs: 'x' } },
    { spec: { replicatedJobs: [{}] } },
    { spec: { replicatedJobs: [{ name: 'a', replicas: 'b' }] } },
  ])('%j is refused by name', (object) => {
    expect(() => record('job-set', object)).toThrow(/JobSet\.spec\.replicatedJobs/);
  });
});

describe('Indexed Job', () => {
  const owners = [{ kind: 'Job', name: 'mpi', controller: true }];
  const labels = { 'muster.dev/gang-job': 'true' };
  const shelf = (spec: object) => ({ job: { mpi: record('job', { spec }) } });

  test('starts whole where its template says so', () => {
    expect(
      rolesOf(read({ labels, owners }, shelf({ completionMode: 'Indexed', parallelism: 8, completions: 8 }))),
    ).toEqual(['member 8/8 cpu 2000']);
    expect(
      rolesOf(
        read({ annotations: labels, owners }, shelf({ completionMode: 'Indexed', parallelism: 8, completions: 3 })),
      ),
    ).toEqual(['member 3/3 cpu 2000']);
  });

  test.each<[string, Shape, Shelf]>([
    ['does not say so', { owners }, shelf({ completionMode: 'Indexed', parallelism: 8 })],
    ['is not indexed', { owners, labels }, shelf({ parallelism: 8 })],
    ['is owned by no Job', { labels }, shelf({ completionMode: 'Indexed' })],
    [
      'is another scheduler’s',
      { owners, labels, schedulerName: 'default-scheduler' },
      shelf({ completionMode: 'Indexed' }),
    ],
  ])('a pod that %s is in no gang', (_what, shape, on) => {
    expect(read(shape, on)).toBeUndefined();
  });

  test('a Job that is not there yet is waited for', () => {
    expect(read({ labels, owners })).toMatchObject({
      problem: 'Job mpi is not there yet',
      awaits: companionKey('job', 'jobs', 'mpi'),
    });
  });
});

test.each<[string, Shape]>([
  ['PodGroup', { labels: { 'scheduling.x-k8s.io/pod-group': 'pg' } }],
  ['Volcano', { annotations: { 'scheduling.k8s.io/group-name': 'vg' } }],
  ['YuniKorn', { annotations: { 'yunikorn.apache.org/task-group-name': 'w', 'yunikorn.apache.org/app-id': 'a' } }],
  ['Kueue', { labels: { 'kueue.x-k8s.io/pod-group-name': 'kg' } }],
  ['JobSet', { labels: { 'jobset.sigs.k8s.io/jobset-name': 't', 'jobset.sigs.k8s.io/replicatedjob-name': 'd' } }],
])("%s: a pod of another scheduler is that scheduler's affair", (_what, shape) => {
  expect(read({ ...shape, schedulerName: 'volcano' })).toBeUndefined();
});

test("a Spark driver in kubeflow's PodGroup is Spark's: its executors count, and not minMember 1", () => {
  const labels = {
    'spark-role': 'driver',
    'spark-app-selector': 'spark-1',
    'sparkoperator.k8s.io/app-name': 'etl',
    'scheduling.x-k8s.io/pod-group': 'etl-pg',
  };
  const shelf = {
    'pod-group': { 'etl-pg': { minMember: 1 } },
    'kubeflow-app': { etl: record('kubeflow-app', { spec: { executor: { instances: 3 } } }) },
  };
  expect(rolesOf(read({ labels }, shelf))).toEqual(['driver 1/1 cpu 2000', 'executor 3/3 cpu 1000']);
});
