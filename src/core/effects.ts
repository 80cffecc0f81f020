/** What a decision asks the outside to do or to tell. Shells log it, count it, and (later) write it to the API server. */
export type Effect =
  | { readonly kind: 'gang-admitted'; readonly gang: string; readonly slots: readonly PlacedSlot[] }
  | { readonly kind: 'gang-waits'; readonly gang: string; readonly reason: string }
  /** The gang is over (its leader ended or went away); its slots are free. */
  | { readonly kind: 'gang-released'; readonly gang: string; readonly slots: number }
  /** Nobody claimed these slots in time. `whole`: the leader neither, so the gang waits again. */
  | { readonly kind: 'slots-expired'; readonly gang: string; readonly slots: number; readonly whole: boolean }
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
