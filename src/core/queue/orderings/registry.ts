import { fifo } from './fifo.ts';
import type { Ordering } from './ordering.ts';
import { priority } from './priority.ts';

/** Every ordering by its name. A new one: one file, one line here; the contract suite finds it. */
export const orderings = { priority, fifo } as const satisfies Record<string, Ordering>;
