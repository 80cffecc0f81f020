import type { ClusterView } from '../cluster/cluster.ts';
import { isLeaderRole, minToStart, type PodInfo, type Role } from '../model.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import { ownPriority, requestedPriority } from './priority.ts';

interface ClaimContext {
  readonly classes: ReadonlyMap<string, number>;
  readonly cluster: Pick<ClusterView, 'runningMembers'>;
}

/**
 * The priority with which muster evicts pods for the gang: that of its least important member, so that a small leader
 * of a high class wins no room for members of a low one. At most the gang's own.
 */
export function claimOf(ctx: ClaimContext, gang: Gang): number {
  const own = ownPriority(ctx.classes, gang.leader);
  let least = own;
  for (const role of gang.spec.roles) least = Math.min(least, memberPriority(ctx, gang, role));
  return withPoints(ctx, gang, least);
}

/**
 * The priority of the role's members by themselves: the class that a template declares and that of those that run. As
 * long as nothing says it, they claim the leader's, at most the policy's `priority.members`.
 */
function memberPriority({ classes, cluster }: ClaimContext, gang: Gang, role: Role): number {
  const { leader, policy, spec } = gang;
  const own = ownPriority(classes, leader);
  const count = minToStart(spec, role);
  if (count === 0 || (count === 1 && isLeaderRole(spec, role.name))) return own;
  const declared = classes.get(role.priorityClass ?? '');
  const running = cluster.runningMembers(gang.key, role.name).map(({ pod }) => ownPriority(classes, pod));
  if (declared === undefined && running.length === 0) return Math.min(own, policy.priority.members);
  return Math.min(declared ?? Infinity, ...running);
}

/** What annotation, policy, queue and deadline make of a class value, as they make the gang's priority of its leader's. */
function withPoints({ classes }: Pick<ClaimContext, 'classes'>, gang: Gang, own: number): number {
  const leaders = requestedPriority(classes, gang, ownPriority(classes, gang.leader));
  return gang.priority - Math.max(0, leaders - requestedPriority(classes, gang, own));
}

/**
 * A member runs. If pods were evicted for its gang that its own priority would not have let go, no more pods are
 * evicted for the namespace for a while. Once per gang.
 */
export function checkClaim(ctx: GangContext, gang: Gang, pod: PodInfo, nowMs: number): void {
  const { taken } = gang;
  if (!taken || pod.uid === gang.leader.uid) return;
  const priority = withPoints(ctx, gang, ownPriority(ctx.classes, pod));
  if (priority >= taken.least) return;
  gang.taken = undefined;
  const { namespace } = pod;
  const { forMs } = ctx.overclaims.add(namespace, taken.victims, nowMs);
  const { key, leader } = gang;
  const { uid, name } = leader;
  const told = { priority, needed: taken.least, victims: taken.victims, forMs };
  ctx.emit({ kind: 'priority-overclaimed', gang: key, leader: { namespace, name, uid }, member: pod.name, ...told });
}
