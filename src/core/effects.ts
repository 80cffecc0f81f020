import type { PodRef, RoomRequestState, SlotCounts } from './model.ts';

/** A result of a decision for the world outside the core. Shells log it, count it, and write it to the API server. */
export type Effect =
  | {
      readonly kind: 'gang-admitted';
      readonly gang: string;
      readonly leader: PodRef;
      readonly slots: readonly PlacedSlot[];
    }
  /**
   * The gang was admitted without a question by kube-scheduler, which must be made to ask about its leader; `leader` is a
   * member where the leader runs already. So it is for a member that was refused, and for whose slot there is a place now.
   */
  | { readonly kind: 'wake-leader'; readonly gang: string; readonly leader: PodRef; readonly gated: boolean }
  /**
   * kube-scheduler offered the pod a sample of the nodes without its own, and it was refused: its node is to be written to
   * it (status.nominatedNodeName), so that kube-scheduler looks there first and asks again.
   */
  | { readonly kind: 'nominate'; readonly gang: string; readonly pod: PodRef; readonly node: string }
  /** Its written reservation is held again, after a restart or while following; or all that it needs runs already. */
  | { readonly kind: 'gang-adopted'; readonly gang: string; readonly slots: readonly PlacedSlot[] }
  /** The gang is not in the queue that it names; `note`: why, as a sentence. */
  | { readonly kind: 'queue-ignored'; readonly gang: string; readonly leader: PodRef; readonly note: string }
  | { readonly kind: 'gang-waits'; readonly gang: string; readonly leader: PodRef; readonly reason: string }
  /**
   * The last member that the gang needs was bound, once per run. Not told of a gang whose leader ran before this muster
   * knew of it, after a restart for instance, nor by a replica that follows. `sinceMs`: since when it was waited for.
   */
  | { readonly kind: 'gang-complete'; readonly gang: string; readonly leader: PodRef; readonly sinceMs: number }
  /** The gang is over (its last leader ended or was deleted); its slots are free. */
  | { readonly kind: 'gang-released'; readonly gang: string; readonly slots: number }
  /**
   * A run is over, and it is not known how its leader ended, or the single pod: the shell finds out and tells it (event
   * `run-outcome`) within a minute. Otherwise the run counts as one that would have taken longer.
   */
  | { readonly kind: 'outcome-wanted'; readonly gang: string; readonly leader: PodRef }
  /**
   * The waiting gang has a start time: told when it gets one, and again when that moves by more than a quarter of the
   * wait. `becauseOf`: whose ends make the room, at most three.
   */
  | ({ readonly kind: 'start-foretold'; readonly gang: string; readonly leader: PodRef } & StartTime)
  /** A gang that had been told a start time started. `promisedMs`: the latest time that it was told first. */
  | {
      readonly kind: 'start-kept' | 'start-late';
      readonly gang: string;
      readonly promisedMs: number;
      /** How much later it started; negative: earlier. */
      readonly lateMs: number;
      /** Why a late start was late. */
      readonly because?: StartDelay;
    }
  /** No member claimed these slots in time. `whole`: not even the leader did, so the gang waits again. */
  | { readonly kind: 'slots-expired'; readonly gang: string; readonly slots: number; readonly whole: boolean }
  /**
   * The victims are to be evicted; their room is held for the gang from now on. The plan must be written to the leader
   * before the first eviction. `isRestored`: it replaces one that was written before a restart or by another replica.
   */
  | {
      readonly kind: 'eviction-planned';
      readonly gang: string;
      readonly leader: PodRef;
      readonly plan: { readonly id: string; readonly untilMs: number; readonly slots: SlotCounts };
      readonly victims: readonly PlannedVictim[];
      /** Pods that are being deleted anyway and whose room the plan counts on: the written plan lists them, too. */
      readonly awaited: readonly PodRef[];
      /** Number of gangs that fall below their minimum. */
      readonly broken: number;
      /** `share`: some of the victims' queues held more than their share; `priority`: all victims have a lower priority. */
      readonly because: 'priority' | 'share';
      /** The queue of the gang. */
      readonly queue: string;
      /** The queues that held more than their share, as it was before. */
      readonly from: readonly TakenFrom[];
      /** Gangs that were reclaimed before and lose pods again so soon that they may go round in circles. */
      readonly cycles: number;
      readonly isRestored: boolean;
    }
  /**
   * The queue has held more than a `max` that was lowered for as long as the file allows: these victims, which are of one
   * gang, or of none (''), are to be evicted.
   */
  | {
      readonly kind: 'max-enforced';
      readonly gang: string;
      readonly queue: string;
      readonly victims: readonly PlannedVictim[];
    }
  /** muster evicts no more pods for the plan; `spared` are the victims that stay. */
  | {
      readonly kind: 'eviction-dropped';
      readonly gang: string;
      readonly leader: PodRef;
      readonly plan: string;
      readonly reason: string;
      readonly spared: readonly PodRef[];
    }
  /** The gang had a reservation and no pod yet: another gang gets its room, and it waits again. */
  | {
      readonly kind: 'reservation-revoked';
      readonly gang: string;
      readonly leader: PodRef;
      readonly slots: number;
      readonly forGang: string;
      /** `share`: its queue held more than its share; `priority`: the other gang has a higher one. */
      readonly because: 'priority' | 'share';
    }
  /**
   * A member came with priority `priority`, but pods were evicted for its gang that only `needed` could have evicted:
   * muster evicts none for the namespace for `forMs`.
   */
  | {
      readonly kind: 'priority-overclaimed';
      readonly gang: string;
      readonly leader: PodRef;
      /** Its name. */
      readonly member: string;
      readonly priority: number;
      readonly needed: number;
      readonly victims: number;
      readonly forMs: number;
    }
  /** The autoscaler has been asked for nodes for the gang. `members`: how many it lacks, all of which it asks for. */
  | { readonly kind: 'room-asked'; readonly gang: string; readonly leader: PodRef; readonly members: number }
  /** The autoscaler's answer changed, or (`failed`) the request could not be written. `message`: in one line, or ''. */
  | {
      readonly kind: 'room-answered';
      readonly gang: string;
      readonly leader: PodRef;
      readonly state: RoomRequestState;
      readonly message: string;
    }
  /** A slot lost its place and has another now. */
  | {
      readonly kind: 'slot-moved';
      readonly gang: string;
      readonly role: string;
      readonly from: string;
      readonly to: string;
    }
  /** A slot lost its place and there is no room for it now; muster places it again when room appears. */
  | { readonly kind: 'slot-unplaced'; readonly gang: string; readonly role: string; readonly from: string };

/** After a reload: what so many gangs hold in queue `from` counts in queue `to` from now on. */
export interface QueueMove {
  readonly from: string;
  readonly to: string;
  readonly gangs: number;
  /** There is no queue `from` any more. */
  readonly isGone: boolean;
}

/** When a waiting gang starts if the forecasts hold, in ms; `latestMs` holds nine times of ten. */
export interface StartTime {
  readonly earliestMs: number;
  readonly aboutMs: number;
  readonly latestMs: number;
  readonly becauseOf: readonly string[];
}

/** `forecast`: a run took longer than foretold. `overtaken`: a gang of higher priority started. `room`: nodes or other pods took room. */
export type StartDelay = 'forecast' | 'overtaken' | 'room';

interface PlacedSlot {
  readonly role: string;
  readonly node: string;
}

/** A queue from which pods are reclaimed, and the resource of which it holds most beyond its share. */
export interface TakenFrom {
  readonly queue: string;
  readonly resource: string;
  /** In the unit of the resource. */
  readonly held: number;
  readonly share: number;
  readonly victims: number;
}

export interface PlannedVictim {
  readonly pod: PodRef;
  readonly node: string;
  readonly gang?: string;
  readonly role?: string;
  /** Its priority is lower than the gang's, its queue held more than its share, or more than its max. */
  readonly because: 'priority' | 'share' | 'max';
  /** The eviction cost; 0 for a victim of an earlier plan that this one amends. */
  readonly coreSeconds: number;
  /** Whether it leads its gang, which is then evicted whole. */
  readonly isLeader: boolean;
  /** The grace period that it gets instead of its own, in ms. */
  readonly graceMs?: number;
  /** Its disruption budgets no longer protect it: it is to be deleted, since the Eviction API would refuse. */
  readonly overrulesBudgets?: true;
}
