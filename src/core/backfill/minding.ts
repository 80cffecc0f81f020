import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { isOfSystem } from '../policy/system-priority.ts';
import type { QueueNode } from '../queue/tree.ts';
import { apart } from '../queue/turns.ts';
import type { Vector } from '../resources.ts';
import type { Heads } from './heads.ts';

/** The gang that asks, and what it asks for, by column. */
export interface Asking {
  readonly gang: Gang;
  readonly ask: Vector;
}

/** A head, and what its queue holds less by the time that it starts. */
export interface Minded {
  readonly gang: Gang;
  readonly less: (queue: QueueNode) => Vector | undefined;
}

/**
 * Whether a gang must not delay a head of its own queue, or of another. Of its own: one of higher priority. Of another:
 * one whose queue stays within its guarantee, or its entitlement, where its own would not; and one of higher priority, as
 * far as priority reaches. Two heads never mind each other, nor more of them in a circle: only those are minded that come
 * first in admission order.
 */
export function minds(ctx: GangContextView, heads: Heads, { gang, ask }: Asking, head: Minded): boolean {
  const [own, its] = [heads.place.get(gang), heads.place.get(head.gang)];
  if (own !== undefined && its !== undefined && own < its) return false;
  const both = apart(head.gang.queue, gang.queue);
  const byPriority = head.gang.priority - gang.priority;
  if (!both) return byPriority > 0;
  const [theirs, ours] = both;
  const { priority: reach } = theirs.parent!;
  if (byPriority !== 0 && isOfSystem(Math.max(head.gang.priority, gang.priority))) return byPriority > 0;
  if (isYielding(ctx, head.gang.queue, theirs)) return false;
  if (reach === 'first' && byPriority !== 0) return byPriority > 0;
  if (!heads.claims.has(head.gang)) return false;
  const tier = ctx.shares.tierAt(theirs, head.gang.ask, head.less(theirs));
  const byTier = ctx.shares.tierAt(ours, ask) - tier;
  return byTier > 0 || (byTier === 0 && reach === 'across' && byPriority > 0);
}

/** Whether a queue yields, or one that it is in below those that both gangs are in. */
function isYielding({ shares }: GangContextView, leaf: QueueNode, top: QueueNode): boolean {
  for (let node: QueueNode | undefined = leaf; node !== top.parent; node = node?.parent)
    if (node && shares.isYielding(node)) return true;
  return false;
}
