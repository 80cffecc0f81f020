/** How long runs take: what is foretold of them, and what is learned from them. Everything in ms. */
export interface RunTimes {
  /** What is known of such a run, for now: it may be another answer once more runs have ended. */
  forecast(run: RunIdentity): Forecast;
  /** A run has ended. */
  learn(run: RunIdentity, ended: EndedRun): void;
}

/** What a run has in common with earlier ones, and what its owner says of it. */
export interface RunIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly queue: string;
  /** The name under which the app comes again, without dates and numbers; absent: it has none. */
  readonly app?: string;
  readonly user?: string;
  /** How many members it needs to start; 0: not known, as of some runs of other systems. */
  readonly members: number;
  /** The owner's estimate (muster.dev/expected-duration). */
  readonly expectedMs?: number;
  /** It is ended then at the latest (activeDeadlineSeconds). */
  readonly capMs?: number;
  /** It serves until somebody ends it (a streaming app, a server). */
  readonly isEndless?: true;
}

/**
 * How a run ended, after `ranMs` with all the members that it needs. `cut`: it was evicted or deleted, or lost its node:
 * it would have run longer.
 */
export interface EndedRun {
  readonly ranMs: number;
  readonly how: 'succeeded' | 'failed' | 'cut';
}

/** A distribution of the time that a run takes. */
export interface Forecast {
  /**
   * The time within which this share of such runs has ended, of those that took longer than `ranMs`: from the start of
   * the run, so that it is at least `ranMs`. Infinity: it never ends, or nothing is known.
   */
  endsWithin(share: number, ranMs: number): number;
  /** Whether it rests on runs or on the owner's estimate. */
  readonly isKnown: boolean;
  /** How many ended runs it rests on. */
  readonly runs: number;
  /** What the runs have in common, for people: `app etl-#`, `queue prod, 8 to 15 members`. */
  readonly basis: string;
  /** Mean of |ln(actual / foretold)| of the earlier forecasts of this basis; undefined: there was none. */
  readonly error: number | undefined;
}
