import { hasBit } from '../cluster/eligibility.ts';
import type { RowTest } from '../placement/need.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import { siblingRows, needOf } from './needs.ts';
import type { Slot } from './slot.ts';

/** Finds room for a slot that has none. @returns whether it has now; it then holds it until `deadlineMs` */
export function placeSlot(ctx: GangContext, gang: Gang, slot: Slot, deadlineMs: number): boolean {
  const row = rowFor(ctx, gang, slot);
  if (row === undefined) {
    ctx.degraded.add(gang);
    return false;
  }
  ctx.ledger.place(slot, row, deadlineMs);
  return true;
}

/** A row where the slot fits beside everything else; `offered` limits it to what kube-scheduler offers. */
export function rowFor(ctx: GangContext, gang: Gang, slot: Slot, offered?: RowTest): number | undefined {
  const need = needOf(ctx.cluster, gang, { role: slot.role, count: 1, vector: slot.vector });
  const request = { needs: [need], policy: gang.policy, siblings: siblingRows(ctx.cluster, gang, slot) };
  const plan = ctx.planner.plan(offered ? { ...request, offered } : request);
  return plan.kind === 'placed' ? plan.rows[0]![0] : undefined;
}

/** Takes a slot off its node and plans it anew. */
function relocate(ctx: GangContext, gang: Gang, slot: Slot, deadlineMs: number): void {
  const { role, node: from } = slot;
  ctx.ledger.unplace(slot);
  const isPlaced = placeSlot(ctx, gang, slot, deadlineMs);
  const { key } = gang;
  ctx.emit(
    isPlaced
      ? { kind: 'slot-moved', gang: key, role, from, to: slot.node }
      : { kind: 'slot-unplaced', gang: key, role, from },
  );
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
    const gang = gangs.get(slot.gang)!;
    const { eligible } = needOf(cluster, gang, { role: slot.role, count: 1, vector: slot.vector });
    if (!hasBit(eligible, row) || isOvertaken(ctx, row, slot)) relocate(ctx, gang, slot, slot.deadlineMs);
  }
}

function isOvertaken({ cluster }: GangContext, row: number, { vector }: Slot): boolean {
  return vector.some((amount, c) => amount > 0 && cluster.table.free[c]![row]! < 0);
}

/** The node is gone: whatever was held there is planned elsewhere. */
export function evacuate(ctx: GangContext, node: string, nowMs: number): void {
  const { ledger, gangs } = ctx;
  for (const elastic of ledger.elasticHolds.values()) if (elastic.node === node) ledger.dropElastic(elastic.podUid);
  for (const slot of [...ledger.slotsAt(node)]) {
    if (slot.state === 'bound') continue;
    const gang = gangs.get(slot.gang)!;
    const deadlineMs = slot.state === 'reserved' ? slot.deadlineMs : nowMs + gang.policy.reservation.unclaimedMs;
    relocate(ctx, gang, slot, deadlineMs);
  }
}

/** Tries the unplaced slots of admitted gangs again, oldest gang first. */
export function retryUnplaced(ctx: GangContext, nowMs: number): void {
  for (const gang of ctx.degraded) {
    if (!gang.admitted) continue;
    for (const slot of gang.slots) {
      if (slot.state === 'unplaced') placeSlot(ctx, gang, slot, nowMs + gang.policy.reservation.successorMs);
    }
    if (gang.slots.every(({ state }) => state !== 'unplaced')) ctx.degraded.delete(gang);
  }
}
