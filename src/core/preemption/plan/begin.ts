import type { PlannedVictim, TakenFrom } from '../../effects.ts';
import { gangArrives, successorsArrive } from '../../gang/arrivals.ts';
import { isFreeing, refOf, type FreeingGang, type Gang } from '../../gang/gang.ts';
import { isBelowMinimum, startNeeds } from '../../gang/needs.ts';
import { slotCounts } from '../../gang/reservation.ts';
import { abandonPlan, toAdmitted, toFreeing, toWaiting } from '../../gang/transitions.ts';
import type { BoundPod } from '../../cluster/cluster.ts';
import type { PodInfo, PodRef } from '../../model.ts';
import type { Plan } from '../../placement/need.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import { podsOf, type Candidate } from '../candidates/candidate.ts';
import type { PreemptionContext } from '../candidates/context.ts';
import { hasLongGrace, overdueLoan, preemptorOf, priorityGap, type Preemptor } from '../candidates/exclusion-rules.ts';
import { USUAL_GRACE_MS } from '../candidates/judged-pod.ts';
import type { Finding } from '../search/find-victims.ts';
import { planWith } from '../search/simulate.ts';
import type { Charge } from '../search/victim-set.ts';
import { priorityAt, type Right } from '../candidates/share-rules.ts';
import { takenFrom } from './taken-from.ts';

interface Beginning {
  readonly finding: Finding;
  readonly nowMs: number;
  /** Earlier victims of the same plan, which leave as well. */
  readonly kept?: readonly PodRef[];
  /** It was begun before a crash, or by another replica. */
  readonly isRestored?: boolean;
}

/**
 * Begins the eviction plan: from now on the victims' room is held for the gang.
 * @returns false if they do not help after all
 */
export function begin(ctx: PreemptionContext, gang: Gang, beginning: Beginning): boolean {
  const { finding, nowMs, kept = [], isRestored = false } = beginning;
  if (finding.kind === 'none') return false;
  const { candidates, charges } = finding.kind === 'victims' ? finding : NO_VICTIMS;
  const before = isFreeing(gang) ? gang.state.plan.rights : undefined;
  const plan = planWith(ctx, gang, { candidates, awaited: finding.awaited });
  if (plan.kind !== 'placed') return false;
  const used = new Set(plan.rows.flatMap((rows) => [...rows]));
  const awaited = finding.awaited.filter(({ row }) => used.has(row));
  const { claim, overruled } = finding.kind === 'victims' ? finding : NO_VICTIMS;
  const from = takenFrom(claim, candidates, ctx.cluster.columns);
  const cycles = noteVictims(ctx, gang, charges, nowMs);
  const pods = podsOf(candidates);
  const { preemption: rules } = gang.policy;
  const untilMs = goneBy({ pods, awaited }, rules, nowMs);
  // They leave again together with the new victims, so that withheld room is computed from scratch.
  for (const { uid } of kept) ctx.cluster.stay(uid);
  const left = new Map([...kept, ...[...pods, ...awaited].map(({ pod }) => refOf(pod))].map((pod) => [pod.uid, pod]));
  const holder = refOf(gang.leader);
  const rights = rightsOfAll(candidates, kept, before);
  const id = String(nowMs);
  const freeing = toFreeing(ctx, gang, { id, left, untilMs, holder, rights, sinceMs: nowMs, withheld: [] });
  hold(ctx, freeing, plan);
  const [going, others] = [kept.filter((pod) => isDeleting(ctx, pod)), kept.filter((pod) => !isDeleting(ctx, pod))];
  const victims = [
    ...charges.flatMap((charge) => plannedVictim(ctx, charge, { rules, overruled })),
    ...others.map((pod) => victimOf(ctx, pod, { rules, because: rights.get(pod.uid) ?? 'priority' })),
  ];
  const told = { victims, awaited: [...awaited.map(({ pod }) => refOf(pod)), ...going], isRestored };
  tellPlan(ctx, freeing, { ...told, from, cycles });
  if (left.size === 0) complete(ctx, freeing, nowMs);
  return true;
}

const NO_VICTIMS = { candidates: [], charges: [], claim: undefined, overruled: new Set<string>() };

interface Leaving {
  readonly pods: readonly BoundPod[];
  readonly awaited: readonly BoundPod[];
}

/** When the pods are gone at the latest, in ms: a plan whose victims stay for longer is dropped. */
function goneBy({ pods, awaited }: Leaving, rules: PreemptionRules, nowMs: number): number {
  const graces = pods.map(({ pod }) => cutGraceMs(pod, rules) ?? pod.evictionTraits?.graceMs ?? USUAL_GRACE_MS);
  const waits = awaited.map(({ pod }) => Math.max(0, (pod.evictionTraits?.goneByMs ?? nowMs) - nowMs));
  return nowMs + Math.max(0, ...graces, ...waits) + rules.leaveWithinMs;
}

/** Takes back reservations, and remembers what is evicted. @returns how many gangs may go round in circles */
function noteVictims(ctx: PreemptionContext, gang: Gang, charges: readonly Charge[], nowMs: number): number {
  const preemptor = preemptorOf(ctx, gang, nowMs);
  const candidates = charges.map(({ candidate }) => candidate);
  for (const { gang: of, bound } of candidates)
    if (of && overdueLoan(preemptor, of.gang, bound?.pod.uid)) ctx.loans.returns(of.gang.key, nowMs);
  // Nobody comes in place of a gang that is evicted whole: it waits in its queue again.
  const single = candidates.filter((one) => one.kind === 'pod' && !one.isFollower);
  successorsArrive(ctx, podsOf(single), nowMs);
  for (const one of candidates)
    if (one.kind === 'reservation') toWaiting(ctx, one.gang.gang, { revokedFor: gang, because: one.right });
  const cycles = noteReclaimed(ctx, charges, nowMs);
  for (const { gang: of, bound } of candidates) if (bound) ctx.evictions.note(of?.gang, nowMs);
  noteTaken(preemptor, gang, candidates);
  return cycles;
}

/** By what right each victim goes; those that are kept from the plan before go by theirs. */
function rightsOfAll(
  candidates: readonly Candidate[],
  kept: readonly PodRef[],
  before: ReadonlyMap<string, Right> | undefined,
): ReadonlyMap<string, Right> {
  const rights = new Map<string, Right>();
  for (const { uid } of kept) if (before?.has(uid)) rights.set(uid, before.get(uid)!);
  for (const { bound, right } of candidates) if (bound) rights.set(bound.pod.uid, right);
  return rights;
}

/** A gang that loses pods so soon after its start, and not for the first time, may go round in circles. */
const CYCLE_MS = 600_000;

/** Remembers what is reclaimed from which gang. @returns how many of the gangs may go round in circles */
function noteReclaimed({ reclaims }: PreemptionContext, charges: readonly Charge[], nowMs: number): number {
  const cycles = new Set<Gang>();
  for (const { candidate, isNeeded } of charges) {
    const { right, bound, gang: of } = candidate;
    if (right !== 'share' || !bound || !of) continue;
    const { key, startedMs = -Infinity } = of.gang;
    if (isNeeded && reclaims.timesOf('needed', key, nowMs) > 0 && nowMs - startedMs < CYCLE_MS) cycles.add(of.gang);
    reclaims.note(isNeeded ? 'needed' : 'extras', key, nowMs);
  }
  return cycles.size;
}

/** Remembers what is evicted by priority, and with which priority it could be: its members come later. */
function noteTaken(preemptor: Preemptor, gang: Gang, candidates: readonly Candidate[]): void {
  const needed = candidates.flatMap(({ bound, level, right, gang: of }) =>
    bound && right === 'priority' ? [priorityAt(level) + priorityGap(preemptor, of?.gang, bound.pod.uid)] : [],
  );
  if (needed.length === 0) return;
  const { victims, least } = gang.taken ?? { victims: 0, least: -Infinity };
  gang.taken = { victims: victims + needed.length, least: Math.max(least, ...needed) };
}

/**
 * Marks the pods of the plan as leaving, places the gang in their room, and withholds the rest of it, because a pod may
 * yet stay.
 */
function hold(ctx: PreemptionContext, gang: FreeingGang, placed: Extract<Plan, { kind: 'placed' }>): void {
  const { cluster, evictions, ledger } = ctx;
  const { table } = cluster;
  const { plan } = gang.state;
  const before = new Map<number, Float64Array>();
  for (const uid of plan.left.keys()) {
    const row = table.rowOf(cluster.boundPod(uid)?.node ?? '');
    if (row !== undefined && !before.has(row))
      before.set(
        row,
        Float64Array.from(table.free, (column) => column[row]!),
      );
    cluster.leave(uid);
    evictions.leaves(uid, gang);
  }
  startNeeds(cluster, gang).forEach(({ role, vector }, i) => {
    for (const row of placed.rows[i] ?? []) ledger.place(ledger.add(gang, role, vector), row, Infinity);
  });
  plan.withheld = [...before].map(([row, free]) => {
    const vector = free.map((amount, c) => Math.max(0, table.free[c]![row]! - Math.max(0, amount)));
    cluster.hold(row, vector);
    return { node: table.nameAt(row), vector };
  });
}

interface Overruling {
  readonly rules: PreemptionRules;
  readonly overruled: ReadonlySet<string>;
}

function plannedVictim(ctx: PreemptionContext, charge: Charge, { rules, overruled }: Overruling): PlannedVictim[] {
  const { candidate, cost } = charge;
  const { bound, gang, role, kind, right: because } = candidate;
  if (!bound) return [];
  const { pod, node } = bound;
  const of = gang ? { gang: gang.gang.key, role } : {};
  const overrules = overruled.has(pod.namespace) && ctx.disruptionBudgets.of(pod).length > 0;
  const victim = { pod: refOf(pod), node, coreSeconds: Math.round(cost), isLeader: kind === 'gang', because, ...of };
  return [{ ...victim, ...graceOf(pod, rules), ...(overrules ? { overrulesBudgets: true } : {}) }];
}

/** The grace period of a victim whose own is longer than the rules allow, in ms; undefined: its own. */
const cutGraceMs = (pod: PodInfo, rules: PreemptionRules) => (hasLongGrace(pod, rules) ? rules.maxGraceMs : undefined);

function graceOf(pod: PodInfo, rules: PreemptionRules): Pick<PlannedVictim, 'graceMs'> {
  const graceMs = cutGraceMs(pod, rules);
  return graceMs === undefined ? {} : { graceMs };
}

const isDeleting = ({ cluster }: PreemptionContext, { uid }: PodRef): boolean =>
  cluster.boundPod(uid)?.pod.deleting ?? false;

interface Earlier {
  readonly rules: PreemptionRules;
  readonly because: Right;
}

/** A victim of an earlier plan. Its cost is not computed again. */
function victimOf(ctx: PreemptionContext, pod: PodRef, { rules, because }: Earlier): PlannedVictim {
  const bound = ctx.cluster.boundPod(pod.uid);
  const membership = bound?.pod.membership;
  const of = membership ? { gang: membership.gang, role: membership.role } : {};
  const isLeader = membership !== undefined && ctx.gangOfLeader.has(pod.uid);
  const grace = bound ? graceOf(bound.pod, rules) : {};
  return { pod, node: bound?.node ?? '', coreSeconds: 0, isLeader, because, ...of, ...grace };
}

interface Told {
  readonly victims: readonly PlannedVictim[];
  readonly awaited: readonly PodRef[];
  readonly from: readonly TakenFrom[];
  readonly cycles: number;
  readonly isRestored: boolean;
}

function tellPlan(ctx: PreemptionContext, gang: FreeingGang, told: Told): void {
  const { id, untilMs, holder } = gang.state.plan;
  const plan = { id, untilMs, slots: slotCounts(gang) };
  const coreSeconds = told.victims.reduce((sum, victim) => sum + victim.coreSeconds, 0);
  if (!told.isRestored) ctx.meter.lose(gang.queue.path, coreSeconds);
  const losing = new Set(told.victims.map((one) => ctx.gangs.get(one.gang ?? '')));
  // The victims no longer count as running.
  const broken = [...losing].filter((one) => one && isBelowMinimum(ctx.cluster, one)).length;
  const because = told.from.length > 0 ? 'share' : 'priority';
  const queue = gang.queue.path;
  ctx.emit({ kind: 'eviction-planned', gang: gang.key, leader: holder, plan, broken, because, queue, ...told });
}

/** A pod is gone. If it was the last of a plan, the gang starts. */
export function victimGone(ctx: PreemptionContext, uid: string, nowMs: number): void {
  const gang = ctx.evictions.beneficiary.get(uid);
  if (!gang) return;
  ctx.evictions.leftOrStays(uid);
  if (!isFreeing(gang)) return;
  const { left } = gang.state.plan;
  left.delete(uid);
  if (left.size === 0) complete(ctx, gang, nowMs);
}

/** All pods of the plan are gone: admits the gang, unless its room was taken. */
function complete(ctx: PreemptionContext, gang: FreeingGang, nowMs: number): void {
  if (gang.slots.some(({ state }) => state !== 'reserved')) {
    abandonPlan(ctx, gang, 'another scheduler took the freed room', nowMs);
    return;
  }
  for (const slot of gang.slots) ctx.ledger.setDeadline(slot, nowMs + gang.policy.reservation.unclaimedMs);
  gangArrives(ctx, gang, nowMs);
  toAdmitted(ctx, gang, 'freed');
}
