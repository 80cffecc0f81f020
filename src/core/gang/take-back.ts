import { isBeyondShare } from './claimants.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import type { Vector } from '../resources.ts';

/**
 * Whether an admitted gang may take room now for a member that it needs and has lost. Not while its queue is beyond its
 * share with it and room was reclaimed from the gang a moment ago, or a gang within its queue's share waits for room:
 * Spark has a new executor within a second, and would take what was freed for others. O(depth).
 */
export function mayTakeBack(ctx: GangContext, { key, queue }: Gang, vector: Vector, nowMs: number): boolean {
  if (!ctx.tree.isConfigured || !isBeyondShare(ctx, queue, vector)) return true;
  if (nowMs < ctx.reclaims.pausesUntil('needed', key)) return false;
  return ctx.reclaims.timesOf('needed', key, nowMs) === 0 || ctx.claimants.before(ctx, queue).next().done === true;
}
