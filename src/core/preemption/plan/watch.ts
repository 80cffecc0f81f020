import type { GangContext } from '../../gang/context.ts';
import { begin } from './make-room.ts';
import { dropPlan, releaseWithheld } from './abandon.ts';
import { findVictims } from '../search/find-victims.ts';
import { priorityLevelOf } from '../candidates/exclusion-rules.ts';
import type { Gang } from '../../gang/gang.ts';

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
    const level = priorityLevelOf(ctx, pod, ctx.gangs.get(pod.membership?.gang ?? ''));
    return level + policy.preemption.priorityGap > priority;
  });
}

/**
 * The API server will not evict a victim: it is left alone for a while, and somebody else has to be found. Those that go
 * or are gone already have not gone for nothing: their room stays the gang's meanwhile.
 */
export function evictionRefused(ctx: GangContext, uid: string, reason: string, nowMs: number): void {
  const { evictions, cluster } = ctx;
  evictions.refuse(uid, nowMs);
  const gang = evictions.beneficiary.get(uid);
  const plan = gang?.eviction;
  if (!gang || !plan) return;
  releaseWithheld(ctx, plan);
  for (const slot of gang.slots.splice(0)) ctx.ledger.unplace(slot);
  plan.left.delete(uid);
  evictions.beneficiary.delete(uid);
  cluster.stay(uid);
  evictions.takeBack(ctx.gangs.get(cluster.boundPod(uid)?.pod.membership?.gang ?? ''), plan.sinceMs);
  const kept = [...plan.left.values()];
  const isAmended = begin(ctx, gang, { finding: findVictims(ctx, gang, nowMs), nowMs, kept });
  if (!isAmended) dropPlan(ctx, gang, `a victim cannot be evicted: ${reason}`, nowMs);
}
