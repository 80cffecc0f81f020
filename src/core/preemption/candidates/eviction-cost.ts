import type { BoundPod, ClusterView } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import { slackOf } from '../../gang/priority.ts';
import type { WorkFigures } from '../../model.ts';
import type { CostWeights } from '../../policy/policy.ts';
import type { ResourceColumns, Vector } from '../../resources.ts';
import type { ReportedWork } from './reported-work.ts';

/** One term of a victim's eviction cost, in core-seconds; a negative term lowers the cost. */
export interface CostTerm {
  readonly term:
    | 'work'
    | 'kept'
    | 'shuffle and cache'
    | 'comeback'
    | 'restarts'
    | 'deadline'
    | 'deletion cost'
    | 'given up'
    | 'node about to go'
    | 'broken gang'
    | 'whole app';
  readonly coreSeconds: number;
}

/** Receives the terms of a cost while they are added up: the sum decides, the terms explain it. */
export type AddTerm = (term: CostTerm['term'], coreSeconds: number) => void;

/** The input of the cost functions. */
export interface CostModel {
  readonly cluster: ClusterView;
  readonly reportedWork: Pick<ReportedWork, 'of' | 'has'>;
  readonly weights: CostWeights;
  readonly nowMs: number;
}

const GIB = 2 ** 30;

/** The cores of a vector, each GPU counted as `gpuCores`. */
export function coresOf(columns: ResourceColumns, vector: Vector, { gpuCores }: CostWeights): number {
  let cores = (vector[0] ?? 0) / 1000;
  for (let c = 3; c < vector.length; c++) {
    if (vector[c] !== 0 && columns.names[c]!.endsWith('/gpu')) cores += vector[c]! * gpuCores;
  }
  return cores;
}

/** Passes a term to `note`, unless it is 0. @returns its core-seconds */
export function item(term: CostTerm['term'], coreSeconds: number, note: AddTerm | undefined): number {
  if (coreSeconds !== 0) note?.(term, coreSeconds);
  return coreSeconds;
}

/** What the cost of one pod alone depends on, besides weights and time. */
export interface Worker {
  /** See coresOf. */
  readonly cores: number;
  /** NaN: unknown. */
  readonly startedMs: number;
  /** Container restarts, and earlier victims of its gang. */
  readonly restarts: number;
  /** As its annotation says. */
  readonly deletionCost: number;
  /** What its app reports of it; undefined: nothing. */
  readonly figures: WorkFigures | undefined;
  /** Where its output outlives it; undefined: nowhere. */
  readonly keeps: Gang['spec']['keeps'];
  /** Its gang would miss its deadline. */
  readonly isLate: boolean;
  readonly isGivenUp: boolean;
  /** Its node is about to go. */
  readonly isDoomed: boolean;
}

/**
 * The eviction cost of this pod alone, without the cost to its gang: its work less the output that outlives it, and
 * what its annotations add. docs/preemption.md has the formula.
 */
export function podCost(costs: CostModel, { pod, row, vector }: BoundPod, gang?: Gang, note?: AddTerm): number {
  const { cluster, weights, nowMs } = costs;
  const { startedMs = NaN, restarts = 0, deletionCost = 0 } = pod.evictionTraits ?? {};
  const worker: Worker = {
    cores: coresOf(cluster.columns, vector, weights),
    startedMs,
    restarts: restarts + (gang?.losses.length ?? 0),
    deletionCost,
    figures: gang && costs.reportedWork.of(gang.key, pod.uid, nowMs),
    keeps: gang?.spec.keeps,
    isLate: missesDeadline(gang, nowMs),
    isGivenUp: isGivenUp(pod, gang),
    isDoomed: isDoomed(cluster, row),
  };
  return workerCost(costs, worker, note);
}

/** The same of what is known of the pod. */
export function workerCost(costs: Pick<CostModel, 'weights' | 'nowMs'>, worker: Worker, note?: AddTerm): number {
  const { weights } = costs;
  const { cores } = worker;
  let total = workCost(costs, worker, note);
  total += item('restarts', worker.restarts * cores * weights.restart, note);
  total += item('deadline', worker.isLate ? cores * weights.deadline : 0, note);
  // Whoever makes the pod sets it: it weighs no more than the longest work of such a pod.
  const most = cores * weights.workCapSeconds;
  const wished = worker.deletionCost * weights.deletionCost;
  total += item('deletion cost', Math.max(-most, Math.min(most, wished)), note);
  if (total < 0) total += item('deletion cost', -total, note);
  if (worker.isGivenUp) total += item('given up', total * (weights.givenUp - 1), note);
  if (worker.isDoomed) total += item('node about to go', total * (weights.doomedNode - 1), note);
  return total;
}

/**
 * The eviction cost of a whole gang beyond that of its members: the cost of its leader, and the work of the whole app
 * less the cost of its members, which is part of it and must count once.
 */
export function wholeGangCost(costs: CostModel, gang: Gang, going: WholeGang, note?: AddTerm): number {
  const own = going.leader ? podCost(costs, going.leader, gang, note) : 0;
  return own + item('whole app', Math.max(0, wholeAppCost(costs, gang) - going.ofMembers), note);
}

interface WholeGang {
  readonly leader: BoundPod | undefined;
  /** Eviction cost of the members, in core-seconds. */
  readonly ofMembers: number;
}

/** The cost of lost work: by the app's figures if there are any, with the pod's age as the upper bound; else by age. */
function workCost(
  { weights, nowMs }: Pick<CostModel, 'weights' | 'nowMs'>,
  { cores, startedMs, figures, keeps }: Worker,
  note: AddTerm | undefined,
): number {
  const age = Number.isNaN(startedMs) ? 0 : Math.max(0, nowMs - startedMs) / 1000;
  const aged = cores * Math.min(age, weights.workCapSeconds);
  const work = weights.work * (figures ? Math.min(aged, figures.taskSeconds) : aged);
  const stored = figures ? (weights.keptGib * figures.keptBytes) / GIB : 0;
  const total = item('work', work, note) + item('shuffle and cache', stored, note);
  return keeps ? total + item('kept', (work + stored) * (weights.keptOn[keeps] - 1), note) : total;
}

/** Whether its own gang gives the pod up: Spark labels executors that it decommissions. */
export function isGivenUp({ labels }: BoundPod['pod'], gang: Gang | undefined): boolean {
  const mark = gang?.spec.givesUp;
  return mark !== undefined && labels.get(mark.label) === mark.value;
}

/** So much slack is about the time of a new start. */
const TIGHT = 0.1;

/** Whether an eviction makes the gang miss its deadline. */
export function missesDeadline(gang: Gang | undefined, nowMs: number): boolean {
  const slack = gang && slackOf(gang, nowMs);
  const deadlineMs = gang?.leader.priorityRequest?.deadlineMs ?? -Infinity;
  return slack !== undefined && slack < TIGHT && nowMs < deadlineMs;
}

/** Taints by which autoscalers and spot handlers announce that the node will be removed. */
const DOOMED = new Set([
  'ToBeDeletedByClusterAutoscaler',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
  'aws-node-termination-handler/spot-itn',
  'aws-node-termination-handler/rebalance-recommendation',
  'cloud.google.com/impending-node-termination',
  'node.cloudprovider.kubernetes.io/shutdown',
]);

/** Whether the node of the row is about to go. */
export const isDoomed = ({ table }: ClusterView, row: number): boolean =>
  table.nodeAt(row)?.taints.some(({ key }) => DOOMED.has(key)) ?? false;

/** The cores of the gang's minimum. */
export function gangCores({ columns }: ClusterView, { spec }: Gang, weights: CostWeights): number {
  const per = spec.roles.map(({ request, min }) => min * coresOf(columns, columns.requestVector(request), weights));
  return per.reduce((sum, cores) => sum + cores, 0);
}

/** The work that the whole app has done, in core-seconds: all of it is lost with the leader. */
function wholeAppCost(costs: CostModel, gang: Gang): number {
  const { cluster, weights, nowMs } = costs;
  const ran = gang.startedMs === undefined ? 0 : Math.max(0, nowMs - gang.startedMs) / 1000;
  return weights.work * ran * gangCores(cluster, gang, weights);
}
