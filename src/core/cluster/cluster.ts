import { ResourceColumns, sameAmounts, type Resources, type Vector } from '../resources.ts';
import type { GangPod, NodeInfo, PodInfo } from '../model.ts';
import { Domains } from './domains.ts';
import { Eligibility } from './eligibility.ts';
import { Occupancy } from './occupancy.ts';
import { NodeTable, type TableView } from './node-table.ts';
import { PodSlots } from './pod-slots.ts';

/** A pod that is bound to a node and has not ended. */
export interface BoundPod {
  readonly pod: PodInfo;
  readonly node: string;
  /** The row of the node; -1: the node is unknown. */
  readonly row: number;
  readonly vector: Vector;
  /** The pod is being evicted and takes no room here, because its room is already held for a gang or another pod. */
  readonly isLeaving: boolean;
  /** Its number; see PodSlots. */
  readonly slot: number;
}

/** A bound pod that is a member of a gang. */
export interface BoundMember extends BoundPod {
  readonly pod: GangPod;
}

/** A bound pod and the room that it takes at its node. */
export type BoundRoom = Pick<BoundPod, 'pod' | 'vector' | 'node'>;

/**
 * Counts who holds how much room, and where: the cluster reports its bound pods, the ledger what it holds for gangs. The
 * node may be one that is gone, or not there yet.
 */
export interface RoomCounter {
  hold(gang: string, vector: Vector, node: string): void;
  release(gang: string, vector: Vector, node: string): void;
  bind(bound: BoundRoom): void;
  unbind(bound: BoundRoom): void;
  /** The bound pod is being evicted (1), or stays after all (-1). */
  leave(bound: BoundRoom, sign: 1 | -1): void;
}

/** Read-only view of the cluster. */
export type ClusterView = Omit<
  Cluster,
  | 'putNode'
  | 'removeNode'
  | 'bind'
  | 'unbind'
  | 'leave'
  | 'stay'
  | 'hold'
  | 'release'
  | 'countLeader'
  | 'table'
  | 'slots'
> & { readonly table: TableView; readonly slots: Omit<PodSlots<BoundPod>, 'take' | 'put' | 'free'> };

const NO_MEMBERS: ReadonlyMap<string, BoundMember> = new Map();
const nothing = () => undefined;
const UNHEARD: RoomCounter = { hold: nothing, release: nothing, bind: nothing, unbind: nothing, leave: nothing };

/**
 * The in-memory snapshot: nodes, bound pods, and room held for pods to come. Every change costs O(resources).
 * `free` of a row = allocatable - bound pods that are not leaving - held room.
 */
export class Cluster {
  readonly columns: ResourceColumns;
  readonly table: NodeTable;
  readonly eligibility: Eligibility;
  readonly domains: Domains;
  readonly occupancy: Occupancy;
  /** The numbers of the bound pods. */
  readonly slots = new PodSlots<BoundPod>();
  readonly #bound = new Map<string, BoundPod>();
  readonly #byNode = new Map<string, Map<string, BoundPod>>();
  readonly #deleting = new Map<string, BoundPod>();
  readonly #byGang = new Map<string, Map<string, BoundMember>>();
  readonly #room: RoomCounter;
  #holdsAt = new Int32Array(64);
  readonly #heldRows = new Set<number>();
  #leadersAt = new Int32Array(64);

  /**
   * @param room counts the room of bound pods
   * @param ignored resources that count nowhere
   */
  constructor(room: RoomCounter = UNHEARD, ignored: readonly string[] = []) {
    this.#room = room;
    this.columns = new ResourceColumns(ignored);
    this.table = new NodeTable(this.columns);
    this.eligibility = new Eligibility(this.table);
    this.domains = new Domains(this.table);
    this.occupancy = new Occupancy(this.table);
  }

  boundPod(uid: string): BoundPod | undefined {
    return this.#bound.get(uid);
  }

  get boundPods(): ReadonlyMap<string, BoundPod> {
    return this.#bound;
  }

  /** Bound pods that have a deletionTimestamp. */
  get deletingPods(): Iterable<BoundPod> {
    return this.#deleting.values();
  }

  /** Pods bound to the node, in no particular order. */
  podsAt(node: string): Iterable<BoundPod> {
    return this.#byNode.get(node)?.values() ?? [];
  }

  /** The gang's bound pods of a role, without those that are leaving and those declared as elastic. */
  runningMembers(gang: string, role: string): BoundMember[] {
    return [...this.boundMembers(gang).values()].filter(({ pod: { membership, deleting }, isLeaving }) => {
      return membership.role === role && !membership.isElastic && !deleting && !isLeaving;
    });
  }

  /** The gang's bound pods by UID. */
  boundMembers(gang: string): ReadonlyMap<string, BoundMember> {
    return this.#byGang.get(gang) ?? NO_MEMBERS;
  }

  /** How many slots and assumed pods hold room at the row. */
  holdsAt(row: number): number {
    return this.#holdsAt[row]!;
  }

  /** The rows where slots or assumed pods hold room. */
  get heldRows(): ReadonlySet<number> {
    return this.#heldRows;
  }

  /** The number of gang leaders per row: bound, assumed or reserved. */
  get leadersAt(): Int32Array {
    return this.#leadersAt;
  }

  /** The vector of a waiting pod or a role; see ResourceColumns.requestVector. */
  requestVector(request: Resources): Vector {
    return this.columns.requestVector(request);
  }

  /** @returns the row of the node */
  putNode(node: NodeInfo): number {
    const { row, isNew } = this.table.upsert(node);
    if (row >= this.#holdsAt.length) {
      this.#holdsAt = doubled(this.#holdsAt);
      this.#leadersAt = doubled(this.#leadersAt);
    }
    if (isNew) {
      this.#heldRows.delete(row);
      this.#holdsAt[row] = this.#leadersAt[row] = 0;
      for (const bound of this.podsAt(node.name)) {
        this.#keep({ ...bound, row });
        if (!bound.isLeaving) this.table.take(row, bound.vector);
        if (staysWithNode(bound)) this.table.pin(row, bound.vector);
      }
    }
    return row;
  }

  /** Forgets the node and the room held there: later releases at it change nothing. Its pods stay, without a row. */
  removeNode(name: string): void {
    this.table.remove(name);
    for (const bound of this.podsAt(name)) this.#keep({ ...bound, row: -1 });
  }

  /** Books a bound pod at its node. @returns whether its room or node changed */
  bind(pod: PodInfo, node: string): boolean {
    const known = this.#bound.get(pod.uid);
    if (known && known.node === node && sameAmounts(known.pod.request, pod.request)) {
      // Labels of a bound pod may change, and with them its gang.
      const before = known.pod.membership?.gang;
      const isOthers = before !== pod.membership?.gang;
      const isMoved = isOthers || known.pod.evictionTraits?.isPinned !== pod.evictionTraits?.isPinned;
      if (before !== undefined && isOthers) removeFrom(this.#byGang, before, pod.uid);
      if (isMoved) this.#uncount(known);
      this.#repin(known, { ...known, pod });
      this.#keep({ ...known, pod });
      if (isMoved) {
        this.#count({ ...known, pod });
        this.occupancy.touch(known.row);
      }
      return false;
    }
    if (known) this.unbind(pod.uid);
    const vector = this.columns.vector(pod.request);
    const isLeaving = known?.isLeaving ?? false;
    const row = this.table.rowOf(node) ?? -1;
    const bound = { pod, node, row, vector, isLeaving, slot: this.slots.take() };
    this.#keep(bound);
    this.#repin(undefined, bound);
    this.#count(bound);
    if (row >= 0 && !isLeaving) this.table.take(row, vector);
    return true;
  }

  /** The pod is being evicted: from now on its room counts as free. */
  leave(uid: string): void {
    const known = this.#bound.get(uid);
    if (!known || known.isLeaving) return;
    this.#keep({ ...known, isLeaving: true });
    this.#room.leave(known, 1);
    if (known.row >= 0) this.table.give(known.row, known.vector);
  }

  /** The pod is not evicted after all. Its room may be taken by now, so that `free` goes negative. */
  stay(uid: string): void {
    const known = this.#bound.get(uid);
    if (!known?.isLeaving) return;
    this.#keep({ ...known, isLeaving: false });
    this.#room.leave(known, -1);
    if (known.row >= 0) this.table.take(known.row, known.vector);
  }

  #keep(bound: BoundPod): void {
    this.#bound.set(bound.pod.uid, bound);
    this.slots.put(bound);
    if (bound.pod.deleting) this.#deleting.set(bound.pod.uid, bound);
    else this.#deleting.delete(bound.pod.uid);
    addTo(this.#byNode, bound.node, bound);
    if (isBoundMember(bound)) addTo(this.#byGang, bound.pod.membership.gang, bound);
  }

  /** Counts a bound pod that stays with its node; whether it does may change while it runs. */
  #repin(before: BoundPod | undefined, now: BoundPod | undefined): void {
    const [was, is] = [before, now].map((bound) => bound !== undefined && staysWithNode(bound));
    if (was && !is) this.table.unpin(before!.row, before!.vector);
    if (is && !was) this.table.pin(now!.row, now!.vector);
  }

  #count(bound: BoundPod): void {
    this.#room.bind(bound);
    if (bound.isLeaving) this.#room.leave(bound, 1);
  }

  #uncount(bound: BoundPod): void {
    if (bound.isLeaving) this.#room.leave(bound, -1);
    this.#room.unbind(bound);
  }

  unbind(uid: string): BoundPod | undefined {
    const known = this.#bound.get(uid);
    if (!known) return undefined;
    this.#bound.delete(uid);
    this.#deleting.delete(uid);
    this.slots.free(known.slot);
    removeFrom(this.#byNode, known.node, uid);
    if (known.pod.membership) removeFrom(this.#byGang, known.pod.membership.gang, uid);
    this.#uncount(known);
    this.#repin(known, undefined);
    if (known.row >= 0 && !known.isLeaving) this.table.give(known.row, known.vector);
    this.occupancy.touch(known.row);
    return known;
  }

  hold(row: number, vector: Vector): void {
    this.table.take(row, vector);
    this.#holdsAt[row]!++;
    this.#heldRows.add(row);
  }

  /** Releases held room; does nothing if the node is gone. */
  release(node: string, vector: Vector): void {
    const row = this.table.rowOf(node);
    if (row === undefined) return;
    this.table.give(row, vector);
    if (--this.#holdsAt[row]! === 0) this.#heldRows.delete(row);
  }

  countLeader(node: string, change: 1 | -1): void {
    const row = this.table.rowOf(node);
    if (row !== undefined) this.#leadersAt[row] = Math.max(0, this.#leadersAt[row]! + change);
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(array.length * 2);
  wider.set(array);
  return wider;
}

/** Whether the pod goes only with its node: it is one of a DaemonSet, or static. */
export const staysWithNode = ({ pod, row }: Pick<BoundPod, 'pod' | 'row'>): boolean =>
  row >= 0 && pod.evictionTraits?.isPinned === true;

const isBoundMember = (bound: BoundPod): bound is BoundMember => bound.pod.membership !== undefined;

function addTo<T extends BoundPod>(index: Map<string, Map<string, T>>, key: string, bound: T): void {
  const known = index.get(key);
  if (known) known.set(bound.pod.uid, bound);
  else index.set(key, new Map([[bound.pod.uid, bound]]));
}

function removeFrom<T>(index: Map<string, Map<string, T>>, key: string, uid: string): void {
  const known = index.get(key);
  known?.delete(uid);
  if (known?.size === 0) index.delete(key);
}
