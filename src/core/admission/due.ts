import type { GangContextView } from '../gang/context.ts';
import { refusalOf } from '../gang/gang.ts';

/**
 * When the time alone may let a waiting gang start: a rate lets gangs pass again, a pause ends, or an address has cooled
 * down; Infinity: it lets none. O(waiting gangs).
 */
export function nextDueMs({ queues, addresses }: GangContextView): number {
  let dueMs = Infinity;
  for (const gang of queues.waiting()) {
    const refusal = refusalOf(gang);
    if (refusal?.kind === 'rate') dueMs = Math.min(dueMs, refusal.untilMs);
    else if (refusal?.kind === 'quota' && refusal.limit === 'addresses') dueMs = Math.min(dueMs, addresses.dueMs);
  }
  return dueMs;
}
