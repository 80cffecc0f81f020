import { hasBit } from '../../cluster/eligibility.ts';
import { gangOf } from '../../gang/declare.ts';
import { isAdmitted, refOf, type FreeingGang, type Gang } from '../../gang/gang.ts';
import { placeElsewhere } from '../../gang/healing.ts';
import { needOf, startNeeds } from '../../gang/needs.ts';
import type { Slot } from '../../gang/slot.ts';
import { abandonPlan, toFreeing } from '../../gang/transitions.ts';
import type { GangPod, PodInfo, PodRef, SlotCounts, WrittenPlan } from '../../model.ts';
import type { PreemptionContext } from '../candidates/context.ts';
import { exclusionOf } from '../candidates/exclusion-rules.ts';
import { complete, isDeleting, tellPlan, victimOf, withLeaving } from './begin.ts';

/** Restores the eviction plans written in leaders' annotations. @param isGangMember whether muster places the pod */
export function restorePlans(
  ctx: PreemptionContext,
  nowMs: number,
  isGangMember: (pod: PodInfo) => pod is GangPod,
): void {
  const { cluster, isFollowing, writtenPlans } = ctx;
  if (isFollowing || writtenPlans.size === 0) return;
  // Victims have the priority of their gangs, which may not be declared here yet.
  for (const { pod } of cluster.boundPods.values())
    if (isGangMember(pod) && pod.membership.problem === undefined) gangOf(ctx, pod, nowMs);
  for (const pod of writtenPlans.values())
    if (isGangMember(pod) && pod.membership.problem === undefined) restorePlan(ctx, pod, nowMs);
}

/**
 * Restores an unfinished plan of another replica, or of this one before a restart. A user who may annotate a leader may
 * write a plan, so muster restores it only if the rules would allow it now.
 */
function restorePlan(ctx: PreemptionContext, leader: GangPod, nowMs: number): void {
  const written = leader.eviction;
  const gang = gangOf(ctx, leader, nowMs);
  if (!written || gang?.state.kind !== 'waiting' || !gang.leaderUids.has(leader.uid)) return;
  const holder = refOf(leader);
  const reason = objectionTo(ctx, gang, written, nowMs);
  if (reason !== undefined) {
    ctx.emit({ kind: 'eviction-dropped', gang: gang.key, leader: holder, plan: written.id, reason, spared: [] });
    return;
  }
  const left = openVictims(ctx, written);
  const open = new Map(left.map((pod) => [pod.uid, pod]));
  const { id, untilMs } = written;
  const freeing = toFreeing(ctx, gang, { id, untilMs, holder, sinceMs: nowMs, left: open, withheld: [] });
  for (const { uid } of left) ctx.evictions.note(ctx.gangs.get(gangKeyOf(ctx, uid)), nowMs);
  const moved = clearTheWay(ctx, gang, written.slots);
  const isLaidOut = withLeaving(ctx, freeing, () => layOutWritten(ctx, gang, written.slots));
  if (isLaidOut) tellRestored(ctx, freeing, left);
  else abandonPlan(ctx, gang, 'the gang no longer fits where the plan has its slots', nowMs);
  for (const { gang: of, slot, at } of moved) placeElsewhere(ctx, of, slot, at);
  if (isLaidOut && left.length === 0) complete(ctx, freeing, nowMs);
}

function tellRestored(ctx: PreemptionContext, gang: FreeingGang, left: readonly PodRef[]): void {
  const victims = left.filter((pod) => !isDeleting(ctx, pod)).map((pod) => victimOf(ctx, pod));
  tellPlan(ctx, gang, { victims, awaited: left.filter((pod) => isDeleting(ctx, pod)), isRestored: true });
}

function openVictims({ cluster, evictions }: PreemptionContext, { victims }: WrittenPlan): PodRef[] {
  return victims.filter(({ uid }) => cluster.boundPod(uid) && !evictions.beneficiary.has(uid));
}

const gangKeyOf = ({ cluster }: PreemptionContext, uid: string) => cluster.boundPod(uid)?.pod.membership?.gang ?? '';

/** Why muster must not restore the plan; undefined: it may. */
function objectionTo(ctx: PreemptionContext, gang: Gang, written: WrittenPlan, nowMs: number): string | undefined {
  const { preemption: rules } = gang.policy;
  if (rules.mode !== 'enforce') return `preemption.mode is now ${rules.mode}`;
  if (nowMs > written.untilMs) return 'the plan had expired';
  const nodes = new Set([...written.slots.values()].flatMap((counts) => [...counts.keys()]));
  let still = 0;
  for (const { uid } of openVictims(ctx, written)) {
    const bound = ctx.cluster.boundPod(uid);
    if (!bound || bound.pod.deleting) continue;
    const { pod, node } = bound;
    still++;
    const own = ctx.gangs.get(pod.membership?.gang ?? '');
    const rule = exclusionOf({ ctx, rules, priority: gang.priority, nowMs }, pod, own);
    if (rule !== undefined) return `rule "${rule}" excludes pod ${pod.namespace}/${pod.name}`;
    if (!nodes.has(node) && !rules.wholeGangs)
      return `pod ${pod.namespace}/${pod.name} frees no room for a slot of the gang`;
    if (ctx.gangOfLeader.has(uid) && !rules.wholeGangs) return `pod ${pod.namespace}/${pod.name} leads its gang`;
  }
  const isOver = ctx.evictions.lately(nowMs) + still > rules.budget.perMinute;
  return isOver ? 'it exceeds the budget per minute' : undefined;
}

/** A reserved slot that gave way, and its former place. */
interface Moved {
  readonly gang: Gang;
  readonly slot: Slot;
  readonly at: { readonly node: string; readonly deadlineMs: number };
}

/** Unplaces slots of less important gangs: while another replica decided, this one kept the slots of gone victims. */
function clearTheWay({ ledger, gangs }: PreemptionContext, gang: Gang, slots: SlotCounts): readonly Moved[] {
  const nodes = new Set([...slots.values()].flatMap((counts) => [...counts.keys()]));
  const inTheWay = [...nodes].flatMap((node) =>
    [...ledger.slotsAt(node)].flatMap((slot): readonly Moved[] => {
      const other = gangs.get(slot.gang);
      if (slot.state !== 'reserved' || !other || !isAdmitted(other) || other.priority >= gang.priority) return [];
      return [{ gang: other, slot, at: { node: slot.node, deadlineMs: slot.deadlineMs } }];
    }),
  );
  for (const { slot } of inTheWay) ledger.unplace(slot);
  return inTheWay;
}

function layOutWritten(ctx: PreemptionContext, gang: Gang, slots: SlotCounts): boolean {
  const { table } = ctx.cluster;
  for (const [role, nodes] of slots) {
    if (!gang.spec.roles.some(({ name }) => name === role)) return false;
    for (const [node, count] of nodes) {
      for (let i = 0; i < count; i++) {
        const { vector, eligible } = needOf(ctx.cluster, gang, { role, count: 1 });
        const row = table.rowOf(node);
        if (row === undefined || !hasBit(eligible, row) || !table.fits(row, vector)) return false;
        ctx.ledger.place(ctx.ledger.add(gang, role, vector), row, Infinity);
      }
    }
  }
  return startNeeds(ctx.cluster, gang).every(
    ({ role, count }) => gang.slots.filter((slot) => slot.role === role).length >= count,
  );
}
