import type { Ordering } from './ordering.ts';

/** The gang whose turn comes first is ahead; equal times: by key. */
export const fifo: Ordering = (a, b) => a.turnMs - b.turnMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
