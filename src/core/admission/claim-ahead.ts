import type { GangContext } from '../gang/context.ts';
import { isAdmitted } from '../gang/gang.ts';
import { limitOnGrowth } from '../gang/limits.ts';
import type { Slot } from '../gang/slot.ts';
import type { GangPod } from '../model.ts';
import { ofMost, roomBeside } from './members.ts';

/** Looking at so many offered nodes takes kube-scheduler longer than a nomination. */
const MANY_OFFERED = 2000;
/**
 * A refusal costs as much as so many nominations: an Event, a condition, the nomination, often a wake, and a question more,
 * for which its gang waits.
 */
const WRITES_OF_REFUSAL = 8;

/** Where a member without a node is on its way to one. O(1). */
export function stageOf({ gangs, ledger, cluster }: GangContext, { uid, membership }: GangPod) {
  const gang = gangs.get(membership.gang);
  if (!gang || !isAdmitted(gang)) return 'no-gang';
  return cluster.boundPod(uid) || ledger.slotOf(uid) || ledger.podHoldOf(uid) ? 'asked' : 'queued';
}

/**
 * Gives a slot to a member before kube-scheduler asks about it: the one that it would get if every node were offered. Reads
 * the slots of its gang a few times.
 * @param anyway also where kube-scheduler is likely to offer it
 * @returns its node; undefined: the member has a place already, no slot is held for it, or it need not be told
 */
export function claimAhead(ctx: GangContext, pod: GangPod, anyway: boolean): string | undefined {
  const { role, isElastic, problem } = pod.membership;
  const { ledger, cluster, hold, isFollowing } = ctx;
  const gang = ctx.gangs.get(pod.membership.gang);
  if (hold !== undefined || isFollowing || isElastic || problem !== undefined || !gang) return undefined;
  if (stageOf(ctx, pod) !== 'queued') return undefined;
  const vector = cluster.requestVector(pod.request);
  const open = gang.slots.filter((one) => one.role === role && one.state === 'reserved' && !one.isLeader);
  if (!anyway && !isWorthIt(ctx, open)) return undefined;
  const fits = (one: Slot) => roomBeside(ctx, one, vector);
  const slot = ctx.nominees.offer.isSample ? ofMost(open, open.filter(fits)) : open.find(fits);
  if (!slot || limitOnGrowth(ctx, gang, slot.vector, vector) !== undefined) return undefined;
  ledger.assume(slot, pod.uid, vector);
  return slot.node;
}

/**
 * Whether a nomination saves more than it costs. Where kube-scheduler offers all nodes it saves to look at them. Where it
 * offers a sample, it saves a refusal, which costs more: unless one of the nodes on which a slot is open will be offered
 * almost certainly.
 */
function isWorthIt({ nominees: { offer } }: GangContext, open: readonly Slot[]): boolean {
  if (!offer.isSample) return offer.size >= MANY_OFFERED;
  return WRITES_OF_REFUSAL * (1 - offer.share) ** evenly(open) > 1;
}

/** On how many nodes as many slots would be if they were spread evenly: those of a node that has few are soon taken. */
function evenly(open: readonly Slot[]): number {
  const counts = new Map<string, number>();
  for (const { node } of open) counts.set(node, (counts.get(node) ?? 0) + 1);
  let squares = 0;
  for (const count of counts.values()) squares += count * count;
  return open.length ** 2 / squares;
}
