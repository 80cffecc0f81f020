import { quantile, type Part } from './quantile.ts';
import type { Forecast } from './run-times.ts';

/** A run that nothing is known of; `capMs`: unless it is ended then at the latest. */
export const unknownRun = (capMs = Infinity): Forecast =>
  capMs < Infinity ? endsBy(capMs, 'activeDeadlineSeconds') : endsBy(Infinity, 'nothing', false);

/** A run that never ends by itself. */
export const endlessRun = (basis: string, capMs = Infinity): Forecast => endsBy(capMs, basis);

const endsBy = (capMs: number, basis: string, isKnown = true): Forecast => ({
  endsWithin: (_share, ranMs) => Math.max(ranMs, capMs),
  isKnown,
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
