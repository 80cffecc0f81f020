import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../../../../src/core/errors.ts';
import type { Json } from '../../../../src/intake/field.ts';
import { jobSetOf } from '../../../../src/intake/records/job-set.ts';
import { jobOf } from '../../../../src/intake/records/job.ts';
import { podGroupOf } from '../../../../src/intake/records/pod-group.ts';

const json = (text: string) => JSON.parse(text) as Json;

/** What a reader says that is wrong, if it says it as it should; any other error fails the test. */
function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof MusterError) return error.what;
    throw error;
  }
  return 'accepted';
}

describe('podGroupOf', () => {
  test.each<[string, object]>([
    ['{"spec":{"minMember":4}}', { minMember: 4 }],
    ['{"spec":{"minMember":4,"queue":"q","minResources":{"cpu":"1"}}}', { minMember: 4, queue: 'q' }],
    ['{"spec":{"minMember":4,"queue":""}}', { minMember: 4 }],
    ['{"spec":{"minMember":4},"status":{"succeeded":3}}', { minMember: 4, succeeded: 3 }],
    ['{"spec":{"minMember":4},"status":{"succeeded":-3}}', { minMember: 4 }],
    ['{"spec":{"minMember":null}}', { minMember: 1 }],
    ['{"spec":null}', { minMember: 1 }],
    ['{}', { minMember: 1 }],
    ['{"spec":{"minMember":-1}}', { minMember: -1 }],
    ['{"__proto__":{"spec":{"minMember":9}}}', { minMember: 1 }],
  ])('%s', (text, expected) => {
    expect(podGroupOf(json(text))).toEqual(expected);
  });

  test.each<[string, string]>([
    ['{"spec":[]}', 'PodGroup.spec: expected an object, got [].'],
    ['{"spec":{"minMember":"4"}}', 'PodGroup.spec.minMember: expected an integer, got "4".'],
    ['{"spec":{"minMember":1.5}}', 'PodGroup.spec.minMember: expected an integer, got 1.5.'],
    ['{"spec":{"minMember":1e300}}', 'PodGroup.spec.minMember: expected an integer, got 1e+300.'],
    ['{"spec":{"queue":7}}', 'PodGroup.spec.queue: expected a string, got 7.'],
    ['{"status":{"succeeded":"1"}}', 'PodGroup.status.succeeded: expected an integer, got "1".'],
  ])('%s is refused', (text, says) => {
    expect(refusal(() => podGroupOf(json(text)))).toBe(says);
  });
});

describe('jobOf', () => {
  test.each<[string, object]>([
    ['{}', { parallelism: 1, isIndexed: false }],
    [
      '{"spec":{"completionMode":"Indexed","parallelism":8,"completions":8}}',
      { parallelism: 8, completions: 8, isIndexed: true },
    ],
    ['{"spec":{"parallelism":0,"completionMode":"NonIndexed"}}', { parallelism: 0, isIndexed: false }],
    [
      '{"spec":{"parallelism":8,"completions":8},"status":{"succeeded":3}}',
      { parallelism: 8, completions: 5, isIndexed: false },
    ],
    [
      '{"spec":{"parallelism":2,"completions":2},"status":{"succeeded":9}}',
      { parallelism: 2, completions: 0, isIndexed: false },
    ],
    [
      '{"spec":{"parallelism":2,"completions":2},"status":{"succeeded":-9}}',
      { parallelism: 2, completions: 2, isIndexed: false },
    ],
    ['{"spec":{"completions":null,"parallelism":null,"completionMode":null}}', { parallelism: 1, isIndexed: false }],
  ])('%s', (text, expected) => {
    expect(jobOf(json(text))).toEqual(expected);
  });

  test.each<[string, string]>([
    ['{"spec":"x"}', 'Job.spec: expected an object, got "x".'],
    ['{"spec":{"parallelism":"8"}}', 'Job.spec.parallelism: expected an integer, got "8".'],
    ['{"spec":{"completions":9007199254740993}}', 'Job.spec.completions: expected an integer, got 9007199254740992.'],
    ['{"spec":{"completionMode":1}}', 'Job.spec.completionMode: expected a string, got 1.'],
    ['{"status":{"succeeded":"3"}}', 'Job.status.succeeded: expected an integer, got "3".'],
  ])('%s is refused', (text, says) => {
    expect(refusal(() => jobOf(json(text)))).toBe(says);
  });
});

describe('jobSetOf', () => {
  const jobs = 'JobSet.spec.replicatedJobs';

  test.each<[string, readonly (readonly [string, number, number])[]]>([
    ['{}', []],
    ['{"spec":{"replicatedJobs":null}}', []],
    ['{"spec":{"replicatedJobs":[{"name":"a"}]}}', [['a', 1, 1]]],
    [
      '{"spec":{"replicatedJobs":[{"name":"a","replicas":3,"template":{"spec":{"parallelism":4,"completions":2}}}]}}',
      [['a', 3, 2]],
    ],
    [
      '{"spec":{"replicatedJobs":[{"name":"a","replicas":3}]},"status":{"replicatedJobsStatus":[{"name":"a","succeeded":2}]}}',
      [['a', 1, 1]],
    ],
    [
      '{"spec":{"replicatedJobs":[{"name":"a","replicas":3}]},"status":{"replicatedJobsStatus":[{"name":"a","succeeded":9},{"name":"b","succeeded":1}]}}',
      [['a', 0, 1]],
    ],
    [
      '{"spec":{"replicatedJobs":[{"name":"a","replicas":-3}]},"status":{"replicatedJobsStatus":[{"name":"a","succeeded":9}]}}',
      [['a', -3, 1]],
    ],
    ['{"spec":{"replicatedJobs":[{"name":"__proto__"}]}}', [['__proto__', 1, 1]]],
  ])('%s', (text, expected) => {
    const { replicatedJobs } = jobSetOf(json(text));
    expect(replicatedJobs.map(({ name, replicas, parallelism }) => [name, replicas, parallelism])).toEqual(expected);
  });

  test.each<[string, string]>([
    ['{"spec":[]}', 'JobSet.spec: expected an object, got [].'],
    ['{"spec":{"replicatedJobs":"x"}}', `${jobs}: expected a list, got "x".`],
    ['{"spec":{"replicatedJobs":[null]}}', `${jobs}[0]: expected an object, got null.`],
    ['{"spec":{"replicatedJobs":[{}]}}', `${jobs}[0].name: is required, but is missing.`],
    ['{"spec":{"replicatedJobs":[{"name":"a","replicas":"b"}]}}', `${jobs}[0].replicas: expected an integer, got "b".`],
    ['{"spec":{"replicatedJobs":[{"name":"a","template":1}]}}', `${jobs}[0].template: expected an object, got 1.`],
    [
      '{"spec":{"replicatedJobs":[{"name":"a","template":{"spec":{"template":{"spec":{"containers":[1]}}}}}]}}',
      `${jobs}[0].template.spec.template.spec.containers[0]: expected an object, got 1.`,
    ],
    [
      '{"status":{"replicatedJobsStatus":[{}]}}',
      'JobSet.status.replicatedJobsStatus[0].name: is required, but is missing.',
    ],
  ])('%s is refused', (text, says) => {
    expect(refusal(() => jobSetOf(json(text)))).toBe(says);
  });
});

/** Objects that look like what the readers look for, down to some field that does not. */
const KEYS = ['spec', 'status', 'minMember', 'queue', 'parallelism', 'completions', 'completionMode', 'succeeded'];
const LISTS = ['replicatedJobs', 'replicatedJobsStatus', 'containers', 'initContainers'];
const near = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, '', 'Indexed', -1, 0, 3, 1.5, 2 ** 31, 2 ** 60, true),
    fc.dictionary(fc.constantFrom(...KEYS, ...LISTS, 'name', 'replicas', 'template', '__proto__'), tie('value')),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
})).value;

test.each([
  ['podGroupOf', podGroupOf],
  ['jobOf', jobOf],
  ['jobSetOf', jobSetOf],
])('%s reads any object or refuses it by name', (_name, read) => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...KEYS, ...LISTS), near), (object) => {
      expect(refusal(() => read(object))).toMatch(/^accepted$|^(PodGroup|Job|JobSet)\.(spec|status).*: .*\.$/s);
    }),
    { numRuns: 500 },
  );
});
