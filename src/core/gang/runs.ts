import type { BoundPod, ClusterView } from '../cluster/cluster.ts';
import type { OverRun } from '../history/awaited-outcomes.ts';
import { minToStart, type Outcome, type PodInfo } from '../model.ts';
import type { GangContext } from './context.ts';
import { isAdmitted, refOf, type Gang } from './gang.ts';
import { noteWhole } from './metering.ts';
import { isBelowMinimum } from './needs.ts';
import { identityOf, identityOfPod } from './run-identity.ts';
import { hasBegun } from './transitions.ts';

/** A member has been bound. With the last one that the gang needs its run begins. */
export function noteComplete(
  ctx: Pick<GangContext, 'cluster' | 'meter' | 'isFollowing' | 'emit'>,
  gang: Gang,
  nowMs: number,
): void {
  if (gang.ranSinceMs !== undefined) return noteWhole(ctx, gang);
  if (!isAdmitted(gang) || isBelowMinimum(ctx.cluster, gang)) return;
  hasBegun(ctx, gang, completeSince(ctx.cluster, gang, nowMs));
}

/** When the last member that the gang needs started: after a restart that is long ago. */
function completeSince(cluster: ClusterView, gang: Gang, nowMs: number): number {
  let sinceMs = -Infinity;
  for (const role of gang.spec.roles) {
    const starts = cluster.runningMembers(gang.key, role.name).map(({ pod }) => startOf(pod) ?? nowMs);
    starts.sort((a, b) => a - b);
    sinceMs = Math.max(sinceMs, starts[minToStart(gang.spec, role) - 1] ?? -Infinity);
  }
  return Math.min(nowMs, sinceMs);
}

const startOf = (pod: PodInfo): number | undefined => pod.evictionTraits?.startedMs;

/** The end of a pod. `bound`: its entry in the cluster. */
interface PodEnd {
  readonly bound: BoundPod;
  /** How it ended, where that is known. */
  readonly outcome: Outcome | undefined;
}

/** The gang is over with its last leader. Learns from its run if it ever had all the members that it needs. */
export function gangRunEnded(ctx: GangContext, gang: Gang, end: PodEnd, nowMs: number): void {
  if (gang.ranSinceMs === undefined) return;
  learn(ctx, gang.key, end, { identity: identityOf(gang), sinceMs: gang.ranSinceMs, endMs: nowMs });
}

/** A pod of no gang has ended. Learns from its run if muster's schedulers place it and it has started. */
export function podRunEnded(ctx: GangContext, end: PodEnd, nowMs: number): void {
  const { pod } = end.bound;
  const sinceMs = startOf(pod);
  if (sinceMs === undefined || !ctx.schedulerNames.has(pod.schedulerName)) return;
  learn(ctx, `${pod.namespace}/${pod.name}`, end, { identity: identityOfPod(pod), sinceMs, endMs: nowMs });
}

/**
 * A pod that was evicted or deleted, or lost its node, would have run longer. Of one that ended by itself the shell must
 * say how. Replicas that follow learn nothing: they get what the one that decides has learned.
 */
function learn(
  { outcomes, isFollowing, emit }: GangContext,
  key: string,
  { bound, outcome }: PodEnd,
  run: OverRun,
): void {
  if (isFollowing) return;
  const isCut = bound.isLeaving || bound.pod.deleting || bound.row < 0;
  const how = outcome === 'succeeded' || !isCut ? outcome : 'cut';
  if (how !== undefined) return outcomes.over(run, how);
  outcomes.wait(bound.pod.uid, run);
  emit({ kind: 'outcome-wanted', gang: key, leader: refOf(bound.pod) });
}
