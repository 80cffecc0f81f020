import type { PodRef, SlotCounts } from './model.ts';

/** What a decision asks the outside to do or to tell. Shells log it, count it, and write it to the API server. */
export type Effect =
  | {
      readonly kind: 'gang-admitted';
      readonly gang: string;
      readonly leader: PodRef;
      readonly slots: readonly PlacedSlot[];
    }
  /** The gang was admitted without being asked about: kube-scheduler must be brought to ask about its leader. */
  | { readonly kind: 'wake-leader'; readonly gang: string; readonly leader: PodRef; readonly gated: boolean }
  /** Its leader is bound, and its slots are held again: after a restart, or bound by another scheduler. */
  | { readonly kind: 'gang-adopted'; readonly gang: string; readonly slots: readonly PlacedSlot[] }
  | { readonly kind: 'gang-waits'; readonly gang: string; readonly leader: PodRef; readonly reason: string }
  /** The gang is over (its leader ended or went away); its slots are free. */
  | { readonly kind: 'gang-released'; readonly gang: string; readonly slots: number }
  /** Nobody claimed these slots in time. `whole`: the leader neither, so the gang waits again. */
  | { readonly kind: 'slots-expired'; readonly gang: string; readonly slots: number; readonly whole: boolean }
  /**
   * These pods are to be evicted to make room for the gang, which is held for it from now on. The plan is to be written
   * to the leader before the first of them goes. `isRestored`: it was written before; these are not being deleted yet.
   */
  | {
      readonly kind: 'eviction-planned';
      readonly gang: string;
      readonly leader: PodRef;
      readonly plan: { readonly id: string; readonly untilMs: number; readonly slots: SlotCounts };
      readonly victims: readonly PlannedVictim[];
      /** Pods that are being deleted anyway and whose room is counted on: they are written down as well. */
      readonly awaited: readonly PodRef[];
      /** Gangs that fall below their minimum by it. */
      readonly broken: number;
      readonly isRestored: boolean;
    }
  /** `spared` were to be evicted and are not. */
  | {
      readonly kind: 'eviction-dropped';
      readonly gang: string;
      readonly leader: PodRef;
      readonly plan: string;
      readonly reason: string;
      readonly spared: readonly PodRef[];
    }
  /** The gang had not begun: it gives its room to another that is more important, and waits again. */
  | {
      readonly kind: 'reservation-revoked';
      readonly gang: string;
      readonly leader: PodRef;
      readonly slots: number;
      readonly forGang: string;
    }
  /** Another scheduler took the room, or a node went: the slot was re-planned. */
  | {
      readonly kind: 'slot-moved';
      readonly gang: string;
      readonly role: string;
      readonly from: string;
      readonly to: string;
    }
  /** As slot-moved, but there is no room now; it is tried again when room appears. */
  | { readonly kind: 'slot-unplaced'; readonly gang: string; readonly role: string; readonly from: string };

interface PlacedSlot {
  readonly role: string;
  readonly node: string;
}

export interface PlannedVictim {
  readonly pod: PodRef;
  readonly node: string;
  readonly gang?: string;
  readonly role?: string;
  /** What its eviction costs; 0 in a plan that is taken up again. */
  readonly coreSeconds: number;
  /** It leads its gang, which goes whole with it. */
  readonly isLeader: boolean;
}
