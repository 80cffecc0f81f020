import type { BoundPod } from '../../cluster/cluster.ts';
import type { Slot } from '../../gang/slot.ts';
import type { FreedRoom } from '../../placement/need.ts';
import type { VictimGang } from './victim-gang.ts';

/** What the rules allow to be evicted by itself. */
export type Candidate = PodCandidate | GangCandidate | ReservationCandidate;

interface CandidateBase {
  /** Room that it leaves. */
  readonly freed: readonly FreedRoom[];
  /** Pods that go with it. */
  readonly others: readonly PodCandidate[];
  readonly role: string;
  /** Its priority level: its effective priority. */
  readonly level: number;
  /** Core-seconds lost, without what its gang suffers from it. */
  readonly cost: number;
  readonly cores: number;
  /** Its gang gives it up, or never counted on it: its loss harms no gang. */
  readonly isGivenUp: boolean;
  /** It has not run for as long as the policy grants every pod that is needed. */
  readonly isYoung: boolean;
}

/** A pod, of a gang or of none. */
export interface PodCandidate extends CandidateBase {
  readonly kind: 'pod';
  readonly bound: BoundPod;
  readonly gang: VictimGang | undefined;
}

/** A gang with its leader, or whole where no member leads. `others`: its members, which go with it. */
export interface GangCandidate extends CandidateBase {
  readonly kind: 'gang';
  /** The leader; undefined for a gang of one role. */
  readonly bound: BoundPod | undefined;
  readonly gang: VictimGang;
}

/** Slots of a gang none of whose pods runs yet. */
export interface ReservationCandidate extends CandidateBase {
  readonly kind: 'reservation';
  readonly bound?: undefined;
  readonly gang: VictimGang;
  readonly slots: readonly Slot[];
}

export const NO_OTHERS: readonly PodCandidate[] = [];

/** The pods that are evicted with the candidates themselves. */
export function podsOf(candidates: readonly Candidate[]): BoundPod[] {
  return candidates.flatMap(({ bound }) => (bound ? [bound] : []));
}
