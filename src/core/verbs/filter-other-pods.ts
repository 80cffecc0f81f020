import type { ClusterView } from '../cluster/cluster.ts';
import type { FilterAnswer, FilterRequest } from '../decision.ts';
import type { Candidates } from '../model.ts';
import type { FreedRoom } from '../placement/need.ts';
import type { PreemptionContext } from '../preemption/candidates/context.ts';
import type { Vector } from '../resources.ts';

/** The answer to filter for a pod of no gang. */
export type OtherPodAnswer = Extract<FilterAnswer, { kind: 'all' | 'some' }>;

/**
 * Answers filter for a pod of no gang. kube-scheduler has checked everything but the room that muster holds, so muster
 * looks only at nodes with held room, and nodes that the snapshot does not know pass. Earlier pods that are still in
 * flight count on every node, because each may be on any.
 */
export function filterOtherPod(
  ctx: Pick<PreemptionContext, 'cluster' | 'inFlight' | 'nominated'>,
  request: FilterRequest,
  nowMs: number,
): OtherPodAnswer {
  const { pod, candidates } = request;
  ctx.inFlight.drop(pod.uid);
  const answer = besideHeldRoom(ctx, request);
  const isPassed = answer.kind === 'all' || answer.failed.length < candidates.size;
  if (isPassed && !ctx.cluster.boundPod(pod.uid))
    ctx.inFlight.add(pod.uid, ctx.cluster.requestVector(pod.request), nowMs);
  return answer;
}

/** The same answer, without counting the pod as in flight from now on. Changes nothing. */
export function besideHeldRoom(
  { cluster, inFlight, nominated }: Pick<PreemptionContext, 'cluster' | 'inFlight' | 'nominated'>,
  { pod, candidates }: FilterRequest,
): OtherPodAnswer {
  const asked = sum(cluster.requestVector(pod.request), inFlight.total);
  return besideHolds(cluster, candidates, asked, nominated.heldFor(pod.uid));
}

function sum(vector: Vector, more: Vector | undefined): Vector {
  return more ? vector.map((amount, c) => (amount === 0 ? 0 : amount + (more[c] ?? 0))) : vector;
}

/** The candidate nodes where the vector fits beside held room. @param own room that is held for this pod */
function besideHolds(
  cluster: ClusterView,
  candidates: Candidates,
  vector: Vector,
  own: FreedRoom | undefined,
): OtherPodAnswer {
  const failed: string[] = [];
  for (const row of cluster.heldRows) {
    const ownHere = own?.row === row ? own.vector : undefined;
    // If nothing else is held here, kube-scheduler's own check counts.
    const isFree = ownHere && cluster.holdsAt(row) === 1;
    if (isFree || fits(cluster, row, vector, ownHere)) continue;
    const name = cluster.table.nameAt(row);
    if (candidates.has(name)) failed.push(name);
  }
  if (failed.length === 0) return { kind: 'all' };
  return { kind: 'some', failed: failed.sort(), reason: 'room is held for a gang or another pod' };
}

function fits({ table }: ClusterView, row: number, vector: Vector, own: Vector | undefined): boolean {
  if (!own) return table.fits(row, vector);
  return vector.every((amount, c) => amount === 0 || amount <= table.free[c]![row]! + (own[c] ?? 0));
}
