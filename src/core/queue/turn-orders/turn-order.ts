import type { Vector } from '../../resources.ts';
import type { Shares } from '../shares.ts';
import type { QueueNode } from '../tree.ts';

/** Where a queue stands among its siblings: the lower goes first, and the tier counts before the saturation. */
export interface Standing {
  readonly tier: number;
  readonly saturation: number;
}

/**
 * Whose turn it is among siblings.
 * @param ask what the queue's next gang needs, by column
 * @param more what the queue is taken to hold beside what it does
 */
export type TurnOrder = (shares: Shares, queue: QueueNode, ask: Vector, more?: Vector) => Standing;
