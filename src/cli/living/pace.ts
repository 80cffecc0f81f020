/** What falls behind by more, in real ms (the machine slept, or is too slow), is not caught up with. */
const MOST_BEHIND_MS = 2000;
/** The pace looks up again so often, in real ms, so that it hears of its end. */
const LONGEST_NAP_MS = 1000;

export interface PaceRules {
  /** How many simulated ms go by in a real one. */
  readonly speed: number;
  /** Up to here the simulated time runs ahead as fast as it can, in ms. */
  readonly warmMs: number;
  /** Ends every wait. */
  readonly signal: AbortSignal;
}

/**
 * Simulated time that goes by as real time does, so many times faster, and never past what is to happen next.
 */
export class Pace {
  readonly #rules: PaceRules;
  readonly #steadyMs: () => number;
  /** Real time at which simulated time was 0, had it always gone by at this speed. */
  #zeroMs: number | undefined;
  /** When something happens next, simulated. */
  #nextMs = 0;
  #reachedMs = 0;

  /** @param steadyMs a real clock of any origin that never goes back */
  constructor(rules: PaceRules, steadyMs = () => performance.now()) {
    [this.#rules, this.#steadyMs] = [rules, steadyMs];
  }

  /** The simulated time; never goes back. */
  readonly nowMs = (): number => {
    this.#reachedMs = Math.max(this.#reachedMs, Math.min(this.#flown(), this.#nextMs));
    return this.#reachedMs;
  };

  /** Sets the simulated time, which only goes on. */
  reach(ms: number): void {
    this.#reachedMs = Math.max(this.#reachedMs, ms);
  }

  /** Waits until it is time for what happens at `nextMs`. @returns undefined: it is */
  readonly until = (nextMs: number): Promise<void> | undefined => {
    const { speed, warmMs, signal } = this.#rules;
    this.#nextMs = nextMs;
    if (nextMs < warmMs) return undefined;
    this.#zeroMs ??= this.#steadyMs() - nextMs / speed;
    const behindMs = (this.#flown() - nextMs) / speed;
    if (behindMs > MOST_BEHIND_MS) this.#zeroMs += behindMs;
    return behindMs >= 0 || signal.aborted ? undefined : this.#wait(nextMs);
  };

  async #wait(nextMs: number): Promise<void> {
    const { speed, signal } = this.#rules;
    for (;;) {
      const restMs = (nextMs - this.#flown()) / speed;
      if (restMs <= 0 || signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(restMs, LONGEST_NAP_MS)));
    }
  }

  #flown(): number {
    return this.#zeroMs === undefined ? this.#reachedMs : (this.#steadyMs() - this.#zeroMs) * this.#rules.speed;
  }
}
