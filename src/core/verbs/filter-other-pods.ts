import type { ClusterView } from '../cluster/cluster.ts';
import type { FilterAnswer, FilterRequest } from '../decision.ts';
import { limitOnSingle } from '../gang/limits.ts';
import type { Candidates, PodInfo } from '../model.ts';
import type { PreemptionContext, PreemptionContextView } from '../preemption/candidates/context.ts';
import type { Vector } from '../resources.ts';

/** The answer to filter for a pod of no gang. */
export type OtherPodAnswer = Extract<FilterAnswer, { kind: 'all' | 'some' | 'none' }>;

/**
 * Answers filter for a pod of no gang. kube-scheduler has checked everything but the room that muster holds, so muster
 * looks only at its queue's limit and at nodes with held room, and nodes that the snapshot does not know pass. Earlier pods that are still in
 * flight count on every node, because each may be on any.
 */
export function filterOtherPod(ctx: PreemptionContext, request: FilterRequest, nowMs: number): OtherPodAnswer {
  const { pod, candidates } = request;
  ctx.inFlight.drop(pod.uid);
  const answer = besideHeldRoom(ctx, request);
  const isPassed = answer.kind === 'all' || (answer.kind === 'some' && answer.failed.length < candidates.size);
  if (isPassed && !ctx.cluster.boundPod(pod.uid)) ctx.inFlight.add(pod, nowMs);
  return answer;
}

/** The same answer, without counting the pod as in flight from now on. Changes nothing. */
export function besideHeldRoom(ctx: PreemptionContextView, { pod, candidates }: FilterRequest): OtherPodAnswer {
  const limit = limitOnSingle(ctx, pod);
  if (limit !== undefined) return { kind: 'none', reason: limit };
  const { cluster } = ctx;
  const asked = sum(cluster.requestVector(pod.request), ctx.inFlight.total);
  const failed: string[] = [];
  for (const row of cluster.heldRows) {
    const ignored = ignoredAt(ctx, row, pod.uid);
    // If nothing else is held here, kube-scheduler's own check counts.
    if (cluster.holdsAt(row) === ignored.holds || fits(cluster, row, asked, ignored.vectors)) continue;
    const name = cluster.table.nameAt(row);
    if (candidates.has(name)) failed.push(name);
  }
  const closed = closedNodes(cluster, pod, candidates);
  const all = [...new Set([...failed, ...closed])].sort();
  if (all.length === 0) return { kind: 'all' };
  return { kind: 'some', failed: all, reason: failed.length > 0 ? HELD : CLOSED };
}

const HELD = 'room is held for a gang or another pod';
const CLOSED = 'the node is of another namespace alone';

/** The nodes that gangs of other namespaces share with nobody. A pod that stays with its node may go there. */
function closedNodes({ occupancy, table }: ClusterView, pod: PodInfo, candidates: Candidates): readonly string[] {
  if (!occupancy.isOn || pod.evictionTraits?.isPinned) return [];
  const names = occupancy.closedTo(pod.namespace).map((row) => table.nameAt(row));
  return names.filter((name) => candidates.has(name));
}

function sum(vector: Vector, more: Vector | undefined): Vector {
  return more ? vector.map((amount, c) => (amount === 0 ? 0 : amount + (more[c] ?? 0))) : vector;
}

/**
 * Held room that does not count against the pod: what is held for the pod itself, and where pods in flight are only
 * expected, because kube-scheduler knows where they go.
 */
function ignoredAt(
  { cluster, inFlight, nominated }: Pick<PreemptionContextView, 'cluster' | 'inFlight' | 'nominated'>,
  row: number,
  uid: string,
): { readonly holds: number; readonly vectors: readonly Vector[] } {
  const own = nominated.heldFor(uid);
  const ownHere = own?.row === row ? [own.vector] : [];
  const expected = inFlight.expected.size > 0 ? inFlight.expected.get(cluster.table.nameAt(row)) : undefined;
  if (!expected) return { holds: ownHere.length, vectors: ownHere };
  return { holds: ownHere.length + expected.pods, vectors: [...ownHere, expected.vector] };
}

function fits({ table }: ClusterView, row: number, asked: Vector, more: readonly Vector[]): boolean {
  if (more.length === 0) return table.fits(row, asked);
  const roomIn = (c: number) => more.reduce((room, vector) => room + (vector[c] ?? 0), table.free[c]![row]!);
  return asked.every((amount, c) => amount === 0 || amount <= roomIn(c));
}
