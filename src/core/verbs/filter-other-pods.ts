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
  { cluster, inFlight, nominated }: Pick<PreemptionContext, 'cluster' | 'inFlight' | 'nominated'>,
  { pod, candidates }: FilterRequest,
  nowMs: number,
): OtherPodAnswer {
  const vector = cluster.requestVector(pod.request);
  inFlight.drop(pod.uid);
  const asked = sum(vector, inFlight.total);
  const answer = besideHolds(cluster, candidates, asked, nominated.heldFor(pod.uid));
  const isPassed = answer.kind === 'all' || answer.failed.length < candidates.size;
  if (isPassed && !cluster.boundPod(pod.uid)) inFlight.add(pod.uid, vector, nowMs);
  return answer;
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
