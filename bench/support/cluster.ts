import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { NodeInfo, PodInfo } from '../../src/core/model.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { boundTo, node, pod } from '../../test/support/builders.ts';

/** As long as names in clouds are. */
export const nodeName = (i: number) => `ip-10-${i >> 12}-${(i >> 6) & 63}-${i & 63}.eu-west-1.compute.internal`;

/** `count` nodes of 16 cores and 64 GiB in three zones. */
function nodesOf(count: number): NodeInfo[] {
  return Array.from({ length: count }, (_, i) =>
    node(nodeName(i), {
      cpu: 16,
      memoryGib: 64,
      labels: { 'topology.kubernetes.io/zone': `zone-${i % 3}`, 'kubernetes.io/hostname': nodeName(i) },
    }),
  );
}

/** Pods of no gang that run: `perNode` on each node on average, unevenly, each of `cpu` cores. */
function podsOn(nodes: readonly NodeInfo[], perNode: number, cpu: number): PodInfo[] {
  const pods: PodInfo[] = [];
  nodes.forEach(({ name }, i) => {
    const here = perNode + ((i * 7919) % 5) - 2;
    for (let n = 0; n < here; n++) pods.push(boundTo(pod(`run-${i}-${n}`, { cpu, memoryGib: cpu * 4 }), name));
  });
  return pods;
}

/** A scheduler that has seen the nodes, each about half full. */
export function halfFull(nodeCount: number): { readonly scheduler: Scheduler; readonly names: readonly string[] } {
  const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
  const nodes = nodesOf(nodeCount);
  for (const one of nodes) scheduler.observe({ kind: 'node', node: one }, 0);
  for (const one of podsOn(nodes, 8, 1)) scheduler.observe({ kind: 'pod', pod: one }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  return { scheduler, names: nodes.map(({ name }) => name) };
}
