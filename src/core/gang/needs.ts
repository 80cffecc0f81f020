import type { ClusterView } from '../cluster/cluster.ts';
import { withLabels } from '../cluster/eligibility.ts';
import { isLeaderRole, minToStart, type PodInfo } from '../model.ts';
import type { Need } from '../placement/need.ts';
import type { Vector } from '../resources.ts';
import type { Gang } from './gang.ts';

export interface Wanted {
  readonly role: string;
  readonly count: number;
  /** Absent: the request that the role declares. */
  readonly vector?: Vector;
}

/** The need for `count` slots of a role. */
export function needOf(cluster: ClusterView, gang: Gang, { role: name, count, vector }: Wanted): Need {
  const role = gang.spec.roles.find((one) => one.name === name);
  if (!role) throw new RangeError(`Gang ${gang.key} has no role ${name}.`);
  const isLeader = isLeaderRole(gang.spec, name);
  const preference = isLeader ? gang.policy.leader : gang.policy.members;
  return {
    role: name,
    count,
    vector: vector ?? cluster.requestVector(role.request),
    eligible: cluster.eligibility.maskFor(withLabels(role.constraints, preference.requireLabels)),
    preference,
    // Members of all known kinds of gangs run the leader's image; their own images are unknown before they exist.
    images: gang.leader.images,
    isLeader,
  };
}

/** The needs of a gang to start: the minimum of each role less the running members, and always a leader. */
export function startNeeds(cluster: ClusterView, gang: Gang): readonly Need[] {
  const { spec, key } = gang;
  return spec.roles
    .map((role) => {
      const missing = role.min - cluster.runningMembers(key, role.name).length;
      const count = Math.max(isLeaderRole(spec, role.name) ? 1 : 0, missing);
      return needOf(cluster, gang, { role: role.name, count });
    })
    .filter(({ count }) => count > 0);
}

/** As startNeeds, with the request of the leader's pod in place of what its role declares. */
export function leaderNeeds(cluster: ClusterView, gang: Gang, leader: PodInfo = gang.leader): readonly Need[] {
  const vector = cluster.requestVector(leader.request);
  return startNeeds(cluster, gang).map((need, i) => (i === 0 && need.count === 1 ? { ...need, vector } : need));
}

/** Rows of the siblings: of the gang's placed slots without `except`. */
export function siblingRows(cluster: ClusterView, gang: Gang, except?: object): number[] {
  const rows: number[] = [];
  for (const slot of gang.slots) {
    const row = slot === except || slot.node === '' ? undefined : cluster.table.rowOf(slot.node);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** Whether a role has fewer running members than its minimum. */
export function isBelowMinimum(cluster: ClusterView, { spec, key }: Gang): boolean {
  return spec.roles.some((role) => cluster.runningMembers(key, role.name).length < minToStart(spec, role));
}
