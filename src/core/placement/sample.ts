import type { ClusterView } from '../cluster/cluster.ts';
import type { Candidates } from '../model.ts';
import type { RowTest } from './need.ts';

/** The fewest nodes that kube-scheduler looks for (minFeasibleNodesToFind, pkg/scheduler/schedule_one.go, 1.36). */
export const LEAST_NODES = 100;

/**
 * Whether kube-scheduler may have looked for so many nodes and no further, of a cluster with `nodes` nodes: it stops at a
 * whole percentage of them, and at 100 at least (numFeasibleNodesToFind). Fewer: it looked at all, and those that are not
 * offered do not suit the pod.
 */
export function mayBeSample(offered: number, nodes: number): boolean {
  if (offered <= LEAST_NODES || offered >= nodes) return offered === LEAST_NODES && offered < nodes;
  const percentage = Math.ceil((100 * offered) / nodes);
  return Math.floor((nodes * percentage) / 100) === offered;
}

/** Whether the nodes that kube-scheduler offers may be a part of those that suit the pod. */
export const isSampled = ({ table }: ClusterView, { size }: Candidates): boolean => mayBeSample(size, table.size);

/** Whether a row is one of the candidate nodes. */
export function offeredRows({ table }: ClusterView, candidates: Candidates): RowTest {
  return (row) => candidates.has(table.nameAt(row), row);
}
