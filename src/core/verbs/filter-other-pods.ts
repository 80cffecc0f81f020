import type { Cluster } from '../cluster/cluster.ts';
import type { FilterAnswer, FilterRequest } from '../decision.ts';
import type { GangContext } from '../gang/context.ts';
import type { Candidates } from '../model.ts';
import type { Vector } from '../resources.ts';

/**
 * Pods of no gang: kube-scheduler has checked everything but the room that muster holds, so only nodes with held
 * room are looked at, and nodes that the snapshot does not know pass. The pods before it that are still in flight may
 * be on any of them.
 */
export function filterOtherPod(ctx: GangContext, { pod, candidates }: FilterRequest, nowMs: number) {
  const { cluster, inFlight, nominated } = ctx;
  const vector = cluster.requestVector(pod.request);
  inFlight.drop(pod.uid);
  const asked = sum(vector, inFlight.total);
  const answer = nominated.asideFor(pod.uid, () => besideHolds(cluster, candidates, asked));
  if (answer.kind === 'all' || answer.failed.length < candidates.size) inFlight.add(pod.uid, vector, nowMs);
  return answer;
}

type OtherPodAnswer = Extract<FilterAnswer, { kind: 'all' | 'some' }>;

function sum(vector: Vector, more: Vector | undefined): Vector {
  return more ? vector.map((amount, c) => (amount === 0 ? 0 : amount + (more[c] ?? 0))) : vector;
}

function besideHolds(cluster: Cluster, candidates: Candidates, vector: Vector): OtherPodAnswer {
  const failed: string[] = [];
  for (const row of cluster.heldRows) {
    if (cluster.table.fits(row, vector)) continue;
    const name = cluster.table.nameAt(row);
    if (candidates.has(name)) failed.push(name);
  }
  if (failed.length === 0) return { kind: 'all' };
  return { kind: 'some', failed: failed.sort(), reason: 'room is reserved for a gang' };
}
