import type { TurnOrder } from './turn-order.ts';

/**
 * Who borrows least, per weight: the largest part of any resource of the cluster that it holds beyond its guarantee. As
 * Kueue's fair sharing, which computes it as if the gang had started.
 */
export const borrowing: TurnOrder = (shares, queue, ask, more) => {
  const { guaranteed } = shares.of(queue);
  let most = 0;
  for (const c of shares.columns) {
    const after = shares.usedOf(queue, c) + (ask[c] ?? 0) + (more?.[c] ?? 0);
    const borrowed = after - (guaranteed[c] ?? 0);
    if (borrowed > 0) most = Math.max(most, borrowed / Math.max(shares.capacity[c] ?? 0, 1));
  }
  return { tier: 0, saturation: most / queue.spec.weight };
};
