import type { BoundPod } from '../cluster/cluster.ts';
import { isLeaderRole, type GangPod } from '../model.ts';
import { checkClaim } from './claim.ts';
import type { GangContext } from './context.ts';
import { addLeader, refresh } from './declare.ts';
import { isAdmitted, planOf, type Gang } from './gang.ts';
import { healRow, placeAtOrElsewhere } from './healing.ts';
import { mayTakeBack } from './take-back.ts';
import { noteBroken } from './metering.ts';
import { isBelowMinimum } from './needs.ts';
import { updatePriority } from './priority.ts';
import { restore } from './reservation.ts';
import { noteComplete } from './runs.ts';
import type { Slot } from './slot.ts';
import { abandonPlan, toAdmitted, toOver, toWaiting } from './transitions.ts';

/** A member has been seen bound, by muster's answer or without it: it takes a slot. */
export function memberBound(ctx: GangContext, pod: GangPod, node: string, nowMs: number): void {
  const { gang: key, role, isElastic } = pod.membership;
  const gang = ctx.gangs.get(key);
  if (!gang) return;
  checkClaim(ctx, gang, pod, nowMs);
  const isLeader = isLeaderRole(gang.spec, role);
  if (isLeader) leaderBound(ctx, gang, pod, nowMs);
  if (!isAdmitted(gang)) boundWhileWaiting(ctx, gang, pod, nowMs);
  else if (!ctx.ledger.slotOf(pod.uid) && !isElastic) {
    const slot = openSlot(gang, role, node);
    if (slot) ctx.ledger.confirm(slot, pod.uid, node);
  }
  noteComplete(ctx, gang, nowMs);
}

/**
 * A member of a gang that was not admitted here is bound. If that is its leader, the gang goes on waiting in its queue,
 * for the members that are missing: it gets no room ahead of others because it did not wait. It is admitted at once if
 * it misses nobody, or if a muster that decided before wrote its reservation.
 */
function boundWhileWaiting(ctx: GangContext, gang: Gang, pod: GangPod, nowMs: number): void {
  if (isLeaderRole(gang.spec, pod.membership.role)) {
    abandonPlan(ctx, gang, 'its leader already runs', nowMs);
    if (pod.membership.spec) refresh(ctx, gang, pod, nowMs);
    if (restore(ctx, gang, pod, nowMs)) return;
  }
  if (!isBelowMinimum(ctx.cluster, gang)) toAdmitted(ctx, gang, 'adopted');
}

/** Takes over the present annotations of a bound leader: the priority may change while the gang runs. */
function leaderBound(ctx: GangContext, gang: Gang, pod: GangPod, nowMs: number): void {
  addLeader(ctx, gang, pod.uid);
  if (gang.leader.uid !== pod.uid) return;
  gang.leader = pod;
  gang.startedMs ??= pod.evictionTraits?.startedMs ?? nowMs;
  updatePriority(ctx, gang, nowMs);
}

/** A slot of the role without a pod: at the node, else an unplaced one, else any. */
function openSlot(gang: Gang, role: string, node: string): Slot | undefined {
  const open = gang.slots.filter(
    (slot) => slot.role === role && (slot.state === 'reserved' || slot.state === 'unplaced'),
  );
  return open.find((slot) => slot.node === node) ?? open.find(({ state }) => state === 'unplaced') ?? open[0];
}

/** A pod has ended; `bound` is its entry in the cluster. The gang ends with its last leader. */
export function podEnded(ctx: GangContext, uid: string, bound: BoundPod | undefined, nowMs: number): Gang | undefined {
  ctx.ledger.dropPodHold(uid);
  ctx.problems.delete(uid);
  ctx.asleep.drop(uid);
  ctx.nominees.drop(uid);
  const slot = ctx.ledger.slotOf(uid);
  const gang = ctx.gangs.get(slot?.gang ?? bound?.pod.membership?.gang ?? '') ?? ctx.gangOfLeader.get(uid);
  ctx.gangOfLeader.delete(uid);
  if (!gang) return undefined;
  const wasAssumed = slot?.state === 'assumed';
  if (wasAssumed) ctx.ledger.forget(slot, nowMs + gang.policy.reservation.unclaimedMs);
  if (gang.leaderUids.delete(uid) && gang.leaderUids.size === 0) {
    toOver(ctx, gang, nowMs);
    return gang;
  }
  if (planOf(gang)?.holder.uid === uid) abandonPlan(ctx, gang, 'the leader that carried the plan is gone', nowMs);
  if (wasAssumed) healAt(ctx, slot.node);
  else if (slot) reopen(ctx, gang, slot, nowMs);
  if (bound && slot && slot.state !== 'bound') noteBroken(ctx, gang, bound);
  return gang;
}

/** kube-scheduler places the pod as one of no gang: a policy or its labels changed. It claims nothing any more. */
export function unclaim(ctx: GangContext, uid: string, nowMs: number): void {
  ctx.ledger.dropPodHold(uid);
  ctx.nominees.drop(uid);
  const slot = ctx.ledger.slotOf(uid);
  const gang = slot && ctx.gangs.get(slot.gang);
  if (!gang || slot.state !== 'assumed') return;
  ctx.ledger.forget(slot, nowMs + gang.policy.reservation.unclaimedMs);
  healAt(ctx, slot.node);
}

/** The node of a slot that is only reserved again may have lost room since a pod claimed it. */
function healAt(ctx: GangContext, node: string): void {
  const row = ctx.cluster.table.rowOf(node);
  if (row !== undefined) healRow(ctx, row);
}

/** A bound member died: an elastic member takes the slot, else muster holds it for the successor. */
function reopen(ctx: GangContext, gang: Gang, slot: Slot, nowMs: number): void {
  const { node } = slot;
  ctx.ledger.unplace(slot);
  const elastic = ctx.cluster.runningMembers(gang.key, slot.role).find(({ pod }) => !ctx.ledger.slotOf(pod.uid));
  if (elastic) return ctx.ledger.confirm(slot, elastic.pod.uid, elastic.node);
  if (!mayTakeBack(ctx, gang, slot, nowMs))
    return ctx.emit({ kind: 'slot-unplaced', gang: gang.key, role: slot.role, from: node });
  placeAtOrElsewhere(ctx, gang, slot, { node, deadlineMs: nowMs + gang.policy.reservation.successorMs });
}

/** Nominated pods about which kube-scheduler asks no more give their places back, as others that do not claim theirs. */
export function expireNominees({ nominees, gangs, ledger }: GangContext, nowMs: number): void {
  for (const { gang, pod, askedMs } of nominees.all) {
    if (nowMs - askedMs < (gangs.get(gang)?.policy.reservation.unclaimedMs ?? 0)) continue;
    nominees.drop(pod.uid);
    ledger.dropPodHold(pod.uid);
    const slot = ledger.slotOf(pod.uid);
    if (slot?.state === 'assumed') ledger.forget(slot, nowMs);
  }
}

/** Removes reserved slots that have expired. If the leader's is among them, the whole gang waits again. */
export function expire(ctx: GangContext, nowMs: number): void {
  const late = new Map<string, Slot[]>();
  for (const slot of ctx.ledger.takeExpired(nowMs)) {
    const ofGang = late.get(slot.gang);
    if (ofGang) ofGang.push(slot);
    else late.set(slot.gang, [slot]);
  }
  if (late.size === 0) return;
  for (const gang of ctx.gangs.values()) {
    // What one gang gives up may have changed the slots of the next.
    const slots = late.get(gang.key)?.filter(({ state, deadlineMs }) => state === 'reserved' && deadlineMs <= nowMs);
    if (slots && slots.length > 0) giveUp(ctx, gang, slots);
  }
}

function giveUp(ctx: GangContext, gang: Gang, late: readonly Slot[]): void {
  const isWhole = late.some(({ isLeader }) => isLeader) && gang.slots.every(({ state }) => state !== 'bound');
  if (isWhole) return toWaiting(ctx, gang, 'expired');
  ctx.ledger.remove(gang, late);
  ctx.emit({ kind: 'slots-expired', gang: gang.key, slots: late.length, whole: false });
}
