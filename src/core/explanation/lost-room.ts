import { isBeyondShare } from '../gang/claimants.ts';
import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { counted } from '../wording.ts';

/** What an admitted gang has lost, and when it may come back, in sentences. */
export function lostRoomAdvice(ctx: GangContextView, gang: Gang, nowMs: number): string[] {
  const lost = gang.slots.filter(({ state }) => state === 'unplaced');
  const out = lost.length === 0 ? [] : [lostText(ctx, gang, lost.length)];
  if (lost.length > 0 && ctx.tree.isConfigured && isBeyondShare(ctx, gang.queue, lost[0]!.vector))
    out.push(...whileBeyond(ctx, gang, nowMs));
  const extrasMs = ctx.reclaims.pausesUntil('extras', gang.key) - nowMs;
  if (extrasMs > 0) out.push(`${RECLAIMED}: it gets members beyond its minimum again in ${seconds(extrasMs)}.`);
  return out;
}

const RECLAIMED = 'Room of it was reclaimed for other queues';
const seconds = (ms: number) => `${Math.ceil(ms / 1000)} s`;

/** What keeps it from the places that it has lost to other queues. */
function whileBeyond({ reclaims }: GangContextView, { key, queue }: Gang, nowMs: number): string[] {
  const pauseMs = reclaims.pausesUntil('needed', key) - nowMs;
  const share = `the share of queue ${queue.path}`;
  if (pauseMs > 0) return [`${RECLAIMED}: beyond ${share} it gets places again in ${seconds(pauseMs)}.`];
  if (reclaims.timesOf('needed', key, nowMs) === 0) return [];
  return [`${RECLAIMED}: beyond ${share} it gets places when no gang within the share of its queue waits for them.`];
}

function lostText({ evictions }: GangContextView, { key, slots }: Gang, count: number): string {
  const lost = `${count} of its ${counted(slots.length, 'slot')}`;
  const evicted = evictions.lastLossMs(key) === undefined ? '' : 'a pod was evicted, ';
  const because = `(${evicted}another scheduler took it, or the node is gone)`;
  return count === 1
    ? `${lost} has lost its room ${because}; muster places it again as soon as there is room.`
    : `${lost} have lost their room ${because}; muster places them again as soon as there is room.`;
}
