import type { TurnOrder } from './turn-order.ts';

/** Who stays within its guarantee goes first, then who stays within its entitlement; of those, who has least of it. */
export const share: TurnOrder = (shares, queue, ask, more) => ({
  tier: shares.tierAt(queue, ask, more),
  saturation: shares.saturationAt(queue, ask, more),
});
