import type { BoundPod } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { PodInfo } from '../model.ts';
import type { GangContext } from './context.ts';
import { newSlot, type Gang } from './gang.ts';
import { placeSlot } from './healing.ts';
import { needOf } from './needs.ts';
import { layOut } from './reservation.ts';
import { dropPlan } from '../preemption/plan/abandon.ts';
import { rank } from './priority.ts';
import type { Slot } from './slot.ts';

/** A member has been seen bound, by our answer or without it: its slot is taken. */
export function memberBound(ctx: GangContext, pod: PodInfo, node: string, nowMs: number): void {
  const gang = ctx.gangs.get(pod.membership?.gang ?? '');
  if (!gang) return;
  const isLeader = gang.spec.roles[0]!.name === pod.membership!.role;
  if (isLeader) leaderBound(ctx, gang, pod, nowMs);
  if (!gang.admitted) {
    if (isLeader) adopt(ctx, gang, pod, nowMs);
    return;
  }
  if (ctx.ledger.slotOf(pod.uid) || pod.membership!.isElastic) return;
  const slot = openSlot(gang, pod.membership!.role, node);
  if (slot) ctx.ledger.confirm(slot, pod.uid, node);
}

/** What the leader says now counts, also while the gang runs: its priority may change. */
function leaderBound(ctx: GangContext, gang: Gang, pod: PodInfo, nowMs: number): void {
  addLeader(ctx, gang, pod.uid);
  if (gang.leader.uid !== pod.uid) return;
  gang.leader = pod;
  gang.startedMs ??= pod.evictionTraits?.startedMs ?? nowMs;
  rank(ctx, gang, nowMs);
}

/** A slot of the role that no pod has: at the node, else one without room, else any. */
function openSlot(gang: Gang, role: string, node: string): Slot | undefined {
  const open = gang.slots.filter(
    (slot) => slot.role === role && (slot.state === 'reserved' || slot.state === 'unplaced'),
  );
  return open.find((slot) => slot.node === node) ?? open.find(({ state }) => state === 'unplaced') ?? open[0];
}

/**
 * A leader that is bound while its gang holds nothing (muster restarted, or another scheduler bound it): the members
 * that run take their slots, and the missing ones get theirs as the leader's annotation has them; without one they
 * are planned at once.
 */
export function adopt(ctx: GangContext, gang: Gang, leader: PodInfo, nowMs: number): void {
  dropPlan(ctx, gang, 'its leader runs already', nowMs);
  gang.admitted = true;
  gang.refusal = undefined;
  gang.followed = leader.reservation?.text;
  ctx.line.remove(gang.key);
  const deadlineMs = nowMs + gang.policy.reservation.unclaimedMs;
  for (const role of gang.spec.roles) {
    const written = leader.reservation?.slots.get(role.name);
    const least = role === gang.spec.roles[0] ? Math.max(1, role.min) : role.min;
    const need = needOf(ctx.cluster, gang, { role: role.name, count: written ? sum(written.values()) : least });
    const running = ctx.cluster.runningMembers(gang.key, role.name);
    for (let i = 0; i < need.count; i++) {
      const member = running[i];
      if (!member && written) break;
      const slot = newSlot(gang, role.name, need.vector);
      if (member) ctx.ledger.confirm(slot, member.pod.uid, member.node);
      else placeSlot(ctx, gang, slot, deadlineMs);
    }
  }
  if (leader.reservation) layOut(ctx, gang, leader.reservation.slots, deadlineMs);
  ctx.emit({ kind: 'gang-adopted', gang: gang.key, slots: gang.slots.map(({ role, node }) => ({ role, node })) });
}

const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);

/** Members that run already take up slots of a gang that is being admitted: its leader is another's successor. */
export function takeUpRunning(ctx: GangContext, gang: Gang): void {
  for (const [at, role] of gang.spec.roles.entries()) {
    const least = at === 0 ? Math.max(1, role.min) : role.min;
    const missing = least - gang.slots.filter((slot) => slot.role === role.name).length;
    const { vector } = needOf(ctx.cluster, gang, { role: role.name, count: 1 });
    for (const { pod, node } of ctx.cluster.runningMembers(gang.key, role.name).slice(0, Math.max(0, missing))) {
      ctx.ledger.confirm(newSlot(gang, role.name, vector), pod.uid, node);
    }
  }
}

/** A pod is over or gone; `bound` is what the cluster had of it. Ends its gang with the last leader. */
export function podEnded(ctx: GangContext, uid: string, bound: BoundPod | undefined, nowMs: number): void {
  ctx.ledger.dropElastic(uid);
  ctx.problems.delete(uid);
  const slot = ctx.ledger.slotOf(uid);
  const gang = ctx.gangs.get(slot?.gang ?? bound?.pod.membership?.gang ?? '') ?? ctx.gangOfLeader.get(uid);
  ctx.gangOfLeader.delete(uid);
  if (!gang) return;
  if (gang.leaderUids.delete(uid) && gang.leaderUids.size === 0) return end(ctx, gang, nowMs);
  if (gang.eviction?.holder.uid === uid) dropPlan(ctx, gang, 'the pod on which it was written is gone', nowMs);
  if (!slot) return;
  if (slot.state === 'assumed') ctx.ledger.forget(slot, nowMs + gang.policy.reservation.unclaimedMs);
  else reopen(ctx, gang, slot, nowMs);
}

export function addLeader(ctx: GangContext, gang: Gang, uid: string): void {
  gang.leaderUids.add(uid);
  ctx.gangOfLeader.set(uid, gang);
}

/** A bound member died: one that runs beyond the minimum takes its slot, else it is kept for its successor. */
function reopen(ctx: GangContext, gang: Gang, slot: Slot, nowMs: number): void {
  const { node } = slot;
  ctx.ledger.unplace(slot);
  const elastic = ctx.cluster.runningMembers(gang.key, slot.role).find(({ pod }) => !ctx.ledger.slotOf(pod.uid));
  if (elastic) return ctx.ledger.confirm(slot, elastic.pod.uid, elastic.node);
  const deadlineMs = nowMs + gang.policy.reservation.successorMs;
  const row = ctx.cluster.table.rowOf(node);
  const { eligible } = needOf(ctx.cluster, gang, { role: slot.role, count: 1, vector: slot.vector });
  if (row !== undefined && hasBit(eligible, row) && ctx.cluster.table.fits(row, slot.vector)) {
    ctx.ledger.place(slot, row, deadlineMs);
    return;
  }
  if (placeSlot(ctx, gang, slot, deadlineMs)) {
    ctx.emit({ kind: 'slot-moved', gang: gang.key, role: slot.role, from: node, to: slot.node });
  } else ctx.emit({ kind: 'slot-unplaced', gang: gang.key, role: slot.role, from: node });
}

function end(ctx: GangContext, gang: Gang, nowMs: number): void {
  dropPlan(ctx, gang, 'the gang is over', nowMs);
  ctx.evictions.gangEnded(gang.key);
  ctx.gangs.delete(gang.key);
  ctx.line.remove(gang.key);
  ctx.degraded.delete(gang);
  for (const elastic of ctx.ledger.elasticHolds.values())
    if (elastic.gang === gang.key) ctx.ledger.dropElastic(elastic.podUid);
  for (const slot of gang.slots) ctx.ledger.unplace(slot);
  if (gang.admitted) ctx.emit({ kind: 'gang-released', gang: gang.key, slots: gang.slots.length });
}

/** Gives up reserved slots whose time is over; where the leader's is among them, the whole gang waits again. */
export function expire(ctx: GangContext, nowMs: number): void {
  if (nowMs < ctx.ledger.nextDeadlineMs) return;
  let next = Infinity;
  for (const gang of ctx.gangs.values()) {
    const late = gang.slots.filter(({ state, deadlineMs }) => state === 'reserved' && deadlineMs <= nowMs);
    const whole = late.some(({ isLeader }) => isLeader) && gang.slots.every(({ state }) => state !== 'bound');
    if (late.length > 0) giveUp(ctx, gang, whole ? [...gang.slots] : late, whole);
    for (const slot of gang.slots) if (slot.state === 'reserved') next = Math.min(next, slot.deadlineMs);
  }
  ctx.ledger.setNextDeadline(next);
}

function giveUp(ctx: GangContext, gang: Gang, slots: readonly Slot[], whole: boolean): void {
  for (const slot of slots) {
    ctx.ledger.unplace(slot);
    gang.slots.splice(gang.slots.indexOf(slot), 1);
  }
  ctx.emit({ kind: 'slots-expired', gang: gang.key, slots: slots.length, whole });
  if (!whole) return;
  if (gang.preemption === 'used') gang.preemption = 'wasted';
  gang.admitted = false;
  ctx.degraded.delete(gang);
  ctx.line.put(gang);
}

/** Moves a free or assumed slot to the row; the room there has been checked. */
export function moveSlot(ctx: GangContext, slot: Slot, row: number, deadlineMs: number): void {
  const { gang, role, node: from } = slot;
  ctx.ledger.unplace(slot);
  ctx.ledger.place(slot, row, deadlineMs);
  if (from !== '') ctx.emit({ kind: 'slot-moved', gang, role, from, to: slot.node });
}
