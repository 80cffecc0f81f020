import type { BoundPod, ClusterView } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import { slackOf } from '../../gang/priority.ts';
import type { NodeInfo } from '../../model.ts';
import type { CostWeights } from '../../policy/policy.ts';
import type { ResourceColumns, Vector } from '../../resources.ts';
import type { ReportedWork } from './reported-work.ts';

/** One line of a victim's cost. Core-seconds; a negative one makes it cheaper. */
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

/** Hears the items of a cost as they are added up; the sum decides, the items explain it. */
export type AddTerm = (term: CostTerm['term'], coreSeconds: number) => void;

/** What costs are reckoned with. */
export interface CostModel {
  readonly cluster: ClusterView;
  readonly reportedWork: Pick<ReportedWork, 'of'>;
  readonly weights: CostWeights;
  readonly nowMs: number;
}

const GIB = 2 ** 30;

/** Cores, and GPUs as so many cores each. */
export function coresOf(columns: ResourceColumns, vector: Vector, { gpuCores }: CostWeights): number {
  let cores = (vector[0] ?? 0) / 1000;
  for (let c = 3; c < vector.length; c++) {
    if (vector[c] !== 0 && columns.names[c]!.endsWith('/gpu')) cores += vector[c]! * gpuCores;
  }
  return cores;
}

/** @returns the item; `note` hears of it unless it is 0 */
export function item(term: CostTerm['term'], coreSeconds: number, note: AddTerm | undefined): number {
  if (coreSeconds !== 0) note?.(term, coreSeconds);
  return coreSeconds;
}

/**
 * Core-seconds that are lost with this pod alone, whatever becomes of its gang: what it has worked, less what outlives
 * it, and what its owners say of it. docs/preemption.md has the formula.
 */
export function podCost(costs: CostModel, { pod, row, vector }: BoundPod, gang?: Gang, note?: AddTerm): number {
  const { cluster, weights } = costs;
  const cores = coresOf(cluster.columns, vector, weights);
  let total = workCost(costs, { uid: pod.uid, cores, startedMs: pod.evictionTraits?.startedMs }, gang, note);
  const restarts = (pod.evictionTraits?.restarts ?? 0) + (gang?.losses.length ?? 0);
  total += item('restarts', restarts * cores * weights.restart, note);
  total += item('deadline', missesDeadline(gang, costs.nowMs) ? cores * weights.deadline : 0, note);
  total += item('deletion cost', (pod.evictionTraits?.deletionCost ?? 0) * weights.deletionCost, note);
  if (total < 0) total += item('deletion cost', -total, note);
  if (isGivenUp(pod, gang)) total += item('given up', total * (weights.givenUp - 1), note);
  const host = cluster.table.nodeAt(row);
  if (host && isDoomed(host)) total += item('node about to go', total * (weights.doomedNode - 1), note);
  return total;
}

/**
 * What a gang loses that goes whole, beyond what is lost with its members: what its leader has done, and what the whole
 * app has done besides. What the members hold is part of that: it is lost once.
 * @param ofMembers core-seconds that are lost with the members
 */
export function wholeGangCost(costs: CostModel, gang: Gang, going: WholeGang, note?: AddTerm): number {
  const own = going.leader ? podCost(costs, going.leader, gang, note) : 0;
  return own + item('whole app', Math.max(0, wholeAppCost(costs, gang) - going.ofMembers), note);
}

interface WholeGang {
  readonly leader: BoundPod | undefined;
  readonly ofMembers: number;
}

interface Worker {
  readonly uid: string;
  readonly cores: number;
  readonly startedMs: number | undefined;
}

/** What the app reports goes before what the pod's age suggests: age is only the upper bound. */
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

/** Whether its own gang gives the pod up: Spark labels the executors that it decommissions. */
export function isGivenUp({ labels }: BoundPod['pod'], gang: Gang | undefined): boolean {
  const mark = gang?.spec.givesUp;
  return mark !== undefined && labels.get(mark.label) === mark.value;
}

/** A gang whose slack is less than a new start would take, about a tenth of its run, misses its deadline by it. */
const TIGHT = 0.1;

function missesDeadline(gang: Gang | undefined, nowMs: number): boolean {
  const slack = gang && slackOf(gang, nowMs);
  const deadlineMs = gang?.leader.priorityRequest?.deadlineMs ?? -Infinity;
  return slack !== undefined && slack < TIGHT && nowMs < deadlineMs;
}

/** Taints by which autoscalers and spot handlers say that the node goes soon. */
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

/** Cores of the members with which the gang runs. */
export function gangCores({ columns }: ClusterView, { spec }: Gang, weights: CostWeights): number {
  const per = spec.roles.map(({ request, min }) => min * coresOf(columns, columns.requestVector(request), weights));
  return per.reduce((sum, cores) => sum + cores, 0);
}

/** With its leader, all that the app has done is lost: what its members hold, and what they have handed on. */
function wholeAppCost(costs: CostModel, gang: Gang): number {
  const { cluster, weights, nowMs } = costs;
  const ran = gang.startedMs === undefined ? 0 : Math.max(0, nowMs - gang.startedMs) / 1000;
  return weights.work * ran * gangCores(cluster, gang, weights);
}
