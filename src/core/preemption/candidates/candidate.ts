import type { BoundPod } from '../../cluster/cluster.ts';
import type { Slot } from '../../gang/slot.ts';
import type { FreedRoom } from '../../placement/need.ts';
import type { QueueNode } from '../../queue/tree.ts';
import type { Right } from './share-rules.ts';
import type { MemberCount, VictimGang } from './victim-gang.ts';

/** A victim candidate: what the rules allow to be evicted, or revoked, by itself. */
export type Candidate = PodCandidate | GangCandidate | ReservationCandidate;

interface CandidateBase {
  /** The freed room. */
  readonly freed: readonly FreedRoom[];
  /** Pods that are evicted with it. */
  readonly others: readonly PodCandidate[];
  readonly role: string;
  /** The queue that answers for it; undefined: none does. */
  readonly leaf: QueueNode | undefined;
  /** By what right it may be a victim. */
  readonly right: Right;
  /** Its rank between queues, and in that the effective priority; see levelAt. */
  readonly level: number;
  /** Eviction cost in core-seconds, without the cost to its gang. */
  readonly cost: number;
  readonly cores: number;
  /** Its gang gives it up, or it is declared elastic: its eviction harms no gang. */
  readonly isGivenUp: boolean;
  /** It has run for less than the minimum runtime of needed pods. */
  readonly isYoung: boolean;
  /** When it has run for the minimum runtime, in ms; Infinity: unknown. */
  readonly youngUntilMs: number;
}

/** A pod, of a gang or of none. */
export interface PodCandidate extends CandidateBase {
  readonly kind: 'pod';
  readonly bound: BoundPod;
  readonly gang: VictimGang | undefined;
  /** The members of its role; undefined: it is in no gang. */
  readonly members: MemberCount | undefined;
  /** It may be evicted with its whole gang only. */
  readonly isFollower: boolean;
}

/** A whole gang, with its leader if it has one. `others`: its other members. */
export interface GangCandidate extends CandidateBase {
  readonly kind: 'gang';
  /** The leader; undefined for a gang of one role. */
  readonly bound: BoundPod | undefined;
  readonly gang: VictimGang;
}

/** The reservation of a gang that runs no pod yet. */
export interface ReservationCandidate extends CandidateBase {
  readonly kind: 'reservation';
  readonly bound?: undefined;
  readonly gang: VictimGang;
  readonly slots: readonly Slot[];
}

export const NO_OTHERS: readonly PodCandidate[] = [];

/** The pods of the candidates themselves, without their `others`. */
export function podsOf(candidates: readonly Candidate[]): BoundPod[] {
  return candidates.flatMap(({ bound }) => (bound ? [bound] : []));
}
