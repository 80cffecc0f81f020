/** Units of work, mostly candidates looked at, after which a search lets others have their turn. */
const SLICE = 2500;

/** The work of a search, counted: no clock decides, so that the same cluster gives the same victims. */
export class Work {
  #left: number;
  #slice = SLICE;

  /** @param left after so much work the search ends with the best set so far */
  constructor(left = Infinity) {
    this.#left = left;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  charge(units: number): void {
    this.#left -= units;
    this.#slice -= units;
  }

  /** Counts work that does not bring the end of the search nearer: it grows with the cluster, not with the search. */
  pass(units: number): void {
    this.#slice -= units;
  }

  /** Whether a slice is over; the next one then begins. */
  isPauseDue(): boolean {
    if (this.#slice > 0) return false;
    this.#slice = SLICE;
    return true;
  }
}

/** Work in slices: pauses after each of them, and returns the result. */
export type Slices<T> = Generator<undefined, T, undefined>;

/** Does all the work at once. */
export function allAtOnce<T>(slices: Slices<T>): T {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}

/** A result that needs no pause, where slices are expected. */
// eslint-disable-next-line require-yield -- there is nothing to pause for
export function* withoutPause<T>(result: T): Slices<T> {
  return result;
}
