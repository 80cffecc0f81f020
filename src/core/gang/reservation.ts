import { minToStart, type PodInfo, type SlotCounts } from '../model.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import { placeAt, placeAtOrElsewhere } from './healing.ts';
import { needOf } from './needs.ts';
import type { Slot } from './slot.ts';
import { toAdmitted } from './transitions.ts';

/** The nodes of the gang's slots, including bound ones; unplaced slots count under ''. */
export function slotCounts(gang: Gang): SlotCounts {
  const out = new Map<string, Map<string, number>>();
  for (const { role, node } of gang.slots) {
    const nodes = out.get(role) ?? new Map<string, number>();
    nodes.set(node, (nodes.get(node) ?? 0) + 1);
    out.set(role, nodes);
  }
  return out;
}

/**
 * Restores the reservation in the annotation of a bound leader: running members take slots, and the open ones go where
 * the annotation has them. Only muster may write it, and while this muster decides no other one does: what appears then
 * on the leader of a gang that was not admitted here is not restored.
 * @returns whether it was restored; the gang is admitted then
 */
export function restore(ctx: GangContext, gang: Gang, { reservation }: PodInfo, nowMs: number): boolean {
  const mayBeOurs = !ctx.isSynced || ctx.isFollowing || ctx.hold !== undefined;
  if (!reservation || !mayBeOurs) return false;
  gang.followed = reservation.text;
  for (const declared of gang.spec.roles) {
    const { name: role } = declared;
    const { vector } = needOf(ctx.cluster, gang, { role, count: 1 });
    const most = Math.min(minToStart(gang.spec, declared), total(reservation.slots.get(role)));
    for (const { pod, node } of ctx.cluster.runningMembers(gang.key, role).slice(0, most)) {
      ctx.ledger.confirm(ctx.ledger.add(gang, role, vector), pod.uid, node);
    }
  }
  layOut(ctx, gang, reservation.slots, nowMs + gang.policy.reservation.unclaimedMs);
  toAdmitted(ctx, gang, 'adopted');
  return true;
}

const total = (nodes: ReadonlyMap<string, number> | undefined) =>
  [...(nodes?.values() ?? [])].reduce((sum, count) => sum + count, 0);

/** Follows another replica: lays out the gang's open slots as its leader's annotation has them. */
export function follow(ctx: GangContext, gang: Gang, { reservation }: PodInfo, nowMs: number): void {
  if (!ctx.isFollowing || !reservation || reservation.text === gang.followed) return;
  gang.followed = reservation.text;
  layOut(ctx, gang, reservation.slots, nowMs + gang.policy.reservation.unclaimedMs);
}

/**
 * Moves the gang's open slots to the nodes in `counts`, as far as the gang declares as many members: whoever may
 * annotate the leader may have written them. Slots that pods have claimed stay, and count first. A slot that does not
 * fit at its node is planned elsewhere; once there is no room elsewhere for a role, none of its slots is.
 */
function layOut(ctx: GangContext, gang: Gang, counts: SlotCounts, deadlineMs: number): void {
  for (const declared of gang.spec.roles) {
    const { name: role } = declared;
    const wanted = counts.get(role);
    if (!wanted) continue;
    const own = gang.slots.filter((slot) => slot.role === role);
    const claimed = own.filter(({ state }) => state === 'assumed' || state === 'bound');
    const open = own.filter(({ state }) => state === 'reserved' || state === 'unplaced');
    for (const slot of open) ctx.ledger.unplace(slot);
    const most = Math.max(0, minToStart(gang.spec, declared) - claimed.length);
    const nodes = openNodes(wanted, claimed, most);
    ctx.ledger.remove(gang, open.slice(nodes.length));
    const { vector } = needOf(ctx.cluster, gang, { role, count: 1 });
    let isFull = false;
    nodes.forEach((node, i) => {
      const slot = open[i] ?? ctx.ledger.add(gang, role, vector);
      const at = { node, deadlineMs };
      const isPlaced = isFull ? placeAt(ctx, gang, slot, at) : placeAtOrElsewhere(ctx, gang, slot, at);
      isFull ||= !isPlaced;
    });
  }
}

/** The nodes of at most `most` open slots: each claimed slot strikes out its own node, or else the last one left. */
function openNodes(wanted: ReadonlyMap<string, number>, claimed: readonly Slot[], most: number): string[] {
  const left = new Map(wanted);
  let elsewhere = 0;
  for (const { node } of claimed) {
    const count = left.get(node) ?? 0;
    if (count > 0) left.set(node, count - 1);
    else elsewhere++;
  }
  const open = Math.min(most, total(left) - elsewhere);
  const nodes: string[] = [];
  for (const [node, count] of left) for (let i = 0; i < count && nodes.length < open; i++) nodes.push(node);
  return nodes;
}
