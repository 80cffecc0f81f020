import { haveCommonRow } from '../cluster/eligibility.ts';
import { isBeyondShare, MOST_LOOKED_AT } from './claimants.ts';
import type { GangContext, GangContextView } from './context.ts';
import type { Gang } from './gang.ts';
import { needOf, startNeeds } from './needs.ts';
import type { Slot } from './slot.ts';

/** What an admitted gang waits for before it takes room again: the end of a pause, or another gang, by key. */
export type TakeBackWait = { readonly untilMs: number } | { readonly behind: string };

type Lost = Pick<Slot, 'role' | 'vector'>;

/**
 * What keeps an admitted gang from room for a member that it needs and has lost; undefined: nothing. Its queue would be
 * beyond its share with it, and room was reclaimed from the gang a moment ago; or that was within the last hour, and a gang
 * within its queue's share waits for room on the same nodes. Spark has a new executor within a second, and would take what
 * was freed for others.
 * @param claimants the gangs with a better claim to room
 */
export function waitToTakeBack(
  ctx: GangContextView,
  gang: Gang,
  { role, vector }: Lost,
  { claimants, nowMs }: { readonly claimants: Iterable<Gang>; readonly nowMs: number },
): TakeBackWait | undefined {
  const { key, queue } = gang;
  if (!ctx.tree.isConfigured || !ctx.reclaims.isRecent('needed', key, nowMs)) return undefined;
  if (!isBeyondShare(ctx, queue, vector)) return undefined;
  const untilMs = ctx.reclaims.pausesUntil('needed', key);
  if (nowMs < untilMs) return { untilMs };
  const { eligible } = needOf(ctx.cluster, gang, { role, count: 1, vector });
  let looked = 0;
  for (const claimant of claimants) {
    const needs = startNeeds(ctx.cluster, claimant);
    if (needs.some((need) => haveCommonRow(need.eligible, eligible))) return { behind: claimant.key };
    if (++looked === MOST_LOOKED_AT) return undefined;
  }
  return undefined;
}

/** Whether the gang may take room for such a member now. O(depth), and O(1) where nothing was reclaimed from it. */
export const mayTakeBack = (ctx: GangContext, gang: Gang, lost: Lost, nowMs: number): boolean =>
  waitToTakeBack(ctx, gang, lost, { claimants: ctx.claimants.before(ctx, gang.queue), nowMs }) === undefined;
