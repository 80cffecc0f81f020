import type { Ordering } from './ordering.ts';

/** The gang that has waited longest is ahead; equal times: by key. */
export const fifo: Ordering = (a, b) => a.firstAskMs - b.firstAskMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
