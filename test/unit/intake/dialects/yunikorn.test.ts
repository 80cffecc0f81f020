import { expect, test } from 'vitest';
import { read, rolesOf, type Shape } from './pods.ts';

const GROUP = 'yunikorn.apache.org/task-group-name';
const GROUPS = 'yunikorn.apache.org/task-groups';
const groups = (...list: readonly unknown[]) => JSON.stringify(list);
const app = { 'yunikorn.apache.org/app-id': 'etl' };
const head = { name: 'head', minMember: 1, minResource: { cpu: '9' } };
const workers = {
  name: 'workers',
  minMember: 5,
  minResource: { cpu: '1500m', memory: '1Gi', 'nvidia.com/gpu': 1 },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'a', operator: 'Exists' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }],
      },
    },
  },
};

test("the originator's group leads, with what its pod really asks and where it may go", () => {
  const found = read({ annotations: { ...app, [GROUP]: 'head', [GROUPS]: groups(workers, head) } });
  expect(found).toMatchObject({ gang: 'jobs/etl', role: 'head', spec: { key: 'jobs/etl', name: 'etl' } });
  expect(rolesOf(found)).toEqual(['head 1/1 cpu 2000', 'workers 5/5 cpu 1500']);
  expect(found!.spec!.roles[0]!.constraints.nodeSelector.get('pool')).toBe('x');
});

test('another group asks what it declares, and goes where it declares', () => {
  const found = read({ annotations: { ...app, [GROUP]: 'head', [GROUPS]: groups(workers, head) } });
  const { request, constraints } = found!.spec!.roles[1]!;
  expect(Object.fromEntries(request)).toEqual({ cpu: 1500, memory: 2 ** 30, 'nvidia.com/gpu': 1, pods: 1 });
  expect(constraints).toEqual({
    nodeSelector: new Map([['disk', 'ssd']]),
    tolerations: [{ key: 'a', operator: 'Exists', value: '', effect: '' }],
    affinity: [[{ on: 'label', key: 'zone', operator: 'In', values: ['b'] }]],
  });
});

test.each<[string, Record<string, string>, readonly string[]]>([
  ['that names none', {}, ['originator 1/1 cpu 2000', 'workers 5/5 cpu 1500']],
  ['that names one not declared', { [GROUP]: 'boss' }, ['boss 1/1 cpu 2000', 'workers 5/5 cpu 1500']],
])('an originator %s leads alone', (_what, own, roles) => {
  expect(rolesOf(read({ annotations: { ...app, ...own, [GROUPS]: groups(workers) } }))).toEqual(roles);
});

test('a minMember of 0 counts as 1, for the group that leads and for the others', () => {
  const none = (group: object) => ({ ...group, minMember: 0 });
  const found = read({ annotations: { ...app, [GROUP]: 'head', [GROUPS]: groups(none(head), none(workers)) } });
  expect(found!.problem).toBeUndefined();
  expect(rolesOf(found)).toEqual(['head 1/1 cpu 2000', 'workers 1/1 cpu 1500']);
});

test('a member names its group, and declares nothing', () => {
  expect(read({ annotations: { ...app, [GROUP]: 'workers' } })).toEqual({ gang: 'jobs/etl', role: 'workers' });
});

test.each<[string, Shape]>([
  ['of an application', { annotations: app }],
  ['with an empty group', { annotations: { ...app, [GROUP]: '' } }],
  ['of a Spark application', { labels: { 'spark-app-selector': 'spark-1' } }],
])('a pod %s that declares no group is in no gang', (_what, shape) => {
  expect(read(shape)).toBeUndefined();
});

test.each<[string, Shape, string]>([
  ['label app-id before the annotation', { labels: { 'yunikorn.apache.org/app-id': 'l' }, annotations: app }, 'l'],
  ['annotation app-id before applicationId', { labels: { applicationId: 'old' }, annotations: app }, 'etl'],
  ['applicationId before Spark', { labels: { applicationId: 'old', 'spark-app-selector': 's' } }, 'old'],
  ["Spark's own label", { labels: { 'spark-app-selector': 's' } }, 's'],
  ['an empty one is none', { labels: { 'yunikorn.apache.org/app-id': '', applicationId: 'old' } }, 'old'],
])('the application: %s', (_what, { labels = {}, annotations = {} }, name) => {
  expect(read({ labels, annotations: { ...annotations, [GROUP]: 'w' } })?.gang).toBe(`jobs/${name}`);
});

test.each<[string, Shape, string]>([
  ['none', {}, 'default'],
  ['the old label', { labels: { queue: 'root.old' } }, 'root.old'],
  [
    'the annotation',
    { labels: { queue: 'root.old' }, annotations: { 'yunikorn.apache.org/queue': 'root.a' } },
    'root.a',
  ],
  [
    'the label',
    { labels: { 'yunikorn.apache.org/queue': 'root.l' }, annotations: { 'yunikorn.apache.org/queue': 'root.a' } },
    'root.l',
  ],
  ["an annotation queue is not YuniKorn's", { annotations: { queue: 'root.x' } }, 'default'],
])('the queue: %s', (_what, { labels = {}, annotations = {} }, queue) => {
  expect(read({ labels, annotations: { ...app, ...annotations, [GROUPS]: groups(workers) } })?.spec?.queue).toBe(queue);
});

const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;

test.each<[string, string, string]>([
  ['no JSON', '[', ': expected JSON, got "["'],
  ['nothing', '', ': expected JSON, got ""'],
  ['null', 'null', ': expected a list of 1 to 16 groups, got null'],
  ['an object', '{}', ': expected a list of 1 to 16 groups, got {}'],
  ['an empty list', '[]', ': expected a list of 1 to 16 groups, got []'],
  ['17 groups', groups(...Array<object>(17).fill(head)), ': expected a list of 1 to 16 groups, got ['],
  ['70 KiB', groups({ ...workers, name: 'x'.repeat(70_000) }), ': must be at most 65536 characters long'],
  ['lists 30,000 deep', deep, '[0]: expected an object, got a list'],
  ['a group null', '[null]', '[0]: expected an object, got null'],
  ['no name', groups({ minMember: 1 }), '[0].name: is required, but is missing'],
  [
    'a name of blanks',
    groups({ ...head, name: 'a b' }),
    '[0].name: expected a name of at most 253 letters, digits, "-", "_" and ".", got "a b"',
  ],
  [
    'a name __proto__',
    groups({ ...head, name: '__proto__' }),
    '[0].name: expected a name of at most 253 letters, digits, "-", "_" and ".", got "__proto__"',
  ],
  ['a name twice', groups(head, workers, head), ': two groups have the same name'],
  ['no minMember', groups({ name: 'a' }), '[0].minMember: must be between 1 and 10000, got 0'],
  ['minMember -3', groups(workers, { ...head, minMember: -3 }), '[1].minMember: must be between 1 and 10000, got -3'],
  ['minMember huge', groups({ ...head, minMember: 1e6 }), '[0].minMember: must be between 1 and 10000, got 1000000'],
  ['minMember 1.5', groups({ ...head, minMember: 1.5 }), '[0].minMember: expected an integer, got 1.5'],
  ['minMember a text', groups({ ...head, minMember: '1' }), '[0].minMember: expected an integer, got "1"'],
  [
    'a bad quantity',
    groups({ ...head, minResource: { cpu: 'lots' } }),
    '[0].minResource.cpu: expected a quantity, got "lots"',
  ],
  [
    'a negative quantity',
    groups({ ...head, minResource: { cpu: '-1' } }),
    '[0].minResource.cpu: must not be negative, got "-1"',
  ],
  [
    'a huge quantity',
    groups({ ...head, minResource: { cpu: '9e18' } }),
    '[0].minResource.cpu: must be at most 2^53 - 1, got "9000000000000000000000"',
  ],
  ['resources a list', groups({ ...head, minResource: [] }), '[0].minResource: expected an object, got []'],
  [
    'a bad toleration',
    groups({ ...head, tolerations: [{ operator: 'is' }] }),
    '[0].tolerations[0].operator: expected one of Exists, Equal, Lt, Gt, got "is"',
  ],
  ['a bad selector', groups({ ...head, nodeSelector: { a: 1 } }), '[0].nodeSelector["a"]: expected a string, got 1'],
])('task-groups of %s: the reason for waiting says where', (_what, text, says) => {
  const found = read({ annotations: { ...app, [GROUPS]: text } });
  expect(found).toMatchObject({ gang: 'jobs/etl', role: '' });
  expect(found!.problem!.startsWith(`annotation ${GROUPS}`)).toBe(true);
  expect(found!.problem).toContain(says);
  expect(found!.problem!.length).toBeLessThan(300);
});

test('what groups claim of `pods` does not count: a member is one pod', () => {
  const text = groups({ ...workers, minResource: { pods: '0' } });
  expect(read({ annotations: { ...app, [GROUPS]: text } })!.spec!.roles[1]!.request).toEqual(new Map([['pods', 1]]));
});

test.each<[string, Record<string, string>, RegExp]>([
  ['no application', { [GROUP]: 'w' }, /^label or annotation yunikorn\.apache\.org\/app-id is missing/],
  [
    'an application of 10,000 characters',
    { 'yunikorn.apache.org/app-id': 'x'.repeat(1e4), [GROUP]: 'w' },
    /^annotation yunikorn\.apache\.org\/app-id: expected a name .*, got "x+\.\.\.$/,
  ],
  [
    'a group that is a path',
    { ...app, [GROUP]: '../w' },
    /^annotation yunikorn\.apache\.org\/task-group-name: expected a name .*, got "\.\.\/w"$/,
  ],
  [
    'a queue with a line break',
    { ...app, 'yunikorn.apache.org/queue': 'a\nb', [GROUPS]: groups(workers) },
    /^annotation yunikorn\.apache\.org\/queue: expected a queue name .*, got "a\\nb"$/,
  ],
])('%s is the reason for waiting', (_what, annotations, reason) => {
  expect(read({ annotations })?.problem).toMatch(reason);
});
