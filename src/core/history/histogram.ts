/** The upper end of the first bin, in ms. It holds all shorter runs. */
const FIRST_MS = 5000;
/** Each bin ends at so many times the end of the one before. */
const BIN_RATIO = 1.3;
/** The last bin begins at 29 days and holds all longer runs. */
export const BINS = 52;
/** Of so many runs all are halved: what a history tells is of the last ones, since apps change. */
const MOST_RUNS = 64;

const LN_RATIO = Math.log(BIN_RATIO);
const LN_FIRST = Math.log(FIRST_MS);
/** The first bin begins at a second. */
const LN_LEAST = Math.log(1000);

const binOf = (x: number): number => Math.min(BINS - 1, Math.max(0, Math.floor((x - LN_FIRST) / LN_RATIO) + 1));
/** ln of where the bin begins, which is where the one before it ends. */
const beginOf = (bin: number): number => (bin === 0 ? LN_LEAST : LN_FIRST + (bin - 1) * LN_RATIO);

/** What a histogram has seen, in a form that can be written down. */
export interface HistogramRecord {
  /** How many runs ended in each bin, as pairs of bin and count. */
  readonly ended: readonly (readonly [bin: number, count: number])[];
  /** How many were cut in each bin; absent: none. */
  readonly cut?: readonly (readonly [bin: number, count: number])[];
  /** The shortest run that ended, in ms; absent: none did. */
  readonly leastMs?: number;
  /** The longest run of all, in ms. */
  readonly mostMs: number;
}

/**
 * How long runs took, in bins of equal ratio. A run that was cut is a censored observation: it would have taken longer
 * than it did. Counts are fractions once they have been halved.
 */
export class Histogram {
  readonly #ended = new Float32Array(BINS);
  /** Absent: none was cut. Most apps are never evicted. */
  #cut: Float32Array | undefined;
  #count = 0;
  #leastMs = Infinity;
  #mostMs = 0;
  /** Undefined: to be computed again. */
  #survival: Survival | undefined;

  static of({ ended, cut = [], leastMs = Infinity, mostMs }: HistogramRecord): Histogram {
    const histogram = new Histogram();
    for (const [bin, count] of ended) histogram.#put(histogram.#ended, bin, count);
    histogram.#count = ended.reduce((sum, [, count]) => sum + count, 0);
    for (const [bin, count] of cut) histogram.#put((histogram.#cut ??= new Float32Array(BINS)), bin, count);
    histogram.#leastMs = leastMs;
    histogram.#mostMs = mostMs;
    return histogram;
  }

  /** How many runs ended. */
  get count(): number {
    return this.#count;
  }

  /** How many were cut after at least this long. */
  cutAfter(ms: number): number {
    let count = 0;
    if (this.#cut) for (let bin = binOf(Math.log(Math.max(1, ms))); bin < BINS; bin++) count += this.#cut[bin] ?? 0;
    return count;
  }

  /** @param ms at least 0 @param isCut it would have taken longer */
  add(ms: number, isCut: boolean, count = 1): void {
    this.#survival = undefined;
    const x = Math.log(Math.max(1, ms));
    this.#put(isCut ? (this.#cut ??= new Float32Array(BINS)) : this.#ended, binOf(x), count);
    this.#mostMs = Math.max(this.#mostMs, ms);
    if (isCut) return;
    this.#leastMs = Math.min(this.#leastMs, ms);
    this.#count += count;
    if (this.#count > MOST_RUNS) this.scale(0.5);
  }

  /** All that was seen counts so much less. */
  scale(factor: number): void {
    this.#survival = undefined;
    for (const counts of [this.#ended, this.#cut]) counts?.forEach((count, bin) => (counts[bin] = count * factor));
    this.#count *= factor;
  }

  /** For files: see Histogram.of. */
  record(): HistogramRecord {
    return {
      ended: pairs(this.#ended),
      ...(this.#cut ? { cut: pairs(this.#cut) } : {}),
      ...(this.#leastMs < Infinity ? { leastMs: Math.round(this.#leastMs) } : {}),
      mostMs: Math.round(this.#mostMs),
    };
  }

  /**
   * The share of runs that take longer, by the actuarial method (Kaplan-Meier for binned times): those that were cut in a
   * bin count as half at risk in it. @see Kaplan and Meier, "Nonparametric estimation from incomplete observations", 1958
   */
  survival(): Survival {
    return (this.#survival ??= this.#estimate());
  }

  #estimate(): Survival {
    const left = new Float32Array(BINS + 1);
    let atRisk = 0;
    for (let bin = 0; bin < BINS; bin++) atRisk += this.#at(bin);
    left[0] = 1;
    for (let bin = 0; bin < BINS; bin++) {
      const cut = this.#cut?.[bin] ?? 0;
      const ended = this.#ended[bin] ?? 0;
      const exposed = atRisk - cut / 2;
      left[bin + 1] = ended > 0 ? left[bin]! * Math.max(0, 1 - ended / exposed) : left[bin]!;
      atRisk -= ended + cut;
    }
    return new Survival(left, this.#leastMs, this.#mostMs);
  }

  #at(bin: number): number {
    return (this.#ended[bin] ?? 0) + (this.#cut?.[bin] ?? 0);
  }

  #put(counts: Float32Array, bin: number, count: number): void {
    counts[bin] = (counts[bin] ?? 0) + count;
  }
}

function pairs(counts: Float32Array): [number, number][] {
  const out: [number, number][] = [];
  for (let bin = 0; bin < BINS; bin++) {
    const count = counts[bin]!;
    if (count >= 0.0005) out.push([bin, Math.round(count * 1000) / 1000]);
  }
  return out;
}

/**
 * The share of runs that take longer than a time, which is given as ln of ms. Within a bin it falls evenly by that
 * logarithm, from the shortest run in the first bin and to the longest in the last.
 */
export class Survival {
  readonly #left: Float32Array;
  readonly #least: number;
  /** ln of the longest run seen. */
  readonly top: number;

  /** @param left the share left at the beginning of each bin, and at the end of the last */
  constructor(left: Float32Array, leastMs: number, mostMs: number) {
    this.#left = left;
    this.#least = Math.log(Math.max(1, leastMs));
    this.top = Math.log(Math.max(1, mostMs));
  }

  at(x: number): number {
    if (x >= this.top) return this.#left[binOf(this.top) + 1]!;
    const bin = binOf(x);
    const before = this.#left[bin]!;
    const after = this.#left[bin + 1]!;
    if (before === after || x <= this.#least) return before;
    const begin = Math.max(beginOf(bin), Math.min(this.#least, this.top));
    const end = bin === BINS - 1 ? this.top : Math.min(beginOf(bin + 1), this.top);
    return end <= begin ? after : before + ((after - before) * Math.max(0, x - begin)) / (end - begin);
  }
}
