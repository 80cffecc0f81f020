import type { ClusterView } from '../cluster/cluster.ts';
import { hasBit, mismatchOf, withLabels } from '../cluster/eligibility.ts';
import type { Role } from '../model.ts';
import type { Need } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';
import type { RoleExplanation, Shortage } from './explanation.ts';

/** A role has no more members than this. */
const MOST = 10_000;

/** How many pods of the need fit into these columns (free or allocatable), up to MOST. */
export function placesIn({ table }: ClusterView, columns: readonly Float64Array[], { eligible, vector }: Need): number {
  let places = 0;
  for (let row = 0; row < table.rows && places < MOST; row++) {
    if (hasBit(eligible, row)) places += capacityAt(columns, row, vector, MOST);
  }
  return Math.min(places, MOST);
}

/** How many nodes are eligible for the role, and why the others are not: the first reason found for each node. */
export function refusedNodes(cluster: ClusterView, role: Role, { preference }: Need): RoleExplanation['nodes'] {
  const constraints = withLabels(role.constraints, preference.requireLabels);
  const causes = new Map<string, number>();
  let total = 0;
  for (let row = 0; row < cluster.table.rows; row++) {
    const node = cluster.table.nodeAt(row);
    if (!node) continue;
    total++;
    const because = mismatchOf(constraints, node);
    if (because !== undefined) causes.set(because, (causes.get(because) ?? 0) + 1);
  }
  const refused = [...causes].map(([because, nodes]) => ({ because, nodes })).sort((a, b) => b.nodes - a.nodes);
  return { total, eligible: total - refused.reduce((sum, { nodes }) => sum + nodes, 0), refused };
}

/** The resources that the eligible nodes lack: in total for the whole need, or on any single node for one pod. */
export function shortages(cluster: ClusterView, { eligible, vector, count }: Need): Shortage[] {
  const { table, columns } = cluster;
  const out: Shortage[] = [];
  vector.forEach((amount, c) => {
    if (amount === 0) return;
    let [free, largest] = [0, 0];
    for (let row = 0; row < table.rows; row++) {
      if (!hasBit(eligible, row)) continue;
      const here = Math.max(0, table.free[c]![row]!);
      free += here;
      largest = Math.max(largest, here);
    }
    const needed = amount * count;
    if (free < needed || largest < amount) out.push({ resource: columns.names[c]!, needed, free, largest });
  });
  return out;
}
