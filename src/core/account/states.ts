/**
 * What room is good for. Everything that is in use is in one state at a time.
 * `held`: a slot, until its pod is bound. `starting`: bound, before the gang runs with all members that it needs.
 * `working`: it does; and bound pods of no gang. `broken-...`: bound, while the gang lacks a member that it needs because
 * a node went, because pods were evicted, or for reasons of its own.
 */
export const ROOM_STATES = ['held', 'starting', 'working', 'broken-node', 'broken-eviction', 'broken-self'] as const;

export type RoomState = (typeof ROOM_STATES)[number];

/** The states that the bound members of a gang may be in: all of them are in the same. */
export type BoundState = Exclude<RoomState, 'held'>;
