/** The shortest step, in ms. */
const LEAST_STEP_MS = 1000;

/**
 * The mean of a level that changes over time, per step of time. The steps begin at 0 ms; when there are too many, each
 * two become one, so that the step is 1000 * 2^k ms and depends on the end alone. Sums over time stay exact.
 */
export class StepMeans {
  readonly #areas: Float64Array;
  #stepMs = LEAST_STEP_MS;
  #level = 0;
  #toMs = 0;
  #total = 0;

  /** @param most the largest number of steps, an even number */
  constructor(most: number) {
    this.#areas = new Float64Array(most);
  }

  get level(): number {
    return this.#level;
  }

  get stepMs(): number {
    return this.#stepMs;
  }

  /** level x ms from 0 to the last change. */
  get area(): number {
    return this.#total;
  }

  /** From `nowMs` on the level is this. Times must not go back. */
  set(nowMs: number, level: number): void {
    this.advance(nowMs);
    this.#level = level;
  }

  add(nowMs: number, change: number): void {
    this.set(nowMs, this.#level + change);
  }

  advance(nowMs: number): void {
    if (nowMs <= this.#toMs) return;
    while (nowMs > this.#stepMs * this.#areas.length) this.#fold();
    if (this.#level !== 0) this.#fill(nowMs);
    this.#toMs = nowMs;
  }

  /** The means of all steps that have begun; that of the last one is over its part that has passed. */
  means(): number[] {
    const steps = Math.ceil(this.#toMs / this.#stepMs);
    return Array.from({ length: steps }, (_, i) => {
      const ms = Math.min(this.#stepMs, this.#toMs - i * this.#stepMs);
      return (this.#areas[i] ?? 0) / ms;
    });
  }

  #fill(nowMs: number): void {
    const [areas, stepMs, level] = [this.#areas, this.#stepMs, this.#level];
    this.#total += level * (nowMs - this.#toMs);
    for (let fromMs = this.#toMs; fromMs < nowMs;) {
      const step = Math.floor(fromMs / stepMs);
      const toMs = Math.min(nowMs, (step + 1) * stepMs);
      areas[step] = (areas[step] ?? 0) + level * (toMs - fromMs);
      fromMs = toMs;
    }
  }

  #fold(): void {
    const areas = this.#areas;
    const half = areas.length / 2;
    for (let i = 0; i < half; i++) areas[i] = (areas[2 * i] ?? 0) + (areas[2 * i + 1] ?? 0);
    areas.fill(0, half);
    this.#stepMs *= 2;
  }
}
