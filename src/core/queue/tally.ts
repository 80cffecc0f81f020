import { plus, type Vector } from '../resources.ts';

const NOTHING = new Float64Array(0);

/** What a queue, a user or a namespace holds. */
export class Tally {
  /** Bound pods and held room together, by column; victims count until they are gone. */
  vector: Vector = NOTHING;
  /** Of that: slots and pod holds. */
  held: Vector = NOTHING;
  /** Of that: pods that are being evicted. */
  leaving: Vector = NOTHING;
  /** How many bound pods and holds it is the sum of. */
  parts = 0;
  /** How many gangs hold something of it. */
  gangs = 0;
  /** Changes whenever it becomes less: a refusal because of it stands until then. */
  version = 0;

  add(vector: Vector, sign: 1 | -1): void {
    this.vector = plus(this.vector, vector, sign);
    this.parts += sign;
    if (sign < 0) this.version++;
  }

  /** All of another tally. */
  addAll(other: Tally, sign: 1 | -1): void {
    this.vector = plus(this.vector, other.vector, sign);
    this.held = plus(this.held, other.held, sign);
    this.leaving = plus(this.leaving, other.leaving, sign);
    this.parts += sign * other.parts;
    if (sign < 0) this.version++;
  }

  hold(vector: Vector, sign: 1 | -1): void {
    this.add(vector, sign);
    this.held = plus(this.held, vector, sign);
  }

  leave(vector: Vector, sign: 1 | -1): void {
    this.leaving = plus(this.leaving, vector, sign);
  }
}
