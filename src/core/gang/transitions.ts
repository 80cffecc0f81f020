import type { PodRef } from '../model.ts';
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
import { takeUpRunning } from './take-up.ts';

/**
 * The only writer of a gang's state, of the queues and of what is planned. Everything else reads.
 *
 *                        a plan is made, or a written one taken up
 *   declared --> waiting ------------------------------------------> freeing
 *                |  ^  ^                                              |   |
 *                |  |  +------- the plan is given up: abandoned ------+   |
 *                |  |                                                     |
 *   it fits:     |  |  its slots expired unclaimed: expired               |  the last victim is gone:
 *   placed;      |  |  a more important gang needs them: revoked          |  freed
 *   its leader   |  |                                                     |
 *   runs:        v  |                                                     |
 *   adopted      admitted <-----------------------------------------------+
 *
 *   The last leader is over: from any state to over, and the gang is forgotten.
 */
type Written = 'state' | 'priority' | 'isUnasked' | 'preemption';
type WritableGang = { -readonly [K in Written]: Gang[K] };

const write = (gang: Gang): WritableGang => gang;

/** A gang that has just been declared. */
export function toDeclared(ctx: GangContext, gang: Gang): void {
  ctx.gangs.set(gang.key, gang);
  enqueue(ctx, gang);
}

/** Room is being made for the gang. Also for a gang whose plan is amended. */
export function toFreeing(ctx: GangContext, gang: Gang, plan: EvictionPlan): FreeingGang {
  write(gang).state = { kind: 'freeing', plan, refusal: refusalOf(gang) };
  const freeing = gang as FreeingGang;
  ctx.evictions.begin(freeing);
  return freeing;
}

/**
 * The gang starts; the caller has placed its slots. `placed`: it fits. `adopted`: its leader runs already. `freed`: all
 * its victims are gone, and its leader has to be woken.
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
  if (how !== 'adopted') takeUpRunning(ctx, gang);
  const slots = gang.slots.map(({ role, node }) => ({ role, node }));
  if (how === 'adopted') return ctx.emit({ kind: 'gang-adopted', gang: gang.key, slots });
  const leader = refOf(gang.leader);
  ctx.emit({ kind: 'gang-admitted', gang: gang.key, leader, slots });
  if (how === 'freed') ctx.emit({ kind: 'wake-leader', gang: gang.key, leader, gated: isGated(gang) });
}

/** An admitted gang gives all its slots back, and waits again. `revoked`: for a gang that is more important. */
export function toWaiting(ctx: GangContext, gang: Gang, why: 'expired' | { readonly revokedFor: Gang }): void {
  const {
    key,
    slots: { length: slots },
  } = gang;
  ctx.ledger.remove(gang, gang.slots);
  const of = write(gang);
  if (why === 'expired' && gang.preemption === 'used') of.preemption = 'wasted';
  of.state = { kind: 'waiting', refusal: undefined };
  enqueue(ctx, gang);
  if (why === 'expired') return ctx.emit({ kind: 'slots-expired', gang: key, slots, whole: true });
  const forGang = why.revokedFor.key;
  ctx.emit({ kind: 'reservation-revoked', gang: key, leader: refOf(gang.leader), slots, forGang });
}

/** After a plan that came to nothing, another is not made before so long (ms). */
export const SEARCH_AGAIN_MS = 15_000;

/**
 * Gives the gang's eviction plan up, if there is one: what was held for the gang is free again, and victims that have
 * not been evicted yet stay. The gang goes on waiting; no further pod is evicted for this plan.
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
    }
    const row = ctx.cluster.table.rowOf(bound.node);
    if (row !== undefined) healRow(ctx, row);
  }
  ctx.emit({ kind: 'eviction-dropped', gang: gang.key, leader: plan.holder, plan: plan.id, reason, spared });
}

/** Gives back what no pod could use while the victims left. */
export function releaseWithheld({ cluster }: GangContext, plan: EvictionPlan): void {
  for (const { node, vector } of plan.withheld) cluster.release(node, vector);
  plan.withheld = [];
}

/** The last leader is over: the gang's slots are free, and it is forgotten. */
export function toOver(ctx: GangContext, gang: Gang, nowMs: number): void {
  abandonPlan(ctx, gang, 'the gang is over', nowMs);
  ctx.gangs.delete(gang.key);
  ctx.queues.remove(gang.key);
  for (const hold of ctx.ledger.elasticHolds.values()) if (hold.gang === gang.key) ctx.ledger.dropElastic(hold.podUid);
  const { length: slots } = gang.slots;
  ctx.ledger.remove(gang, gang.slots);
  ctx.usage.assign(gang.key, undefined);
  if (isAdmitted(gang)) ctx.emit({ kind: 'gang-released', gang: gang.key, slots });
}

/** Remembers why the gang was refused, and tells of a new reason once. @returns the reason */
export function refuse(ctx: GangContext, gang: Gang, refusal: Refusal): string {
  const { reason } = refusal;
  if (refusalOf(gang)?.reason !== reason) {
    ctx.emit({ kind: 'gang-waits', gang: gang.key, leader: refOf(gang.leader), reason });
  }
  setRefusal(gang, refusal);
  return reason;
}

/** What the gang was refused for may not stand any more: it is looked at again, without being asked about again. */
export function reconsider(gang: Gang): void {
  const refusal = refusalOf(gang);
  // What only the nodes offered stood against, kube-scheduler alone can judge.
  if (refusal && refusal.kind !== 'open') setRefusal(gang, { kind: 'held', reason: refusal.reason });
  gang.searchAgainMs = 0;
  gang.fruitless = 0;
}

function setRefusal(gang: Gang, refusal: Refusal): void {
  if (gang.state.kind !== 'admitted') write(gang).state = { ...gang.state, refusal };
}

/** kube-scheduler asks about its leader: whatever was in its way before may be gone. */
export function asked(gang: Gang, nowMs: number): void {
  gang.lastAskMs = nowMs;
  write(gang).isUnasked = false;
  write(gang).preemption = 'none';
}

/** kube-scheduler crowded its leader out without asking. */
export function unasked(gang: Gang): void {
  write(gang).isUnasked = true;
}

/** A waiting gang is declared differently: nothing that was found out about the old declaration counts. */
export function redeclared(ctx: GangContext, gang: Gang, nowMs: number): void {
  abandonPlan(ctx, gang, "the gang's declaration changed", nowMs);
  write(gang).preemption = 'none';
  reconsider(gang);
}

/** The gang's effective priority; a waiting gang is put in its new place, and looked at again. */
export function reprioritize(ctx: GangContext, gang: Gang, priority: number): void {
  if (priority === gang.priority) return;
  write(gang).priority = priority;
  if (isAdmitted(gang) || ctx.queues.get(gang.key) !== gang) return;
  reconsider(gang);
  enqueue(ctx, gang);
}

/** Puts a waiting gang in its place in its queue, or back there after its queue or priority changed. */
export function enqueue(ctx: GangContext, gang: Gang): void {
  ctx.usage.assign(gang.key, gang.spec.queue);
  ctx.queues.put(gang);
}

/** As the gang is first known. */
export const NEW_STATE: GangState = { kind: 'waiting', refusal: undefined };
