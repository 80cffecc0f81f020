import { hasBit } from '../../core/cluster/eligibility.ts';
import type { Vector } from '../../core/resources.ts';
import type { SimPod } from './job-run.ts';
import type { Truth } from './truth.ts';
import type { World } from './world.ts';

/**
 * kube-scheduler's DefaultPreemption, for one pod. On each node it selects all pods of lower priority and, if the pod
 * then fits, reprieves them from the highest priority down as long as it still does. It picks the node whose highest
 * victim has the lowest priority, then the smallest sum of priorities, then the fewest victims. From then on the node
 * is nominated: its room is not for other pods of the same or lower priority. Simplified: no disruption budgets, no
 * start times. (pkg/scheduler/framework/preemption/preemption.go, 1.35)
 */
export class KubePreemption {
  readonly #world: World;
  /** The victims that each pod waits for; until they are gone it gets no others. */
  readonly #waitingFor = new Map<string, readonly string[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** @returns the victims' UIDs; none if no eviction helps, or while earlier victims are terminating */
  victimsFor(pod: SimPod): readonly string[] {
    const { truth, recorder } = this.#world;
    const { uid, priority } = pod.info;
    const isWaiting = this.#waitingFor.get(uid)?.some((victim) => truth.boundPods.has(victim)) ?? false;
    if (isWaiting || priority <= truth.leastPriority()) return [];
    recorder.decisions.preempt++;
    let best: Proposal | undefined;
    for (const one of this.#proposals(pod)) if (!best || compare(one, best) < 0) best = one;
    if (!best) return [];
    const { node } = best;
    const uids = best.victims.map(({ info }) => info.uid);
    this.#waitingFor.set(uid, uids);
    truth.nominations.add(pod.info, node, truth.requestVector(pod.info));
    return uids;
  }

  *#proposals(pod: SimPod): Generator<Proposal> {
    const { truth } = this.#world;
    const { table, eligibility, nominations } = truth;
    const eligible = eligibility.maskFor(pod.info.constraints);
    const vector = truth.requestVector(pod.info);
    const lower = lowerByNode(truth.boundPods.values(), pod.info.priority);
    for (let row = 0; row < table.rows; row++) {
      const node = table.nameAt(row);
      const here = lower.get(node);
      if (!here || !hasBit(eligible, row)) continue;
      const nominated = nominations.before(pod.info, node);
      const room = Float64Array.from(vector, (_, c) => table.free[c]![row]! - (nominated?.[c] ?? 0));
      const victims = neededOf(truth, here, { room, request: vector });
      if (victims.length > 0) yield { node, victims };
    }
  }
}

interface Proposal {
  readonly node: string;
  readonly victims: readonly SimPod[];
}

function lowerByNode(pods: Iterable<SimPod>, priority: number): Map<string, SimPod[]> {
  const out = new Map<string, SimPod[]>();
  for (const pod of pods) {
    if (pod.info.priority >= priority) continue;
    const here = out.get(pod.node);
    if (here) here.push(pod);
    else out.set(pod.node, [pod]);
  }
  return out;
}

function compare(a: Proposal, b: Proposal): number {
  const of = ({ victims }: Proposal) => victims.map(({ info }) => info.priority);
  const [x, y] = [of(a), of(b)];
  const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
  return Math.max(...x) - Math.max(...y) || sum(x) - sum(y) || x.length - y.length;
}

/** The pods whose eviction is needed for the request to fit; `room` is changed. */
function neededOf(
  truth: Truth,
  lower: readonly SimPod[],
  { room, request }: { readonly room: Vector; readonly request: Vector },
): SimPod[] {
  const change = (vector: Vector, sign: 1 | -1) => room.forEach((_, c) => (room[c]! += sign * (vector[c] ?? 0)));
  const fits = () => request.every((amount, c) => amount === 0 || amount <= room[c]!);
  for (const pod of lower) change(truth.vector(pod), 1);
  if (!fits()) return [];
  return [...lower]
    .sort((a, b) => b.info.priority - a.info.priority)
    .filter((pod) => {
      change(truth.vector(pod), -1);
      if (fits()) return false;
      change(truth.vector(pod), 1);
      return true;
    });
}
