import type { Cluster } from '../cluster/cluster.ts';
import { withLabels } from '../cluster/eligibility.ts';
import type { Need } from '../placement/need.ts';
import type { Vector } from '../resources.ts';
import type { Gang } from './gang.ts';

export interface Wanted {
  readonly role: string;
  readonly count: number;
  /** Absent: what the role declares. */
  readonly vector?: Vector;
}

/** What must be placed of a role: `count` slots, each of what the role declares unless `vector` says otherwise. */
export function needOf(cluster: Cluster, gang: Gang, { role, count, vector }: Wanted): Need {
  const at = gang.spec.roles.findIndex(({ name }) => name === role);
  const { request, constraints } = gang.spec.roles[at]!;
  const isLeader = at === 0;
  const preference = isLeader ? gang.policy.leader : gang.policy.members;
  return {
    role,
    count,
    vector: vector ?? cluster.requestVector(request),
    eligible: cluster.eligibility.maskFor(withLabels(constraints, preference.requireLabels)),
    preference,
    // Members run the leader's image in every gang that we know of; their own are not known before they exist.
    images: gang.leader.images,
    isLeader,
  };
}

/** Rows of the gang's placed slots; `except` is left out. */
export function siblingRows(cluster: Cluster, gang: Gang, except?: object): number[] {
  const rows: number[] = [];
  for (const slot of gang.slots) {
    const row = slot === except || slot.node === '' ? undefined : cluster.table.rowOf(slot.node);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}
