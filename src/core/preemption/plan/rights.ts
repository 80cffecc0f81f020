import { endingsOf, endOf, heldBy, ranSince } from '../../backfill/endings.ts';
import type { Gang } from '../../gang/gang.ts';
import { limitOn } from '../../gang/limits.ts';
import { hasRunningLeader, siblingRows, startNeeds } from '../../gang/needs.ts';
import { counted } from '../../wording.ts';
import type { PreemptionContextView } from '../candidates/context.ts';
import type { Means } from '../candidates/share-rules.ts';

/** By what right pods may be evicted for a gang now. */
export interface Rights {
  readonly means: Means;
  /** Why by none, for the user; undefined: by some. */
  readonly because: string | undefined;
  /** Why nothing may be taken from other queues. */
  readonly notByShare: string | undefined;
}

type Context = PreemptionContextView;

/**
 * By what right, whatever the modes are: what they could allow.
 * @param hasWaited it has waited long enough for its queue: its plan was made before
 */
export function rightsOf(ctx: Context, gang: Gang, nowMs: number, hasWaited = false): Rights {
  const never = forbiddenTo(ctx, gang, nowMs);
  const byPriority = never ?? forbiddenByPriority(ctx, gang, nowMs);
  const byShare = never ?? forbiddenByShare(ctx, gang, hasWaited ? Infinity : nowMs);
  const means = { priority: byPriority === undefined, share: byShare === undefined };
  return { means, because: means.priority || means.share ? undefined : byPriority, notByShare: byShare };
}

/** What the modes of its policy and of its queue allow. */
export const enforced = ({ tree }: Pick<Context, 'tree'>, { policy, queue }: Gang): Means => ({
  priority: policy.preemption.mode === 'enforce',
  share: tree.isConfigured && queue.reclaim.mode === 'enforce',
});

/** What may be made use of now; undefined: nothing. @param hasWaited as above */
export function meansNow(ctx: Context, gang: Gang, nowMs: number, hasWaited = false): Means | undefined {
  const modes = enforced(ctx, gang);
  if (!modes.priority && !modes.share) return undefined;
  const { means } = rightsOf(ctx, gang, nowMs, hasWaited);
  const both = { priority: means.priority && modes.priority, share: means.share && modes.share };
  return both.priority || both.share ? both : undefined;
}

function forbiddenTo(ctx: Context, gang: Gang, nowMs: number): string | undefined {
  const { evictions, cluster } = ctx;
  const { leader, policy, key, preemption } = gang;
  const { cascadeMs } = policy.preemption;
  // Its annotation carries no plan: a restart would forget the victims.
  if (hasRunningLeader(cluster, gang)) return 'its leader already runs';
  if (leader.evictionTraits?.neverPreempts) return 'the preemptionPolicy of its leader is Never';
  if (preemption === 'wasted')
    return 'pods were evicted for it before, and kube-scheduler has not asked about its leader since';
  const lostMs = evictions.lastLossMs(key);
  if (lostMs !== undefined && nowMs - lostMs < cascadeMs)
    return `it lost members less than ${cascadeMs / 1000} s ago (preemption.cascade)`;
  // It may have been reached since the gang was refused for want of room: it could not use what is freed.
  return limitOn(ctx, gang)?.reason;
}

function forbiddenByPriority({ overclaims }: Context, gang: Gang, nowMs: number): string | undefined {
  const { leader, firstAskMs, policy } = gang;
  const { afterMs } = policy.preemption;
  const overclaim = overclaims.at(leader.namespace, nowMs);
  if (overclaim)
    return `members in namespace ${leader.namespace} came with a lower priority than ${counted(overclaim.victims, 'pod')} were evicted with, and no more are evicted for the namespace for ${overclaim.forMs / 60_000} min (give members the class of their leader)`;
  return nowMs - firstAskMs < afterMs ? `it has waited less than ${afterMs / 1000} s (preemption.after)` : undefined;
}

function forbiddenByShare({ tree }: Context, { queue, firstAskMs }: Gang, nowMs: number): string | undefined {
  const { mode, afterMs } = queue.reclaim;
  if (!tree.isConfigured || mode === 'off') return 'nothing is reclaimed for its queue (reclaim.mode)';
  return nowMs - firstAskMs < afterMs ? `it has waited less than ${afterMs / 1000} s (reclaim.after)` : undefined;
}

/** So many of such runs as hold room now have ended before their end is counted on. */
const END_SHARE = 0.9;

/**
 * Until when the gang waits for the ends of gangs that run, in ms, because these should make the room within the patience
 * of its queue; undefined: it does not wait for them. A gang that runs for longer than such runs take is not waited for:
 * its forecast was wrong. O(gangs that hold room).
 */
export function waitsForEnds(ctx: PreemptionContextView, gang: Gang, nowMs: number): number | undefined {
  const { afterMs, patienceMs } = gang.queue.reclaim;
  const untilMs = gang.firstAskMs + afterMs + patienceMs;
  if (nowMs >= untilMs) return undefined;
  const { cluster, planner } = ctx;
  const isOnTime = (of: Gang) => endOf(ctx, of, END_SHARE, ranSince(of, nowMs)) >= nowMs;
  const ends = endingsOf(ctx, END_SHARE, nowMs).filter(({ gang: of, atMs }) => atMs <= untilMs && isOnTime(of));
  const freed = ends.flatMap((end) => heldBy(cluster, end.gang));
  if (freed.length === 0) return undefined;
  const request = { needs: startNeeds(cluster, gang), policy: gang.policy, siblings: siblingRows(cluster, gang) };
  return planner.plan({ ...request, freed }).kind === 'placed' ? untilMs : undefined;
}
