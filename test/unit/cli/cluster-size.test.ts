import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countFor, lostJobs, resized, sizedNodes } from '../../../src/cli/cluster-size.ts';
import { offeredLoad } from '../../../src/replay/offered-load.ts';
import { toNode } from '../../../src/replay/trace/nodes.ts';
import type { TraceJob } from '../../../src/replay/trace/job.ts';

const node = (name: string, cores: number) =>
  toNode(name, { cpuMilli: cores * 1000, memoryBytes: 2 ** 40, gpus: 0, labels: {} });
const cluster = (...cores: readonly number[]) => cores.map((one, i) => node(`n-${i}`, one));

/** A single pod that wants this many cores for an hour. */
const job = (row: number, submitMs: number, cores: number): TraceJob => ({
  id: `job-${row}`,
  submitMs,
  namespace: 'any',
  queue: 'any',
  user: 'any',
  priority: 0,
  leader: new Map([['cpu', cores * 1000]]),
  workers: { count: 0, min: 0, request: new Map() },
  durationMs: 3_600_000,
  nodeLabels: new Map(),
  source: 'any',
  row,
});

// 4 + 4 core-hours within an hour: 8 cores' worth.
const jobs = [job(1, 0, 4), job(2, 3_600_000, 4)];

test('the offered load is as near as whole nodes allow', () => {
  const four = cluster(4, 4, 4, 4);
  expect(countFor(four, jobs, 1)).toBe(2);
  expect(countFor(four, jobs, 0.5)).toBe(4);
  expect(countFor(four, jobs, 0.7)).toBe(3);
  expect(countFor(four, jobs, 0.25)).toBe(8);
  expect(countFor(four, jobs, 100)).toBe(1);
});

test('no number of nodes is nearer, whatever the nodes', () => {
  const cores = fc.array(fc.integer({ min: 4, max: 9 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(cores, fc.integer({ min: 1, max: 40 }), (sizes, tenths) => {
      const nodes = cluster(...sizes);
      const far = (count: number) => Math.abs(offeredLoad(jobs, resized(nodes, count)).load - tenths / 10);
      const count = countFor(nodes, jobs, tenths / 10);
      expect(far(count)).toBeLessThanOrEqual(Math.min(count > 1 ? far(count - 1) : Infinity, far(count + 1)));
    }),
  );
});

test('nodes are taken evenly over the list, and copied under other names where there are too few', () => {
  const names = (count: number) => resized(cluster(1, 2, 3, 4), count).map(({ name }) => name);
  expect(names(2)).toEqual(['n-0', 'n-2']);
  expect(names(6)).toEqual(['n-0', 'n-1', 'n-2', 'n-3', 'n-0-copy-1', 'n-1-copy-1']);
});

test('the name says what was asked for', () => {
  const all = { nodes: cluster(4, 4, 4, 4), name: 'n.yaml' };
  const name = (size: Parameters<typeof sizedNodes>[2]) => sizedNodes(all, jobs, size).name;
  expect(name({ load: 1 })).toBe('n.yaml');
  expect(name({ load: 2 })).toBe('n.yaml, load x 2');
  expect(name({ load: 1, nodesCount: 3 })).toBe('n.yaml, 3 nodes');
  expect(name({ load: 1, offered: 0.9 })).toBe('n.yaml, offered load 0.9');
});

test('two ways of saying how many nodes are one too many, and jobs that come at once offer no load', () => {
  const all = { nodes: cluster(4), name: 'n' };
  expect(() => sizedNodes(all, jobs, { load: 2, offered: 0.9 })).toThrow('Give only one of');
  expect(() => sizedNodes(all, jobs, { load: 1, offered: 0.9, nodesCount: 3 })).toThrow('Give only one of');
  expect(() => sizedNodes(all, jobs.slice(0, 1), { load: 1, offered: 0.9 })).toThrow('submitted at once');
});

test('a warning tells of jobs that only the whole cluster can hold', () => {
  const all = { nodes: cluster(4, 9, 4, 9), name: 'n' };
  const half = sizedNodes(all, jobs, { load: 2 });
  const large = [job(1, 0, 4), job(2, 1, 8), job(3, 2, 8), job(4, 3, 50)];
  expect(half.nodes.map(({ name }) => name)).toEqual(['n-0', 'n-2']);
  expect(lostJobs(large, all, half)).toBe('2 jobs larger than the cluster, because it has 2 nodes and not 4');
  expect(lostJobs(jobs, all, half)).toBeUndefined();
  expect(lostJobs(large, all, all)).toBeUndefined();
});
