import { describe, expect, test } from 'vitest';
import { gangObjectKey } from '../../../../src/intake/gang-objects.ts';
import { read, record, rolesOf, type Shape, type GangObjectStore } from './pods.ts';

describe('members that have succeeded', () => {
  const pods = (of: 'pod-group' | 'volcano' | 'kueue', succeeded: number, min = 6) => {
    switch (of) {
      case 'pod-group': {
        const labels = { 'scheduling.x-k8s.io/pod-group': 'g' };
        const counted = { 'succeeded-in-pod-group': { g: succeeded } };
        return read({ labels }, { 'pod-group': { g: { minMember: min } }, ...counted });
      }
      case 'volcano': {
        const annotations = { 'scheduling.k8s.io/group-name': 'g' };
        return read({ annotations }, { 'volcano-group': { g: { minMember: min, succeeded } } });
      }
      case 'kueue': {
        const labels = { 'kueue.x-k8s.io/pod-group-name': 'g' };
        const annotations = { 'kueue.x-k8s.io/pod-group-total-count': String(min) };
        return read({ labels, annotations }, { 'succeeded-in-kueue-group': { g: succeeded } });
      }
    }
  };

  test.each(['pod-group', 'volcano', 'kueue'] as const)('of a group of 6 (%s) need no room any more', (of) => {
    const roles = [0, 1, 5].map((succeeded) => rolesOf(pods(of, succeeded)));
    expect(roles).toEqual([['member 6/6 cpu 2000'], ['member 5/5 cpu 2000'], ['member 1/1 cpu 2000']]);
  });

  test.each(['pod-group', 'volcano', 'kueue'] as const)(
    'as many as the group has (%s): another run starts whole',
    (of) => {
      expect([6, 7].map((succeeded) => rolesOf(pods(of, succeeded)))).toEqual(Array(2).fill(['member 6/6 cpu 2000']));
    },
  );

  test('a PodGroup waits for the pods that are still to come; Kueue has seen to that itself', () => {
    const waits = (of: Parameters<typeof pods>[0], succeeded: number) =>
      pods(of, succeeded)?.spec?.waitsForAll ?? false;
    expect([0, 5, 6].map((n) => waits('pod-group', n))).toEqual([true, true, false]);
    expect([0, 5, 6].map((n) => waits('volcano', n))).toEqual([true, true, false]);
    expect([0, 5, 6].map((n) => waits('kueue', n))).toEqual([false, false, false]);
  });

  test('the status of a PodGroup of scheduler-plugins does not count: it stays when the group is used again', () => {
    const labels = { 'scheduling.x-k8s.io/pod-group': 'g' };
    expect(rolesOf(read({ labels }, { 'pod-group': { g: { minMember: 6, succeeded: 5 } } }))).toEqual([
      'member 6/6 cpu 2000',
    ]);
  });
});

describe('PodGroup of scheduler-plugins', () => {
  const labels = { 'scheduling.x-k8s.io/pod-group': 'pg' };
  const shelf = (minMember: number): GangObjectStore => ({ 'pod-group': { pg: { minMember } } });

  test('every member may lead a gang of minMember, planned with what it asks itself', () => {
    const found = read({ labels }, shelf(4));
    expect(found).toMatchObject({ gang: 'jobs/pg', role: 'member', spec: { key: 'jobs/pg', queue: 'default' } });
    expect(rolesOf(found)).toEqual(['member 4/4 cpu 2000']);
    expect(found!.spec!.roles[0]!.constraints.nodeSelector.get('pool')).toBe('x');
  });

  test('the older label', () => {
    const older = { 'pod-group.scheduling.sigs.k8s.io': 'pg' };
    expect(rolesOf(read({ labels: older }, shelf(4)))).toEqual(['member 4/4 cpu 2000']);
  });

  test('has no queue of its own: muster’s label or annotation says it', () => {
    expect(read({ labels: { ...labels, 'muster.dev/queue': 'a' } }, shelf(4))?.spec?.queue).toBe('a');
    expect(read({ labels, annotations: { 'muster.dev/queue': 'b' } }, shelf(4))?.spec?.queue).toBe('b');
  });

  test('a group that is not there yet is waited for', () => {
    expect(read({ labels })).toEqual({
      gang: 'jobs/pg',
      role: '',
      problem: 'PodGroup pg does not exist yet',
      awaits: gangObjectKey('pod-group', 'jobs', 'pg'),
    });
  });

  test('a pod with an empty label is in no gang', () => {
    expect(read({ labels: { 'scheduling.x-k8s.io/pod-group': '' } }, shelf(4))).toBeUndefined();
  });

  test.each([0, 1])('minMember %i: each starts alone', (minMember) => {
    expect(rolesOf(read({ labels }, shelf(minMember)))).toEqual(['member 1/1 cpu 2000']);
  });

  test.each([-1, 10_001, 2 ** 31])(
    'minMember %i is the reason for waiting, under the name of the gang',
    (minMember) => {
      expect(read({ labels }, shelf(minMember))).toEqual({
        gang: 'jobs/pg',
        role: '',
        problem: `PodGroup pg: spec.minMember: must be between 0 and 10000, got ${minMember}`,
      });
    },
  );
});

describe('PodGroup of Volcano', () => {
  const annotations = { 'scheduling.k8s.io/group-name': 'vg' };
  const shelf: GangObjectStore = { 'volcano-group': { vg: { minMember: 3, queue: 'research' } } };

  test.each(['scheduling.k8s.io/group-name', 'scheduling.volcano.sh/group-name'])('%s names it', (annotation) => {
    const found = read({ annotations: { [annotation]: 'vg' } }, shelf);
    expect(found?.spec).toMatchObject({ key: 'jobs/vg', queue: 'research' });
    expect(rolesOf(found)).toEqual(['member 3/3 cpu 2000']);
  });

  test('one of scheduler-plugins is another object', () => {
    expect(read({ annotations }, { 'pod-group': { vg: { minMember: 3 } } })).toMatchObject({
      problem: 'PodGroup vg does not exist yet',
      awaits: gangObjectKey('volcano-group', 'jobs', 'vg'),
    });
  });

  test.each<[string, string]>([
    ['a path', '../vg'],
    ['blanks', 'v g'],
    ['a line break', 'vg\n'],
    ['300 characters', 'v'.repeat(300)],
    ['a prototype', '__proto__'],
  ])('%s is no name', (_what, name) => {
    expect(read({ annotations: { 'scheduling.k8s.io/group-name': name } }, shelf)?.problem).toMatch(
      /^annotation scheduling\.k8s\.io\/group-name: expected a name of at most 253 letters, .*, got ".{1,90}$/,
    );
  });

  test.each<[object, RegExp]>([
    [{ minMember: -1 }, /^PodGroup vg: spec\.minMember: .*, got -1$/],
    [{ minMember: 1, queue: 'a b' }, /^PodGroup vg: spec\.queue: .*, got "a b"$/],
    [{ minMember: 1, queue: 'q'.repeat(1000) }, /^PodGroup vg: spec\.queue: .*, got "qqq.{1,90}\.\.\.$/],
  ])('a spec of %j is the reason for waiting', (spec, reason) => {
    expect(read({ annotations }, { 'volcano-group': { vg: record('volcano-group', { spec }) } })?.problem).toMatch(
      reason,
    );
  });
});

describe('Kueue pod groups', () => {
  const labels = { 'kueue.x-k8s.io/pod-group-name': 'kg', 'kueue.x-k8s.io/queue-name': 'user-queue' };
  const total = 'kueue.x-k8s.io/pod-group-total-count';

  test('all of them start together, in the queue that Kueue has', () => {
    const found = read({ labels, annotations: { [total]: '6' } });
    expect(rolesOf(found)).toEqual(['member 6/6 cpu 2000']);
    expect(found?.spec).toMatchObject({ key: 'jobs/kg', queue: 'user-queue' });
  });

  test('a pod that is only queued by Kueue is in no gang', () => {
    expect(read({ labels: { 'kueue.x-k8s.io/queue-name': 'user-queue' } })).toBeUndefined();
  });

  test.each<[string | undefined, string]>([
    [undefined, 'is missing'],
    ['', 'expected a number from 1 to 10000, got ""'],
    ['0', 'expected a number from 1 to 10000, got "0"'],
    ['-1', 'expected a number from 1 to 10000, got "-1"'],
    ['x', 'expected a number from 1 to 10000, got "x"'],
    ['1e3', 'expected a number from 1 to 10000, got "1e3"'],
    ['10001', 'expected a number from 1 to 10000, got "10001"'],
    ['9'.repeat(400), `expected a number from 1 to 10000, got "${'9'.repeat(76)}...`],
  ])('a total of %j is the reason for waiting', (text, says) => {
    const annotations: Record<string, string> = text === undefined ? {} : { [total]: text };
    expect(read({ labels, annotations })).toEqual({
      gang: 'jobs/kg',
      role: '',
      problem: `annotation ${total}${text === undefined ? '' : ':'} ${says}`,
    });
  });
});

describe('Indexed Job', () => {
  const owners = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'mpi', controller: true }];
  const labels = { 'muster.dev/gang-job': 'true' };
  const shelf = (spec: object, status: object = {}): GangObjectStore => ({
    job: { mpi: record('job', { spec, status }) },
  });
  const indexed = { completionMode: 'Indexed', parallelism: 8, completions: 8 };

  test.each<[string, Shape, GangObjectStore, string]>([
    ['by a label', { labels, owners }, shelf(indexed), 'member 8/8 cpu 2000'],
    ['by an annotation', { annotations: labels, owners }, shelf(indexed), 'member 8/8 cpu 2000'],
    ['with fewer completions', { labels, owners }, shelf({ ...indexed, completions: 3 }), 'member 3/3 cpu 2000'],
    ['with more completions', { labels, owners }, shelf({ ...indexed, completions: 99 }), 'member 8/8 cpu 2000'],
    ['of which 6 are done', { labels, owners }, shelf(indexed, { succeeded: 6 }), 'member 2/2 cpu 2000'],
    ['of which all are done', { labels, owners }, shelf(indexed, { succeeded: 8 }), 'member 1/1 cpu 2000'],
  ])('%s: starts whole', (_what, shape, on, roles) => {
    expect(rolesOf(read(shape, on))).toEqual([roles]);
  });

  test.each<[string, Shape, GangObjectStore]>([
    ['does not say so', { owners }, shelf(indexed)],
    ['says no', { owners, labels: { 'muster.dev/gang-job': 'false' } }, shelf(indexed)],
    ['is not indexed', { owners, labels }, shelf({ parallelism: 8 })],
    ['runs one pod at a time', { owners, labels }, shelf({ ...indexed, parallelism: 1 })],
    ['is owned by no Job', { labels }, shelf(indexed)],
    [
      'is owned by a Job that does not control it',
      { labels, owners: [{ ...owners[0], controller: false }] },
      shelf(indexed),
    ],
    [
      "is owned by Volcano's Job",
      { labels, owners: [{ ...owners[0], apiVersion: 'batch.volcano.sh/v1alpha1' }] },
      shelf(indexed),
    ],
  ])('a pod that %s is in no gang', (_what, shape, on) => {
    expect(read(shape, on)).toBeUndefined();
  });

  test('a Job that is not there yet is waited for', () => {
    expect(read({ labels, owners })).toEqual({
      gang: 'jobs/mpi',
      role: '',
      problem: 'Job mpi does not exist yet',
      awaits: gangObjectKey('job', 'jobs', 'mpi'),
    });
  });

  test.each<[readonly object[], string]>([
    [[{ ...owners[0], name: 5 }], 'Pod.metadata.ownerReferences[0].name: expected a string, got 5'],
    [[{}, { ...owners[0], name: '' }], 'Pod.metadata.ownerReferences[1].name: is required, but is empty'],
    [
      [{ ...owners[0], controller: 'yes' }],
      'Pod.metadata.ownerReferences[0].controller: expected true or false, got "yes"',
    ],
    [[null as unknown as object], 'Pod.metadata.ownerReferences[0]: expected an object, got null'],
  ])('owners %j are the reason for waiting', (broken, problem) => {
    expect(read({ labels, owners: broken }, shelf(indexed))?.problem).toBe(problem);
  });

  test('more than 10,000 pods at once are refused by name', () => {
    const huge = shelf({ ...indexed, parallelism: 2 ** 31 - 1, completions: 2 ** 31 - 1 });
    expect(read({ labels, owners }, huge)?.problem).toBe(
      'Job mpi: spec.parallelism: must be between 0 and 10000, got 2147483647',
    );
  });
});

describe("Koordinator's quota", () => {
  const quota = { 'quota.scheduling.koordinator.sh/name': 'team-a' };
  const group = { 'pod-group.scheduling.sigs.k8s.io': 'pg' };
  const shelf: GangObjectStore = { 'pod-group': { pg: { minMember: 2 } } };
  const queueOf = (labels: Record<string, string>) => read({ labels }, shelf)?.spec?.queue;

  test('is the queue of a gang that names none', () => {
    expect(queueOf({ ...group, ...quota })).toBe('team-a');
    expect(queueOf({ ...group, ...quota, 'muster.dev/queue': 'own' })).toBe('own');
    expect(read({ labels: { ...quota, 'spark-role': 'driver' } })).toBeUndefined();
  });
});
