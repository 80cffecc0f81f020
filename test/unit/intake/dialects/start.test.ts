import { expect, test } from 'vitest';
import type { PodInfo } from '../../../../src/core/model.ts';
import { node } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';
import { podOf, record, type Shape, type GangObjectStore } from './pods.ts';

/** Nodes of pool x, where the pods of these tests may go. */
const nodes = (...cpus: readonly number[]) => cpus.map((cpu, i) => node(`n${i}`, { cpu, labels: { pool: 'x' } }));
const started = (answers: readonly string[]) => answers.filter((answer) => answer.startsWith('-> ')).length;
/** Asks about each pod in turn, then again about those that wait, as kube-scheduler does once one of them is bound. */
function startAll(world: World, pods: readonly PodInfo[]): string[] {
  const first = pods.map((pod) => world.start(pod));
  return pods.map((pod, i) => (first[i]!.startsWith('-> ') ? first[i]! : world.start(pod)));
}
const group = (name: string, cpu = '2'): Shape => ({ name, cpu, labels: { 'scheduling.x-k8s.io/pod-group': 'pg' } });
const shelf: GangObjectStore = { 'pod-group': { pg: { minMember: 3 } } };

test('a PodGroup starts whole or not at all, whoever is asked about first', () => {
  const world = new World(nodes(2, 2));
  const pods = ['c', 'a', 'b'].map((name) => podOf(group(name), shelf));
  expect(startAll(world, pods)).toEqual(
    Array(3).fill('waits: cannot start on this cluster: even the empty cluster has too little room for role member'),
  );
  world.node(node('n2', { cpu: 2, labels: { pool: 'x' } }));
  expect(started(startAll(world, pods.reverse()))).toBe(3);
});

test('members beyond minMember take spare room, and wait where there is none', () => {
  const world = new World(nodes(4, 4));
  const pods = ['a', 'b', 'c', 'd', 'e'].map((name) => podOf(group(name), shelf));
  const answers = [...startAll(world, pods.slice(0, 3)), ...startAll(world, pods.slice(3))];
  expect(started(answers)).toBe(4);
  expect(answers[4]).toBe('waits: no room for a member beyond the minimum');
});

test('a member that asks more than the one that was asked about first is moved to where it fits', () => {
  const world = new World(nodes(2, 2, 2, 6));
  const [b, a, c] = startAll(world, [
    podOf(group('b', '5'), shelf),
    podOf(group('a'), shelf),
    podOf(group('c'), shelf),
  ]);
  expect(c).toMatch(/^-> /);
  expect(b).toBe('-> n3');
  expect(a).toMatch(/^-> n[012]$/);
});

test('a group that is not there yet keeps its pods waiting, and they start when it has come', () => {
  const world = new World(nodes(8));
  const early = ['a', 'b', 'c'].map((name) => world.start(podOf(group(name))));
  expect(early).toEqual(Array(3).fill('waits: PodGroup pg does not exist yet'));
  expect(
    started(
      startAll(
        world,
        ['a', 'b', 'c'].map((name) => podOf(group(name), shelf)),
      ),
    ),
  ).toBe(3);
});

test('of a Job of YuniKorn every pod carries the declaration: the first leads, and all find their places', () => {
  const annotations = {
    'yunikorn.apache.org/app-id': 'sleep',
    'yunikorn.apache.org/task-group-name': 'g',
    'yunikorn.apache.org/task-groups': '[{"name":"g","minMember":3,"minResource":{"cpu":"2"}}]',
  };
  const pods = ['a', 'b', 'c'].map((name) => podOf({ name, annotations }));
  const full = new World(nodes(4));
  expect(full.start(pods[0]!)).toMatch(/^waits: /);
  const world = new World(nodes(4, 2));
  expect(started(pods.map((pod) => world.start(pod)))).toBe(3);
});

test('the last pod of an Indexed Job that has to be run again needs room for itself alone', () => {
  const owners = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'mpi', controller: true }];
  const pod = (name: string, succeeded: number) =>
    podOf(
      { name, owners, labels: { 'muster.dev/gang-job': 'true' } },
      {
        job: {
          mpi: record('job', {
            spec: { completionMode: 'Indexed', parallelism: 3, completions: 3 },
            status: { succeeded },
          }),
        },
      },
    );
  const world = new World(nodes(6));
  expect(started(['a', 'b', 'c'].map((name) => world.start(pod(name, 0))))).toBe(3);
  for (const name of ['a', 'b', 'c']) world.gone(pod(name, 2));
  world.bind({ ...podOf({ name: 'other', cpu: '4' }) }, 'n0');
  expect(world.start(pod('c-again', 2))).toBe('-> n0');
});

const jobSetPod = (name: string, job: string, succeeded: Readonly<Record<string, number>> = {}) => {
  const containers = [{ name: 'c', resources: { requests: { cpu: '2' } } }];
  const template = (parallelism: number) => ({
    spec: { parallelism, template: { spec: { schedulerName: 'muster', nodeSelector: { pool: 'x' }, containers } } },
  });
  const set = {
    spec: {
      replicatedJobs: [
        { name: 'download', template: template(1) },
        { name: 'trainer', template: template(2) },
      ],
    },
    status: { replicatedJobsStatus: Object.entries(succeeded).map(([of, n]) => ({ name: of, succeeded: n })) },
  };
  const labels = { 'jobset.sigs.k8s.io/jobset-name': 'js', 'jobset.sigs.k8s.io/replicatedjob-name': job };
  return podOf({ name, labels }, { 'job-set': { js: record('job-set', set) } });
};

test('a JobSet starts whole: the first job’s pod brings the room of the others', () => {
  expect(new World(nodes(2, 2)).start(jobSetPod('d', 'download'))).toMatch(/^waits: /);
  const world = new World(nodes(2, 2, 2));
  expect(world.start(jobSetPod('t0', 'trainer'))).toBe('waits: gang waits for its leader');
  expect(
    started(
      [jobSetPod('d', 'download'), ...['t0', 't1'].map((t) => jobSetPod(t, 'trainer'))].map((pod) => world.start(pod)),
    ),
  ).toBe(3);
});

test('when the first job of a JobSet is done, the next one leads', () => {
  const world = new World(nodes(2, 2, 2));
  const download = jobSetPod('d', 'download');
  world.start(download);
  world.gone(download);
  const trainers = ['t0', 't1'].map((name) => world.start(jobSetPod(name, 'trainer', { download: 1 })));
  expect(started(trainers)).toBe(2);
});
