import type { Vector } from '../resources.ts';

/**
 * Room on a node for one member that the gang needs. The ledger is the only writer.
 *
 *   unplaced --place--> reserved --assume--> assumed --confirm--> bound
 *                          ^  <------forget-----|                   |
 *                          +---- the bound member died ------------+
 *   reserved or assumed --lose (node gone, room taken, no longer eligible)--> unplaced
 *   assumed, when its gang expires or ends: the slot is removed, and the pod keeps the room as a pod hold
 *
 * A reserved or assumed slot holds `vector` at `node`; the room of a bound slot is taken by its pod.
 */
export interface Slot {
  readonly gang: string;
  readonly role: string;
  readonly isLeader: boolean;
  readonly state: 'unplaced' | 'reserved' | 'assumed' | 'bound';
  /** '' while unplaced. */
  readonly node: string;
  /** The room that it holds: the role's request, or that of the pod that claimed it. */
  readonly vector: Vector;
  /** The pod that claimed it, in state assumed or bound; else ''. */
  readonly podUid: string;
  /** When it expires if no member claims it, in ms; Infinity if it is assumed or bound. */
  readonly deadlineMs: number;
}
