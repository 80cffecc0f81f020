import { hasBit } from '../../cluster/eligibility.ts';
import { startNeeds } from '../../gang/admission.ts';
import type { GangContext } from '../../gang/context.ts';
import { newSlot, type Gang } from '../../gang/gang.ts';
import { placeSlot } from '../../gang/healing.ts';
import { needOf } from '../../gang/needs.ts';
import { gangOf, refOf } from '../../gang/filter-gang-pod.ts';
import type { Slot } from '../../gang/slot.ts';
import type { PodInfo, PodRef, SlotCounts, WrittenPlan } from '../../model.ts';
import { complete, isDeleting, tellPlan, victimOf, withLeaving } from './make-room.ts';
import { dropPlan } from './abandon.ts';
import { exclusionOf } from '../candidates/exclusion-rules.ts';

/** Takes up the plans that are written on leaders. @param isGangMember whether muster places the pod's gang */
export function restorePlans(ctx: GangContext, nowMs: number, isGangMember: (pod: PodInfo) => boolean): void {
  const { cluster, evictions, isFollowing } = ctx;
  if (isFollowing || evictions.written.size === 0) return;
  const isFit = (pod: PodInfo) => isGangMember(pod) && pod.membership!.problem === undefined;
  // Victims are as important as their gangs, which need not have been met yet.
  for (const { pod } of cluster.boundPods.values()) if (isFit(pod)) gangOf(ctx, pod, nowMs);
  for (const pod of evictions.written.values()) if (isFit(pod)) restorePlan(ctx, pod, nowMs);
}

/**
 * Takes up a plan that another muster, or this one before it was restarted, wrote down and did not finish. Who may write
 * to a leader may write a plan: it is carried out only as far as the rules would let it be made now.
 */
function restorePlan(ctx: GangContext, leader: PodInfo, nowMs: number): void {
  const written = leader.eviction;
  const gang = gangOf(ctx, leader, nowMs);
  if (!written || !gang || gang.admitted || gang.eviction || !gang.leaderUids.has(leader.uid)) return;
  const holder = refOf(leader);
  const refusal = refusalOf(ctx, gang, written, nowMs);
  if (refusal !== undefined) {
    ctx.emit({
      kind: 'eviction-dropped',
      gang: gang.key,
      leader: holder,
      plan: written.id,
      reason: refusal,
      spared: [],
    });
    return;
  }
  const left = openVictims(ctx, written);
  const open = new Map(left.map((pod) => [pod.uid, pod]));
  const { id, untilMs } = written;
  gang.eviction = { id, untilMs, holder, sinceMs: nowMs, left: open, withheld: [] };
  for (const { uid } of left) ctx.evictions.note(ctx.gangs.get(gangKeyOf(ctx, uid)), nowMs);
  const moved = clearTheWay(ctx, gang, written.slots);
  const isLaidOut = withLeaving(ctx, gang, () => layOutWritten(ctx, gang, written.slots));
  if (isLaidOut) {
    const victims = left.filter((pod) => !isDeleting(ctx, pod)).map((pod) => victimOf(ctx, pod));
    tellPlan(ctx, gang, { victims, awaited: left.filter((pod) => isDeleting(ctx, pod)), isRestored: true });
  } else dropPlan(ctx, gang, 'its room is not to be had any more', nowMs);
  for (const one of moved) placeAgain(ctx, one);
  if (isLaidOut && left.length === 0) complete(ctx, gang, nowMs);
}

function openVictims({ cluster, evictions }: GangContext, { victims }: WrittenPlan): PodRef[] {
  return victims.filter(({ uid }) => cluster.boundPod(uid) && !evictions.beneficiary.has(uid));
}

const gangKeyOf = ({ cluster }: GangContext, uid: string) => cluster.boundPod(uid)?.pod.membership?.gang ?? '';

/** Why the plan must not be carried out. */
function refusalOf(ctx: GangContext, gang: Gang, written: WrittenPlan, nowMs: number): string | undefined {
  const { preemption: rules } = gang.policy;
  if (rules.mode !== 'enforce') return `preemption is ${rules.mode} now`;
  if (nowMs > written.untilMs) return 'its time was over';
  const nodes = new Set([...written.slots.values()].flatMap((counts) => [...counts.keys()]));
  let still = 0;
  for (const { uid } of openVictims(ctx, written)) {
    const { pod, node } = ctx.cluster.boundPod(uid)!;
    if (pod.deleting) continue;
    still++;
    const own = ctx.gangs.get(pod.membership?.gang ?? '');
    const rule = exclusionOf({ ctx, rules, priority: gang.priority, nowMs }, pod, own);
    if (rule !== undefined) return `rule "${rule}" keeps pod ${pod.namespace}/${pod.name}`;
    if (!nodes.has(node) && !rules.wholeGangs) return `pod ${pod.namespace}/${pod.name} is in nobody's way`;
    if (ctx.gangOfLeader.has(uid) && !rules.wholeGangs) return `pod ${pod.namespace}/${pod.name} leads its gang`;
  }
  const isOver = ctx.evictions.lately(nowMs) + still > rules.budget.perMinute;
  return isOver ? 'it is more than the budget per minute' : undefined;
}

/** A reserved slot that gave way, and where it stood. */
interface Moved {
  readonly slot: Slot;
  readonly from: string;
  readonly deadlineMs: number;
}

/** While another replica decided, the slots of victims that were gone have been kept where they stood: they give way. */
function clearTheWay(ctx: GangContext, gang: Gang, slots: SlotCounts): readonly Moved[] {
  const nodes = new Set([...slots.values()].flatMap((counts) => [...counts.keys()]));
  const inTheWay = [...nodes].flatMap((node) =>
    [...ctx.ledger.slotsAt(node)].filter(({ state, gang: key }) => {
      const other = ctx.gangs.get(key);
      return state === 'reserved' && other?.admitted === true && other.priority < gang.priority;
    }),
  );
  return inTheWay.map((slot) => {
    const { node: from, deadlineMs } = slot;
    ctx.ledger.unplace(slot);
    return { slot, from, deadlineMs };
  });
}

function placeAgain(ctx: GangContext, { slot, from, deadlineMs }: Moved): void {
  const { gang: key, role } = slot;
  const isPlaced = placeSlot(ctx, ctx.gangs.get(key)!, slot, deadlineMs);
  if (!isPlaced) ctx.emit({ kind: 'slot-unplaced', gang: key, role, from });
  else if (slot.node !== from) ctx.emit({ kind: 'slot-moved', gang: key, role, from, to: slot.node });
}

function layOutWritten(ctx: GangContext, gang: Gang, slots: SlotCounts): boolean {
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
