import type { Rate } from '../policy/tenancy.ts';

/**
 * A token bucket that may go into debt: who comes takes all that it needs as soon as there is one token, and the next
 * waits until there is one again. So a rate is kept on average, and nobody needs too many. O(1); begins full. Time never
 * goes back in it: a clock that does makes no tokens.
 */
export class Bucket {
  #rate: Rate;
  #level: number;
  /** The time of the level, in ms. */
  #atMs = -Infinity;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#level = rate.burst;
  }

  /** The tokens in it; below 0: debt. */
  level(nowMs: number): number {
    if (nowMs > this.#atMs) {
      const { perSecond, burst } = this.#rate;
      this.#level = Math.min(burst, this.#level + ((nowMs - this.#atMs) * perSecond) / 1000);
      this.#atMs = nowMs;
    }
    return this.#level;
  }

  isFull(nowMs: number): boolean {
    return this.level(nowMs) >= this.#rate.burst;
  }

  isOpen(nowMs: number): boolean {
    return this.level(nowMs) >= this.#least;
  }

  /** From when on it is open if nobody takes from it, in whole ms: `nowMs` or later. */
  opensMs(nowMs: number): number {
    const missing = this.#least - this.level(nowMs);
    return missing <= 0 ? nowMs : Math.ceil(this.#atMs + (missing * 1000) / this.#rate.perSecond);
  }

  take(tokens: number, nowMs: number): void {
    this.#level = this.level(nowMs) - tokens;
  }

  giveBack(tokens: number): void {
    this.#level = Math.min(this.#rate.burst, this.#level + tokens);
  }

  /** There is a new rate: the level stays, as far as the new burst allows. */
  change(rate: Rate, nowMs: number): void {
    this.#level = Math.min(rate.burst, this.level(nowMs));
    this.#rate = rate;
  }

  /** A bucket that holds less than one token is open when it is full. */
  get #least(): number {
    return Math.min(1, this.#rate.burst);
  }
}
