import type { ClusterView } from '../cluster/cluster.ts';
import { hasBit, mismatchOf } from '../cluster/eligibility.ts';
import type { Constraints } from '../model.ts';
import type { Need, Room } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';
import type { Resources } from '../resources.ts';
import { counted } from '../wording.ts';
import type { RoleExplanation, Shortage } from './explanation.ts';

/** A role has no more members than this. */
const MOST = 10_000;

/** How many pods of the need fit into the room, up to MOST. */
export function placesIn({ table }: ClusterView, room: Room, { eligible, vector }: Need): number {
  let places = 0;
  for (let row = 0; row < table.rows && places < MOST; row++) {
    if (hasBit(eligible, row)) places += capacityAt(room, row, vector, MOST);
  }
  return Math.min(places, MOST);
}

/** How many nodes meet what is required, and why the others do not: the first reason found for each node. */
export function refusedNodes(cluster: ClusterView, required: Constraints): RoleExplanation['nodes'] {
  const causes = new Map<string, number>();
  let total = 0;
  for (let row = 0; row < cluster.table.rows; row++) {
    const node = cluster.table.nodeAt(row);
    if (!node) continue;
    total++;
    const because = mismatchOf(required, node);
    if (because !== undefined) causes.set(because, (causes.get(because) ?? 0) + 1);
  }
  const refused = [...causes].map(([because, nodes]) => ({ because, nodes })).sort((a, b) => b.nodes - a.nodes);
  return { total, eligible: total - refused.reduce((sum, { nodes }) => sum + nodes, 0), refused };
}

/** That no node is eligible for the role, with the reasons. */
export function nobodyEligible({ role, nodes: { refused } }: Pick<RoleExplanation, 'role' | 'nodes'>): string {
  const because = refused.map((one) => `${one.because} (${counted(one.nodes, 'node')})`).join(', ');
  return `no node is eligible for role ${role}: ${because || 'the cluster has no nodes'}`;
}

/** The resources that the eligible nodes lack: in total for the whole need, or on any single node for one pod. */
export function shortages(cluster: ClusterView, { eligible, vector, count }: Need, request: Resources): Shortage[] {
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
    if (c !== columns.unknown && (free < needed || largest < amount))
      out.push({ resource: columns.names[c]!, needed, free, largest });
  });
  for (const [resource, amount] of request) {
    if (amount > 0 && columns.isUnknown(resource)) out.push({ resource, needed: amount * count, free: 0, largest: 0 });
  }
  return out;
}
