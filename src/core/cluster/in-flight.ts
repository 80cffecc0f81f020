import type { Vector } from '../resources.ts';

/** A binding arrives within milliseconds; an answer without a binding expires after this time. */
const FORGET_MS = 10_000;

/**
 * Pods of no gang that passed the filter and have not been seen bound. kube-scheduler chooses their node, so that until
 * then each of them may be on any node: the planner and the filter leave this much room free on every node. Otherwise
 * two pods in a row could both take the last free core beside a reservation.
 */
export class InFlight {
  readonly #pods = new Map<string, { readonly vector: Vector; readonly untilMs: number }>();
  #total: Vector = new Float64Array(0);

  /** The sum of their requests; undefined: no pod is in flight. */
  get total(): Vector | undefined {
    return this.#pods.size === 0 ? undefined : this.#total;
  }

  /** Their UIDs. */
  get pods(): Iterable<string> {
    return this.#pods.keys();
  }

  add(uid: string, vector: Vector, nowMs: number): void {
    this.drop(uid);
    this.#pods.set(uid, { vector, untilMs: nowMs + FORGET_MS });
    if (vector.length > this.#total.length) {
      const wider = new Float64Array(vector.length);
      wider.set(this.#total);
      this.#total = wider;
    }
    vector.forEach((amount, c) => (this.#total[c]! += amount));
  }

  /** The pod is bound or gone, or kube-scheduler asks about it again. */
  drop(uid: string): void {
    const known = this.#pods.get(uid);
    if (!known) return;
    this.#pods.delete(uid);
    known.vector.forEach((amount, c) => (this.#total[c]! -= amount));
  }

  expire(nowMs: number): void {
    for (const [uid, { untilMs }] of this.#pods) if (untilMs <= nowMs) this.drop(uid);
  }
}
