/** Instants at which something is looked at that is expensive to follow: their number does not grow with the trace. */
export class Sampler {
  readonly #everyMs: number;
  #lastMs = 0;

  /** @param least the shortest distance of two samples, in ms; @param most about how many there are in the span */
  constructor(spanMs: number, { leastMs, most }: { readonly leastMs: number; readonly most: number }) {
    this.#everyMs = Math.max(leastMs, spanMs / most);
  }

  /** @returns the time since the last sample, for which the one now counts; 0: none is due */
  due(nowMs: number): number {
    const since = nowMs - this.#lastMs;
    if (since < this.#everyMs) return 0;
    this.#lastMs = nowMs;
    return since;
  }
}
