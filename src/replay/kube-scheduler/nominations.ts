import type { PodInfo } from '../../core/model.ts';
import type { Vector } from '../../core/resources.ts';

interface Nomination {
  readonly priority: number;
  readonly vector: Vector;
}

/**
 * The nodes nominated for pods that others were evicted for. A nominated pod's room is not for other pods of the same
 * or lower priority. (pkg/scheduler/backend/queue/nominator.go, v1.36)
 */
export class Nominations {
  /** Called when a pod gives its nominated room up, with its priority: pods of that priority or less may use it. */
  onReleased: (priority: number) => void = () => undefined;
  /** Called when the room that is nominated at a node changes. */
  onChanged: (node: string) => void = () => undefined;
  readonly #nodes = new Map<string, Map<string, Nomination>>();
  readonly #nodeOf = new Map<string, string>();

  /** Nominates a node. Nobody hears of it if it is the same again (hasNominatedNodeNameChanged). */
  add({ uid, priority }: PodInfo, node: string, vector: Vector): void {
    if (this.#nodeOf.get(uid) === node) this.#forget(uid);
    else this.delete(uid);
    const here = this.#nodes.get(node) ?? new Map<string, Nomination>();
    here.set(uid, { priority, vector });
    this.#nodes.set(node, here);
    this.#nodeOf.set(uid, node);
    this.onChanged(node);
  }

  /** Takes the node from the pods of lower priority to which it is nominated. */
  clearLower({ priority }: PodInfo, node: string): void {
    const lower = [...(this.#nodes.get(node) ?? [])].filter(([, nomination]) => nomination.priority < priority);
    for (const [other] of lower) this.delete(other);
  }

  /** The pod is bound. Nobody hears of it, even if it is bound elsewhere: a pod that comes helps none that lacks room. */
  bound(uid: string): void {
    this.#forget(uid);
  }

  /** The pod is gone or no longer nominated. */
  delete(uid: string): void {
    const released = this.#forget(uid);
    if (released) this.onReleased(released.priority);
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  /** The node's room that is nominated to others ahead of this pod; undefined: none. */
  before({ uid, priority }: Pick<PodInfo, 'uid' | 'priority'>, node: string): Vector | undefined {
    let out: Vector | undefined;
    for (const [other, { priority: its, vector }] of this.#nodes.get(node) ?? []) {
      if (other === uid || its < priority) continue;
      out = out ? out.map((amount, c) => amount + (vector[c] ?? 0)) : vector;
    }
    return out;
  }

  #forget(uid: string): Nomination | undefined {
    const node = this.#nodeOf.get(uid);
    const here = node === undefined ? undefined : this.#nodes.get(node);
    if (node === undefined || !here) return undefined;
    const nomination = here.get(uid);
    this.#nodeOf.delete(uid);
    here.delete(uid);
    if (here.size === 0) this.#nodes.delete(node);
    this.onChanged(node);
    return nomination;
  }
}
