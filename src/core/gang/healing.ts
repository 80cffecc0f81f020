import { hasBit } from '../cluster/eligibility.ts';
import type { RowTest } from '../placement/need.ts';
import type { GangContext } from './context.ts';
import { isAdmitted, type Gang } from './gang.ts';
import { siblingRows, needOf } from './needs.ts';
import type { Slot } from './slot.ts';

/** Places an unplaced slot, to be held until `deadlineMs`. @returns whether there is room */
export function placeSlot(ctx: GangContext, gang: Gang, slot: Slot, deadlineMs: number): boolean {
  const row = rowFor(ctx, gang, slot);
  if (row !== undefined) ctx.ledger.place(slot, row, deadlineMs);
  return row !== undefined;
}

/**
 * Places an unplaced slot at the node if it fits there, else where the planner finds room, and reports a move.
 * @returns whether there is room
 */
export function placeAtOrElsewhere(ctx: GangContext, gang: Gang, slot: Slot, at: PlaceAt): boolean {
  const { cluster, ledger } = ctx;
  const { node: from, deadlineMs } = at;
  const row = cluster.table.rowOf(from);
  if (row !== undefined && isFit(ctx, gang, slot, row)) {
    ledger.place(slot, row, deadlineMs);
    return true;
  }
  return placeElsewhere(ctx, gang, slot, at);
}

interface PlaceAt {
  readonly node: string;
  readonly deadlineMs: number;
}

/** Places an unplaced slot where the planner finds room, and reports the result. @returns whether there is room */
export function placeElsewhere(ctx: GangContext, gang: Gang, slot: Slot, { node: from, deadlineMs }: PlaceAt): boolean {
  const isPlaced = placeSlot(ctx, gang, slot, deadlineMs);
  const { gang: key, role, node: to } = slot;
  if (!isPlaced) ctx.emit({ kind: 'slot-unplaced', gang: key, role, from });
  else if (to !== from) ctx.emit({ kind: 'slot-moved', gang: key, role, from, to });
  return isPlaced;
}

/** Whether the row is eligible for the slot and has room for it. */
function isFit({ cluster }: GangContext, gang: Gang, { role, vector }: Slot, row: number): boolean {
  const { eligible } = needOf(cluster, gang, { role, count: 1, vector });
  return hasBit(eligible, row) && cluster.table.fits(row, vector);
}

/** A row where the slot fits. @param offered only these rows; absent: any */
export function rowFor(ctx: GangContext, gang: Gang, slot: Slot, offered?: RowTest): number | undefined {
  const need = needOf(ctx.cluster, gang, { role: slot.role, count: 1, vector: slot.vector });
  const request = { needs: [need], policy: gang.policy, siblings: siblingRows(ctx.cluster, gang, slot) };
  const plan = ctx.planner.plan(offered ? { ...request, offered } : request);
  return plan.kind === 'placed' ? plan.rows[0]![0] : undefined;
}

/** Moves a slot off its node to where the planner finds room. */
function relocate(ctx: GangContext, gang: Gang, slot: Slot, deadlineMs: number): void {
  const { node } = slot;
  ctx.ledger.unplace(slot);
  placeElsewhere(ctx, gang, slot, { node, deadlineMs });
}

/**
 * Call after another scheduler took room at the row, or the node shrank, or its labels or taints changed. Moves the
 * reserved slots that no longer fit there or for which the node is no longer eligible, those placed last first. Assumed
 * slots stay, because kube-scheduler is binding their pods there.
 */
export function healRow(ctx: GangContext, row: number): void {
  const { cluster, ledger, gangs } = ctx;
  if (cluster.holdsAt(row) === 0) return;
  const slots = [...ledger.slotsAt(cluster.table.nameAt(row))].filter(({ state }) => state === 'reserved').reverse();
  for (const slot of slots) {
    const gang = gangs.get(slot.gang);
    if (!gang) continue;
    const { eligible } = needOf(cluster, gang, { role: slot.role, count: 1, vector: slot.vector });
    if (!hasBit(eligible, row) || isOvertaken(ctx, row, slot)) relocate(ctx, gang, slot, slot.deadlineMs);
  }
}

function isOvertaken({ cluster }: GangContext, row: number, { vector }: Slot): boolean {
  return vector.some((amount, c) => amount > 0 && cluster.table.free[c]![row]! < 0);
}

/** The node is gone: plans its slots elsewhere and drops the pod holds there. */
export function evacuate(ctx: GangContext, node: string, nowMs: number): void {
  const { ledger, gangs } = ctx;
  for (const hold of ledger.podHolds.values()) if (hold.node === node) ledger.dropPodHold(hold.podUid);
  for (const slot of [...ledger.slotsAt(node)]) {
    const gang = gangs.get(slot.gang);
    if (!gang || slot.state === 'bound') continue;
    const deadlineMs = slot.state === 'reserved' ? slot.deadlineMs : nowMs + gang.policy.reservation.unclaimedMs;
    relocate(ctx, gang, slot, deadlineMs);
  }
}

/** Tries to place the unplaced slots of admitted gangs, beginning with the gang that lost its room first. */
export function retryUnplaced(ctx: GangContext, nowMs: number): void {
  for (const key of ctx.ledger.degraded) {
    const gang = ctx.gangs.get(key);
    if (!gang || !isAdmitted(gang)) continue;
    for (const slot of gang.slots) {
      if (slot.state === 'unplaced') placeSlot(ctx, gang, slot, nowMs + gang.policy.reservation.successorMs);
    }
  }
}
