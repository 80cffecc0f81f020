import type { Vector } from '../resources.ts';

/** Amounts x time: by column in units of Resources x ms, and what they cost, in parts of a price per hour x ms. */
export interface Spent {
  readonly amounts: Vector;
  readonly cost: number;
}

/** Room in use, and its sum over time. The sum is brought up to date only when the room changes or is read. */
export class RoomTime {
  #level: Vector = new Float64Array(0);
  #area: Vector = new Float64Array(0);
  #rate = 0;
  #cost = 0;
  #sinceMs = 0;

  /** What is in use now, by column. */
  get level(): Vector {
    return this.#level;
  }

  /** What that costs in an hour. */
  get rate(): number {
    return this.#rate;
  }

  /** @param rate what the vector costs in an hour; a whole number, so that what comes and goes leaves nothing over */
  add(nowMs: number, vector: Vector, rate: number, sign: 1 | -1): void {
    this.#advance(nowMs);
    if (this.#level.length < vector.length) this.#widen(vector.length);
    const level = this.#level;
    for (let c = 0; c < vector.length; c++) level[c]! += sign * vector[c]!;
    this.#rate += sign * rate;
  }

  /** From now on this much is in use. */
  set(nowMs: number, vector: Vector, rate: number): void {
    this.add(nowMs, this.#level.slice(), this.#rate, -1);
    this.add(nowMs, vector, rate, 1);
  }

  addRate(nowMs: number, change: number): void {
    this.#advance(nowMs);
    this.#rate += change;
  }

  /** All until now. */
  spent(nowMs: number): Spent {
    this.#advance(nowMs);
    return { amounts: this.#area.slice(), cost: this.#cost };
  }

  /** Takes over what another one has been until now; that one must be empty by now. */
  absorb(nowMs: number, other: RoomTime): void {
    const { amounts, cost } = other.spent(nowMs);
    this.#advance(nowMs);
    if (this.#level.length < amounts.length) this.#widen(amounts.length);
    for (let c = 0; c < amounts.length; c++) this.#area[c]! += amounts[c]!;
    this.#cost += cost;
  }

  #advance(nowMs: number): void {
    const ms = nowMs - this.#sinceMs;
    if (ms === 0) return;
    this.#sinceMs = nowMs;
    const [level, area] = [this.#level, this.#area];
    for (let c = 0; c < level.length; c++) area[c]! += level[c]! * ms;
    this.#cost += this.#rate * ms;
  }

  #widen(columns: number): void {
    const wide = (vector: Vector) => {
      const out = new Float64Array(columns);
      out.set(vector);
      return out;
    };
    [this.#level, this.#area] = [wide(this.#level), wide(this.#area)];
  }
}
