import type { TurnOrder } from './turn-order.ts';

/**
 * Who holds the smallest part of its guarantee, of the resource of which it holds the largest part; where nothing is
 * guaranteed, of its max or else of the cluster. As YuniKorn's fair queues, which compare what is held before the gang
 * starts.
 */
export const guaranteeRatio: TurnOrder = (shares, queue, _ask, more) => {
  const { guaranteed, max } = shares.of(queue);
  let most = 0;
  for (const c of shares.columns) {
    const used = shares.usedOf(queue, c) + (more?.[c] ?? 0);
    if (used <= 0) continue;
    const whole = guaranteed[c]! > 0 ? guaranteed[c]! : Math.min(max[c] ?? Infinity, shares.capacity[c] ?? 0);
    most = Math.max(most, used / Math.max(whole, 1));
  }
  return { tier: 0, saturation: most };
};
