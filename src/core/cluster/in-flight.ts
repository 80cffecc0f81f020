import type { Cluster } from './cluster.ts';
import { hasBit } from './eligibility.ts';
import type { PodInfo } from '../model.ts';
import type { Vector } from '../resources.ts';

/** Nearly all bindings arrive within milliseconds; after this time the pod is expected at one node. */
const ANYWHERE_MS = 10_000;

/**
 * The longest that kube-scheduler works on a binding by default: 15 min in Permit (maxTimeout,
 * pkg/scheduler/framework/runtime/framework.go), then 10 min for volumes (bindTimeoutSeconds), 1.36.
 */
const LONGEST_BINDING_MS = 25 * 60_000;

interface Pending {
  readonly pod: PodInfo;
  readonly vector: Vector;
  readonly sinceMs: number;
  /** kube-scheduler has refused the pod since the answer. */
  isRefused: boolean;
  /** It may be anywhere; later it is expected at one node. */
  isAnywhere: boolean;
  /** Where it is expected; '': nowhere yet. */
  node: string;
  /** When a node is looked for. */
  dueMs: number;
}

/** The room that is held at a node for pods in flight. */
export interface ExpectedRoom {
  readonly pods: number;
  readonly vector: Vector;
}

/**
 * Pods of no gang that passed the filter and have not been seen bound. kube-scheduler chooses their node. For the first
 * seconds each of them may be anywhere: the planner and the filter leave as much room as they ask on every node.
 * Otherwise two pods in a row could both take the last free core beside a reservation.
 *
 * A binding may take minutes (volumes are provisioned). After the first seconds the room of such a pod is held once, at
 * the eligible node with the most room for it, as kube-scheduler prefers by default: on every node, a few pods whose
 * volumes never come would stop every gang. The guess may be wrong. Then the pod is bound elsewhere, slots there move,
 * and the room that was held for it is free for them. A guess gives way to everything that is known, and where a pod
 * seems to fit nowhere, nothing is held for it.
 */
export class InFlight {
  readonly #cluster: Cluster;
  readonly #pods = new Map<string, Pending>();
  /** The sum of the requests of the pods that may be anywhere, and their number. */
  #total: Vector = new Float64Array(0);
  #anywhere = 0;
  /** Rooms held, by node. */
  readonly #expected = new Map<string, ExpectedRoom>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The sum of the requests of pods that may be on any node; undefined: there are none. */
  get total(): Vector | undefined {
    return this.#anywhere === 0 ? undefined : this.#total;
  }

  /** UIDs of all pods in flight. */
  get pods(): Iterable<string> {
    return this.#pods.keys();
  }

  /** All pods in flight, with what they ask. */
  get requests(): Iterable<{ readonly pod: PodInfo; readonly vector: Vector }> {
    return this.#pods.values();
  }

  /** The room that is held for pods in flight, by node. */
  get expected(): ReadonlyMap<string, ExpectedRoom> {
    return this.#expected;
  }

  /** All room that is held, for a recount. */
  get holds(): readonly { readonly node: string; readonly vector: Vector }[] {
    return [...this.#pods.values()].filter(({ node }) => node !== '');
  }

  /** kube-scheduler may bind the pod to any node now. */
  add(pod: PodInfo, nowMs: number): void {
    this.drop(pod.uid);
    const vector = this.#cluster.requestVector(pod.request);
    const entry = {
      pod,
      vector,
      sinceMs: nowMs,
      isRefused: false,
      isAnywhere: true,
      node: '',
      dueMs: nowMs + ANYWHERE_MS,
    };
    this.#pods.set(pod.uid, entry);
    this.#countAnywhere(vector, 1);
  }

  /** The pod is bound or gone, or kube-scheduler asks about it again. */
  drop(uid: string): void {
    const known = this.#pods.get(uid);
    if (!known) return;
    this.#pods.delete(uid);
    this.#leave(known);
  }

  /** The pod has been heard of, without a node: kube-scheduler may have refused it after all. */
  heard({ uid, refusal }: PodInfo): void {
    const known = this.#pods.get(uid);
    if (known && refusal !== undefined && refusal !== known.pod.refusal) known.isRefused = true;
  }

  /** Forgets refused pods, and finds a node for those that have been in flight for long. */
  expire(nowMs: number): void {
    for (const [uid, entry] of this.#pods) {
      if (nowMs - entry.sinceMs < ANYWHERE_MS) continue;
      // A refusal in the words of an earlier one is not written again, and so not heard.
      const isUnheard = entry.pod.refusal !== undefined && nowMs - entry.sinceMs >= LONGEST_BINDING_MS;
      if (entry.isRefused || isUnheard) this.drop(uid);
      else if (entry.node === '' && entry.dueMs <= nowMs) this.#settle(entry, nowMs);
    }
  }

  /** The room at the node is taken, or the node is gone: pods that were expected there are soon expected elsewhere. */
  giveWay(node: string): void {
    if (!this.#expected.has(node)) return;
    for (const entry of this.#pods.values()) {
      if (entry.node !== node) continue;
      this.#leave(entry);
      entry.dueMs = 0;
    }
  }

  #settle(entry: Pending, nowMs: number): void {
    const { pod, vector } = entry;
    this.#leave(entry);
    entry.dueMs = nowMs + ANYWHERE_MS;
    const row = this.#roomiest(pod, vector);
    if (row === undefined) return;
    entry.node = this.#cluster.table.nameAt(row);
    this.#cluster.hold(row, vector);
    this.#expect(entry, 1);
  }

  /** From now on it is nowhere. */
  #leave(entry: Pending): void {
    if (entry.isAnywhere) this.#countAnywhere(entry.vector, -1);
    entry.isAnywhere = false;
    if (entry.node === '') return;
    this.#cluster.release(entry.node, entry.vector);
    this.#expect(entry, -1);
    entry.node = '';
  }

  /** The row where the pod leaves the largest share free of the resource that it leaves least of. */
  #roomiest({ constraints }: PodInfo, vector: Vector): number | undefined {
    const { table, eligibility } = this.#cluster;
    const eligible = eligibility.maskFor(constraints);
    let [best, most] = [undefined as number | undefined, -1];
    for (let row = 0; row < table.rows; row++) {
      if (!hasBit(eligible, row) || !table.fits(row, vector)) continue;
      let share = 1;
      for (let c = 0; c < vector.length; c++)
        if (vector[c]! > 0) share = Math.min(share, (table.free[c]![row]! - vector[c]!) / table.allocatable[c]![row]!);
      if (share > most) [best, most] = [row, share];
    }
    return best;
  }

  #expect({ node, vector }: Pending, sign: 1 | -1): void {
    const known = this.#expected.get(node);
    const pods = (known?.pods ?? 0) + sign;
    if (pods === 0) this.#expected.delete(node);
    else this.#expected.set(node, { pods, vector: sum(known?.vector ?? new Float64Array(0), vector, sign) });
  }

  #countAnywhere(vector: Vector, sign: 1 | -1): void {
    this.#anywhere += sign;
    this.#total = this.#anywhere === 0 ? new Float64Array(0) : sum(this.#total, vector, sign);
  }
}

function sum(a: Vector, b: Vector, sign: 1 | -1): Vector {
  const out = new Float64Array(Math.max(a.length, b.length));
  for (let c = 0; c < out.length; c++) out[c] = (a[c] ?? 0) + sign * (b[c] ?? 0);
  return out;
}
