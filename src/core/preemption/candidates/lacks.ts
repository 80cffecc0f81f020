import type { BoundPod } from '../../cluster/cluster.ts';
import { hasBit } from '../../cluster/eligibility.ts';
import type { Need } from '../../placement/need.ts';
import type { PreemptionContextView } from './context.ts';

/**
 * The shared columns of which there is too little for the gang, each looked at by itself: in total, or in pieces that are
 * large enough. All that it asks, if only the columns together are in the way.
 * @param awaited pods that are being deleted anyway
 */
export function columnsLacking(
  { cluster, shares }: Pick<PreemptionContextView, 'cluster' | 'shares'>,
  needs: readonly Need[],
  awaited: readonly BoundPod[],
): readonly number[] {
  const asked = shares.columns.filter((c) => needs.some(({ vector }) => (vector[c] ?? 0) > 0));
  const { table } = cluster;
  const lacking = asked.filter((c) => {
    const free = Float64Array.from({ length: table.rows }, (_, row) => Math.max(0, table.free[c]![row]!));
    for (const { row, vector } of awaited) free[row]! += vector[c] ?? 0;
    const needed = needs.reduce((sum, { vector, count }) => sum + count * (vector[c] ?? 0), 0);
    let total = 0;
    for (let row = 0; row < table.rows; row++)
      if (needs.some(({ eligible }) => hasBit(eligible, row))) total += free[row]!;
    return total < needed || needs.some((need) => placesIn(free, need, c) < need.count);
  });
  return lacking.length > 0 ? lacking : asked;
}

function placesIn(free: Float64Array, { eligible, vector, count }: Need, c: number): number {
  const size = vector[c] ?? 0;
  if (size === 0) return count;
  let places = 0;
  for (let row = 0; row < free.length && places < count; row++)
    if (hasBit(eligible, row)) places += Math.floor(free[row]! / size);
  return places;
}
