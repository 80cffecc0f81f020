import type { Result } from './benchmark.ts';

/** The value below which the share `q` of the sorted values lies, between neighbours by straight line. */
function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return NaN;
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (high - low) * (at - below);
}

export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** The exponent b of y = a x^b: the slope of a straight line through the logarithms, by least squares. */
export function growthExponent(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(logs.map(([x]) => x)), mean(logs.map(([, y]) => y))];
  const products = logs.map(([x, y]) => (x - meanX) * (y - meanY));
  const squares = logs.map(([x]) => (x - meanX) ** 2);
  return mean(products) / mean(squares);
}

/** Median, p99 and spread of the samples. */
export function summarize(
  name: string,
  unit: Result['unit'],
  values: readonly number[],
): Result & { readonly p99: number } {
  const sorted = Float64Array.from(values).sort();
  return {
    name,
    unit,
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    spread: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    samples: sorted.length,
  };
}
