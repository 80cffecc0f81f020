import type { PodInfo } from '../../core/model.ts';
import type { Vector } from '../../core/resources.ts';

interface Nomination {
  readonly priority: number;
  readonly vector: Vector;
}

/**
 * The nodes nominated for pods that others were evicted for. A nominated pod's room is not for other pods of the same
 * or lower priority. (NominatedPodsForNode, pkg/scheduler/backend/queue/nominator.go, 1.35)
 */
export class Nominations {
  readonly #nodes = new Map<string, Map<string, Nomination>>();
  readonly #nodeOf = new Map<string, string>();

  /** Nominates a node. As in kube-scheduler, pods of lower priority lose their nomination to it. */
  add({ uid, priority }: PodInfo, node: string, vector: Vector): void {
    this.delete(uid);
    const here = this.#nodes.get(node) ?? new Map<string, Nomination>();
    for (const [other, nomination] of here) if (nomination.priority < priority) this.delete(other);
    here.set(uid, { priority, vector });
    this.#nodes.set(node, here);
    this.#nodeOf.set(uid, node);
  }

  delete(uid: string): void {
    const node = this.#nodeOf.get(uid);
    if (node === undefined) return;
    this.#nodeOf.delete(uid);
    const here = this.#nodes.get(node)!;
    here.delete(uid);
    if (here.size === 0) this.#nodes.delete(node);
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** The node's room that is nominated to others ahead of this pod; undefined: none. */
  before({ uid, priority }: PodInfo, node: string): Vector | undefined {
    const here = this.#nodes.get(node);
    let out: Vector | undefined;
    for (const [other, { priority: its, vector }] of here ?? []) {
      if (other === uid || its < priority) continue;
      out = out ? out.map((amount, c) => amount + (vector[c] ?? 0)) : vector;
    }
    return out;
  }
}
