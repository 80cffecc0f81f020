import { fifo } from './fifo.ts';
import type { Ordering } from './ordering.ts';

/** The higher priority is ahead; equal priorities: the gang whose turn comes first. */
export const priority: Ordering = (a, b) => b.priority - a.priority || fifo(a, b);
