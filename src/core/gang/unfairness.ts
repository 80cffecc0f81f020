import type { Waiting } from '../queue/shares.ts';
import { treatedUnfairly, type Unfairness } from '../queue/unfairness.ts';
import type { GangContextView } from './context.ts';
import { isForRoom } from './gang.ts';

/** Adds the time since the last look to the queues that were treated unfairly all the while. Call about once a second. */
export function lookAtUnfairness(ctx: GangContextView & { readonly unfairness: Unfairness }, nowMs: number): void {
  ctx.unfairness.look(treatedUnfairly(ctx, waitingForRoom(ctx)), nowMs);
  ctx.unfairness.tidy(ctx.tree);
}

/** The gangs that only room keeps from starting, or what others need of it at their start times. */
function* waitingForRoom({ queues }: GangContextView): Generator<Waiting> {
  for (const gang of queues.waiting()) if (isForRoom(gang)) yield gang;
}
