import type { ClusterView } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { FreedRoom, Need, Room } from './need.ts';
import { capacityAt, ScratchRoom } from './room.ts';
import type { Vector } from '../resources.ts';

/**
 * The number of places that a gang lacks, while room is given to rows and taken from them: O(1) for each change. Exact
 * for a leader and one other role, and for a single role, as Planner is. With more roles it counts each role as if it
 * were alone, which is a lower bound, and the planner must confirm. Moves from domain to domain (`confine`), so that
 * the room is copied once.
 */
export class Shortfall {
  readonly #rows: number;
  readonly #free: Float64Array[];
  /** The columns that the gang requests. The others are not copied. */
  readonly #columns: readonly number[];
  /** The leader, if it is one pod beside others and may take their places. */
  readonly #leader: Need | undefined;
  readonly #others: readonly Counted[];
  /** By row, how many places of the first other need the leader would displace there; -1: it does not fit there. */
  readonly #displaced: Int32Array;
  /** How many rows have each number of displaced places. */
  readonly #displacedCounts: Int32Array;
  /** By row: 1 inside the domain, else 0. */
  readonly #isInside: Uint8Array;
  #inside: readonly number[] = [];
  readonly #domainBindsLeader: boolean;

  /** Call `confine` before anything else: there is no domain yet. */
  constructor(cluster: ClusterView, needs: readonly Need[], limits: ShortfallLimits) {
    const vectors = needs.map(({ vector }) => vector);
    const { table } = cluster;
    this.#rows = table.rows;
    this.#free = new ScratchRoom().of(limits.room ?? table.free, vectors, { leave: limits.leave });
    this.#columns = this.#free.map((_, c) => c).filter((c) => vectors.some((vector) => (vector[c] ?? 0) > 0));
    this.#isInside = new Uint8Array(table.rows);
    this.#domainBindsLeader = limits.domainBindsLeader;
    const [first, ...rest] = needs;
    this.#leader = rest.length > 0 && first?.isLeader && first.count === 1 ? first : undefined;
    this.#others = (this.#leader ? rest : needs).map((need) => ({
      need,
      capacity: new Int32Array(table.rows),
      total: 0,
      wanted: need.count,
    }));
    this.#displaced = new Int32Array(table.rows).fill(-1);
    this.#displacedCounts = new Int32Array(this.#others[0]!.need.count + 2);
    if (this.#leader && !limits.domainBindsLeader) for (let row = 0; row < table.rows; row++) this.#recount(row);
  }

  /** From now on the gang may use these rows and no others. */
  confine(rows: readonly number[]): void {
    const before = this.#inside;
    this.#inside = rows;
    for (const row of before) this.#isInside[row] = 0;
    for (const row of rows) this.#isInside[row] = 1;
    for (const row of before) this.#recount(row);
    for (const row of rows) this.#recount(row);
  }

  /** The number of missing places; 0: the gang fits. */
  get missing(): number {
    const displaced = this.#leader ? this.#leastDisplaced() : 0;
    const isLeaderOut = displaced === this.#displacedCounts.length;
    let missing = isLeaderOut ? 1 : 0;
    for (let i = 0; i < this.#others.length; i++) {
      const { total, wanted } = this.#others[i]!;
      missing += Math.max(0, wanted - total + (i === 0 && !isLeaderOut ? displaced : 0));
    }
    return missing;
  }

  /** Whether `missing` is exact, and no lower bound. */
  get isExact(): boolean {
    return this.#others.length === 1;
  }

  /** Whether the other places fit at each row once the gang's places are taken. */
  holds(places: readonly FreedRoom[], others: readonly FreedRoom[]): boolean {
    const all = [...places, ...others];
    for (const { row, vector } of all) this.#move(row, vector, -1);
    const isFine = others.every(({ row, vector }) =>
      this.#columns.every((c) => (vector[c] ?? 0) === 0 || this.#free[c]![row]! >= 0),
    );
    for (const { row, vector } of all) this.#move(row, vector, 1);
    return isFine;
  }

  /** Raises the number of wanted places, because the planner may need a margin. */
  widen(more: number): void {
    for (const other of this.#others) other.wanted += more;
  }

  /** Whether room at the row could help in the present domain. */
  isUseful(row: number): boolean {
    return (this.#isInside[row] === 1 && this.#suitsOthers(row)) || this.#mayLead(row);
  }

  /** Whether room at the row could help in some domain. */
  isEligible(row: number): boolean {
    return this.#suitsOthers(row) || (this.#leader !== undefined && hasBit(this.#leader.eligible, row));
  }

  /**
   * Lowers the other room, in the columns that the gang requests, to what is left here once these places are taken.
   * @param places absent: nothing is left at rows where room could help the gang
   */
  cap(other: Room, places?: readonly FreedRoom[]): void {
    for (const { row, vector } of places ?? []) this.#move(row, vector, -1);
    for (const c of this.#columns) {
      const [lowered, here] = [other[c]!, this.#free[c]!];
      for (let row = 0; row < this.#rows; row++) {
        const left = places || !this.isEligible(row) ? here[row]! : 0;
        if (left < lowered[row]!) lowered[row] = left;
      }
    }
    for (const { row, vector } of places ?? []) this.#move(row, vector, 1);
  }

  give(row: number, vector: Vector): void {
    this.#change(row, vector, 1);
  }

  take(row: number, vector: Vector): void {
    this.#change(row, vector, -1);
  }

  /**
   * How many pieces of room, none larger than `largest`, the row must get before the gang lacks fewer places: a lower
   * bound, as long as the leader takes no other pod's place. 1: one may be enough, or nothing is known.
   */
  fewestPieces(row: number, largest: Vector): number {
    const [first, ...more] = this.#others;
    if (!first || more.length > 0 || !this.isLeaderAside) return 1;
    const { vector, count, eligible } = first.need;
    if (this.#isInside[row] === 0 || !hasBit(eligible, row) || first.capacity[row] === count) return 1;
    let pieces = 1;
    let winsOne = false;
    for (const c of this.#columns) {
      const size = vector[c] ?? 0;
      if (size === 0) continue;
      if ((largest[c] ?? 0) <= size) winsOne = true;
      const short = (first.capacity[row]! + 1) * size - this.#free[c]![row]!;
      if (short > 0) pieces = Math.max(pieces, Math.ceil(short / (largest[c] ?? 0)));
    }
    return winsOne && pieces < Infinity ? pieces : 1;
  }

  /** Whether the leader, if one is to be placed, has a place that no other pod needs. */
  get isLeaderAside(): boolean {
    return !this.#leader || this.#displacedCounts[0]! > 0;
  }

  /** Whether more pods than these must leave, if each frees at most `most`: by a lower bound of their number. */
  needsMorePods(pods: number, most: Vector): boolean {
    return this.#others.some((other) => !this.#isEnough(pods, other, most) && this.#fewestFor(other, most) > pods);
  }

  /** Whether one row shows that the lower bound is no higher: no place counts more there than a second one of any row. */
  #isEnough(pods: number, { need, capacity, total, wanted }: Counted, most: Vector): boolean {
    const row = this.#inside.find((one) => hasBit(need.eligible, one));
    if (row === undefined || total >= wanted) return total >= wanted;
    const first = this.#podsFor(need, row, capacity[row]! + 1, most);
    const second = this.#podsFor(need, row, capacity[row]! + 2, most);
    return first < Infinity && (wanted - total) * (second - first) <= pods;
  }

  /** Counts first places of rows, the cheapest first, as long as they are cheaper than a second place of any row. */
  #fewestFor({ need, capacity, total, wanted }: Counted, most: Vector): number {
    const firsts: number[] = [];
    let further = Infinity;
    for (const row of total < wanted ? this.#inside : []) {
      const first = hasBit(need.eligible, row) ? this.#podsFor(need, row, capacity[row]! + 1, most) : Infinity;
      if (first === Infinity) continue;
      firsts.push(first);
      further = Math.min(further, this.#podsFor(need, row, capacity[row]! + 2, most) - first);
    }
    const inOrder = Float64Array.from(firsts).sort();
    let pods = 0;
    for (let i = 0; i < wanted - total; i++) pods += Math.min(inOrder[i] ?? Infinity, further);
    return pods;
  }

  #podsFor({ vector }: Need, row: number, places: number, most: Vector): number {
    let pods = 0;
    for (const c of this.#columns) {
      const short = places * (vector[c] ?? 0) - this.#free[c]![row]!;
      if (vector[c]! > 0 && short > 0) pods = Math.max(pods, short / (most[c] ?? 0));
    }
    return pods;
  }

  #suitsOthers(row: number): boolean {
    return this.#others.some(({ need }) => hasBit(need.eligible, row));
  }

  #mayLead(row: number): boolean {
    return (
      this.#leader !== undefined &&
      hasBit(this.#leader.eligible, row) &&
      (!this.#domainBindsLeader || this.#isInside[row] === 1)
    );
  }

  #change(row: number, vector: Vector, sign: 1 | -1): void {
    this.#move(row, vector, sign);
    this.#recount(row);
  }

  #recount(row: number): void {
    if (row >= this.#rows) return;
    for (const other of this.#others) {
      const { need, capacity } = other;
      const now = this.#isInside[row] === 1 && hasBit(need.eligible, row) ? this.#capacity(need, row) : 0;
      other.total += now - capacity[row]!;
      capacity[row] = now;
    }
    if (!this.#leader) return;
    const before = this.#displaced[row]!;
    const after = this.#mayLead(row) ? this.#displacedAt(row, this.#leader) : -1;
    if (before >= 0) this.#displacedCounts[before]!--;
    if (after >= 0) this.#displacedCounts[after]!++;
    this.#displaced[row] = after;
  }

  #displacedAt(row: number, leader: Need): number {
    if (this.#capacity(leader, row) === 0) return -1;
    const { need, capacity } = this.#others[0]!;
    if (capacity[row] === 0) return 0;
    this.#move(row, leader.vector, -1);
    const left = this.#capacity(need, row);
    this.#move(row, leader.vector, 1);
    return capacity[row]! - left;
  }

  #move(row: number, vector: Vector, sign: 1 | -1): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const c = this.#columns[i]!;
      this.#free[c]![row]! += sign * (vector[c] ?? 0);
    }
  }

  /** How many places the leader displaces at its best row; the length of #displacedCounts if it fits at none. */
  #leastDisplaced(): number {
    let least = 0;
    while (least < this.#displacedCounts.length && this.#displacedCounts[least] === 0) least++;
    return least;
  }

  #capacity(need: Need, row: number): number {
    return capacityAt(this.#free, row, need.vector, need.count);
  }
}

export interface ShortfallLimits {
  /** Room that must stay free on every node. */
  readonly leave: Vector | undefined;
  /** Whether the leader must be in the same domain. */
  readonly domainBindsLeader: boolean;
  /** The room to begin with; absent: what is free now. */
  readonly room?: Room;
}

interface Counted {
  readonly need: Need;
  readonly capacity: Int32Array;
  total: number;
  /** How many places there must be. */
  wanted: number;
}
