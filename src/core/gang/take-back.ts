import { isBeyondShare } from './claimants.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import type { Bits } from '../cluster/eligibility.ts';
import { needOf, startNeeds, type Wanted } from './needs.ts';

/** Gangs looked at to find one that could use the same nodes. */
const MOST_LOOKED_AT = 32;

/**
 * Whether an admitted gang may take room now for a member that it needs and has lost. Not while its queue is beyond its
 * share with it and room was reclaimed from the gang a moment ago, or a gang within its queue's share waits for room on
 * such nodes: Spark has a new executor within a second, and would take what was freed for others. O(depth).
 */
export function mayTakeBack(
  ctx: GangContext,
  gang: Gang,
  { role, vector }: Required<Pick<Wanted, 'role' | 'vector'>>,
  nowMs: number,
): boolean {
  const { key, queue } = gang;
  if (!ctx.tree.isConfigured || !isBeyondShare(ctx, queue, vector)) return true;
  if (nowMs < ctx.reclaims.pausesUntil('needed', key)) return false;
  if (ctx.reclaims.timesOf('needed', key, nowMs) === 0) return true;
  const { eligible: own } = needOf(ctx.cluster, gang, { role, count: 1, vector });
  let looked = 0;
  for (const claimant of ctx.claimants.before(ctx, queue)) {
    const isRival = startNeeds(ctx.cluster, claimant).some(({ eligible }) => isAnyOfBoth(eligible, own));
    if (isRival) return false;
    if (++looked === MOST_LOOKED_AT) return true;
  }
  return true;
}

const isAnyOfBoth = (a: Bits, b: Bits): boolean => a.some((word, i) => (word & (b[i] ?? 0)) !== 0);
