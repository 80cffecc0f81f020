import type { Figure, OpenQuantiles, Quantiles } from './result.ts';

const SHARES = { p50: 0.5, p95: 0.95, p99: 0.99, max: 1 } as const;

/** The 1-based rank of a quantile by nearest rank. */
const rankOf = (share: number, count: number) => Math.max(1, Math.ceil(share * count));

/** Nearest-rank quantiles; sorts the sample in place. */
export function quantilesOf(sample: number[]): Quantiles {
  const count = sample.length;
  if (count === 0) return { count, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };
  sample.sort((a, b) => a - b);
  const at = (share: number) => sample[rankOf(share, count) - 1] ?? 0;
  const mean = sample.reduce((sum, value) => sum + value, 0) / count;
  return { count, mean, p50: at(SHARES.p50), p95: at(SHARES.p95), p99: at(SHARES.p99), max: at(SHARES.max) };
}

/** A sample in which some values are lower bounds: `open`. */
export class OpenSample {
  readonly #closed: number[] = [];
  readonly #open: number[] = [];

  add(value: number, isOpen: boolean): void {
    (isOpen ? this.#open : this.#closed).push(value);
  }

  addAll(other: OpenSample): void {
    for (const value of other.#closed) this.#closed.push(value);
    for (const value of other.#open) this.#open.push(value);
  }

  /**
   * `steps + 1` quantiles at equal distances, from the least value to the largest; empty for an empty sample. Open values
   * rank last and are null: how large they will be is not known.
   */
  curve(steps: number): (number | null)[] {
    const count = this.#closed.length + this.#open.length;
    if (count === 0) return [];
    const sorted = this.#closed.toSorted((a, b) => a - b);
    return Array.from({ length: steps + 1 }, (_, i) => sorted[rankOf(i / steps, count) - 1] ?? null);
  }

  /**
   * A figure is exact only if no open value counts below it: an open value above it stays above it, whatever it becomes.
   */
  quantiles(): OpenQuantiles {
    const quantiles = quantilesOf([...this.#closed, ...this.#open]);
    const open = this.#open.length;
    const least = this.#open.reduce((min, value) => Math.min(min, value), Infinity);
    const exact = this.#closed.reduce((count, value) => count + (value <= least ? 1 : 0), 0);
    const isBound = (figure: Figure) =>
      figure === 'mean' ? open > 0 : quantiles.count > 0 && rankOf(SHARES[figure], quantiles.count) > exact;
    return { ...quantiles, open, atLeast: FIGURES.filter(isBound) };
  }
}

const FIGURES: readonly Figure[] = ['mean', 'p50', 'p95', 'p99', 'max'];
