import { isFreeing, type FreeingGang } from '../../gang/gang.ts';
import { abandonPlan, releaseWithheld } from '../../gang/transitions.ts';
import type { PreemptionContext } from '../candidates/context.ts';
import { isTooImportant, preemptorOf } from '../candidates/exclusion-rules.ts';
import { findVictims } from '../search/find-victims.ts';
import { counted } from '../../wording.ts';
import { begin } from './begin.ts';
import { enforced } from './rights.ts';

/** Drops plans that cannot succeed: the room is lost, a victim does not leave, or the policy no longer enforces. */
export function checkPlans(ctx: PreemptionContext, nowMs: number): void {
  for (const gang of [...ctx.evictions.planned]) {
    const { plan } = gang.state;
    const { left, untilMs } = plan;
    // The room withheld on a node is gone with the node.
    plan.withheld = plan.withheld.filter(({ node }) => ctx.cluster.table.rowOf(node) !== undefined);
    if (gang.slots.some(({ state }) => state === 'unplaced')) {
      abandonPlan(ctx, gang, 'another scheduler took the room, or a node is gone', nowMs);
    } else if (notEnforced(ctx, gang) !== undefined) {
      abandonPlan(ctx, gang, notEnforced(ctx, gang)!, nowMs);
    } else if (nowMs > untilMs) {
      for (const uid of left.keys()) ctx.evictions.refuse(uid, nowMs);
      abandonPlan(ctx, gang, `${counted(left.size, 'victim')} did not leave in time`, nowMs);
    }
  }
}

/** Why the plan is carried out no more; undefined: its modes enforce it. */
function notEnforced(ctx: PreemptionContext, gang: FreeingGang): string | undefined {
  const { priority, share } = enforced(ctx, gang);
  const rights = new Set(gang.state.plan.rights.values());
  const { policy, queue } = gang;
  if (rights.has('share') && !share) return `reclaim.mode of queue ${queue.path} is now ${queue.reclaim.mode}`;
  const isEnough = rights.has('priority') ? priority : priority || share;
  return isEnough ? undefined : `preemption.mode is now ${policy.preemption.mode}`;
}

/** Drops plans with a victim that has become as important as the gang. Call about once a second. */
export function checkPriorities(ctx: PreemptionContext, nowMs: number): void {
  for (const gang of [...ctx.evictions.planned]) {
    if (hasEqualVictim(ctx, gang, nowMs)) abandonPlan(ctx, gang, 'a victim has become as important as the gang', nowMs);
  }
}

function hasEqualVictim(ctx: PreemptionContext, gang: FreeingGang, nowMs: number): boolean {
  const preemptor = preemptorOf(ctx, gang, nowMs);
  const { left, rights } = gang.state.plan;
  return [...left.keys()].some((uid) => {
    // Between queues it is not priority that counts.
    if (rights.get(uid) === 'share') return false;
    const pod = ctx.cluster.boundPod(uid)?.pod;
    if (!pod || pod.deleting) return false;
    return isTooImportant(preemptor, pod, ctx.gangs.get(pod.membership?.gang ?? ''));
  });
}

/**
 * The API server refused to evict a victim: replaces it by others, and selects it for no plan for a while. The room of
 * the other victims stays held, so that their eviction is not wasted.
 */
export function evictionRefused(ctx: PreemptionContext, uid: string, reason: string, nowMs: number): void {
  const { evictions, cluster } = ctx;
  evictions.refuse(uid, nowMs);
  const gang = evictions.beneficiary.get(uid);
  if (!gang || !isFreeing(gang)) return;
  const { plan } = gang.state;
  releaseWithheld(ctx, plan);
  ctx.ledger.remove(gang, gang.slots);
  plan.left.delete(uid);
  evictions.leftOrStays(uid);
  cluster.stay(uid);
  evictions.takeBack(ctx.gangs.get(cluster.boundPod(uid)?.pod.membership?.gang ?? ''), plan.sinceMs);
  const kept = [...plan.left.values()];
  const finding = findVictims(ctx, gang, nowMs, { means: enforced(ctx, gang) });
  const isAmended = begin(ctx, gang, { finding, nowMs, kept });
  if (!isAmended) abandonPlan(ctx, gang, `a victim cannot be evicted: ${reason}`, nowMs);
}
