import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { boundTo, node, pod, spark } from '../../test/support/builders.ts';

/** A node name as long as in public clouds. */
export const nodeName = (i: number) => `ip-10-${i >> 12}-${(i >> 6) & 63}-${i & 63}.eu-west-1.compute.internal`;

/** `count` nodes of 16 cores (unless said) and 64 GiB in three zones and so many racks. */
function nodesOf(count: number, cpu = 16, racks = 1): NodeInfo[] {
  return Array.from({ length: count }, (_, i) =>
    node(nodeName(i), {
      cpu,
      memoryGib: 64,
      labels: {
        'topology.kubernetes.io/zone': `zone-${i % 3}`,
        'kubernetes.io/hostname': nodeName(i),
        ...(racks > 1 ? { rack: `rack-${i % racks}` } : {}),
      },
    }),
  );
}

/** Running pods in no gang: on average `perNode` per node, unevenly, each of `cpu` cores. */
function podsOn(nodes: readonly NodeInfo[], perNode: number, cpu: number): PodInfo[] {
  const pods: PodInfo[] = [];
  nodes.forEach(({ name }, i) => {
    const here = perNode + ((i * 7919) % 5) - 2;
    for (let n = 0; n < here; n++) pods.push(boundTo(pod(`run-${i}-${n}`, { cpu, memoryGib: cpu * 4 }), name));
  });
  return pods;
}

/**
 * Gangs of 100 one-core pods that fill nodes of 20 cores and are spread over all of them. They have three priorities
 * and ages of up to ten hours, and every other gang has twenty elastic executors.
 */
function gangsOn(nodes: readonly NodeInfo[]): PodInfo[] {
  const pods: PodInfo[] = [];
  const place = (one: PodInfo, startedMs: number) =>
    pods.push(boundTo({ ...one, evictionTraits: { startedMs } }, nodes[(pods.length * 7919) % nodes.length]!.name));
  for (let g = 0; g < nodes.length / 5; g++) {
    const gang = spark(`low-${g}`, 99, { min: g % 2 === 0 ? 99 : 79, priority: g % 3 });
    const startedMs = -((g * 7919) % 600) * 60_000;
    place(gang.leader(), startedMs);
    for (let i = 0; i < 99; i++) place(gang.member('executor', i), startedMs);
  }
  return pods;
}

interface BenchWorld {
  readonly scheduler: Scheduler;
  readonly names: readonly string[];
}

function worldOf(nodes: readonly NodeInfo[], pods: readonly PodInfo[], policy = DEFAULT_POLICY): BenchWorld {
  const scheduler = new Scheduler({ policies: [policy], schedulerNames: ['muster'] });
  for (const one of nodes) scheduler.observe({ kind: 'node', node: one }, 0);
  for (const one of pods) scheduler.observe({ kind: 'pod', pod: one }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  return { scheduler, names: nodes.map(({ name }) => name) };
}

/** A scheduler whose nodes are about half full. @param perNode the number of pods that fill half a node */
export function halfFull(nodeCount: number, perNode = 8): BenchWorld {
  const nodes = nodesOf(nodeCount);
  return worldOf(nodes, podsOn(nodes, perNode, 8 / perNode));
}

/**
 * A scheduler whose nodes are full of gangs' pods, 20 each. The budgets allow 1,000 victims at once.
 * @param racks a gang must be in one of so many, and whole gangs may be victims; absent: anywhere, and only some pods
 */
export function fullOfGangs(nodeCount: number, racks?: number): BenchWorld {
  const nodes = nodesOf(nodeCount, 20, racks);
  const budget = { ...DEFAULT_POLICY.preemption.budget, perMinute: 1000, perQueue: 1000 };
  const preemption = { ...DEFAULT_POLICY.preemption, mode: 'enforce' as const, budget };
  const confined = {
    topology: { mode: 'require' as const, keys: ['rack'], leader: true },
    preemption: { ...preemption, wholeGangs: true },
  };
  return worldOf(nodes, gangsOn(nodes), { ...DEFAULT_POLICY, preemption, ...(racks === undefined ? {} : confined) });
}
