import { Histogram, type HistogramRecord } from './histogram.ts';
import { quantile } from './quantile.ts';

/** A level says nothing by itself before it knows so many runs. */
export const ENOUGH_RUNS = 3;
/** Counts are halved, and written down rounded. */
export const ROUNDING = 0.01;
/** The error is a mean over about so many forecasts: what was learned long ago no longer speaks for a level. */
const ERROR_OVER = 20;

export interface KnownRunsRecord extends HistogramRecord {
  readonly error?: number;
}

/** What is known of the runs of one level: how long they took, and how well that foretold the next one. */
export class KnownRuns {
  readonly times: Histogram;
  #error: number | undefined;
  #foretold = 0;

  constructor(times = new Histogram()) {
    this.times = times;
  }

  static of({ error, ...times }: KnownRunsRecord): KnownRuns {
    const runs = new KnownRuns(Histogram.of(times));
    runs.#error = error;
    runs.#foretold = error === undefined ? 0 : Math.min(ERROR_OVER, Math.round(runs.times.count));
    return runs;
  }

  get isEnough(): boolean {
    return this.times.count > ENOUGH_RUNS - ROUNDING;
  }

  /** Mean of |ln(actual / foretold)|; undefined: there was no forecast yet. */
  get error(): number | undefined {
    return this.#error;
  }

  /** A run that was cut says nothing of the error, unless it has taken longer than foretold by then. */
  learn(ranMs: number, isCut: boolean): void {
    if (this.times.count > 0) {
      const medianMs = quantile([{ share: 1, survival: this.times.survival(), shift: 0 }], 0.5, 0);
      const off = Math.log(Math.max(1, ranMs) / Math.max(1, medianMs));
      if (!isCut || off > 0) this.#count(Math.abs(off));
    }
    this.times.add(ranMs, isCut);
  }

  record(): KnownRunsRecord {
    const times = this.times.record();
    return this.#error === undefined ? times : { ...times, error: Math.round(this.#error * 1000) / 1000 };
  }

  #count(off: number): void {
    this.#foretold = Math.min(ERROR_OVER, this.#foretold + 1);
    this.#error = (this.#error ?? 0) + (off - (this.#error ?? 0)) / this.#foretold;
  }
}
