import type { Quantiles } from './result.ts';

/** Nearest-rank quantiles; sorts the sample in place. */
export function quantilesOf(sample: number[]): Quantiles {
  const count = sample.length;
  if (count === 0) return { count, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };
  sample.sort((a, b) => a - b);
  const at = (share: number) => sample[Math.max(0, Math.ceil(share * count) - 1)]!;
  const mean = sample.reduce((sum, value) => sum + value, 0) / count;
  return { count, mean, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sample[count - 1]! };
}
