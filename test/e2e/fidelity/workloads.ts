import type { Constraints, NodeInfo, Taint } from '../../../src/core/model.ts';
import { seeded, type Random } from '../../../src/replay/random.ts';
import type { TraceJob } from '../../../src/replay/trace/job.ts';
import { toNode } from '../../../src/replay/trace/nodes.ts';

const GIB = 2 ** 30;
export const NAMESPACE = 'default';
const ZONE = 'topology.kubernetes.io/zone';

/** What the real kube-scheduler and its simulation both play. */
export interface Workload {
  readonly name: string;
  readonly nodes: readonly NodeInfo[];
  readonly jobs: readonly TraceJob[];
}

/** How many times the pods that CI plays a workload has, at the same rate: it takes as many times longer. */
const SCALE = Number(process.env['MUSTER_FIDELITY_SCALE'] ?? 1);

/** Pods of all shapes on two kinds of nodes: one short of cpu, one of memory. Half the pods wait for others to end. */
export function tightPacking(): Workload {
  const random = seeded('tight packing');
  const nodes = [
    ...Array.from({ length: 24 }, (_, i) => node(`n${i}`, { cpu: 8, gib: 48 })),
    ...Array.from({ length: 12 }, (_, i) => node(`w${i}`, { cpu: 16, gib: 32 })),
  ];
  const jobs = arrivals(random, { count: 360, everyMs: 20 }, (id, submitMs) => {
    const [cpuMilli, gib] = random.pick<readonly [number, number]>(SHAPES);
    return pod(id, { submitMs, cpuMilli, gib, durationMs: random.between(12_000, 30_000) });
  });
  return { name: 'tight packing', nodes, jobs };
}

/** The pods' cpu in millicores and memory in GiB, and how many of each. */
const SHAPES = [
  [[500, 1], 3],
  [[1000, 6], 3],
  [[2000, 4], 3],
  [[3000, 16], 2],
  [[4000, 8], 2],
  [[6000, 24], 1],
  [[7500, 12], 1],
] as const;

/** In GiB. */
const MEMORY = [
  [1, 2],
  [2, 2],
  [6, 2],
  [12, 1],
] as const;

/** Three priorities on equal nodes. Long pods of the lowest fill them and queue; the others come later and evict some. */
export function priorities(): Workload {
  const random = seeded('priorities');
  const nodes = Array.from({ length: 32 }, (_, i) => node(`n${i}`, { cpu: 8, gib: 32 }));
  const cpuMilli = () =>
    random.pick([
      [1000, 4],
      [2000, 4],
      [3000, 2],
      [5000, 1],
    ]);
  const low = arrivals(random, { name: 'low', count: 200, everyMs: 50 }, (id, submitMs) =>
    pod(id, { submitMs, cpuMilli: cpuMilli(), gib: random.pick(MEMORY), durationMs: random.between(20_000, 40_000) }),
  );
  const high = arrivals(random, { name: 'high', count: 130, everyMs: 450 }, (id, submitMs) => {
    const priority = random.pick([
      [100, 2],
      [1000, 1],
    ]);
    const durationMs = random.between(8000, 16_000);
    return pod(id, { submitMs, cpuMilli: cpuMilli(), gib: random.pick(MEMORY), durationMs, priority });
  });
  return { name: 'priorities', nodes, jobs: [...low, ...high].sort((a, b) => a.submitMs - b.submitMs) };
}

/** Three zones, reserved and avoided nodes, two kinds of disks; more than 100 nodes, of which kube-scheduler samples. */
export function taintsAndAffinity(): Workload {
  const random = seeded('taints and affinity');
  const nodes = Array.from({ length: 120 }, (_, i) => {
    const labels = { [ZONE]: `zone-${'abc'[i % 3]}`, disk: i % 5 < 2 ? 'ssd' : 'hdd' };
    return node(`n${i}`, { cpu: 4, gib: 16, labels, taints: taintsOf(i) });
  });
  const jobs = arrivals(random, { count: 400, everyMs: 50 }, (id, submitMs) => {
    const cpuMilli = random.pick([
      [500, 1],
      [1000, 2],
      [2000, 3],
      [3500, 2],
    ]);
    const constraints = random.pick<Constraints>([
      [ANYWHERE, 4],
      [{ ...ANYWHERE, tolerations: [tolerating('dedicated')] }, 3],
      [{ ...ANYWHERE, tolerations: [tolerating('dedicated'), tolerating('spot')] }, 1],
      [{ ...ANYWHERE, nodeSelector: new Map([['disk', 'ssd']]) }, 1],
      [{ ...ANYWHERE, affinity: [[{ on: 'label', key: ZONE, operator: 'In', values: ['zone-a', 'zone-b'] }]] }, 2],
      [{ ...ANYWHERE, affinity: [[{ on: 'label', key: 'disk', operator: 'NotIn', values: ['ssd'] }]] }, 1],
    ]);
    const durationMs = random.between(25_000, 45_000);
    return pod(id, { submitMs, cpuMilli, gib: random.pick(MEMORY), durationMs, constraints });
  });
  return { name: 'taints and affinity', nodes, jobs };
}

/** Spark-like apps on room for half of them. */
export function gangs(): Workload {
  const random = seeded('gangs');
  const nodes = Array.from({ length: 45 }, (_, i) => node(`n${i}`, { cpu: 8, gib: 32 }));
  const jobs = arrivals(random, { count: 36, everyMs: 300 }, (id, submitMs) => {
    const count = 4 + random.below(9);
    const cpuMilli = random.pick([
      [1000, 2],
      [2000, 2],
      [3000, 1],
    ]);
    const request = requestOf({ cpuMilli, gib: random.pick(MEMORY) });
    const leader = pod(id, { submitMs, cpuMilli: 1000, gib: 2, durationMs: random.between(5000, 10_000) });
    return { ...leader, workers: { count, min: count, request } };
  });
  return { name: 'gangs', nodes, jobs };
}

const ANYWHERE: Constraints = { nodeSelector: new Map(), tolerations: [] };

const tolerating = (key: string) => ({ key, operator: 'Exists', value: '', effect: '' }) as const;

function taintsOf(i: number): Taint[] {
  if (i % 4 === 3) return [{ key: 'dedicated', value: 'batch', effect: 'NoSchedule' }];
  return i % 7 === 0 ? [{ key: 'spot', value: 'true', effect: 'PreferNoSchedule' }] : [];
}

interface NodeShape {
  readonly cpu: number;
  readonly gib: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
}

function node(name: string, { cpu, gib, labels = {}, taints = [] }: NodeShape): NodeInfo {
  return { ...toNode(name, { cpuMilli: cpu * 1000, memoryBytes: gib * GIB, gpus: 0, labels }), taints };
}

/** As many jobs as asked, times the scale, at random times. */
function arrivals(
  random: Random,
  { name = 'pod', count, everyMs }: { readonly name?: string; readonly count: number; readonly everyMs: number },
  make: (id: string, submitMs: number) => TraceJob,
): TraceJob[] {
  let atMs = 0;
  return Array.from({ length: count * SCALE }, (_, i) => {
    atMs += Math.round(random.exponential(1 / everyMs));
    return make(`${name}-${i}`, atMs);
  });
}

interface PodShape {
  readonly submitMs: number;
  readonly cpuMilli: number;
  readonly gib: number;
  readonly durationMs: number;
  readonly priority?: number;
  readonly constraints?: Constraints;
}

/** A job of one pod. */
function pod(id: string, { submitMs, cpuMilli, gib, durationMs, priority = 0, constraints }: PodShape): TraceJob {
  return {
    id,
    submitMs,
    namespace: NAMESPACE,
    queue: 'default',
    user: 'anyone',
    priority,
    leader: requestOf({ cpuMilli, gib }),
    workers: { count: 0, min: 0, request: new Map() },
    durationMs: Math.round(durationMs),
    nodeLabels: new Map(),
    ...(constraints ? { constraints } : {}),
    source: 'workloads.ts',
    row: 1,
  };
}

const requestOf = ({ cpuMilli, gib }: Pick<PodShape, 'cpuMilli' | 'gib'>) =>
  new Map([
    ['cpu', cpuMilli],
    ['memory', gib * GIB],
  ]);
