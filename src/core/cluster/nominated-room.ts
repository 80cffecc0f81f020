import type { BoundPod, Cluster } from './cluster.ts';
import type { PodInfo } from '../model.ts';
import type { Vector } from '../resources.ts';

interface Nomination {
  readonly node: string;
  readonly request: Vector;
  /** Room held at the node: all that the victims leave while one of them is still there, then the pod's request. */
  held: Vector;
  /** UIDs of victims that are not gone yet. */
  readonly left: Set<string>;
  readonly untilMs: number;
}

/**
 * Room that kube-scheduler frees for a single pod, by evictions that muster allowed. muster holds it for the pod from
 * the answer on. Otherwise a victim's successor, for which its gang has a slot, would get the room before
 * kube-scheduler asks about the pod again, and kube-scheduler would evict other pods, again in vain.
 */
export class NominatedRoom {
  readonly #cluster: Cluster;
  readonly #byPod = new Map<string, Nomination>();
  readonly #podOf = new Map<string, string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Whether the pod is a victim of such an eviction. */
  isVictim(uid: string): boolean {
    return this.#podOf.has(uid);
  }

  /** All room that is held, for a recount. */
  get holds(): readonly { readonly node: string; readonly vector: Vector }[] {
    return [...this.#byPod.values()].map(({ node, held }) => ({ node, vector: held }));
  }

  /** Holds the room of the victims. @param victims all at `node`, and enough for the pod to fit */
  make({ uid, request }: PodInfo, node: string, victims: readonly BoundPod[], untilMs: number): void {
    this.drop(uid);
    const { table } = this.#cluster;
    const row = table.rowOf(node);
    if (row === undefined) throw new RangeError(`Room is nominated at ${node}, which is gone.`);
    const before = Float64Array.from(table.free, (column) => column[row]!);
    const left = new Set<string>();
    for (const { pod } of victims) {
      this.#cluster.leave(pod.uid);
      left.add(pod.uid);
      this.#podOf.set(pod.uid, uid);
    }
    const vector = this.#cluster.requestVector(request);
    const held = before.map((free, c) => Math.max(vector[c] ?? 0, table.free[c]![row]! - Math.max(0, free)));
    this.#cluster.hold(row, held);
    this.#byPod.set(uid, { node, request: vector, held, left, untilMs });
  }

  /** The room that is held for the pod; undefined until all its victims are gone. */
  heldFor(uid: string): { readonly row: number; readonly vector: Vector } | undefined {
    const nomination = this.#byPod.get(uid);
    const row = nomination && this.#cluster.table.rowOf(nomination.node);
    if (!nomination || row === undefined || nomination.left.size > 0) return undefined;
    return { row, vector: nomination.held };
  }

  /** The pod is bound, or gone. */
  drop(uid: string): void {
    const nomination = this.#byPod.get(uid);
    if (!nomination) return;
    this.#byPod.delete(uid);
    this.#cluster.release(nomination.node, nomination.held);
    for (const victim of nomination.left) {
      this.#podOf.delete(victim);
      this.#cluster.stay(victim);
    }
  }

  /** The victim is gone. Call after the cluster has unbound it. */
  victimGone(uid: string): void {
    const nomination = this.#byPod.get(this.#podOf.get(uid) ?? '');
    if (!nomination) return;
    this.#podOf.delete(uid);
    nomination.left.delete(uid);
    const row = this.#cluster.table.rowOf(nomination.node);
    if (nomination.left.size > 0 || row === undefined) return;
    this.#cluster.release(nomination.node, nomination.held);
    nomination.held = nomination.request;
    this.#cluster.hold(row, nomination.held);
  }

  /** The node is gone, and with it the room held there. */
  nodeGone(name: string): void {
    for (const [uid, { node }] of this.#byPod) if (node === name) this.drop(uid);
  }

  expire(nowMs: number): void {
    for (const [uid, { untilMs }] of this.#byPod) if (untilMs <= nowMs) this.drop(uid);
  }
}
