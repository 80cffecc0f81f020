import type { GangRoom } from '../cluster/cluster.ts';
import type { Vector } from '../resources.ts';

/** A sum of amounts, and of how many bound pods and holds it is the sum. */
class Tally {
  vector = new Float64Array(0);
  parts = 0;

  add(vector: Vector, parts: number): void {
    const sign = parts < 0 ? -1 : 1;
    if (this.vector.length < vector.length) {
      const wider = new Float64Array(vector.length);
      wider.set(this.vector);
      this.vector = wider;
    }
    for (let c = 0; c < vector.length; c++) this.vector[c]! += sign * vector[c]!;
    this.parts += parts;
  }
}

/** What a gang holds, and the queue that counts it. */
class GangTally extends Tally {
  queue: string | undefined;
}

/**
 * What each queue holds: what the bound pods of its gangs ask, and what their reservations hold. Fed by two hooks only,
 * the cluster's bound pods and the ledger's holds; `checkInvariants` recounts it. Pods of no gang are in no queue. A victim
 * counts until it is gone.
 */
export class QueueUsage implements GangRoom {
  readonly #byGang = new Map<string, GangTally>();
  readonly #byQueue = new Map<string, Tally>();

  /** Names of queues that hold something. */
  get queues(): Iterable<string> {
    return this.#byQueue.keys();
  }

  /** What the queue holds, an amount per column. */
  of(queue: string): Vector {
    return this.#byQueue.get(queue)?.vector ?? new Float64Array(0);
  }

  take(gang: string, vector: Vector): void {
    this.#change(gang, vector, 1);
  }

  give(gang: string, vector: Vector): void {
    this.#change(gang, vector, -1);
  }

  /** From now on the gang is in this queue; undefined: the gang is over, and what its pods still hold is in none. */
  assign(gang: string, queue: string | undefined): void {
    const tally = this.#tallyOf(gang);
    if (tally.queue === queue) return this.#forgetEmpty(gang, tally);
    this.#addTo(tally.queue, tally.vector, -tally.parts);
    tally.queue = queue;
    this.#addTo(queue, tally.vector, tally.parts);
    this.#forgetEmpty(gang, tally);
  }

  #change(gang: string, vector: Vector, parts: 1 | -1): void {
    const tally = this.#tallyOf(gang);
    tally.add(vector, parts);
    this.#addTo(tally.queue, vector, parts);
    if (parts < 0) this.#forgetEmpty(gang, tally);
  }

  #tallyOf(gang: string): GangTally {
    let tally = this.#byGang.get(gang);
    if (!tally) this.#byGang.set(gang, (tally = new GangTally()));
    return tally;
  }

  #forgetEmpty(gang: string, { parts, queue }: GangTally): void {
    if (parts === 0 && queue === undefined) this.#byGang.delete(gang);
  }

  #addTo(queue: string | undefined, vector: Vector, parts: number): void {
    if (queue === undefined || parts === 0) return;
    let total = this.#byQueue.get(queue);
    if (!total) this.#byQueue.set(queue, (total = new Tally()));
    total.add(vector, parts);
    if (total.parts === 0) this.#byQueue.delete(queue);
  }
}
