import type { BoundPod, ClusterView } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import { slackOf } from '../../gang/priority.ts';
import type { NodeInfo } from '../../model.ts';
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
  readonly reportedWork: Pick<ReportedWork, 'of'>;
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

/**
 * The eviction cost of this pod alone, without the cost to its gang: its work less the output that outlives it, and
 * what its annotations add. docs/preemption.md has the formula.
 */
export function podCost(costs: CostModel, { pod, row, vector }: BoundPod, gang?: Gang, note?: AddTerm): number {
  const { cluster, weights } = costs;
  const cores = coresOf(cluster.columns, vector, weights);
  let total = workCost(costs, { uid: pod.uid, cores, startedMs: pod.evictionTraits?.startedMs }, gang, note);
  const restarts = (pod.evictionTraits?.restarts ?? 0) + (gang?.losses.length ?? 0);
  total += item('restarts', restarts * cores * weights.restart, note);
  total += item('deadline', missesDeadline(gang, costs.nowMs) ? cores * weights.deadline : 0, note);
  // Whoever makes the pod sets it: it weighs no more than the longest work of such a pod.
  const most = cores * weights.workCapSeconds;
  const wished = (pod.evictionTraits?.deletionCost ?? 0) * weights.deletionCost;
  total += item('deletion cost', Math.max(-most, Math.min(most, wished)), note);
  if (total < 0) total += item('deletion cost', -total, note);
  if (isGivenUp(pod, gang)) total += item('given up', total * (weights.givenUp - 1), note);
  const host = cluster.table.nodeAt(row);
  if (host && isDoomed(host)) total += item('node about to go', total * (weights.doomedNode - 1), note);
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

interface Worker {
  readonly uid: string;
  readonly cores: number;
  readonly startedMs: number | undefined;
}

/** The cost of lost work: by the app's figures if there are any, with the pod's age as the upper bound; else by age. */
function workCost(costs: CostModel, worker: Worker, gang: Gang | undefined, note: AddTerm | undefined): number {
  const { reportedWork, weights, nowMs } = costs;
  const { uid, cores, startedMs } = worker;
  const figures = gang && reportedWork.of(gang.key, uid, nowMs);
  const age = startedMs === undefined ? 0 : Math.max(0, nowMs - startedMs) / 1000;
  const aged = cores * Math.min(age, weights.workCapSeconds);
  const work = weights.work * (figures ? Math.min(aged, figures.taskSeconds) : aged);
  const stored = figures ? (weights.keptGib * figures.keptBytes) / GIB : 0;
  const total = item('work', work, note) + item('shuffle and cache', stored, note);
  const keeps = gang?.spec.keeps;
  return keeps ? total + item('kept', (work + stored) * (weights.keptOn[keeps] - 1), note) : total;
}

/** Whether its own gang gives the pod up: Spark labels executors that it decommissions. */
export function isGivenUp({ labels }: BoundPod['pod'], gang: Gang | undefined): boolean {
  const mark = gang?.spec.givesUp;
  return mark !== undefined && labels.get(mark.label) === mark.value;
}

/** With less slack than this, about the time of a new start, an eviction makes the gang miss its deadline. */
const TIGHT = 0.1;

function missesDeadline(gang: Gang | undefined, nowMs: number): boolean {
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

const isDoomed = ({ taints }: NodeInfo) => taints.some(({ key }) => DOOMED.has(key));

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
