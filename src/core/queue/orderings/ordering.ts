import type { Vector } from '../../resources.ts';
import type { QueueNode } from '../tree.ts';

/** What stands in a queue: a waiting gang, as far as its order is concerned. */
export interface QueueEntry {
  readonly key: string;
  /** The leaf that it waits in. */
  readonly queue: QueueNode;
  /** Whose it is. */
  readonly user: string;
  /** What it needs to start, by column. */
  readonly ask: Vector;
  /** Effective. */
  readonly priority: number;
  /** When it was first heard of, in ms, or what the order of its policy makes of that. */
  readonly turnMs: number;
}

/**
 * Which of two gangs is ahead: negative where `a` is, positive where `b` is, 0 only for a gang and itself. A total
 * order that reads its arguments and nothing else.
 */
export type Ordering = (a: QueueEntry, b: QueueEntry) => number;
