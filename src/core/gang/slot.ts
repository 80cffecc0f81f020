import type { Vector } from '../resources.ts';

/**
 * Room for one member that the gang needs to start.
 *
 *   unplaced --place--> reserved --assume--> assumed --confirm--> bound
 *                          ^  <------forget-----|                   |
 *                          +---- the bound member died ------------+
 *   reserved or assumed --lose (node gone, room taken, no longer eligible)--> unplaced
 *
 * A reserved or assumed slot holds `vector` at `node`; a bound one holds nothing, its pod does.
 */
export interface Slot {
  readonly gang: string;
  readonly role: string;
  readonly isLeader: boolean;
  state: 'unplaced' | 'reserved' | 'assumed' | 'bound';
  /** '' while unplaced. */
  node: string;
  /** What it holds, or would: the role's request, or what its pod really asks. */
  vector: Vector;
  /** The pod that has it, in state assumed or bound; else ''. */
  podUid: string;
  /** When it is given up if no member claims it; Infinity: not while it is assumed or bound. */
  deadlineMs: number;
}
