import { LEAST_NODES } from '../../core/placement/sample.ts';

/** What a kube-scheduler is configured with, as far as a replay simulates it. */
export interface SchedulerProfile {
  /** percentageOfNodesToScore; 0: the default, which depends on the number of nodes. */
  readonly percentageOfNodesToScore: number;
  /** podMaxBackoffSeconds, in ms. */
  readonly maxBackoffMs: number;
}

/** kube-scheduler as it comes. */
export const DEFAULT_PROFILE: SchedulerProfile = { percentageOfNodesToScore: 0, maxBackoffMs: 10_000 };

/** kube-scheduler with muster in front of it: scheduler-config/dedicated.yaml. */
export const MUSTER_PROFILE: SchedulerProfile = { percentageOfNodesToScore: 0, maxBackoffMs: 2000 };

/** The extender's weight in scheduler-config/. */
export const EXTENDER_WEIGHT = 13;

const LEAST_PERCENTAGE = 5;

/** After how many nodes that pass its filters kube-scheduler looks for no more (numFeasibleNodesToFind, v1.36). */
export function nodesToFind(nodes: number, { percentageOfNodesToScore }: SchedulerProfile): number {
  if (nodes < LEAST_NODES) return nodes;
  const adaptive = Math.max(LEAST_PERCENTAGE, 50 - Math.floor(nodes / 125));
  return Math.max(LEAST_NODES, Math.floor((nodes * (percentageOfNodesToScore || adaptive)) / 100));
}
