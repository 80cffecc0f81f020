import { hasBit } from '../cluster/eligibility.ts';
import type { RowTest } from '../placement/need.ts';
import type { GangContext } from './context.ts';
import { isAdmitted, type Gang } from './gang.ts';
import { siblingRows, needOf } from './needs.ts';
import type { Slot } from './slot.ts';

/** Finds room for a slot that has none. @returns whether it has now; it then holds it until `deadlineMs` */
export function placeSlot(ctx: GangContext, gang: Gang, slot: Slot, deadlineMs: number): boolean {
  const row = rowFor(ctx, gang, slot);
  if (row !== undefined) ctx.ledger.place(slot, row, deadlineMs);
  return row !== undefined;
}

/**
 * Places an unplaced slot at the node where it can stand there, else where the planner finds room, and tells where it
 * came to stand if that is not `from`. @returns whether it has room now
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

/** Places an unplaced slot where the planner finds room, and tells what became of it. @returns whether it has room now */
export function placeElsewhere(ctx: GangContext, gang: Gang, slot: Slot, { node: from, deadlineMs }: PlaceAt): boolean {
  const isPlaced = placeSlot(ctx, gang, slot, deadlineMs);
  const { gang: key, role, node: to } = slot;
  if (!isPlaced) ctx.emit({ kind: 'slot-unplaced', gang: key, role, from });
  else if (to !== from) ctx.emit({ kind: 'slot-moved', gang: key, role, from, to });
  return isPlaced;
}

/** Whether the slot may stand at the row and has room there beside everything else. */
function isFit({ cluster }: GangContext, gang: Gang, { role, vector }: Slot, row: number): boolean {
  const { eligible } = needOf(cluster, gang, { role, count: 1, vector });
  return hasBit(eligible, row) && cluster.table.fits(row, vector);
}

/** A row where the slot fits beside everything else; `offered` limits it to what kube-scheduler offers. */
export function rowFor(ctx: GangContext, gang: Gang, slot: Slot, offered?: RowTest): number | undefined {
  const need = needOf(ctx.cluster, gang, { role: slot.role, count: 1, vector: slot.vector });
  const request = { needs: [need], policy: gang.policy, siblings: siblingRows(ctx.cluster, gang, slot) };
  const plan = ctx.planner.plan(offered ? { ...request, offered } : request);
  return plan.kind === 'placed' ? plan.rows[0]![0] : undefined;
}

/** Takes a slot off its node and plans it again. */
function relocate(ctx: GangContext, gang: Gang, slot: Slot, deadlineMs: number): void {
  const { node } = slot;
  ctx.ledger.unplace(slot);
  placeElsewhere(ctx, gang, slot, { node, deadlineMs });
}

/**
 * After another scheduler took room at the row, or it shrank, or its labels or taints changed: moves reserved slots
 * that no longer fit or may no longer be there, the youngest gang's first. Assumed slots stay: kube-scheduler is
 * binding their pods there.
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

/** The node is gone: what was held there is planned elsewhere. */
export function evacuate(ctx: GangContext, node: string, nowMs: number): void {
  const { ledger, gangs } = ctx;
  for (const elastic of ledger.elasticHolds.values()) if (elastic.node === node) ledger.dropElastic(elastic.podUid);
  for (const slot of [...ledger.slotsAt(node)]) {
    const gang = gangs.get(slot.gang);
    if (!gang || slot.state === 'bound') continue;
    const deadlineMs = slot.state === 'reserved' ? slot.deadlineMs : nowMs + gang.policy.reservation.unclaimedMs;
    relocate(ctx, gang, slot, deadlineMs);
  }
}

/** Tries the unplaced slots of admitted gangs again, the gang that lost its room first ahead. */
export function retryUnplaced(ctx: GangContext, nowMs: number): void {
  for (const key of ctx.ledger.degraded) {
    const gang = ctx.gangs.get(key);
    if (!gang || !isAdmitted(gang)) continue;
    for (const slot of gang.slots) {
      if (slot.state === 'unplaced') placeSlot(ctx, gang, slot, nowMs + gang.policy.reservation.successorMs);
    }
  }
}
