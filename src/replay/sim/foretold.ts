import type { JobRecord } from '../job-record.ts';
import { OpenSample } from '../quantiles.ts';
import type { PolicyResult } from '../result.ts';

/** Adds up how what muster foretold came out. */
export class Foretold {
  #starts = 0;
  #kept = 0;
  #overtaken = 0;
  readonly #late = new OpenSample();
  /** Sums over the jobs that were told a start time and have started, in ms. */
  readonly #sums = { missedBy: 0, waits: 0 };
  /** |ln(run time / foretold median)| of each run. */
  readonly #errors: number[] = [];
  #withinP90 = 0;

  add(record: JobRecord): void {
    this.#addStart(record);
    if (!record.forecast) return;
    const { medianMs, p90Ms, ranMs } = record.forecast;
    this.#errors.push(Math.abs(Math.log(Math.max(1, ranMs) / Math.max(1, medianMs))));
    if (ranMs <= p90Ms) this.#withinP90++;
  }

  #addStart({ told, reservedMs, submitMs, completionMs }: JobRecord): void {
    if (!told) return;
    this.#starts++;
    if (told.isKept) this.#kept++;
    if (told.isKept === false && told.because !== undefined && told.because !== 'forecast') this.#overtaken++;
    else if (told.isKept === false)
      this.#late.add((reservedMs ?? submitMs + completionMs) - told.promisedMs, reservedMs === undefined);
    if (reservedMs === undefined) return;
    this.#sums.missedBy += Math.abs(reservedMs - told.aboutMs);
    this.#sums.waits += reservedMs - submitMs;
  }

  /** undefined: it foretold nothing. */
  result(): PolicyResult['foretold'] {
    const runs = this.#errors.length;
    if (this.#starts === 0 && runs === 0) return undefined;
    const { missedBy, waits } = this.#sums;
    const lateMs = this.#late.quantiles();
    const sorted = this.#errors.toSorted((a, b) => a - b);
    return {
      starts: this.#starts,
      kept: this.#kept,
      overtaken: this.#overtaken,
      late: lateMs.count,
      lateMs,
      startError: waits === 0 ? null : missedBy / waits,
      runs,
      runError: sorted[Math.ceil(runs / 2) - 1] ?? null,
      withinP90: runs === 0 ? null : this.#withinP90 / runs,
    };
  }
}
