import type { FilterAnswer } from '../decision.ts';
import type { Candidates } from '../model.ts';
import type { Vector } from '../resources.ts';
import { placeElastic, type Ask } from './elastic.ts';
import type { BackfillContext } from '../backfill/context.ts';
import type { GangContext } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { rowFor } from '../gang/healing.ts';
import { limitOnGrowth } from '../gang/limits.ts';
import { mayTakeBack } from '../gang/take-back.ts';
import type { Slot } from '../gang/slot.ts';
import { isSampled, offeredRows } from '../placement/sample.ts';
import { awaitOffer, bringIntoSample } from './in-sample.ts';

const refuse = (reason: string): FilterAnswer => ({ kind: 'none', reason });

/** The answer to filter for a member of an admitted gang: the node of a slot, or one with room that no slot holds. */
export function placeMember(
  ctx: BackfillContext,
  gang: Gang,
  { pod, candidates }: Omit<Ask, 'vector'>,
  nowMs: number,
): FilterAnswer {
  const { role, isElastic } = pod.membership;
  ctx.asleep.drop(pod.uid);
  if (!gang.spec.roles.some(({ name }) => name === role)) return refuse(`gang has no role ${role}`);
  const vector = ctx.cluster.requestVector(pod.request);
  if (isElastic) return placeElastic(ctx, gang, { pod, vector, candidates }, nowMs);
  const own = ctx.ledger.slotOf(pod.uid);
  if (own) return claim(ctx, gang, own, { pod, vector, candidates, nowMs });
  const open = gang.slots.filter(
    (slot) => slot.role === role && (slot.state === 'reserved' || slot.state === 'unplaced'),
  );
  const isOffered = (slot: Slot) => candidates.has(slot.node) && roomBeside(ctx, slot, vector);
  const offered = isSampled(ctx.cluster, candidates) ? ofMost(open, open.filter(isOffered)) : open.find(isOffered);
  const slot = offered ?? open.find(({ state }) => state === 'unplaced') ?? open[0];
  if (!slot) return placeElastic(ctx, gang, { pod, vector, candidates }, nowMs);
  const limit = limitOnGrowth(ctx, gang, slot.vector, vector);
  if (limit !== undefined) return refuse(limit);
  ctx.ledger.dropPodHold(pod.uid);
  return claim(ctx, gang, slot, { pod, vector, candidates, nowMs });
}

interface Claim extends Ask {
  readonly nowMs: number;
}

/**
 * The slot's node if it is a candidate node and the pod fits there; else another candidate node where it fits. Of a
 * sample only one that is as good, for a while: then the pod is nominated and waits to be offered the slot's own.
 */
function claim(ctx: BackfillContext, gang: Gang, slot: Slot, { pod, vector, candidates, nowMs }: Claim): FilterAnswer {
  if (slot.state === 'bound')
    return slot.podUid === pod.uid ? { kind: 'one', node: slot.node } : refuse('slot is taken');
  const { role, state } = slot;
  if (state === 'unplaced' && !mayTakeBack(ctx, gang, { role, vector }, nowMs)) {
    ctx.asleep.note(pod);
    return refuse('room is needed by a queue within its share');
  }
  const fits = state !== 'unplaced' && roomBeside(ctx, slot, vector);
  if (!fits || !candidates.has(slot.node)) {
    const mayWait = fits && isSampled(ctx.cluster, candidates);
    const isThere = mayWait && bringIntoSample(ctx, gang, slot, { vector, candidates });
    if (!isThere && mayWait && !ctx.nominees.isInVain(pod.uid, nowMs)) {
      ctx.ledger.assume(slot, pod.uid, vector);
      return awaitOffer(ctx, pod, slot.node, nowMs);
    }
    const row = isThere ? undefined : offeredRowFor(ctx, gang, { ...slot, vector }, candidates);
    if (!isThere && row === undefined) {
      if (state === 'unplaced') ctx.asleep.note(pod);
      return refuse('no offered node has room for this member');
    }
    if (row !== undefined) ctx.ledger.move(slot, { row, vector, deadlineMs: slot.deadlineMs });
  }
  ctx.ledger.assume(slot, pod.uid, vector);
  return { kind: 'one', node: slot.node };
}

/**
 * A candidate node where the slot fits. If there is none, pods in flight are not expected there after all:
 * kube-scheduler offers the node, and it knows where they go.
 */
function offeredRowFor(ctx: GangContext, gang: Gang, slot: Slot, candidates: Candidates): number | undefined {
  const { cluster, inFlight } = ctx;
  const offered = offeredRows(cluster, candidates);
  const row = rowFor(ctx, gang, slot, { offered });
  if (row !== undefined || inFlight.expected.size === 0) return row;
  const freed = [...inFlight.expected].map(([node, { vector }]) => ({ row: cluster.table.rowOf(node)!, vector }));
  const other = rowFor(ctx, gang, slot, { offered, freed });
  if (other !== undefined) inFlight.giveWay(cluster.table.nameAt(other));
  return other;
}

/** One on the node where most slots are open: the others go on being on many nodes, of which some are in the next sample. */
export function ofMost(open: readonly Slot[], offered: readonly Slot[]): Slot | undefined {
  const counts = new Map<string, number>();
  for (const { node } of open) counts.set(node, (counts.get(node) ?? 0) + 1);
  let best: Slot | undefined;
  for (const slot of offered) if (!best || counts.get(slot.node)! > counts.get(best.node)!) best = slot;
  return best;
}

/** Whether the vector fits into the slot's room and the free room of its node together. */
export function roomBeside({ cluster }: GangContext, slot: Slot, vector: Vector): boolean {
  const row = cluster.table.rowOf(slot.node);
  if (row === undefined) return false;
  return vector.every(
    (amount, c) => amount === 0 || amount <= Math.max(0, cluster.table.free[c]![row]!) + (slot.vector[c] ?? 0),
  );
}
