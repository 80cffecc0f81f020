import { isTolerated } from '../../core/cluster/eligibility.ts';
import type { NodeInfo, PodInfo } from '../../core/model.ts';

/**
 * The score plugins of kube-scheduler's default profile that can tell the nodes of a replay apart, as they are in v1.36
 * (pkg/scheduler/framework/plugins). All scores are whole numbers from 0 to MAX_SCORE, rounded down where Go divides
 * integers.
 *
 * The other score plugins give every node the same score here: no pod of a trace has preferred node affinity
 * (NodeAffinity) or affinity to pods (InterPodAffinity), belongs to a Service, ReplicaSet or StatefulSet
 * (PodTopologySpread with the system's defaults), has claims (DynamicResources), or names an image whose size is known
 * (ImageLocality).
 */
export const PLUGIN_WEIGHTS = {
  NodeResourcesFit: 1,
  NodeResourcesBalancedAllocation: 1,
  TaintToleration: 3,
} as const;

/** framework.MaxNodeScore. */
export const MAX_SCORE = 100;

/** What NodeResourcesFit scores a container by that requests no cpu (millicores) or no memory (bytes). */
const DEFAULT_CPU = 100;
const DEFAULT_MEMORY = 200 * 2 ** 20;

/** Amounts of cpu (millicores) and memory (bytes), the two resources that count for the scores. */
export interface CpuAndMemory {
  readonly cpu: number;
  readonly memory: number;
}

type Request = PodInfo['request'];

/** What the pod requests. */
export function requestOf(request: Request): CpuAndMemory {
  return { cpu: request.get('cpu') ?? 0, memory: request.get('memory') ?? 0 };
}

/** NonZeroRequested: as `requestOf`, with defaults for what is not requested. Takes the pod to have one container. */
export function scoredRequestOf(request: Request): CpuAndMemory {
  return { cpu: request.get('cpu') ?? DEFAULT_CPU, memory: request.get('memory') ?? DEFAULT_MEMORY };
}

/**
 * NodeResourcesFit with strategy LeastAllocated: the mean of the free shares of cpu and memory.
 *
 * @param scored the sum of `scoredRequestOf` of the node's pods and of the pod itself
 */
export function leastAllocated(scored: CpuAndMemory, allocatable: CpuAndMemory): number {
  let [sum, resources] = [0, 0];
  if (allocatable.cpu > 0) [sum, resources] = [freeScore(scored.cpu, allocatable.cpu), 1];
  if (allocatable.memory > 0) [sum, resources] = [sum + freeScore(scored.memory, allocatable.memory), resources + 1];
  return resources === 0 ? 0 : Math.floor(sum / resources);
}

function freeScore(requested: number, allocatable: number): number {
  return requested > allocatable ? 0 : Math.floor(((allocatable - requested) * MAX_SCORE) / allocatable);
}

/**
 * NodeResourcesBalancedAllocation since v1.35: 75 if the pod leaves the shares of cpu and memory in use as far apart as
 * they are, up to 100 if it brings them together, down to 50 if it drives them apart. (Until v1.34 the score was
 * `balance` with the pod, whatever it was without.)
 *
 * @param requested the sum of `requestOf` of the node's pods, without the pod
 */
export function balancedAllocation(pod: CpuAndMemory, requested: CpuAndMemory, allocatable: CpuAndMemory): number {
  if (pod.cpu === 0 && pod.memory === 0) return 0;
  const before = balance(requested.cpu, requested.memory, allocatable);
  const after = balance(requested.cpu + pod.cpu, requested.memory + pod.memory, allocatable);
  return MAX_SCORE / 2 + Math.floor((MAX_SCORE / 2 + after - before) / 2);
}

/** 50 to 100: the closer the shares of cpu and memory in use, the higher. */
function balance(cpu: number, memory: number, allocatable: CpuAndMemory): number {
  if (allocatable.cpu === 0 || allocatable.memory === 0) return MAX_SCORE;
  const cpuShare = Math.min(1, cpu / allocatable.cpu);
  const memoryShare = Math.min(1, memory / allocatable.memory);
  return Math.floor((1 - Math.abs((cpuShare - memoryShare) / 2)) * MAX_SCORE);
}

/** How many of the node's PreferNoSchedule taints the pod does not tolerate. */
export function unwantedTaints({ constraints }: Pick<PodInfo, 'constraints'>, { taints }: NodeInfo): number {
  return taints.filter((one) => one.effect === 'PreferNoSchedule' && !isTolerated(one, constraints.tolerations)).length;
}

/** TaintToleration: fewer unwanted taints are better, measured by the node that has the most of those compared. */
export function taintToleration(unwanted: number, most: number): number {
  return most === 0 ? MAX_SCORE : MAX_SCORE - Math.floor((MAX_SCORE * unwanted) / most);
}
