import type { NodeInfo, PodInfo, Taint } from '../../src/core/model.ts';

/** A pod that is bound before the case begins. */
interface PlacedPod {
  readonly pod: PodInfo;
  readonly node: string;
  /** status.startTime, in s. */
  readonly startedS: number;
}

/** A small cluster, pods that ask for a node one after the other, and what the real kube-scheduler v1.36 does. */
export interface KubeCase {
  /** What it shows, as a sentence. */
  readonly name: string;
  readonly nodes: readonly NodeInfo[];
  readonly placed: readonly PlacedPod[];
  /** Each is submitted when the one before has a node. */
  readonly waiting: readonly PodInfo[];
  /** For each waiting pod the nodes one of which it takes. */
  readonly expected: readonly (readonly string[])[];
  /** The placed pods that are evicted, one of these lists; absent: none. */
  readonly evicted?: readonly (readonly string[])[];
  /** Its workers filter nodes in parallel, so that it may look at a few nodes of the list's end before the last. */
  readonly isNearly?: true;
}

const MIB = 2 ** 20;

/** Whole cores of `cpu` in thousandths, memory in MiB; an absent amount is not requested. */
interface Size {
  readonly cpu?: number;
  readonly memory?: number;
}

function amounts({ cpu, memory }: Size, pods: number): Map<string, number> {
  const out = new Map([['pods', pods]]);
  if (cpu !== undefined) out.set('cpu', cpu);
  if (memory !== undefined) out.set('memory', memory * MIB);
  return out;
}

const node = (name: string, size: Size, taints: readonly Taint[] = []): NodeInfo => ({
  name,
  labels: new Map([['kubernetes.io/hostname', name]]),
  taints,
  unschedulable: false,
  allocatable: amounts(size, 110),
  images: new Set(),
});

const pod = (name: string, size: Size, priority = 0): PodInfo => ({
  uid: `jobs/${name}`,
  namespace: 'jobs',
  name,
  labels: new Map(),
  schedulerName: 'default-scheduler',
  priority,
  request: amounts(size, 1),
  constraints: { nodeSelector: new Map(), tolerations: [] },
  images: [],
  terminal: false,
  deleting: false,
});

const on = (name: string, placed: PodInfo, startedS = 0): PlacedPod => ({ pod: placed, node: name, startedS });
const BIG = { cpu: 10_000, memory: 10_000 };
const CORE = { cpu: 1000, memory: 1000 };
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `n${String(i).padStart(3, '0')}`);
const SAMPLED = numbered(300);

/** The outcomes are kube-scheduler's; the arithmetic is from its source (src/replay/kube-scheduler). */
export const KUBE_CASES: readonly KubeCase[] = [
  {
    // a: Fit (59 + 60) / 2 = 59, Balanced 50 + (50 + 99 - 80) / 2 = 84, together 143
    // b: Fit (80 + 41) / 2 = 60, Balanced 50 + (50 + 80 - 100) / 2 = 65, together 125
    name: 'BalancedAllocation outweighs LeastAllocated, which alone would choose the other node',
    nodes: [node('a', BIG), node('b', BIG)],
    placed: [on('a', pod('cpu-bound', { cpu: 4000, memory: 0 })), on('b', pod('even', { cpu: 1900, memory: 1900 }))],
    waiting: [pod('memory-bound', { cpu: 100, memory: 4000 })],
    expected: [['a']],
  },
  {
    // Both nodes have 1,000m and 1,000 MiB in use. a: ten pods that ask nothing count as 1,000m and 2,000 MiB more.
    name: 'pods without requests count as 100m and 200 MiB for LeastAllocated',
    nodes: [node('a', BIG), node('b', BIG)],
    placed: [
      on('a', pod('one', CORE)),
      on('b', pod('two', CORE)),
      ...numbered(10).map((name) => on('a', pod(name, {}))),
    ],
    waiting: [pod('next', CORE)],
    expected: [['b']],
  },
  {
    name: 'among equal nodes any is as good',
    nodes: [node('a', BIG), node('b', BIG), node('c', BIG)],
    placed: [on('c', pod('early', CORE))],
    waiting: [pod('next', CORE)],
    expected: [['a', 'b']],
  },
  {
    // a: Fit 90, Balanced 75, TaintToleration 3 x 0; b: Fit 40, Balanced 75, TaintToleration 3 x 100
    name: 'a taint PreferNoSchedule weighs more than an empty node',
    nodes: [node('a', BIG, [{ key: 'spot', value: '', effect: 'PreferNoSchedule' }]), node('b', BIG)],
    placed: [on('b', pod('half', { cpu: 5000, memory: 5000 }))],
    waiting: [pod('next', CORE)],
    expected: [['b']],
  },
  {
    // Of 300 nodes, 48 % are enough: 144. The next pod's search begins where this one's ended.
    name: 'of 300 nodes only 144 are looked at, and the next pod sees the next',
    nodes: SAMPLED.map((name) => node(name, BIG)),
    placed: SAMPLED.slice(0, 144).map((name) => on(name, pod(`on-${name}`, CORE))),
    waiting: [pod('first', CORE), pod('second', CORE)],
    expected: [SAMPLED.slice(0, 144), SAMPLED.slice(144, 288)],
    isNearly: true,
  },
  {
    name: 'of victims with equal priorities the one that started last goes',
    nodes: [node('a', CORE), node('b', CORE), node('c', CORE)],
    placed: [on('a', pod('old', CORE), 100), on('b', pod('young', CORE), 300), on('c', pod('middle', CORE), 200)],
    waiting: [pod('urgent', CORE, 10)],
    expected: [['b']],
    evicted: [['young']],
  },
  {
    name: 'with equal priorities and start times any node is as good',
    nodes: [node('a', CORE), node('b', CORE)],
    placed: [on('a', pod('one', CORE), 100), on('b', pod('two', CORE), 100)],
    waiting: [pod('urgent', CORE, 10)],
    expected: [['a', 'b']],
    evicted: [['one'], ['two']],
  },
  {
    name: 'on a node the pod that has run longest is reprieved first',
    nodes: [node('a', { cpu: 3000, memory: 3000 })],
    placed: [on('a', pod('old', CORE), 100), on('a', pod('young', CORE), 300), on('a', pod('middle', CORE), 200)],
    waiting: [pod('urgent', { cpu: 2000, memory: 2000 }, 10)],
    expected: [['a']],
    evicted: [['young', 'middle']],
  },
  {
    name: 'two victims of low priority are better than one of a higher',
    nodes: [node('a', { cpu: 2000, memory: 2000 }), node('b', { cpu: 2000, memory: 2000 })],
    placed: [
      on('a', pod('higher', { cpu: 2000, memory: 2000 }, 5)),
      on('b', pod('low-1', CORE, 1)),
      on('b', pod('low-2', CORE, 1)),
    ],
    waiting: [pod('urgent', { cpu: 2000, memory: 2000 }, 10)],
    expected: [['b']],
    evicted: [['low-1', 'low-2']],
  },
  {
    name: 'one victim is better than two of the same negative priority, though their sum is lower',
    nodes: [node('a', { cpu: 2000, memory: 2000 }), node('b', { cpu: 2000, memory: 2000 })],
    placed: [
      on('a', pod('low-1', CORE, -10)),
      on('a', pod('low-2', CORE, -10)),
      on('b', pod('low', { cpu: 2000, memory: 2000 }, -10)),
    ],
    waiting: [pod('urgent', { cpu: 2000, memory: 2000 }, 10)],
    expected: [['b']],
    evicted: [['low']],
  },
];
