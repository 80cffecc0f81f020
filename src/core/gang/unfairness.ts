import type { Waiting } from '../queue/shares.ts';
import { treatedUnfairly, type Unfairness } from '../queue/unfairness.ts';
import { isAskedAbout } from './blocking.ts';
import type { GangContextView } from './context.ts';
import { refusalOf, type Gang } from './gang.ts';

/** Adds the time since the last look to the queues that were treated unfairly all the while. Call about once a second. */
export function lookAtUnfairness(ctx: GangContextView & { readonly unfairness: Unfairness }, nowMs: number): void {
  ctx.unfairness.look(treatedUnfairly(ctx, waitingForRoom(ctx, nowMs)), nowMs);
  ctx.unfairness.tidy(ctx.tree);
}

/** The gangs that only room keeps from starting, or what others need of it at their start times. */
function* waitingForRoom({ queues }: GangContextView, nowMs: number): Generator<Waiting> {
  for (const gang of queues.waiting()) if (isForRoom(gang) && isAskedAbout(gang, nowMs)) yield gang;
}

function isForRoom(gang: Gang): boolean {
  const kind = refusalOf(gang)?.kind;
  return gang.state.kind === 'freeing' || kind === 'room' || kind === 'later';
}
