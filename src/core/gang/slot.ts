import type { Vector } from '../resources.ts';

/**
 * Room for one member that the gang needs to start. The ledger is the only writer.
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
  readonly state: 'unplaced' | 'reserved' | 'assumed' | 'bound';
  /** '' while unplaced. */
  readonly node: string;
  /** What it holds, or would: the role's request, or what its pod really asks. */
  readonly vector: Vector;
  /** The pod that has it, in state assumed or bound; else ''. */
  readonly podUid: string;
  /** When it is given up if no member claims it, in ms; Infinity: not while it is assumed or bound. */
  readonly deadlineMs: number;
}
