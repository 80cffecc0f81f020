import { describe, expect, test } from 'vitest';
import { offeredLoad } from '../../../src/replay/offered-load.ts';
import { largerThanCluster } from '../../../src/replay/sim/larger.ts';
import { NodeRoom } from '../../../src/replay/sim/node-room.ts';
import { newPod, newRun } from '../../../src/replay/sim/job-run.ts';
import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { Truth } from '../../../src/replay/sim/truth.ts';
import { app, nodes } from '../../support/replays.ts';

const GIB = 2 ** 30;
const size = (cores: number, gib = 1) =>
  new Map([
    ['cpu', cores * 1000],
    ['memory', gib * GIB],
  ]);

describe('offered load', () => {
  const window = (...rest: Parameters<typeof app>) => [app('first', { durationMs: 0 }), app(...rest)];

  test('is the work of all pods per what the cluster can do until the last submission', () => {
    // 4 pods of a core for 60 s, in a window of 100 s on 2 nodes of 4 cores.
    const jobs = window('a', { submitMs: 100_000 });
    expect(offeredLoad(jobs, nodes(2, 4))).toEqual({ load: 240 / 800, resource: 'cpu', windowMs: 100_000 });
  });

  test('is that of the resource of which most is offered; a job that fails does less', () => {
    // 64 GiB a node: 4 pods of 32 GiB for half a minute.
    const workers = { count: 3, min: 3, request: size(1, 32) };
    const jobs = window('a', { submitMs: 100_000, leader: size(1, 32), workers, failsAt: 0.5 });
    expect(offeredLoad(jobs, nodes(2, 4))).toMatchObject({ load: (4 * 32 * 30) / (2 * 64 * 100), resource: 'memory' });
  });

  test('is 0 where all jobs come at once, and for a resource that no node has', () => {
    expect(offeredLoad([app('a')], nodes(1, 4))).toEqual({ load: 0, resource: 'cpu', windowMs: 0 });
    const jobs = window('a', { submitMs: 1000, durationMs: 0, leader: new Map([['nvidia.com/gpu', 1]]) }, 0);
    expect(offeredLoad(jobs, nodes(1, 4))).toMatchObject({ load: 0 });
  });
});

describe('jobs larger than the cluster', () => {
  const isLarger = (job: ReturnType<typeof app>, cluster = nodes(2, 4)) => largerThanCluster([job], cluster).has(job);

  test.each([
    ['all members fit', app('a', {}, 7), false],
    ['one too many', app('a', {}, 8), true],
    ['those beyond the minimum do not count', app('a', {}, 20, 7), false],
    ['no node is large enough for the leader', app('a', { leader: size(5) }, 0), true],
    [
      'enough in all, but not in whole pods',
      app('a', { leader: size(3), workers: { count: 2, min: 2, request: size(2) } }),
      false,
    ],
    ['room for two of three cores each', app('a', { workers: { count: 3, min: 3, request: size(3) } }), true],
    ['no node has the labels', app('a', { nodeLabels: new Map([['gpu', ['a100']]]) }, 0), true],
    ['no node has the resource', app('a', { leader: new Map([['nvidia.com/gpu', 1]]) }, 0), true],
  ])('%s', (_, job, larger) => {
    expect(isLarger(job)).toBe(larger);
  });

  test('jobs that differ in their minimum alone are judged as each by itself', () => {
    const jobs = [7, 8, 3, 9, 5, 12, 7].map((workers, i) => app(`j${i}`, {}, workers));
    const larger = largerThanCluster(jobs, nodes(2, 4));
    expect(jobs.map((job) => larger.has(job))).toEqual(jobs.map((job) => isLarger(job)));
  });

  test('jobs that differ in what they ask of a node alone are judged as each by itself', () => {
    const zone = { nodeSelector: new Map([['zone', 'a']]), tolerations: [] };
    const jobs = [app('a'), app('b', { constraints: zone }), app('c', { nodeLabels: new Map([['zone', ['a']]]) })];
    const larger = largerThanCluster(jobs, nodes(2, 4));
    expect(jobs.map((job) => larger.has(job))).toEqual([false, true, true]);
  });
});

describe('the room of nodes', () => {
  /** Binds a worker of two of four cores to a node. */
  function bound(truth: Truth, room: NodeRoom, node: string, nowMs: number) {
    const run = newRun(new JobHistory(app('a', { workers: { count: 1, min: 1, request: size(2) } }), 0), 0, 1, 0);
    const pod = newPod(run, 'worker');
    pod.state = 'bound';
    pod.node = node;
    truth.bind(pod, nowMs);
    room.changed(nowMs, node);
    return pod;
  }

  test('what is free and holds no typical worker is stranded', () => {
    const cluster = nodes(2, 4);
    const truth = new Truth(cluster);
    const room = new NodeRoom(truth, cluster, size(3)); // a core of each node is left over
    expect(room.stranded.level).toBe(2000);
    const pod = bound(truth, room, 'n0', 1000); // two cores are left, which hold no typical worker
    expect(room.stranded.level).toBe(3000);
    truth.unbind(pod);
    room.changed(3000, 'n0');
    expect(room.stranded.level).toBe(2000);
    const { bound: shares, stranded, stepMs, nodesPerRow } = room.result(4000);
    // Tenths: half of n0 is bound for two of four seconds; a quarter, a half, a quarter is stranded.
    expect([shares, stranded]).toEqual([
      ['0550', '0000'],
      ['3553', '3333'],
    ]);
    expect([stepMs, nodesPerRow]).toEqual([1000, 1]);
  });

  test('a node that is gone has no room', () => {
    const cluster = nodes(2, 4);
    const truth = new Truth(cluster);
    const room = new NodeRoom(truth, cluster, size(3));
    truth.removeNode('n1');
    room.changed(1000, 'n1');
    expect(room.stranded.level).toBe(1000);
  });

  test('many nodes share rows', () => {
    const cluster = nodes(200, 4);
    const truth = new Truth(cluster);
    const room = new NodeRoom(truth, cluster, size(4));
    for (const node of ['n0', 'n1', 'n2']) bound(truth, room, node, 0);
    const { bound: shares, nodesPerRow } = room.result(1000);
    expect([nodesPerRow, shares.length, shares[0], shares[1]]).toEqual([3, 67, '5', '0']);
  });
});
