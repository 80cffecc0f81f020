import type { GangRoom } from '../cluster/cluster.ts';
import type { Vector } from '../resources.ts';

interface GangUsage {
  queue: string | undefined;
  vector: Float64Array;
  /** Bound pods and holds that make up the vector. */
  parts: number;
}

/**
 * What each queue holds: what the bound pods of its gangs ask, and what their reservations hold. Fed by two hooks only,
 * the cluster's bound pods and the ledger's holds; `checkInvariants` recounts it. Pods of no gang are in no queue. A victim
 * counts until it is gone.
 */
export class QueueUsage implements GangRoom {
  readonly #byGang = new Map<string, GangUsage>();
  readonly #byQueue = new Map<string, Float64Array>();

  /** Names of queues that hold something. */
  get queues(): Iterable<string> {
    return this.#byQueue.keys();
  }

  /** What the queue holds, an amount per column. */
  of(queue: string): Vector {
    return this.#byQueue.get(queue) ?? new Float64Array(0);
  }

  take(gang: string, vector: Vector): void {
    this.#change(gang, vector, 1);
  }

  give(gang: string, vector: Vector): void {
    this.#change(gang, vector, -1);
  }

  /** From now on the gang is in this queue; undefined: the gang is over, and what its pods still hold is in none. */
  assign(gang: string, queue: string | undefined): void {
    const known = this.#byGang.get(gang) ?? { queue: undefined, vector: new Float64Array(0), parts: 0 };
    if (known.queue === queue) return;
    this.#addTo(known.queue, known.vector, -1);
    known.queue = queue;
    this.#addTo(queue, known.vector, 1);
    this.#keep(gang, known);
  }

  #change(gang: string, vector: Vector, sign: 1 | -1): void {
    const known = this.#byGang.get(gang) ?? { queue: undefined, vector: new Float64Array(0), parts: 0 };
    known.vector = sum(known.vector, vector, sign);
    known.parts += sign;
    this.#addTo(known.queue, vector, sign);
    this.#keep(gang, known);
  }

  #keep(gang: string, usage: GangUsage): void {
    if (usage.parts === 0 && usage.queue === undefined) this.#byGang.delete(gang);
    else this.#byGang.set(gang, usage);
  }

  #addTo(queue: string | undefined, vector: Vector, sign: 1 | -1): void {
    if (queue === undefined) return;
    const total = sum(this.#byQueue.get(queue) ?? new Float64Array(0), vector, sign);
    if (total.some((amount) => amount !== 0)) this.#byQueue.set(queue, total);
    else this.#byQueue.delete(queue);
  }
}

/** Adds in place where the first is wide enough. */
function sum(into: Float64Array, vector: Vector, sign: 1 | -1): Float64Array {
  let out = into;
  if (out.length < vector.length) {
    out = new Float64Array(vector.length);
    out.set(into);
  }
  for (let c = 0; c < vector.length; c++) out[c]! += sign * vector[c]!;
  return out;
}
