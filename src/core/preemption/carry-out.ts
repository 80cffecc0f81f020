import type { PlannedVictim } from '../effects.ts';
import { startNeeds } from '../gang/admission.ts';
import type { GangContext } from '../gang/context.ts';
import { newSlot, type Gang } from '../gang/gang.ts';
import { takeUpRunning } from '../gang/life-cycle.ts';
import { needOf } from '../gang/needs.ts';
import { hasBit } from '../cluster/eligibility.ts';
import { gangOf, refOf } from '../gang/reception.ts';
import { slotCounts } from '../gang/reservation.ts';
import type { PodInfo, PodRef } from '../model.ts';
import type { Plan } from '../placement/need.ts';
import type { Charge } from './choice.ts';
import { dropPlan, releaseWithheld, SEARCH_AGAIN_MS } from './drop-plan.ts';
import { findVictims, type Finding } from './find.ts';
import { USUAL_GRACE_MS } from './limits.ts';
import { planWith, podsOf } from './try-room.ts';
import type { Unit } from './unit.ts';

/** Searches in one round: kube-scheduler waits meanwhile. */
const SEARCHES_A_ROUND = 4;

/** Looks for victims for waiting gangs whose policy says so, the most important gang first, and decides on them. */
export function makeRoom(ctx: GangContext, nowMs: number): void {
  if (ctx.hold !== undefined || ctx.isFollowing) return;
  const waiting = ctx.line.inOrder().filter((gang) => gang.policy.preemption.mode === 'enforce' && isDue(gang, nowMs));
  waiting.sort((a, b) => b.priority - a.priority || a.firstAskMs - b.firstAskMs || (a.key < b.key ? -1 : 1));
  let searches = 0;
  for (const gang of waiting) {
    if (searches === SEARCHES_A_ROUND) return;
    if (forbiddenTo(gang, nowMs) !== undefined) continue;
    searches++;
    const finding = findVictims(ctx, gang, nowMs);
    if (finding.kind !== 'victims' || !begin(ctx, gang, finding, nowMs)) gang.searchAgainMs = nowMs + SEARCH_AGAIN_MS;
  }
}

/** Only a gang that waits for room, and for nothing else, may have others evicted. */
function isDue({ eviction, refusal, searchAgainMs }: Gang, nowMs: number): boolean {
  return eviction === undefined && refusal?.kind === 'room' && nowMs >= searchAgainMs;
}

/** Why the gang may not have others evicted at all now, in words; undefined: it may. */
export function forbiddenTo({ leader, losses, firstAskMs, policy }: Gang, nowMs: number): string | undefined {
  const { afterMs, cascadeMs } = policy.preemption;
  if (leader.standing?.neverPreempts) return 'the preemptionPolicy of its leader is Never';
  const lostMs = losses.at(-1);
  if (lostMs !== undefined && nowMs - lostMs < cascadeMs)
    return `it lost members itself less than ${cascadeMs / 1000} s ago (preemption.cascade)`;
  if (nowMs - firstAskMs < afterMs) return `it has waited less than ${afterMs / 1000} s (preemption.after)`;
  return undefined;
}

type Victims = Extract<Finding, { kind: 'victims' }>;

/** Decides on the victims: from now on their room is held for the gang. @returns false where it does not fit after all */
function begin(ctx: GangContext, gang: Gang, { units, awaited, charges }: Victims, nowMs: number): boolean {
  const plan = planWith(ctx, gang, { units, awaited });
  if (plan.kind !== 'placed') return false;
  const victims = plannedVictims(charges);
  const pods = podsOf(units);
  for (const unit of units) if (unit.slots) revoke(ctx, unit, gang);
  for (const { gang: of, bound } of units) {
    if (!bound) continue;
    of?.gang.losses.push(nowMs);
    ctx.evictions.note(of?.gang.spec.queue ?? '', nowMs);
  }
  const graces = pods.map(({ pod }) => pod.standing?.graceMs ?? USUAL_GRACE_MS);
  const untilMs = nowMs + Math.max(0, ...graces) + gang.policy.preemption.leaveWithinMs;
  const left = new Map([...pods, ...awaited].map(({ pod }) => [pod.uid, refOf(pod)]));
  gang.eviction = { id: String(nowMs), left, untilMs, withheld: [] };
  hold(ctx, gang, plan);
  tell(ctx, gang, victims, false);
  if (left.size === 0) complete(ctx, gang, nowMs);
  return true;
}

/** Makes the room of everybody who goes the gang's. */
function hold(ctx: GangContext, gang: Gang, plan: Extract<Plan, { kind: 'placed' }>): void {
  const { cluster, ledger } = ctx;
  withLeaving(ctx, gang, () => {
    startNeeds(cluster, gang).forEach(({ role, vector }, i) => {
      for (const row of plan.rows[i]!) ledger.place(newSlot(gang, role, vector), row, Infinity);
    });
    return true;
  });
}

/**
 * Marks everybody who goes, has `place` take the room, and withholds what is left of it: others must not count on pods
 * that may yet stay.
 */
function withLeaving(ctx: GangContext, gang: Gang, place: () => boolean): boolean {
  const { cluster, evictions } = ctx;
  const { table } = cluster;
  evictions.planned.add(gang);
  const before = new Map<number, Float64Array>();
  for (const uid of gang.eviction!.left.keys()) {
    const row = table.rowOf(cluster.boundPod(uid)!.node);
    if (row !== undefined && !before.has(row))
      before.set(
        row,
        Float64Array.from(table.free, (column) => column[row]!),
      );
    cluster.leave(uid);
    evictions.beneficiary.set(uid, gang);
  }
  if (!place()) return false;
  gang.eviction!.withheld = [...before].map(([row, free]) => {
    const vector = free.map((amount, c) => Math.max(0, table.free[c]![row]! - Math.max(0, amount)));
    cluster.hold(row, vector);
    return { node: table.nameAt(row), vector };
  });
  return true;
}

/** A gang that has not begun gives its reservation back, and waits again. */
function revoke(ctx: GangContext, { gang: of }: Unit, beneficiary: Gang): void {
  const { gang } = of!;
  const slots = gang.slots.splice(0);
  for (const slot of slots) ctx.ledger.unplace(slot);
  gang.admitted = false;
  ctx.degraded.delete(gang);
  ctx.line.put(gang);
  const forGang = beneficiary.key;
  ctx.emit({ kind: 'reservation-revoked', gang: gang.key, leader: refOf(gang.leader), slots: slots.length, forGang });
}

function plannedVictims(charges: readonly Charge[]): PlannedVictim[] {
  return charges.flatMap(({ unit: { bound, gang, role, kind }, cost }) => {
    if (!bound) return [];
    const of = gang ? { gang: gang.gang.key, role } : {};
    return [
      { pod: refOf(bound.pod), node: bound.node, coreSeconds: Math.round(cost), isLeader: kind === 'gang', ...of },
    ];
  });
}

function tell(ctx: GangContext, gang: Gang, victims: readonly PlannedVictim[], isRestored: boolean): void {
  const { id, untilMs } = gang.eviction!;
  const plan = { id, untilMs, slots: slotCounts(gang) };
  const isBroken = (key: string | undefined) => key !== undefined && isBelowMinimum(ctx, key);
  const broken = new Set(victims.map((one) => one.gang).filter(isBroken)).size;
  ctx.emit({ kind: 'eviction-planned', gang: gang.key, leader: refOf(gang.leader), plan, victims, broken, isRestored });
}

/** With everybody gone who leaves. */
function isBelowMinimum({ gangs, cluster }: GangContext, key: string): boolean {
  const roles = gangs.get(key)?.spec.roles ?? [];
  return roles.some(({ name, min }, i) => cluster.runningMembers(key, name).length < Math.max(i === 0 ? 1 : 0, min));
}

/** A pod is gone: where it was the last victim of a plan, the gang starts. */
export function victimGone(ctx: GangContext, uid: string, nowMs: number): void {
  const gang = ctx.evictions.beneficiary.get(uid);
  if (!gang) return;
  ctx.evictions.beneficiary.delete(uid);
  gang.eviction?.left.delete(uid);
  if (gang.eviction?.left.size === 0) complete(ctx, gang, nowMs);
}

/** All the room is there. */
function complete(ctx: GangContext, gang: Gang, nowMs: number): void {
  if (gang.slots.some(({ state }) => state !== 'reserved')) {
    dropPlan(ctx, gang, 'the room that was freed went to another scheduler', nowMs);
    return;
  }
  releaseWithheld(ctx, gang.eviction!);
  gang.eviction = undefined;
  ctx.evictions.planned.delete(gang);
  gang.admitted = true;
  gang.refusal = undefined;
  ctx.line.remove(gang.key);
  for (const slot of gang.slots) ctx.ledger.setDeadline(slot, nowMs + gang.policy.reservation.unclaimedMs);
  takeUpRunning(ctx, gang);
  const slots = gang.slots.map(({ role, node }) => ({ role, node }));
  ctx.emit({ kind: 'gang-admitted', gang: gang.key, leader: refOf(gang.leader), slots });
  ctx.emit({ kind: 'wake-leader', gang: gang.key, leader: refOf(gang.leader), gated: gang.isGated });
}

/** Drops plans that cannot come to an end: room lost, victims that do not leave, a policy that does not want it. */
export function checkPlans(ctx: GangContext, nowMs: number): void {
  for (const gang of [...ctx.evictions.planned]) {
    const plan = gang.eviction!;
    const { left, untilMs } = plan;
    // With a node goes what was withheld there.
    plan.withheld = plan.withheld.filter(({ node }) => ctx.cluster.table.rowOf(node) !== undefined);
    if (gang.slots.some(({ state }) => state === 'unplaced')) {
      dropPlan(ctx, gang, 'another scheduler took the room, or a node went', nowMs);
    } else if (gang.policy.preemption.mode !== 'enforce') {
      dropPlan(ctx, gang, `preemption is ${gang.policy.preemption.mode} now`, nowMs);
    } else if (nowMs > untilMs) {
      for (const uid of left.keys()) ctx.evictions.refuse(uid, nowMs);
      dropPlan(ctx, gang, `${left.size} victims did not leave in time`, nowMs);
    }
  }
}

/** The API server will not evict a victim: somebody else has to be found, and this one is left alone for a while. */
export function evictionRefused(ctx: GangContext, uid: string, reason: string, nowMs: number): void {
  ctx.evictions.refuse(uid, nowMs);
  const gang = ctx.evictions.beneficiary.get(uid);
  if (gang) dropPlan(ctx, gang, `a victim cannot be evicted: ${reason}`, nowMs);
}

/** Takes up a plan that another muster, or this one before it was restarted, wrote down and did not finish. */
export function restorePlan(ctx: GangContext, leader: PodInfo, nowMs: number): void {
  const written = leader.eviction;
  const gang = gangOf(ctx, leader, nowMs);
  if (!written || !gang || gang.admitted || gang.eviction || gang.leader.uid !== leader.uid) return;
  const left = written.victims.filter(({ uid }) => ctx.cluster.boundPod(uid) && !ctx.evictions.beneficiary.has(uid));
  const open = new Map(left.map((pod) => [pod.uid, pod]));
  gang.eviction = { id: written.id, untilMs: written.untilMs, left: open, withheld: [] };
  if (!withLeaving(ctx, gang, () => layOutWritten(ctx, gang, written.slots))) {
    dropPlan(ctx, gang, 'its room is not to be had any more', nowMs);
    return;
  }
  tell(
    ctx,
    gang,
    left.filter((pod) => !ctx.cluster.boundPod(pod.uid)!.pod.deleting).map((pod) => known(ctx, pod)),
    true,
  );
  if (left.length === 0) complete(ctx, gang, nowMs);
}

function known(ctx: GangContext, pod: PodRef): PlannedVictim {
  const {
    node,
    pod: { membership },
  } = ctx.cluster.boundPod(pod.uid)!;
  const of = membership ? { gang: membership.gang, role: membership.role } : {};
  const isLeader = membership !== undefined && ctx.gangOfLeader.has(pod.uid);
  return { pod, node, coreSeconds: 0, isLeader, ...of };
}

function layOutWritten(ctx: GangContext, gang: Gang, slots: ReturnType<typeof slotCounts>): boolean {
  const { table } = ctx.cluster;
  for (const [role, nodes] of slots) {
    if (!gang.spec.roles.some(({ name }) => name === role)) return false;
    for (const [node, count] of nodes) {
      for (let i = 0; i < count; i++) {
        const { vector, eligible } = needOf(ctx.cluster, gang, { role, count: 1 });
        const row = table.rowOf(node);
        if (row === undefined || !hasBit(eligible, row) || !table.fits(row, vector)) return false;
        ctx.ledger.place(newSlot(gang, role, vector), row, Infinity);
      }
    }
  }
  return startNeeds(ctx.cluster, gang).every(
    ({ role, count }) => gang.slots.filter((slot) => slot.role === role).length >= count,
  );
}
