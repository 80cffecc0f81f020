import type { Cluster } from '../cluster/cluster.ts';
import type { Vector } from '../resources.ts';
import type { Slot } from './slot.ts';

/** A member beyond its gang's minimum, answered to kube-scheduler and not yet seen bound. It holds its room. */
export interface ElasticHold {
  readonly podUid: string;
  readonly gang: string;
  readonly role: string;
  readonly node: string;
  readonly vector: Vector;
}

/**
 * All slots and elasticHolds, by pod and by node, with the room they hold in the cluster. Every change of a slot's state,
 * node or vector goes through here, so that what is held is always what the slots say.
 */
export class Ledger {
  readonly #cluster: Cluster;
  readonly #byPod = new Map<string, Slot>();
  readonly #byNode = new Map<string, Set<Slot>>();
  readonly #elasticHolds = new Map<string, ElasticHold>();
  /** No slot expires before this. */
  #nextDeadlineMs = Infinity;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get nextDeadlineMs(): number {
    return this.#nextDeadlineMs;
  }

  get elasticHolds(): ReadonlyMap<string, ElasticHold> {
    return this.#elasticHolds;
  }

  /** The caller has looked at every deadline; the soonest left is this. */
  setNextDeadline(deadlineMs: number): void {
    this.#nextDeadlineMs = deadlineMs;
  }

  slotOf(podUid: string): Slot | undefined {
    return this.#byPod.get(podUid);
  }

  elasticHoldOf(podUid: string): ElasticHold | undefined {
    return this.#elasticHolds.get(podUid);
  }

  /** Slots that hold room at the node, or whose pod is bound there. */
  slotsAt(node: string): ReadonlySet<Slot> {
    return this.#byNode.get(node) ?? new Set();
  }

  /** An unplaced slot gets room. */
  place(slot: Slot, row: number, deadlineMs: number): void {
    this.#moveTo(slot, this.#cluster.table.nameAt(row));
    this.#cluster.hold(row, slot.vector);
    slot.state = 'reserved';
    this.setDeadline(slot, deadlineMs);
  }

  /** A reserved slot is answered to a pod, which may ask more or less than was planned. */
  assume(slot: Slot, podUid: string, vector: Vector): void {
    this.#cluster.release(slot.node, slot.vector);
    slot.vector = vector;
    this.#cluster.hold(this.#cluster.table.rowOf(slot.node)!, vector);
    slot.state = 'assumed';
    slot.podUid = podUid;
    slot.deadlineMs = Infinity;
    this.#byPod.set(podUid, slot);
  }

  /** The pod went before it was bound: the slot is free for another. */
  forget(slot: Slot, deadlineMs: number): void {
    this.#byPod.delete(slot.podUid);
    slot.podUid = '';
    slot.state = 'reserved';
    this.setDeadline(slot, deadlineMs);
  }

  /** A pod is bound and takes its room itself. From any state. */
  confirm(slot: Slot, podUid: string, node: string): void {
    this.#releaseRoom(slot);
    this.#byPod.delete(slot.podUid);
    this.#moveTo(slot, node);
    slot.state = 'bound';
    slot.podUid = podUid;
    slot.deadlineMs = Infinity;
    this.#byPod.set(podUid, slot);
  }

  /** The slot has no node and no pod any more. From any state. */
  unplace(slot: Slot): void {
    this.#releaseRoom(slot);
    this.#byPod.delete(slot.podUid);
    this.#moveTo(slot, '');
    slot.state = 'unplaced';
    slot.podUid = '';
    slot.deadlineMs = Infinity;
  }

  holdElastic(elastic: ElasticHold): void {
    this.dropElastic(elastic.podUid);
    this.#elasticHolds.set(elastic.podUid, elastic);
    this.#cluster.hold(this.#cluster.table.rowOf(elastic.node)!, elastic.vector);
  }

  dropElastic(podUid: string): void {
    const elastic = this.#elasticHolds.get(podUid);
    if (!elastic) return;
    this.#elasticHolds.delete(podUid);
    this.#cluster.release(elastic.node, elastic.vector);
  }

  /** When a reserved slot is given up. */
  setDeadline(slot: Slot, deadlineMs: number): void {
    slot.deadlineMs = deadlineMs;
    this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, deadlineMs);
  }

  #releaseRoom(slot: Slot): void {
    if (slot.state === 'reserved' || slot.state === 'assumed') this.#cluster.release(slot.node, slot.vector);
  }

  #moveTo(slot: Slot, node: string): void {
    if (slot.node === node) return;
    if (slot.node !== '') {
      const there = this.#byNode.get(slot.node);
      there?.delete(slot);
      if (there?.size === 0) this.#byNode.delete(slot.node);
      if (slot.isLeader) this.#cluster.countLeader(slot.node, -1);
    }
    slot.node = node;
    if (node === '') return;
    const there = this.#byNode.get(node);
    if (there) there.add(slot);
    else this.#byNode.set(node, new Set([slot]));
    if (slot.isLeader) this.#cluster.countLeader(node, 1);
  }
}
