import { minToStart, type PodInfo, type SlotCounts } from '../model.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import { placeAtOrElsewhere } from './healing.ts';
import { needOf } from './needs.ts';
import type { Slot } from './slot.ts';

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

/** Follows another replica: lays out the gang's open slots as its leader's annotation has them. */
export function follow(ctx: GangContext, gang: Gang, { reservation }: PodInfo, nowMs: number): void {
  if (!ctx.isFollowing || !reservation || reservation.text === gang.followed) return;
  gang.followed = reservation.text;
  layOut(ctx, gang, reservation.slots, nowMs + gang.policy.reservation.unclaimedMs);
}

/**
 * Moves the gang's open slots to the nodes in `counts`, as far as the gang declares as many members: whoever may
 * annotate the leader may have written them. Slots that pods have claimed stay, and count first. A slot that does not
 * fit at its node is planned elsewhere.
 */
export function layOut(ctx: GangContext, gang: Gang, counts: SlotCounts, deadlineMs: number): void {
  for (const declared of gang.spec.roles) {
    const { name: role } = declared;
    const wanted = counts.get(role);
    if (!wanted) continue;
    const own = gang.slots.filter((slot) => slot.role === role);
    const claimed = own.filter(({ state }) => state === 'assumed' || state === 'bound');
    const open = own.filter((slot) => !claimed.includes(slot));
    for (const slot of open) ctx.ledger.unplace(slot);
    const most = Math.max(0, minToStart(gang.spec, declared) - claimed.length);
    const nodes = openNodes(wanted, claimed).slice(0, most);
    ctx.ledger.remove(gang, open.slice(nodes.length));
    const { vector } = needOf(ctx.cluster, gang, { role, count: 1 });
    nodes.forEach((node, i) => {
      const slot = open[i] ?? ctx.ledger.add(gang, role, vector);
      placeAtOrElsewhere(ctx, gang, slot, { node, deadlineMs });
    });
  }
}

/** The nodes of the open slots: each claimed slot strikes out its own node, or else the last one left. */
function openNodes(wanted: ReadonlyMap<string, number>, claimed: readonly Slot[]): string[] {
  const nodes = [...wanted].flatMap(([node, count]) => Array.from({ length: count }, () => node));
  const elsewhere = claimed.filter(({ node }) => {
    const at = nodes.indexOf(node);
    if (at >= 0) nodes.splice(at, 1);
    return at < 0;
  });
  return nodes.slice(0, Math.max(0, nodes.length - elsewhere.length));
}
