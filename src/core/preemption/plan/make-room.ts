import type { PlannedVictim } from '../../effects.ts';
import { startNeeds } from '../../gang/admission.ts';
import type { GangContext } from '../../gang/context.ts';
import { newSlot, type Gang } from '../../gang/gang.ts';
import { takeUpRunning } from '../../gang/life-cycle.ts';
import { refOf } from '../../gang/filter-gang-pod.ts';
import { slotCounts } from '../../gang/reservation.ts';
import type { PodRef } from '../../model.ts';
import type { Plan } from '../../placement/need.ts';
import type { Charge } from '../search/victim-set.ts';
import { dropPlan, releaseWithheld, SEARCH_AGAIN_MS } from './abandon.ts';
import { findVictims, type Finding } from '../search/find-victims.ts';
import { USUAL_GRACE_MS } from '../candidates/budgets.ts';
import { planWith, podsOf } from '../search/simulate.ts';
import type { Candidate } from '../candidates/candidate.ts';

/** Searches in one round: kube-scheduler waits meanwhile. */
const MAX_SEARCHES_PER_ROUND = 4;
/** The longest pause after searches that found nobody. */
const SELDOM_MS = 60_000;

/** Looks for victims for waiting gangs whose policy says so, the most important gang first, and decides on them. */
export function makeRoom(ctx: GangContext, nowMs: number): void {
  if (ctx.hold !== undefined || ctx.isFollowing) return;
  const waiting = ctx.line.inOrder().filter((gang) => gang.policy.preemption.mode === 'enforce' && isDue(gang, nowMs));
  waiting.sort((a, b) => b.priority - a.priority || a.firstAskMs - b.firstAskMs || (a.key < b.key ? -1 : 1));
  let searches = 0;
  for (const gang of waiting) {
    if (searches === MAX_SEARCHES_PER_ROUND) return;
    if (forbiddenTo(ctx, gang, nowMs) !== undefined) continue;
    searches++;
    if (begin(ctx, gang, { finding: findVictims(ctx, gang, nowMs), nowMs })) {
      gang.fruitless = 0;
      continue;
    }
    // Ever less often, so that those behind have their turn.
    gang.searchAgainMs = nowMs + Math.min(SELDOM_MS, SEARCH_AGAIN_MS * 2 ** gang.fruitless++);
  }
}

/** Only a gang that waits for room, and for nothing else, may have others evicted. */
function isDue({ eviction, refusal, searchAgainMs }: Gang, nowMs: number): boolean {
  return eviction === undefined && refusal?.kind === 'room' && nowMs >= searchAgainMs;
}

/** Why the gang may not have others evicted at all now, in words; undefined: it may. */
export function forbiddenTo({ evictions }: GangContext, gang: Gang, nowMs: number): string | undefined {
  const { leader, firstAskMs, policy, key, preemption } = gang;
  const { afterMs, cascadeMs } = policy.preemption;
  if (leader.evictionTraits?.neverPreempts) return 'the preemptionPolicy of its leader is Never';
  if (preemption === 'wasted') return 'others went for it before, and kube-scheduler did not ask about its leader';
  const lostMs = evictions.lastLossMs(key);
  if (lostMs !== undefined && nowMs - lostMs < cascadeMs)
    return `it lost members itself less than ${cascadeMs / 1000} s ago (preemption.cascade)`;
  if (nowMs - firstAskMs < afterMs) return `it has waited less than ${afterMs / 1000} s (preemption.after)`;
  return undefined;
}

interface Beginning {
  readonly finding: Finding;
  readonly nowMs: number;
  /** Earlier victims of the gang that go as well. */
  readonly kept?: readonly PodRef[];
}

/**
 * Decides on the victims: from now on their room is held for the gang.
 * @returns false where nobody helps after all
 */
export function begin(ctx: GangContext, gang: Gang, { finding, nowMs, kept = [] }: Beginning): boolean {
  if (finding.kind === 'none') return false;
  const { candidates, charges } = finding.kind === 'victims' ? finding : { candidates: [], charges: [] };
  const plan = planWith(ctx, gang, { candidates, awaited: finding.awaited });
  if (plan.kind !== 'placed') return false;
  const used = new Set(plan.rows.flatMap((rows) => [...rows]));
  const awaited = finding.awaited.filter(({ row }) => used.has(row));
  for (const candidate of candidates) if (candidate.slots) revoke(ctx, candidate, gang);
  for (const { gang: of, bound } of candidates) if (bound) ctx.evictions.note(of?.gang, nowMs);
  const pods = podsOf(candidates);
  const graces = pods.map(({ pod }) => pod.evictionTraits?.graceMs ?? USUAL_GRACE_MS);
  const waits = awaited.map(({ pod }) => Math.max(0, (pod.evictionTraits?.goneByMs ?? nowMs) - nowMs));
  const untilMs = nowMs + Math.max(0, ...graces, ...waits) + gang.policy.preemption.leaveWithinMs;
  // They leave anew with the others, so that what is withheld is counted from the start.
  for (const { uid } of kept) ctx.cluster.stay(uid);
  const left = new Map([...kept, ...[...pods, ...awaited].map(({ pod }) => refOf(pod))].map((pod) => [pod.uid, pod]));
  const holder = refOf(gang.leader);
  gang.eviction = { id: String(nowMs), left, untilMs, holder, sinceMs: nowMs, withheld: [] };
  hold(ctx, gang, plan);
  const [going, others] = [kept.filter((pod) => isDeleting(ctx, pod)), kept.filter((pod) => !isDeleting(ctx, pod))];
  const victims = [...plannedVictims(charges), ...others.map((pod) => victimOf(ctx, pod))];
  tellPlan(ctx, gang, { victims, awaited: [...awaited.map(({ pod }) => refOf(pod)), ...going], isRestored: false });
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
export function withLeaving(ctx: GangContext, gang: Gang, place: () => boolean): boolean {
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
function revoke(ctx: GangContext, { gang: of }: Candidate, beneficiary: Gang): void {
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
  return charges.flatMap(({ candidate: { bound, gang, role, kind }, cost }) => {
    if (!bound) return [];
    const of = gang ? { gang: gang.gang.key, role } : {};
    return [
      { pod: refOf(bound.pod), node: bound.node, coreSeconds: Math.round(cost), isLeader: kind === 'gang', ...of },
    ];
  });
}

export const isDeleting = ({ cluster }: GangContext, { uid }: PodRef): boolean =>
  cluster.boundPod(uid)?.pod.deleting ?? false;

/** A victim that was chosen before. */
export function victimOf(ctx: GangContext, pod: PodRef): PlannedVictim {
  const bound = ctx.cluster.boundPod(pod.uid)!;
  const { membership } = bound.pod;
  const of = membership ? { gang: membership.gang, role: membership.role } : {};
  const isLeader = membership !== undefined && ctx.gangOfLeader.has(pod.uid);
  return { pod, node: bound.node, coreSeconds: 0, isLeader, ...of };
}

interface Told {
  readonly victims: readonly PlannedVictim[];
  readonly awaited: readonly PodRef[];
  readonly isRestored: boolean;
}

export function tellPlan(ctx: GangContext, gang: Gang, told: Told): void {
  const { id, untilMs, holder } = gang.eviction!;
  const plan = { id, untilMs, slots: slotCounts(gang) };
  const isBroken = (key: string | undefined) => key !== undefined && isBelowMinimum(ctx, key);
  const broken = new Set(told.victims.map((one) => one.gang).filter(isBroken)).size;
  ctx.emit({ kind: 'eviction-planned', gang: gang.key, leader: holder, plan, broken, ...told });
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
export function complete(ctx: GangContext, gang: Gang, nowMs: number): void {
  if (gang.slots.some(({ state }) => state !== 'reserved')) {
    dropPlan(ctx, gang, 'the room that was freed went to another scheduler', nowMs);
    return;
  }
  releaseWithheld(ctx, gang.eviction!);
  gang.eviction = undefined;
  ctx.evictions.planned.delete(gang);
  gang.admitted = true;
  gang.preemption = 'used';
  gang.refusal = undefined;
  ctx.line.remove(gang.key);
  for (const slot of gang.slots) ctx.ledger.setDeadline(slot, nowMs + gang.policy.reservation.unclaimedMs);
  takeUpRunning(ctx, gang);
  const slots = gang.slots.map(({ role, node }) => ({ role, node }));
  ctx.emit({ kind: 'gang-admitted', gang: gang.key, leader: refOf(gang.leader), slots });
  ctx.emit({ kind: 'wake-leader', gang: gang.key, leader: refOf(gang.leader), gated: gang.isGated });
}
