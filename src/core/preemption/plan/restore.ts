import { decideAdmission } from '../../admission/admission.ts';
import { gangOf } from '../../gang/declare.ts';
import { isAdmitted, refOf, type Gang } from '../../gang/gang.ts';
import { placeAtOrElsewhere } from '../../gang/healing.ts';
import { refreshShares } from '../../gang/tenants.ts';
import type { Slot } from '../../gang/slot.ts';
import type { GangPod, PodInfo, WrittenPlan } from '../../model.ts';
import type { PreemptionContext } from '../candidates/context.ts';
import { exclusionOf, preemptorOf, priorityGap, type Preemptor } from '../candidates/exclusion-rules.ts';
import { findVictims, type Finding } from '../search/find-victims.ts';
import { begin } from './begin.ts';
import { enforced, meansNow, rightsOf } from './rights.ts';

/** Plans judged in one pass, during which kube-scheduler waits: each costs a search. The others are dropped. */
const MOST_PLANS = 64;

interface Found {
  readonly gang: Gang;
  readonly leader: GangPod;
  readonly written: WrittenPlan;
}

/**
 * Takes up the eviction plans written in leaders' annotations by another replica, or by this one before a restart. A
 * user who may annotate a leader may write a plan, so each is judged as a new one, in admission order. Call when the
 * gangs that run have their slots. Pauses after each plan.
 * @param isGangMember whether muster places the pod
 */
export function* restorePlans(
  ctx: PreemptionContext,
  nowMs: () => number,
  isGangMember: (pod: PodInfo) => pod is GangPod,
): Generator<undefined, void> {
  if (ctx.isFollowing || ctx.writtenPlans.size === 0) return;
  const byGang = new Map<Gang, Found>();
  for (const leader of ctx.writtenPlans.values()) {
    const { eviction: written } = leader;
    if (!written || leader.deleting || !isGangMember(leader) || leader.membership.problem !== undefined) continue;
    const gang = gangOf(ctx, leader, nowMs());
    if (gang && mayCarry(gang, leader)) byGang.set(gang, { gang, leader, written });
  }
  ctx.shares.forget();
  refreshShares(ctx, nowMs());
  const inOrder = [...ctx.queues.inAdmissionOrder()].flatMap((gang) => byGang.get(gang) ?? []);
  for (const [i, found] of inOrder.entries()) {
    if (!mayCarry(found.gang, found.leader)) continue;
    const reason = i < MOST_PLANS ? takeUp(ctx, found, nowMs()) : `more than ${MOST_PLANS} plans are written`;
    const { gang, leader, written } = found;
    const dropped = { gang: gang.key, leader: refOf(leader), plan: written.id, spared: [] };
    if (reason !== undefined) ctx.emit({ kind: 'eviction-dropped', ...dropped, reason });
    yield;
  }
}

const mayCarry = ({ state, leaderUids }: Gang, { uid }: PodInfo) => state.kind === 'waiting' && leaderUids.has(uid);

/**
 * Begins the plan again as a new one that may choose its victims among those of the written one. Victims that are going
 * already, and places that the gangs of gone ones keep for successors, count as this plan's evictions.
 * @returns why not; undefined: it is under way
 */
function takeUp(ctx: PreemptionContext, { gang, written }: Found, nowMs: number): string | undefined {
  const { evictions } = ctx;
  const objection = objectionTo(ctx, gang, written, nowMs);
  if (objection !== undefined) return objection;
  const means = meansNow(ctx, gang, nowMs, true) ?? enforced(ctx, gang);
  const going = goingVictims(ctx, gang, written, nowMs);
  for (const one of going) evictions.note(one, nowMs);
  const moved = clearTheWay(ctx, gang, written, nowMs);
  const among = { pods: new Set(written.victims.map(({ uid }) => uid)), reservations: false };
  const finding = findVictims(ctx, gang, nowMs, { among, means });
  const isBegun = begin(ctx, gang, { finding, nowMs, isRestored: true });
  for (const { gang: of, slot, at } of moved) {
    placeAtOrElsewhere(ctx, of, slot, at);
    if (slot.node === at.node) evictions.takeBack(of, nowMs);
  }
  if (isBegun) return undefined;
  for (const one of going) evictions.takeBack(one, nowMs);
  return whyNot(finding);
}

function modesNow({ tree }: PreemptionContext, { policy, queue }: Gang): string {
  const own = `preemption.mode is now ${policy.preemption.mode}`;
  return tree.isConfigured ? `${own}, and reclaim.mode of queue ${queue.path} is ${queue.reclaim.mode}` : own;
}

/** Why the gang may have no eviction plan now, whoever its victims are; undefined: it may. */
function objectionTo(ctx: PreemptionContext, gang: Gang, written: WrittenPlan, nowMs: number): string | undefined {
  const modes = enforced(ctx, gang);
  if (!modes.priority && !modes.share) return modesNow(ctx, gang);
  if (nowMs > written.untilMs) return 'the plan had expired';
  const { because } = rightsOf(ctx, gang, nowMs, true);
  if (because !== undefined) return because;
  const admission = decideAdmission(ctx, gang, {}, nowMs);
  if (admission.kind === 'admitted') return 'the gang fits without it, and waits for its turn';
  const { kind, reason } = admission.refusal;
  return kind === 'room' || kind === 'held' ? undefined : reason;
}

function whyNot(finding: Finding): string {
  const rules = finding.kind === 'none' ? [...finding.excluded.keys(), ...finding.hits.keys()] : [];
  if (rules.length === 0) return 'its victims make no room for the gang';
  return `its victims do not make room for the gang: ${rules.map((rule) => `rule "${rule}"`).join(' and ')}`;
}

/** The gangs of those victims that are being deleted, one entry per victim; undefined for a single pod. */
function goingVictims(
  ctx: PreemptionContext,
  gang: Gang,
  { victims }: WrittenPlan,
  nowMs: number,
): (Gang | undefined)[] {
  const preemptor = asBefore(ctx, gang, nowMs);
  return victims.flatMap(({ uid }) => {
    const pod = ctx.cluster.boundPod(uid)?.pod;
    const own = ctx.gangs.get(pod?.membership?.gang ?? '');
    const isVictim = pod?.deleting && exclusionOf(preemptor, pod, own) === undefined;
    return isVictim ? [own] : [];
  });
}

/** The gang as it was when its plan was made: victims that are being deleted still count. */
const asBefore = (
  ctx: PreemptionContext,
  gang: Gang,
  nowMs: number,
): Preemptor & { readonly ctx: PreemptionContext } => ({
  ...preemptorOf(ctx, gang, nowMs, { means: enforced(ctx, gang), withDeleting: true }),
  ctx,
});

/** A reserved slot that gave way, and its former place. */
interface Moved {
  readonly gang: Gang;
  readonly slot: Slot;
  readonly at: { readonly node: string; readonly deadlineMs: number };
}

/**
 * Takes away places that other gangs keep for successors, on the nodes of the plan: at most one for each victim that is
 * gone, and only where the rules would have allowed the eviction. While another replica decided, or muster was away,
 * nobody held the room of a gone victim for this gang.
 */
function clearTheWay(ctx: PreemptionContext, gang: Gang, written: WrittenPlan, nowMs: number): readonly Moved[] {
  const { ledger, gangs, cluster, evictions } = ctx;
  const moved: Moved[] = [];
  let gone = written.victims.filter(({ uid }) => cluster.boundPod(uid) === undefined).length;
  const nodes = new Set([...written.slots.values()].flatMap((counts) => [...counts.keys()]));
  for (const node of nodes) {
    for (const slot of [...ledger.slotsAt(node)]) {
      const other = gangs.get(slot.gang);
      if (gone === 0) return moved;
      if (slot.state !== 'reserved' || slot.isLeader || !other || !mayLose(ctx, gang, other, nowMs)) continue;
      gone--;
      moved.push({ gang: other, slot, at: { node: slot.node, deadlineMs: slot.deadlineMs } });
      ledger.unplace(slot);
      evictions.note(other, nowMs);
    }
  }
  return moved;
}

/** Whether the rules would allow the gang to evict one more needed member of the other. */
function mayLose(ctx: PreemptionContext, gang: Gang, other: Gang, nowMs: number): boolean {
  const preemptor = asBefore(ctx, gang, nowMs);
  const { queues, minRuntimeMs, budget } = preemptor.rules;
  const { path: queue } = other.queue;
  const { evictions } = ctx;
  const isLower = other.priority + priorityGap(preemptor, other) <= preemptor.priority;
  const verdict = preemptor.claim?.verdictOn(other.queue, isLower);
  const isByShare = verdict !== undefined && 'right' in verdict && verdict.right === 'share';
  const isByPriority = verdict === undefined ? isLower : 'right' in verdict && !isByShare;
  return (
    isAdmitted(other) &&
    (isByShare || (isByPriority && (queues.length === 0 || queues.includes(queue)))) &&
    nowMs - (other.startedMs ?? nowMs) >= minRuntimeMs &&
    evictions.lately(nowMs) < budget.perMinute &&
    evictions.lately(nowMs, queue) < budget.perQueue &&
    other.losses.filter((atMs) => atMs > nowMs - budget.gangWindowMs).length < budget.perGang
  );
}
