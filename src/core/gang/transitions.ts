import type { PodInfo, PodRef } from '../model.ts';
import type { GangContext } from './context.ts';
import {
  isAdmitted,
  isFreeing,
  isGated,
  refOf,
  refusalOf,
  type EvictionPlan,
  type FreeingGang,
  type Gang,
  type GangState,
  type Refusal,
} from './gang.ts';
import { healRow } from './healing.ts';
import { forecastOf } from './run-identity.ts';
import { askOf } from './needs.ts';
import { takeUpRunning } from './take-up.ts';
import type { GangAccount } from './tenants.ts';
import { patienceOf, turnOf } from './waiting-time.ts';

/**
 * The only writer of a gang's state, of the queues and of the set of gangs with a plan. All other files read.
 *
 *                        a plan is made, or a written one taken up
 *   declared --> waiting ------------------------------------------> freeing
 *                |  ^  ^                                              |   |
 *                |  |  +------- the plan is dropped: abandoned -------+   |
 *                |  |                                                     |
 *   it fits:     |  |  its slots expired unclaimed: expired               |  the last victim is gone:
 *   placed;      |  |  another gang needs them: revoked                  |  freed
 *   it runs, or  |  |                                                     |
 *   has a reser- v  |                                                     |
 *   vation:      admitted <-----------------------------------------------+
 *   adopted
 *
 *   The last leader has ended: from any state to over, and the gang is forgotten.
 */
type Written =
  | 'state'
  | 'priority'
  | 'queue'
  | 'user'
  | 'queueNote'
  | 'ask'
  | 'ranSinceMs'
  | 'isAwaited'
  | 'patienceMs'
  | 'turnMs'
  | 'isUnasked'
  | 'preemption'
  | 'possible';
type WritableGang = { -readonly [K in Written]: Gang[K] };

const write = (gang: Gang): WritableGang => gang;

/** The gang has just been declared. */
export function toDeclared(ctx: GangContext, gang: Gang): void {
  ctx.gangs.set(gang.key, gang);
  enqueue(ctx, gang);
}

/** The gang gets an eviction plan, or another one in place of its plan. */
export function toFreeing(ctx: GangContext, gang: Gang, plan: EvictionPlan): FreeingGang {
  write(gang).state = { kind: 'freeing', plan, refusal: refusalOf(gang) };
  const freeing = gang as FreeingGang;
  ctx.evictions.begin(freeing);
  return freeing;
}

/**
 * The gang starts; the caller has placed its slots. `placed`: it fits. `adopted`: all members that it needs run
 * already, or a muster that decided before wrote its reservation. `freed`: all victims are gone, and the shell must
 * wake its leader.
 */
export function toAdmitted(ctx: GangContext, gang: Gang, how: 'placed' | 'adopted' | 'freed'): void {
  const of = write(gang);
  if (isFreeing(gang)) {
    releaseWithheld(ctx, gang.state.plan);
    ctx.evictions.end(gang);
  }
  of.state = { kind: 'admitted' };
  if (how === 'placed') of.isUnasked = false;
  if (how === 'freed') of.preemption = 'used';
  ctx.queues.remove(gang.key);
  takeUpRunning(ctx, gang);
  const slots = gang.slots.map(({ role, node }) => ({ role, node }));
  if (how === 'adopted') return ctx.emit({ kind: 'gang-adopted', gang: gang.key, slots });
  const leader = refOf(gang.leader);
  ctx.emit({ kind: 'gang-admitted', gang: gang.key, leader, slots });
  if (how === 'freed') ctx.emit({ kind: 'wake-leader', gang: gang.key, leader, gated: isGated(gang) });
}

interface Revoked {
  readonly revokedFor: Gang;
  readonly because: 'priority' | 'share';
}

/** An admitted gang loses all its slots and waits again: they expired, or were revoked for another gang. */
export function toWaiting(ctx: GangContext, gang: Gang, why: 'expired' | Revoked): void {
  const {
    key,
    slots: { length: slots },
  } = gang;
  ctx.ledger.remove(gang, gang.slots);
  ctx.loans.gangEnds(key);
  const of = write(gang);
  ctx.rates.giveBack(key);
  if (why === 'expired' && gang.preemption === 'used') of.preemption = 'wasted';
  of.state = { kind: 'waiting', refusal: undefined };
  of.ranSinceMs = undefined;
  ctx.meter.toState(key, 'starting');
  enqueue(ctx, gang);
  if (why === 'expired') return ctx.emit({ kind: 'slots-expired', gang: key, slots, whole: true });
  const { revokedFor, because } = why;
  const leader = refOf(gang.leader);
  ctx.emit({ kind: 'reservation-revoked', gang: key, leader, slots, forGang: revokedFor.key, because });
}

/** The admitted gang runs with all the members that it needs. */
export function hasBegun(
  { meter, isFollowing, emit }: Pick<GangContext, 'meter' | 'isFollowing' | 'emit'>,
  gang: Gang,
  sinceMs: number,
): void {
  const { key, leader, isAwaited, firstAskMs } = gang;
  write(gang).ranSinceMs = sinceMs;
  write(gang).isAwaited = false;
  meter.toState(key, 'working');
  // The replica that decides tells it.
  if (isAwaited && !isFollowing) emit({ kind: 'gang-complete', gang: key, leader: refOf(leader), sinceMs: firstAskMs });
}

/** The pause after a dropped plan or a search without victims, before the next search. */
export const SEARCH_AGAIN_MS = 15_000;

/**
 * Drops the gang's eviction plan, if there is one. Releases the room held for it; victims that have not been evicted
 * yet stay. The gang goes on waiting.
 */
export function abandonPlan(ctx: GangContext, gang: Gang, reason: string, nowMs: number): void {
  if (!isFreeing(gang)) return;
  const { plan, refusal } = gang.state;
  releaseWithheld(ctx, plan);
  write(gang).state = { kind: 'waiting', refusal };
  gang.searchAgainMs = nowMs + SEARCH_AGAIN_MS;
  ctx.evictions.end(gang);
  ctx.ledger.remove(gang, gang.slots);
  const spared: PodRef[] = [];
  for (const [uid, victim] of plan.left) {
    ctx.evictions.leftOrStays(uid);
    const bound = ctx.cluster.boundPod(uid);
    if (!bound) continue;
    ctx.cluster.stay(uid);
    if (!bound.pod.deleting) {
      spared.push(victim);
      ctx.evictions.takeBack(ctx.gangs.get(bound.pod.membership?.gang ?? ''), plan.sinceMs);
      if (plan.rights.get(uid) === 'share') ctx.reclaims.takeBack(bound.pod.membership?.gang ?? '', plan.sinceMs);
    }
    const row = ctx.cluster.table.rowOf(bound.node);
    if (row !== undefined) healRow(ctx, row);
  }
  const stay = spared.length;
  if (gang.taken)
    gang.taken = stay < gang.taken.victims ? { ...gang.taken, victims: gang.taken.victims - stay } : undefined;
  ctx.emit({ kind: 'eviction-dropped', gang: gang.key, leader: plan.holder, plan: plan.id, reason, spared });
}

/** Releases the withheld room. */
export function releaseWithheld({ cluster }: GangContext, plan: EvictionPlan): void {
  for (const { node, vector } of plan.withheld) cluster.release(node, vector);
  plan.withheld = [];
}

/** The last leader has ended: releases the gang's slots and forgets the gang. */
export function toOver(ctx: GangContext, gang: Gang, nowMs: number): void {
  abandonPlan(ctx, gang, 'the gang is over', nowMs);
  ctx.gangs.delete(gang.key);
  ctx.loans.gangEnds(gang.key);
  ctx.rates.forget(gang.key);
  noteExclusive(ctx, gang);
  ctx.withDeadline.delete(gang);
  ctx.queues.remove(gang.key);
  const { length: slots } = gang.slots;
  ctx.ledger.remove(gang, gang.slots);
  ctx.usage.assign(gang.key, undefined);
  if (isAdmitted(gang)) ctx.emit({ kind: 'gang-released', gang: gang.key, slots });
}

/** Records why the gang was refused, and reports a new reason once. @returns the reason */
export function refuse(ctx: GangContext, gang: Gang, refusal: Refusal): string {
  const { reason } = refusal;
  if (refusalOf(gang)?.reason !== reason) {
    ctx.emit({ kind: 'gang-waits', gang: gang.key, leader: refOf(gang.leader), reason });
  }
  setRefusal(gang, refusal);
  return reason;
}

/** The last refusal may no longer stand: the next round searches again, for room and for victims. */
export function reconsider(gang: Gang): void {
  const refusal = refusalOf(gang);
  // If only the candidate nodes stood in the way, nothing but a new question by kube-scheduler can change that.
  if (refusal && refusal.kind !== 'open') setRefusal(gang, asHeld(refusal));
  gang.searchAgainMs = 0;
  gang.fruitless = 0;
  write(gang).possible = undefined;
}

function asHeld(refusal: Refusal): Refusal {
  if (refusal.kind === 'held') return refusal;
  return { kind: 'held', reason: refusal.reason, was: refusal.kind };
}

/** The empty cluster could hold the waiting gang. */
export function foundPossible({ cluster }: Pick<GangContext, 'cluster'>, gang: Gang): void {
  write(gang).possible = { shrunk: cluster.table.shrunk, members: cluster.boundMembers(gang.key).size };
}

function setRefusal(gang: Gang, refusal: Refusal): void {
  const { state } = gang;
  if (state.kind !== 'admitted' && state.refusal !== refusal) write(gang).state = { ...state, refusal };
}

/** kube-scheduler asks about its leader, or about a member where one runs: nothing else stands in the gang's way. */
export function asked(gang: Gang, pod: PodInfo, nowMs: number): void {
  gang.lastAskMs = nowMs;
  gang.askedAbout = refOf(pod);
  write(gang).isUnasked = false;
  write(gang).preemption = 'none';
}

/** kube-scheduler refused its leader without asking muster. */
export function unasked(gang: Gang): void {
  write(gang).isUnasked = true;
}

/** A waiting gang's declaration changed: its plan and its refusal no longer count. */
export function redeclared(ctx: GangContext, gang: Gang, nowMs: number): void {
  abandonPlan(ctx, gang, "the gang's declaration changed", nowMs);
  write(gang).preemption = 'none';
  reconsider(gang);
}

/** Sets the gang's effective priority; a waiting gang moves to its new place in the queue and is searched for again. */
export function reprioritize(ctx: GangContext, gang: Gang, priority: number): void {
  if (priority === gang.priority) return;
  write(gang).priority = priority;
  if (isAdmitted(gang) || ctx.queues.get(gang.key) !== gang) return;
  reconsider(gang);
  enqueue(ctx, gang);
}

/** Puts a waiting gang in its place in its queue, also after its queue or priority changed. */
export function enqueue(ctx: GangContext, gang: Gang): void {
  const forecast = () => forecastOf(ctx, gang);
  write(gang).patienceMs = patienceOf(gang, forecast);
  write(gang).turnMs = turnOf(gang, forecast);
  write(gang).ask = askOf(ctx.cluster, gang);
  ctx.usage.assign(gang.key, { leaf: gang.queue, user: gang.user });
  ctx.queues.put(gang);
  noteExclusive(ctx, gang);
}

/** Pods may be there before it is known whose they are, and after. */
function noteExclusive({ cluster }: GangContext, { key, queue }: Gang): void {
  if (queue.isExclusive) for (const { row } of cluster.boundMembers(key).values()) cluster.occupancy.touch(row);
}

/** From now on another queue or user answers for the gang. A waiting gang must be put in its queue again. */
export function toQueue(ctx: GangContext, gang: Gang, { leaf, user, note }: GangAccount): void {
  const isNews = note !== gang.queueNote;
  write(gang).queue = leaf;
  write(gang).user = user;
  write(gang).queueNote = note;
  if (isNews) tellQueue(ctx, gang);
}

/** Tells its owner once why a gang that waits is not in the queue that it names. */
export function tellQueue(ctx: GangContext, { key, leader, queueNote }: Gang): void {
  if (queueNote === undefined || leader.node !== undefined) return;
  ctx.emit({ kind: 'queue-ignored', gang: key, leader: refOf(leader), note: queueNote });
}

/** The rules changed: from now on this account answers for the gang, in its line or with what it holds. */
export function requeue(ctx: GangContext, gang: Gang, account: GangAccount): void {
  toQueue(ctx, gang, account);
  if (isAdmitted(gang)) ctx.usage.assign(gang.key, account);
  else enqueue(ctx, gang);
}

/** The state of a gang that has just been declared. */
export const NEW_STATE: GangState = { kind: 'waiting', refusal: undefined };
