import type { Cluster, RoomCounter } from '../cluster/cluster.ts';
import { isLeaderRole } from '../model.ts';
import type { Vector } from '../resources.ts';
import { Deadlines } from './deadlines.ts';
import type { Gang } from './gang.ts';
import type { Slot } from './slot.ts';

/**
 * The room of an assumed pod that has no slot: an elastic member, or a member whose gang has lost its slots since the
 * answer. kube-scheduler may be binding the pod, so that it keeps the room until it is bound, gone or answered anew.
 */
export interface PodHold {
  readonly podUid: string;
  readonly gang: string;
  readonly role: string;
  readonly node: string;
  readonly vector: Vector;
}

/** The slots of one role of a gang that have no place. */
export interface UnplacedSlots {
  readonly slots: ReadonlySet<Slot>;
  /** In each column the least that any of them asks: where this does not fit, none of them does. */
  readonly least: Vector;
  /** The position of the table's roomLog up to which new room has been tried for all of them; undefined: none has. */
  readonly triedTo: number | undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The book of all reservations: slots and pod holds, by pod and by node, with the room they hold in the cluster.
 * Only the ledger changes a slot, so that the held room always agrees with the slots.
 */
export class Ledger {
  readonly #cluster: Cluster;
  readonly #room: RoomCounter;
  readonly #byPod = new Map<string, Slot>();
  readonly #byNode = new Map<string, Set<Slot>>();
  readonly #podHolds = new Map<string, PodHold>();
  /** By gang and role; without those that have none. */
  readonly #unplaced = new Map<string, Map<string, UnplacedSlots>>();
  /** What slots and pod holds hold in total, by column. */
  readonly #held: number[] = [];
  readonly #deadlines = new Deadlines();

  /** @param room counts the room that each gang holds */
  constructor(cluster: Cluster, room: RoomCounter) {
    this.#cluster = cluster;
    this.#room = room;
  }

  get podHolds(): ReadonlyMap<string, PodHold> {
    return this.#podHolds;
  }

  /** What reserved and assumed slots and pod holds hold in total, by column; it may be shorter than the columns. */
  get held(): readonly number[] {
    return this.#held;
  }

  /** Unplaced slots by gang and role, the gang that lost its room first ahead. */
  get unplaced(): ReadonlyMap<string, ReadonlyMap<string, UnplacedSlots>> {
    return this.#unplaced;
  }

  /** Records that new room up to this position of the table's roomLog has been tried; undefined: try any room again. */
  setTried(unplaced: UnplacedSlots, position: number | undefined): void {
    (unplaced as Writable<UnplacedSlots>).triedTo = position;
  }

  /** The reserved slots whose deadline has come; each is told once, and the caller ends them. */
  takeExpired(nowMs: number): ReadonlySet<Slot> {
    return this.#deadlines.takeDue(nowMs);
  }

  slotOf(podUid: string): Slot | undefined {
    return this.#byPod.get(podUid);
  }

  podHoldOf(podUid: string): PodHold | undefined {
    return this.#podHolds.get(podUid);
  }

  /** Slots that hold room at the node, or whose pod is bound there. */
  slotsAt(node: string): ReadonlySet<Slot> {
    return this.#byNode.get(node) ?? new Set();
  }

  /** Adds an unplaced slot to the gang. */
  add(gang: Gang, role: string, vector: Vector): Slot {
    const isLeader = isLeaderRole(gang.spec, role);
    const nowhere = { state: 'unplaced', node: '', podUid: '', deadlineMs: Infinity } as const;
    const slot: Slot = { gang: gang.key, role, isLeader, vector, ...nowhere };
    (gang.slots as Slot[]).push(slot);
    this.#listUnplaced(slot);
    return slot;
  }

  /** Removes slots of the gang and releases their room; assumed pods keep theirs as pod holds. From any state. */
  remove(gang: Gang, slots: readonly Slot[]): void {
    for (const slot of slots) {
      const { state, podUid, role, node, vector } = slot;
      this.unplace(slot);
      this.#unlistUnplaced(slot);
      if (state === 'assumed') this.holdForPod({ podUid, gang: gang.key, role, node, vector });
    }
    const own = gang.slots as Slot[];
    const gone = new Set(slots);
    const kept = own.filter((slot) => !gone.has(slot));
    own.length = 0;
    for (const slot of kept) own.push(slot);
  }

  /** Places an unplaced slot at the row and holds its room until the deadline. */
  place(slot: Slot, row: number, deadlineMs: number): void {
    this.#moveTo(slot, this.#cluster.table.nameAt(row));
    this.#hold(slot.gang, row, slot.vector);
    this.#setState(slot, 'reserved');
    this.setDeadline(slot, deadlineMs);
  }

  /** Gives a reserved slot to a pod, whose request may differ from the planned one. */
  assume(slot: Slot, podUid: string, vector: Vector): void {
    this.#release(slot.gang, slot.node, slot.vector);
    const row = this.#cluster.table.rowOf(slot.node);
    if (row === undefined) throw new RangeError(`A slot of ${slot.gang} is assumed at ${slot.node}, which is gone.`);
    this.#hold(slot.gang, row, vector);
    this.#setState(slot, 'assumed');
    (slot as Writable<Slot>).vector = vector;
    this.#setPod(slot, podUid);
  }

  /** The pod of an assumed slot ended before it was bound: the slot is reserved again. */
  forget(slot: Slot, deadlineMs: number): void {
    this.#byPod.delete(slot.podUid);
    (slot as Writable<Slot>).podUid = '';
    this.#setState(slot, 'reserved');
    this.setDeadline(slot, deadlineMs);
  }

  /** Gives the slot to a bound pod, which takes its room itself. From any state. */
  confirm(slot: Slot, podUid: string, node: string): void {
    this.#releaseRoom(slot);
    this.#byPod.delete(slot.podUid);
    this.#moveTo(slot, node);
    this.#setState(slot, 'bound');
    this.#setPod(slot, podUid);
  }

  /** Takes node and pod from the slot. From any state. */
  unplace(slot: Slot): void {
    this.#releaseRoom(slot);
    this.#byPod.delete(slot.podUid);
    this.#moveTo(slot, '');
    this.#setState(slot, 'unplaced');
    (slot as Writable<Slot>).podUid = '';
    (slot as Writable<Slot>).deadlineMs = Infinity;
  }

  /** Moves a slot without a bound pod to a row where the pod that claims it fits. */
  move(slot: Slot, to: { readonly row: number; readonly vector: Vector; readonly deadlineMs: number }): void {
    this.unplace(slot);
    (slot as Writable<Slot>).vector = to.vector;
    this.place(slot, to.row, to.deadlineMs);
  }

  /** Two slots of one gang that hold equal room, each for no pod or for one that is not bound, change places. */
  trade(one: Slot, other: Slot): void {
    const [from, to] = [one.node, other.node];
    this.#moveTo(one, to);
    this.#moveTo(other, from);
  }

  /** Holds room for an assumed pod without a slot, in place of an earlier hold. */
  holdForPod(hold: PodHold): void {
    this.dropPodHold(hold.podUid);
    const row = this.#cluster.table.rowOf(hold.node);
    if (row === undefined) throw new RangeError(`Room is held at ${hold.node}, which is gone.`);
    this.#podHolds.set(hold.podUid, hold);
    this.#hold(hold.gang, row, hold.vector);
  }

  dropPodHold(podUid: string): void {
    const hold = this.#podHolds.get(podUid);
    if (!hold) return;
    this.#podHolds.delete(podUid);
    this.#release(hold.gang, hold.node, hold.vector);
  }

  /** Sets when a reserved slot expires. */
  setDeadline(slot: Slot, deadlineMs: number): void {
    (slot as Writable<Slot>).deadlineMs = deadlineMs;
    this.#deadlines.add(slot);
  }

  #hold(gang: string, row: number, vector: Vector): void {
    this.#cluster.hold(row, vector);
    this.#room.hold(gang, vector, this.#cluster.table.nameAt(row));
    vector.forEach((amount, c) => (this.#held[c] = (this.#held[c] ?? 0) + amount));
  }

  #release(gang: string, node: string, vector: Vector): void {
    this.#cluster.release(node, vector);
    this.#room.release(gang, vector, node);
    vector.forEach((amount, c) => (this.#held[c] = (this.#held[c] ?? 0) - amount));
  }

  #releaseRoom({ state, gang, node, vector }: Slot): void {
    if (state === 'reserved' || state === 'assumed') this.#release(gang, node, vector);
  }

  #setPod(slot: Slot, podUid: string): void {
    (slot as Writable<Slot>).podUid = podUid;
    (slot as Writable<Slot>).deadlineMs = Infinity;
    this.#byPod.set(podUid, slot);
  }

  #setState(slot: Slot, state: Slot['state']): void {
    if (slot.state === 'unplaced' && state !== 'unplaced') this.#unlistUnplaced(slot);
    if (slot.state !== 'unplaced' && state === 'unplaced') this.#listUnplaced(slot);
    (slot as Writable<Slot>).state = state;
  }

  #listUnplaced(slot: Slot): void {
    const { gang, role, vector } = slot;
    let roles = this.#unplaced.get(gang);
    if (!roles) this.#unplaced.set(gang, (roles = new Map<string, UnplacedSlots>()));
    const known = roles.get(role);
    if (!known) {
      roles.set(role, { slots: new Set([slot]), least: vector, triedTo: undefined });
      return;
    }
    (known.slots as Set<Slot>).add(slot);
    const all = known as Writable<UnplacedSlots>;
    all.triedTo = undefined;
    if (vector !== known.least) all.least = known.least.map((amount, c) => Math.min(amount, vector[c] ?? 0));
  }

  #unlistUnplaced(slot: Slot): void {
    const roles = this.#unplaced.get(slot.gang);
    const known = roles?.get(slot.role);
    if (!roles || !known) return;
    (known.slots as Set<Slot>).delete(slot);
    if (known.slots.size === 0) roles.delete(slot.role);
    if (roles.size === 0) this.#unplaced.delete(slot.gang);
  }

  #moveTo(slot: Slot, node: string): void {
    if (slot.node === node) return;
    if (slot.node !== '') {
      const there = this.#byNode.get(slot.node);
      there?.delete(slot);
      if (there?.size === 0) this.#byNode.delete(slot.node);
      if (slot.isLeader) this.#cluster.countLeader(slot.node, -1);
    }
    (slot as Writable<Slot>).node = node;
    if (node === '') return;
    const there = this.#byNode.get(node);
    if (there) there.add(slot);
    else this.#byNode.set(node, new Set([slot]));
    if (slot.isLeader) this.#cluster.countLeader(node, 1);
  }
}
