import { hasBit } from '../../core/cluster/eligibility.ts';
import type { BoundPod } from '../../core/cluster/cluster.ts';
import type { Vector } from '../../core/resources.ts';
import type { SimPod } from './pod.ts';
import type { World } from './world.ts';

/**
 * DefaultPreemption of kube-scheduler, for one pod: on each node all pods of lower priority are taken away and, if the
 * pod then fits, put back from the highest priority down as far as it still does; of the nodes the one whose highest
 * victim is lowest, then with the smallest sum of priorities, then with the fewest victims. The node's room is the pod's from
 * then on, before those of the same or lower priority. Simplified: no disruption budgets, no start times.
 * (pkg/scheduler/framework/preemption/preemption.go, 1.35)
 */
export class KubePreemption {
  readonly #world: World;
  /** The victims of each pod that are not gone: meanwhile it has no more. */
  readonly #waitingFor = new Map<string, readonly string[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** @returns UIDs; none where nobody helps, or where victims are still going */
  victimsFor(pod: SimPod): readonly string[] {
    const { truth, recorder } = this.#world;
    const { uid, priority } = pod.info;
    const going = this.#waitingFor.get(uid)?.some((victim) => truth.cluster.boundPod(victim)) ?? false;
    if (going || priority <= truth.leastPriority()) return [];
    recorder.decisions.preempt++;
    let best: Proposal | undefined;
    for (const one of this.#proposals(pod)) if (!best || compare(one, best) < 0) best = one;
    if (!best) return [];
    const { node } = best;
    const uids = best.victims.map((victim) => victim.pod.uid);
    this.#waitingFor.set(uid, uids);
    truth.nominations.add(pod.info, node, truth.cluster.requestVector(pod.info.request));
    return uids;
  }

  *#proposals(pod: SimPod): Generator<Proposal> {
    const { cluster, nominations } = this.#world.truth;
    const { table, eligibility } = cluster;
    const eligible = eligibility.maskFor(pod.info.constraints);
    const vector = cluster.requestVector(pod.info.request);
    for (let row = 0; row < table.rows; row++) {
      const node = table.nodeAt(row);
      if (!node || !hasBit(eligible, row)) continue;
      const lower = [...cluster.podsAt(node.name)].filter((one) => one.pod.priority < pod.info.priority);
      if (lower.length === 0) continue;
      const promised = nominations.before(pod.info, node.name);
      const room = Float64Array.from(vector, (_, c) => table.free[c]![row]! - (promised?.[c] ?? 0));
      const victims = neededOf(lower, room, vector);
      if (victims.length > 0) yield { node: node.name, victims };
    }
  }
}

interface Proposal {
  readonly node: string;
  readonly victims: readonly BoundPod[];
}

function compare(a: Proposal, b: Proposal): number {
  const of = ({ victims }: Proposal) => victims.map(({ pod }) => pod.priority);
  const [x, y] = [of(a), of(b)];
  const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
  return Math.max(...x) - Math.max(...y) || sum(x) - sum(y) || x.length - y.length;
}

/** Of the pods those without whom there is room; `room` is changed. */
function neededOf(lower: readonly BoundPod[], room: Float64Array, asked: Vector): BoundPod[] {
  const change = (vector: Vector, sign: 1 | -1) => room.forEach((_, c) => (room[c]! += sign * (vector[c] ?? 0)));
  const fits = () => asked.every((amount, c) => amount === 0 || amount <= room[c]!);
  for (const { vector } of lower) change(vector, 1);
  if (!fits()) return [];
  return [...lower]
    .sort((a, b) => b.pod.priority - a.pod.priority)
    .filter(({ vector }) => {
      change(vector, -1);
      if (fits()) return false;
      change(vector, 1);
      return true;
    });
}
