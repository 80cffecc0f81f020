import type { BoundPod, Cluster } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import { slackOf } from '../../gang/priority.ts';
import type { NodeInfo } from '../../model.ts';
import type { CostWeights } from '../../policy/policy.ts';
import type { ResourceColumns, Vector } from '../../resources.ts';
import type { Evictions } from '../plan/history.ts';

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

type Note = (term: CostTerm['term'], coreSeconds: number) => void;

/** What costs are reckoned with. */
export interface CostModel {
  readonly cluster: Cluster;
  readonly evictions: Evictions;
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

/**
 * Core-seconds that are lost with this pod alone, whatever becomes of its gang: what it has worked, less what outlives
 * it, and what its owners say of it. docs/preemption.md has the formula.
 */
export function evictionCost(costs: CostModel, { pod, row, vector }: BoundPod, gang?: Gang, note?: Note): number {
  const { cluster, weights } = costs;
  const cores = coresOf(cluster.columns, vector, weights);
  let total = 0;
  const add: Note = (term, coreSeconds) => {
    if (coreSeconds === 0) return;
    total += coreSeconds;
    note?.(term, coreSeconds);
  };
  addWork(costs, { uid: pod.uid, cores, startedMs: pod.evictionTraits?.startedMs }, gang, add);
  const restarts = (pod.evictionTraits?.restarts ?? 0) + (gang?.losses.length ?? 0);
  add('restarts', restarts * cores * weights.restart);
  add('deadline', missesDeadline(gang, costs.nowMs) ? cores * weights.deadline : 0);
  add('deletion cost', (pod.evictionTraits?.deletionCost ?? 0) * weights.deletionCost);
  if (total < 0) add('deletion cost', -total);
  if (isGivenUp(pod, gang)) add('given up', total * (weights.givenUp - 1));
  const host = cluster.table.nodeAt(row);
  if (host && isDoomed(host)) add('node about to go', total * (weights.doomedNode - 1));
  return total;
}

interface Worker {
  readonly uid: string;
  readonly cores: number;
  readonly startedMs: number | undefined;
}

/** What the app reports goes before what the pod's age lets us guess: age is only the upper bound. */
function addWork(costs: CostModel, { uid, cores, startedMs }: Worker, gang: Gang | undefined, add: Note): void {
  const { evictions, weights, nowMs } = costs;
  const figures = gang && evictions.figuresOf(gang.key, uid, nowMs);
  const age = startedMs === undefined ? 0 : Math.max(0, nowMs - startedMs) / 1000;
  const aged = cores * Math.min(age, weights.workCapSeconds);
  const work = weights.work * (figures ? Math.min(aged, figures.taskSeconds) : aged);
  const stored = figures ? (weights.keptGib * figures.keptBytes) / GIB : 0;
  add('work', work);
  add('shuffle and cache', stored);
  if (gang?.spec.keeps) add('kept', (work + stored) * (weights.keptOn[gang.spec.keeps] - 1));
}

/** Whether its own gang gives the pod up: Spark labels the executors that it decommissions. */
export function isGivenUp({ labels }: BoundPod['pod'], gang: Gang | undefined): boolean {
  const mark = gang?.spec.givesUp;
  return mark !== undefined && labels.get(mark.label) === mark.value;
}

/** A gang whose slack is less than a start anew would take, about a tenth of its run, misses its deadline by it. */
const TIGHT = 0.1;

function missesDeadline(gang: Gang | undefined, nowMs: number): boolean {
  const slack = gang && slackOf(gang, nowMs);
  return slack !== undefined && slack < TIGHT && nowMs < gang!.leader.priorityRequest!.deadlineMs!;
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
export function gangCores({ columns }: Cluster, { spec }: Gang, weights: CostWeights): number {
  const per = spec.roles.map(({ request, min }) => min * coresOf(columns, columns.requestVector(request), weights));
  return per.reduce((sum, cores) => sum + cores, 0);
}

/** With its leader, all that the app has done is lost: what its members hold, and what they have handed on. */
export function wholeAppCost(costs: CostModel, gang: Gang): number {
  const { cluster, weights, nowMs } = costs;
  const ran = gang.startedMs === undefined ? 0 : Math.max(0, nowMs - gang.startedMs) / 1000;
  return weights.work * ran * gangCores(cluster, gang, weights);
}
