import type { FilterAnswer } from '../decision.ts';
import type { Candidates, GangPod } from '../model.ts';
import type { Vector } from '../resources.ts';
import { offeredRows } from './admission.ts';
import { placeElastic, type Ask } from './elastic.ts';
import type { BackfillContext } from '../backfill/context.ts';
import type { GangContext } from '../gang/context.ts';
import { isAdmitted, type Gang } from '../gang/gang.ts';
import { rowFor } from '../gang/healing.ts';
import { limitOnGrowth } from '../gang/limits.ts';
import { mayTakeBack } from '../gang/take-back.ts';
import type { Slot } from '../gang/slot.ts';

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
  const offered = open.find((slot) => candidates.has(slot.node) && roomBeside(ctx, slot, vector));
  const slot = offered ?? open.find(({ state }) => state === 'unplaced') ?? open[0];
  if (!slot) return placeElastic(ctx, gang, { pod, vector, candidates }, nowMs);
  const limit = limitOnGrowth(ctx, gang, slot.vector, vector);
  if (limit !== undefined) return refuse(limit);
  ctx.ledger.dropPodHold(pod.uid);
  return claim(ctx, gang, slot, { pod, vector, candidates, nowMs });
}

/**
 * Gives a slot to a member before kube-scheduler asks about it: the one that it would get if every node were offered.
 * @returns its node; undefined if the member has a place already, or no slot is held for it
 */
export function claimAhead(ctx: GangContext, pod: GangPod): string | undefined {
  const { role, isElastic, problem, gang: key } = pod.membership;
  const { ledger, cluster, hold, isFollowing } = ctx;
  const gang = ctx.gangs.get(key);
  if (hold !== undefined || isFollowing || isElastic || problem !== undefined || !gang || !isAdmitted(gang))
    return undefined;
  if (cluster.boundPod(pod.uid) || ledger.slotOf(pod.uid) || ledger.podHoldOf(pod.uid)) return undefined;
  const vector = cluster.requestVector(pod.request);
  const slot = gang.slots.find(
    (one) => one.role === role && one.state === 'reserved' && !one.isLeader && roomBeside(ctx, one, vector),
  );
  if (!slot || limitOnGrowth(ctx, gang, slot.vector, vector) !== undefined) return undefined;
  ledger.assume(slot, pod.uid, vector);
  return slot.node;
}

interface Claim extends Ask {
  readonly nowMs: number;
}

/** The slot's node if it is a candidate node and the pod fits there; else another candidate node where it fits. */
function claim(ctx: GangContext, gang: Gang, slot: Slot, { pod, vector, candidates, nowMs }: Claim): FilterAnswer {
  if (slot.state === 'bound')
    return slot.podUid === pod.uid ? { kind: 'one', node: slot.node } : refuse('slot is taken');
  const { role, state } = slot;
  if (state === 'unplaced' && !mayTakeBack(ctx, gang, { role, vector }, nowMs)) {
    ctx.asleep.note(pod);
    return refuse('room is needed by a queue within its share');
  }
  if (state === 'unplaced' || !candidates.has(slot.node) || !roomBeside(ctx, slot, vector)) {
    const wanted: Slot = { ...slot, vector };
    const row = offeredRowFor(ctx, gang, wanted, candidates);
    if (row === undefined) {
      if (state === 'unplaced') ctx.asleep.note(pod);
      return refuse('no offered node has room for this member');
    }
    ctx.ledger.move(slot, { row, vector, deadlineMs: slot.deadlineMs });
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

/** Whether the vector fits into the slot's room and the free room of its node together. */
function roomBeside({ cluster }: GangContext, slot: Slot, vector: Vector): boolean {
  const row = cluster.table.rowOf(slot.node);
  if (row === undefined) return false;
  return vector.every(
    (amount, c) => amount === 0 || amount <= Math.max(0, cluster.table.free[c]![row]!) + (slot.vector[c] ?? 0),
  );
}
