/**
 * Equal max-min shares: no group gets more than it wants, and what it leaves goes to the others in equal parts.
 *
 * @returns the share of each
 */
export function maxMinShares(wanted: readonly number[], capacity: number): readonly number[] {
  const shares = new Array<number>(wanted.length).fill(0);
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  let left = capacity;
  order.forEach((i, at) => {
    const share = Math.min(wanted[i] ?? 0, left / (order.length - at));
    shares[i] = share;
    left -= share;
  });
  return shares;
}

/** Jain's index of values that would all be equal if all were treated alike: 1/n..1 (best); 1 for no values. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}
