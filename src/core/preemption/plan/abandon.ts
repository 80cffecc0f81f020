import type { GangContext } from '../../gang/context.ts';
import type { EvictionPlan, Gang } from '../../gang/gang.ts';
import { healRow } from '../../gang/healing.ts';
import type { PodRef } from '../../model.ts';

/** After a plan that came to nothing, another is not made before so long (ms). */
export const SEARCH_AGAIN_MS = 15_000;

/** Gives back what was nobody's while the victims left. */
export function releaseWithheld({ cluster }: GangContext, plan: EvictionPlan): void {
  for (const { node, vector } of plan.withheld) cluster.release(node, vector);
  plan.withheld = [];
}

/**
 * Gives an eviction plan up: what was held for the gang is free again, and whoever has not been evicted yet stays. The
 * gang goes on waiting; nobody else is harmed for this plan.
 */
export function dropPlan(ctx: GangContext, gang: Gang, reason: string, nowMs: number): void {
  const plan = gang.eviction;
  if (!plan) return;
  releaseWithheld(ctx, plan);
  gang.eviction = undefined;
  gang.searchAgainMs = nowMs + SEARCH_AGAIN_MS;
  ctx.evictions.planned.delete(gang);
  ctx.degraded.delete(gang);
  for (const slot of gang.slots.splice(0)) ctx.ledger.unplace(slot);
  const spared: PodRef[] = [];
  for (const [uid, victim] of plan.left) {
    ctx.evictions.beneficiary.delete(uid);
    const bound = ctx.cluster.boundPod(uid);
    if (!bound) continue;
    ctx.cluster.stay(uid);
    if (!bound.pod.deleting) {
      spared.push(victim);
      ctx.evictions.takeBack(ctx.gangs.get(bound.pod.membership?.gang ?? ''), plan.sinceMs);
    }
    const row = ctx.cluster.table.rowOf(bound.node);
    if (row !== undefined) healRow(ctx, row);
  }
  ctx.emit({ kind: 'eviction-dropped', gang: gang.key, leader: plan.holder, plan: plan.id, reason, spared });
}
