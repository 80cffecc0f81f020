import type { PodInfo } from '../model.ts';
import type { Waiting } from '../queue/shares.ts';
import type { Account } from '../queue/usage.ts';
import { isAskedAbout } from './blocking.ts';
import type { GangContext, GangContextView } from './context.ts';
import { refusalOf, type Gang } from './gang.ts';

/** Brings the queues' shares up to date, unless that was done a moment ago. */
export function refreshShares(ctx: GangContext, nowMs: number): void {
  if (ctx.shares.isDue(ctx, nowMs)) ctx.shares.refresh(ctx, demanding(ctx, nowMs), nowMs);
}

/** The waiting gangs that could start if their queue had room: others would hold a share that nobody uses. */
function* demanding(ctx: GangContextView, nowMs: number): Generator<Waiting> {
  for (const gang of ctx.queues.waiting()) if (isDemand(gang, nowMs)) yield gang;
}

/** Limits of the queue itself bound its demand already; all others make a gang one that cannot start. */
function isDemand(gang: Gang, nowMs: number): boolean {
  const refusal = refusalOf(gang);
  if (gang.state.kind !== 'waiting' || refusal?.kind === 'unschedulable' || refusal?.kind === 'incomplete')
    return false;
  if (refusal?.kind === 'quota' && refusal.limit !== 'max') return false;
  return isAskedAbout(gang, nowMs);
}

/** Which queue and which user a leader's gang belongs to. @param named the queue that its declaration names */
export function accountOf({ tree }: Pick<GangContextView, 'tree'>, pod: PodInfo, named: string): Account {
  return { leaf: tree.leaf(named), user: pod.recurrence?.user ?? pod.namespace };
}
