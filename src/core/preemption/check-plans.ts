import type { GangContext } from '../gang/context.ts';
import { dropPlan } from './drop-plan.ts';
import { bandOf } from './may-go.ts';
import type { Gang } from '../gang/gang.ts';

/** Drops plans that cannot come to an end: room lost, victims that do not leave, a policy that does not want it. */
export function checkPlans(ctx: GangContext, nowMs: number): void {
  for (const gang of [...ctx.evictions.planned]) {
    const plan = gang.eviction!;
    const { left, untilMs } = plan;
    // With a node goes what was withheld there.
    plan.withheld = plan.withheld.filter(({ node }) => ctx.cluster.table.rowOf(node) !== undefined);
    if (gang.slots.some(({ state }) => state === 'unplaced')) {
      dropPlan(ctx, gang, 'another scheduler took the room, or a node went', nowMs);
    } else if (gang.policy.preemption.mode !== 'enforce') {
      dropPlan(ctx, gang, `preemption is ${gang.policy.preemption.mode} now`, nowMs);
    } else if (nowMs > untilMs) {
      for (const uid of left.keys()) ctx.evictions.refuse(uid, nowMs);
      dropPlan(ctx, gang, `${left.size} victims did not leave in time`, nowMs);
    }
  }
}

/** Drops plans whose victims have become as important as the gang for which they go. Call about once a second. */
export function checkPriorities(ctx: GangContext, nowMs: number): void {
  for (const gang of [...ctx.evictions.planned]) {
    if (hasPeer(ctx, gang)) dropPlan(ctx, gang, 'a victim is as important as the gang now', nowMs);
  }
}

function hasPeer(ctx: GangContext, { eviction, priority, policy }: Gang): boolean {
  return [...eviction!.left.keys()].some((uid) => {
    const pod = ctx.cluster.boundPod(uid)?.pod;
    if (!pod || pod.deleting) return false;
    const band = bandOf(ctx, pod, ctx.gangs.get(pod.membership?.gang ?? ''));
    return band + policy.preemption.priorityGap > priority;
  });
}

/** The API server will not evict a victim: somebody else has to be found, and this one is left alone for a while. */
export function evictionRefused(ctx: GangContext, uid: string, reason: string, nowMs: number): void {
  ctx.evictions.refuse(uid, nowMs);
  const gang = ctx.evictions.beneficiary.get(uid);
  if (!gang) return;
  dropPlan(ctx, gang, `a victim cannot be evicted: ${reason}`, nowMs);
  // Those that are on their way already count for the next plan, as long as their room is not taken up again.
  gang.searchAgainMs = nowMs;
}
