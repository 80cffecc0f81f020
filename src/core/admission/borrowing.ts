import type { BackfillContext } from '../backfill/context.ts';
import { hasBit } from '../cluster/eligibility.ts';
import { isBeyondShare, MOST_LOOKED_AT } from '../gang/claimants.ts';
import type { Gang, Refusal } from '../gang/gang.ts';
import { startNeeds } from '../gang/needs.ts';
import { refreshShares } from '../gang/tenants.ts';
import type { Vector } from '../resources.ts';

type Pause = Extract<Refusal, { kind: 'rate' }>;

/** A gang from which room was reclaimed borrows nothing for a while; within its queue's share it starts at once. O(depth). */
export function pauseBeforeBorrowing(ctx: BackfillContext, gang: Gang, nowMs: number): Pause | undefined {
  const untilMs = ctx.reclaims.pausesUntil('needed', gang.key);
  if (nowMs >= untilMs || !ctx.tree.isConfigured || !isBeyondShare(ctx, gang.queue, gang.ask)) return undefined;
  return { kind: 'rate', reason: 'gang was reclaimed and waits until it may borrow again', untilMs, isBorrower: true };
}

/**
 * Why a member beyond the minimum gets no place; undefined: it may have one. Such members come again within a second, so
 * that each eviction would be followed by the next. O(1) while the gang has to pause.
 */
export function extrasPause(ctx: BackfillContext, { key }: Gang, nowMs: number): string | undefined {
  const isPaused = nowMs < ctx.reclaims.pausesUntil('extras', key);
  return isPaused ? 'members beyond the minimum were reclaimed from the gang' : undefined;
}

interface Extra {
  readonly gang: Gang;
  readonly vector: Vector;
}

/** The same for one that would go to that row: its queue is beyond its share, and one within its share needs the room. */
export function isNeededElsewhere(ctx: BackfillContext, { gang, vector }: Extra, row: number, nowMs: number): boolean {
  if (!ctx.tree.isConfigured) return false;
  refreshShares(ctx, nowMs);
  if (!isBeyondShare(ctx, gang.queue, vector)) return false;
  let looked = 0;
  for (const claimant of ctx.claimants.before(ctx, gang.queue)) {
    if (startNeeds(ctx.cluster, claimant).some(({ eligible }) => hasBit(eligible, row))) return true;
    if (++looked === MOST_LOOKED_AT) return false;
  }
  return false;
}
