import { hasBit } from '../cluster/eligibility.ts';
import type { PlanRequest } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';
import type { Vector } from '../resources.ts';
import type { GangContext } from './context.ts';
import { isAdmitted, type Gang } from './gang.ts';
import type { UnplacedSlots } from './ledger.ts';
import { siblingRows, needOf } from './needs.ts';
import type { Slot } from './slot.ts';
import { mayTakeBack } from './take-back.ts';

/** Places an unplaced slot, to be held until `deadlineMs`. @returns whether there is room */
function placeSlot(ctx: GangContext, gang: Gang, slot: Slot, deadlineMs: number): boolean {
  const row = rowFor(ctx, gang, slot);
  if (row !== undefined) ctx.ledger.place(slot, row, deadlineMs);
  return row !== undefined;
}

/**
 * Places an unplaced slot at the node if it fits there, else where the planner finds room, and reports a move.
 * @returns whether there is room
 */
export function placeAtOrElsewhere(ctx: GangContext, gang: Gang, slot: Slot, at: PlaceAt): boolean {
  return placeAt(ctx, gang, slot, at) || placeElsewhere(ctx, gang, slot, at);
}

/** Places an unplaced slot at the node. @returns whether it fits there */
export function placeAt({ cluster, ledger }: GangContext, gang: Gang, slot: Slot, { node, deadlineMs }: PlaceAt) {
  const row = cluster.table.rowOf(node);
  if (row === undefined || !cluster.table.fits(row, slot.vector)) return false;
  const { eligible } = needOf(cluster, gang, { role: slot.role, count: 1, vector: slot.vector });
  if (!hasBit(eligible, row)) return false;
  ledger.place(slot, row, deadlineMs);
  return true;
}

interface PlaceAt {
  readonly node: string;
  readonly deadlineMs: number;
}

/** Places an unplaced slot where the planner finds room, and reports the result. @returns whether there is room */
function placeElsewhere(ctx: GangContext, gang: Gang, slot: Slot, { node: from, deadlineMs }: PlaceAt): boolean {
  const isPlaced = placeSlot(ctx, gang, slot, deadlineMs);
  const { gang: key, role, node: to } = slot;
  if (!isPlaced) ctx.emit({ kind: 'slot-unplaced', gang: key, role, from });
  else if (to !== from) ctx.emit({ kind: 'slot-moved', gang: key, role, from, to });
  return isPlaced;
}

/** A row where the slot fits. @param within only offered rows; with `freed`, as if this room were also free */
export function rowFor(
  ctx: GangContext,
  gang: Gang,
  slot: Slot,
  within: Pick<PlanRequest, 'offered' | 'freed'> = {},
): number | undefined {
  const need = needOf(ctx.cluster, gang, { role: slot.role, count: 1, vector: slot.vector });
  const siblings = siblingRows(ctx.cluster, gang, slot);
  const plan = ctx.planner.plan({ needs: [need], policy: gang.policy, siblings, ...within });
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
  const { cluster, ledger, gangs, inFlight } = ctx;
  if (cluster.holdsAt(row) === 0) return;
  if (cluster.table.free.some((column) => column[row]! < 0)) inFlight.giveWay(cluster.table.nameAt(row));
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

/** Slots planned in one call; the rest have their turn at the next event or tick. */
const MAX_PLANS = 32;

/**
 * Tries to place the unplaced slots of admitted gangs, beginning with the gang that lost its room first. Looks only at
 * rows that gained room since the last try, and plans only if one of them could take one of the slots.
 */
export function retryUnplaced(ctx: GangContext, nowMs: number): void {
  const { ledger, cluster, gangs, inFlight } = ctx;
  const { position } = cluster.table.roomLog;
  const work = { left: MAX_PLANS };
  for (const [key, roles] of ledger.unplaced) {
    const gang = gangs.get(key);
    if (!gang || !isAdmitted(gang)) continue;
    const deadlineMs = nowMs + gang.policy.reservation.successorMs;
    for (const [role, unplaced] of roles) {
      if (unplaced.triedTo === position) continue;
      if (mayFit(ctx, gang, role, unplaced)) {
        if (work.left === 0) return;
        const { placed, mustWait } = placeUnplaced(ctx, gang, unplaced, { work, deadlineMs, nowMs });
        wake(ctx, gang, role, placed);
        // More may fit. And pods in flight count on every node: room may only seem to be short until they are bound.
        if (mustWait || (placed > 0 && work.left === 0) || inFlight.total) continue;
      }
      ledger.setTried(unplaced, position);
    }
  }
}

/** Whether one of the slots might fit at a row that gained room since the last try. */
function mayFit({ cluster }: GangContext, gang: Gang, role: string, { least, triedTo }: UnplacedSlots): boolean {
  const { roomLog, free } = cluster.table;
  if (triedTo === undefined || !roomLog.remembers(triedTo)) return true;
  for (let at = triedTo; at < roomLog.position; at++) {
    const row = roomLog.at(at);
    if (capacityAt(free, row, least, 1) === 0) continue;
    if (hasBit(needOf(cluster, gang, { role, count: 1, vector: least }).eligible, row)) return true;
  }
  return false;
}

/** Makes kube-scheduler ask about members for whose slots there is a place now. */
function wake(ctx: GangContext, { key }: Gang, role: string, placed: number): void {
  for (const leader of ctx.asleep.take(key, role, placed))
    ctx.emit({ kind: 'wake-leader', gang: key, leader, gated: false });
}

interface Effort {
  /** How many more slots may be planned. */
  readonly work: { left: number };
  readonly deadlineMs: number;
  readonly nowMs: number;
}

interface Placing {
  readonly placed: number;
  /** There may be room for others that the gang must not take now. */
  readonly mustWait: boolean;
}

/**
 * Places the slots of one role that fit, in the gang's order. One that asks no less than one that does not fit is not
 * tried.
 */
function placeUnplaced(ctx: GangContext, gang: Gang, { slots }: UnplacedSlots, effort: Effort): Placing {
  const { work, deadlineMs, nowMs } = effort;
  let placed = 0;
  let unfit: Vector | undefined;
  for (const slot of gang.slots) {
    if (!slots.has(slot)) continue;
    if (work.left === 0) break;
    if (unfit && asksAtLeast(slot.vector, unfit)) continue;
    // What was placed counts already.
    if (!mayTakeBack(ctx, gang, slot, nowMs)) return { placed, mustWait: true };
    work.left--;
    if (placeSlot(ctx, gang, slot, deadlineMs)) placed++;
    else unfit = slot.vector;
  }
  return { placed, mustWait: false };
}

const asksAtLeast = (vector: Vector, other: Vector) =>
  vector === other || other.every((amount, c) => (vector[c] ?? 0) >= amount);
