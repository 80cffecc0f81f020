import type { NodeInfo, PodInfo } from '../../core/model.ts';
import {
  balancedAllocation,
  leastAllocated,
  PLUGIN_WEIGHTS,
  requestOf,
  scoredRequestOf,
  taintToleration,
  unwantedTaints,
  type CpuAndMemory,
} from './score-plugins.ts';

/** A node with the pods that are bound to it, without those that are over. */
export interface LoadedNode {
  readonly node: NodeInfo;
  readonly pods: readonly Pick<PodInfo, 'request'>[];
}

export interface NodeScores {
  readonly node: string;
  /** The sum of the plugins' scores times their weights. */
  readonly total: number;
  /** Each plugin's score, 0 to 100, without its weight. */
  readonly plugins: Readonly<Record<keyof typeof PLUGIN_WEIGHTS, number>>;
}

/**
 * The scores by which kube-scheduler's default profile would choose among these nodes for the pod: it takes one of those
 * with the highest total. The nodes must be those that pass its filters, because some scores are relative to the others.
 *
 * @returns one entry per node, in the order of the nodes
 */
export function scoreNodes(
  pod: Pick<PodInfo, 'request' | 'constraints'>,
  nodes: readonly LoadedNode[],
): readonly NodeScores[] {
  const unwanted = nodes.map(({ node }) => unwantedTaints(pod, node));
  const most = Math.max(0, ...unwanted);
  const request = requestOf(pod.request);
  return nodes.map(({ node, pods }, i) => {
    const allocatable = requestOf(node.allocatable);
    const scored = [...pods, pod].map((one) => scoredRequestOf(one.request)).reduce(sum);
    const requested = pods.map((one) => requestOf(one.request)).reduce(sum, { cpu: 0, memory: 0 });
    const plugins = {
      NodeResourcesFit: leastAllocated(scored, allocatable),
      NodeResourcesBalancedAllocation: balancedAllocation(request, requested, allocatable),
      TaintToleration: taintToleration(unwanted[i] ?? 0, most),
    };
    return { node: node.name, total: weighted(plugins), plugins };
  });
}

const sum = (a: CpuAndMemory, b: CpuAndMemory): CpuAndMemory => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory });

function weighted(scores: NodeScores['plugins']): number {
  return (
    scores.NodeResourcesFit * PLUGIN_WEIGHTS.NodeResourcesFit +
    scores.NodeResourcesBalancedAllocation * PLUGIN_WEIGHTS.NodeResourcesBalancedAllocation +
    scores.TaintToleration * PLUGIN_WEIGHTS.TaintToleration
  );
}
