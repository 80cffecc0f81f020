import type { BoundPod } from '../../cluster/cluster.ts';
import type { Slot } from '../../gang/slot.ts';
import type { Vector } from '../../resources.ts';
import type { VictimGang } from './victim-gang.ts';

/** Room that a victim leaves. */
export interface FreedRoom {
  readonly row: number;
  readonly vector: Vector;
}

/**
 * What can be taken by itself to make room: a pod; a gang with its leader; or the reservation of a gang none of whose
 * pods runs yet.
 */
export interface Candidate {
  readonly kind: 'pod' | 'gang' | 'reservation';
  readonly freed: readonly FreedRoom[];
  /** The pod, or the gang's leader; absent for a reservation. */
  readonly bound?: BoundPod;
  /** The reservation's slots. */
  readonly slots?: readonly Slot[];
  /** OpenCandidates of the other members, which go with the leader. */
  readonly others: readonly Candidate[];
  readonly gang: VictimGang | undefined;
  readonly role: string;
  /** The victim's effective priority. */
  readonly level: number;
  /** Core-seconds lost, without what its gang suffers from it. */
  readonly cost: number;
  readonly cores: number;
  /** Its gang gives it up, or never counted on it: it harms nobody. */
  readonly isGivenUp: boolean;
  /** It has not run for as long as the policy grants everybody that is needed. */
  readonly isYoung: boolean;
}
