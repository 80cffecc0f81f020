import { claimantsBefore } from '../gang/claimants.ts';
import type { Gang } from '../gang/gang.ts';
import type { Slot } from '../gang/slot.ts';
import { waitToTakeBack } from '../gang/take-back.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import { counted } from '../wording.ts';

/** Of an admitted gang: what it has lost, why, and when it gets room again; in sentences. */
export function lostRoomAdvice(ctx: PreemptionContextView, gang: Gang, nowMs: number): string[] {
  return [...lostSlots(ctx, gang, nowMs), ...pausedExtras(ctx, gang, nowMs)];
}

/** It gets no members beyond its minimum so soon after some were reclaimed. */
function pausedExtras({ reclaims }: PreemptionContextView, { key }: Gang, nowMs: number): string[] {
  const pauseMs = reclaims.pausesUntil('extras', key) - nowMs;
  if (pauseMs <= 0) return [];
  return [
    `Room of it was reclaimed for other queues: it gets members beyond its minimum again in ${Math.ceil(pauseMs / 1000)} s.`,
  ];
}

function lostSlots(ctx: PreemptionContextView, gang: Gang, nowMs: number): string[] {
  const lost = gang.slots.filter(({ state }) => state === 'unplaced');
  const [first] = lost;
  if (!first) return [];
  const some = `${lost.length} of its ${counted(gang.slots.length, 'slot')}`;
  const [have, them] = lost.length === 1 ? ['has', 'it'] : ['have', 'them'];
  return [
    `${some} ${have} lost ${whose(lost)} room (${causeOf(ctx, gang)}); ${whenAgain(ctx, gang, { first, them }, nowMs)}.`,
  ];
}

const whose = ({ length }: readonly Slot[]) => (length === 1 ? 'its' : 'their');

/** What took room from the gang within the last day; a slot does not know what took its own. */
function causeOf({ reclaims, evictions }: PreemptionContextView, { key }: Gang): string {
  if (reclaims.pausesUntil('needed', key) > -Infinity) return 'a queue within its share reclaimed it';
  if (evictions.lastLossMs(key) !== undefined) return 'its pods were evicted';
  return 'another scheduler took it, or the node is gone';
}

interface Lost {
  readonly first: Slot;
  readonly them: string;
}

function whenAgain(ctx: PreemptionContextView, gang: Gang, { first, them }: Lost, nowMs: number): string {
  const { queue } = gang;
  const wait = waitToTakeBack(ctx, gang, first, { claimants: claimantsBefore(ctx, queue), nowMs });
  if (!wait) return `muster places ${them} again as soon as there is room`;
  const beyond = `with ${them}, queue ${queue.path} would hold more than its share, and`;
  return 'behind' in wait
    ? `${beyond} gang ${wait.behind} waits for room within the share of its queue`
    : `${beyond} muster places ${them} again in ${Math.ceil((wait.untilMs - nowMs) / 1000)} s at the earliest`;
}
