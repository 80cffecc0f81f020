import type { ClusterView } from '../cluster/cluster.ts';
import { withLabels } from '../cluster/eligibility.ts';
import { isLeaderRole, membersToStart, minToStart, type Constraints, type PodInfo, type Role } from '../model.ts';
import type { Need } from '../placement/need.ts';
import type { Vector } from '../resources.ts';
import type { Gang } from './gang.ts';

export interface Wanted {
  readonly role: string;
  readonly count: number;
  /** Absent: the request that the role declares. */
  readonly vector?: Vector;
}

/** What nodes for the role must meet: its own constraints, and the labels that the policy and the queue require. */
export function requiredOf({ spec, policy, queue }: Gang, role: Role): Constraints {
  const { requireLabels } = isLeaderRole(spec, role.name) ? policy.leader : policy.members;
  return withLabels(withLabels(role.constraints, requireLabels), queue.nodes);
}

/** The need for `count` slots of a role. */
export function needOf(cluster: ClusterView, gang: Gang, { role: name, count, vector }: Wanted): Need {
  const role = gang.spec.roles.find((one) => one.name === name);
  if (!role) throw new RangeError(`Gang ${gang.key} has no role ${name}.`);
  const isLeader = isLeaderRole(gang.spec, name);
  const preference = isLeader ? gang.policy.leader : gang.policy.members;
  const { isExclusive } = gang.queue;
  const suitable = cluster.eligibility.maskFor(requiredOf(gang, role));
  return {
    role: name,
    count,
    vector: vector ?? cluster.requestVector(role.request),
    suitable,
    eligible: cluster.occupancy.openTo(suitable, gang.spec.namespace, isExclusive),
    preference,
    // Members of all known kinds of gangs run the leader's image; their own images are unknown before they exist.
    images: gang.leader.images,
    isLeader,
  };
}

/**
 * The needs of a gang to start: the minimum of each role less the running members, and a leader unless one runs.
 * @param only the need of this role alone
 */
export function startNeeds(cluster: ClusterView, gang: Gang, only?: string): readonly Need[] {
  const { spec, key } = gang;
  const leaders = hasRunningLeader(cluster, gang) ? 0 : 1;
  return spec.roles
    .filter(({ name }) => only === undefined || name === only)
    .map(({ name: role, min }) => {
      const missing = min - cluster.runningMembers(key, role).length;
      return { role, count: Math.max(isLeaderRole(spec, role) ? leaders : 0, missing) };
    })
    .filter(({ count }) => count > 0)
    .map((wanted) => needOf(cluster, gang, wanted));
}

/**
 * Whether one of the gang's leaders is bound and stays. A gang that waits all the same was not admitted here: another
 * scheduler bound its leader, or another muster admitted it and wrote no reservation.
 */
export function hasRunningLeader(cluster: ClusterView, { key, leaderUids }: Gang): boolean {
  const bound = cluster.boundMembers(key);
  if (bound.size === 0) return false;
  for (const uid of leaderUids) {
    const leader = bound.get(uid);
    if (leader && !leader.pod.deleting && !leader.isLeaving) return true;
  }
  return false;
}

/** How many of the gang's bound members stay: whenever that changes, it lacks others. */
export function countRunning(cluster: ClusterView, { key }: Gang): number {
  let running = 0;
  for (const { pod, isLeaving } of cluster.boundMembers(key).values()) if (!pod.deleting && !isLeaving) running++;
  return running;
}

/** As startNeeds, with the request of the leader's pod in place of what its role declares. */
export function leaderNeeds(
  cluster: ClusterView,
  gang: Gang,
  leader: PodInfo = gang.leader,
  only?: string,
): readonly Need[] {
  const ofLeader = (need: Need) => ({ ...need, vector: cluster.requestVector(leader.request) });
  return startNeeds(cluster, gang, only).map((need) => (need.isLeader && need.count === 1 ? ofLeader(need) : need));
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
  // Asked for every member of a gang that waits: mostly there are too few of them in total.
  if (cluster.boundMembers(key).size < membersToStart(spec)) return true;
  return spec.roles.some((role) => cluster.runningMembers(key, role.name).length < minToStart(spec, role));
}

/** What the gang needs to start, by column: the minimum of each role less its running members. */
export function askOf(cluster: ClusterView, gang: Gang): Vector {
  const out = new Float64Array(cluster.columns.size);
  const { spec, key, leader } = gang;
  for (const role of spec.roles) {
    const isLeader = isLeaderRole(spec, role.name);
    const count = minToStart(spec, role) - cluster.runningMembers(key, role.name).length;
    if (count <= 0) continue;
    const vector = cluster.requestVector(isLeader && count === 1 ? leader.request : role.request);
    for (let c = 0; c < out.length; c++) out[c]! += count * (vector[c] ?? 0);
  }
  return out;
}
