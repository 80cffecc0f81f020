import type { TurnOrder } from './turn-order.ts';

/** Whatever queues hold: whose gang came first. */
export const fifo: TurnOrder = () => ({ tier: 0, saturation: 0 });
