import { logLogistic, logLogisticQuantile } from './log-logistic.ts';
import { quantile, type Part } from './quantile.ts';
import type { Forecast } from './run-times.ts';

/**
 * What is supposed of a run before anything is known: half of all take less than 30 min, nine of ten less than 6 h. Wide,
 * so that whoever waits behind such a run is told so, and finite, so that a young history stops nobody.
 */
const SUPPOSED = logLogistic(30 * 60_000, 6 * 3_600_000);

/** A run that nothing is known of; `capMs`: it is ended then at the latest. */
export const unknownRun = (capMs = Infinity): Forecast => ({
  endsWithin: (share, ranMs) => Math.max(ranMs, Math.min(capMs, logLogisticQuantile(SUPPOSED, share, ranMs))),
  isKnown: false,
  runs: 0,
  basis: 'no run known',
  error: undefined,
});

/** A run that never ends by itself. */
export const endlessRun = (basis: string, capMs = Infinity): Forecast => endsBy(capMs, basis);

const endsBy = (capMs: number, basis: string): Forecast => ({
  endsWithin: (_share, ranMs) => Math.max(ranMs, capMs),
  isKnown: true,
  runs: 0,
  basis,
  error: undefined,
});

/** What a forecast rests on. */
export interface Grounds {
  readonly runs: number;
  readonly basis: string;
  readonly error: number | undefined;
  readonly capMs: number | undefined;
  /** Asked for when the first time is. */
  readonly parts: () => readonly Part[];
}

/** A run of which others are known that it has something in common with. */
export class KnownRun implements Forecast {
  readonly isKnown = true;
  readonly runs: number;
  readonly basis: string;
  readonly error: number | undefined;
  readonly #capMs: number;
  readonly #grounds: Grounds;
  #parts: readonly Part[] | undefined;

  constructor(grounds: Grounds) {
    this.runs = grounds.runs;
    this.basis = grounds.basis;
    this.error = grounds.error;
    this.#capMs = grounds.capMs ?? Infinity;
    this.#grounds = grounds;
  }

  endsWithin(share: number, ranMs: number): number {
    this.#parts ??= this.#grounds.parts();
    return Math.max(ranMs, Math.min(this.#capMs, quantile(this.#parts, share, ranMs)));
  }
}
