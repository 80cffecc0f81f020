import type { Cluster } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { Need, RowTest } from '../placement/need.ts';
import { capacityAt, ScratchRoom } from '../placement/room.ts';
import type { Vector } from '../resources.ts';

/**
 * How many places a gang lacks, while room is given to and taken from rows: O(1) for each change. Exact for a leader
 * and one other role, and for a single role (as Planner is); with more roles each is counted as if it were alone, which
 * is a bound: the planner has the last word.
 */
export class Demand {
  readonly #rows: number;
  readonly #free: Float64Array[];
  /** The columns that the gang asks of: the others are not copied, and not its affair. */
  readonly #columns: readonly number[];
  /** The leader, where it is one pod beside others: it may stand in their way. */
  readonly #leader: Need | undefined;
  readonly #others: readonly Counted[];
  /** By row, how many places of the first other need the leader would cost there; -1: it may not be there. */
  readonly #loss: Int32Array;
  /** How many rows have each loss. */
  readonly #lossCounts: Int32Array;
  readonly #inDomain: RowTest;
  readonly #domainBindsLeader: boolean;

  /**
   * @param leave what is to stay free on every node
   * @param inDomain where the gang may go at all
   */
  constructor(cluster: Cluster, needs: readonly Need[], limits: DemandLimits) {
    const vectors = needs.map(({ vector }) => vector);
    const { table } = cluster;
    this.#rows = table.rows;
    this.#free = new ScratchRoom().of(table, vectors, limits.leave);
    this.#columns = this.#free.map((_, c) => c).filter((c) => vectors.some((vector) => (vector[c] ?? 0) > 0));
    this.#inDomain = limits.inDomain;
    this.#domainBindsLeader = limits.domainBindsLeader;
    const [first, ...rest] = needs;
    const hasLeader = rest.length > 0 && first!.isLeader && first!.count === 1;
    this.#leader = hasLeader ? first : undefined;
    this.#others = (hasLeader ? rest : needs).map((need) => ({
      need,
      capacity: new Int32Array(table.rows),
      total: 0,
      wanted: need.count,
    }));
    this.#loss = new Int32Array(table.rows).fill(-1);
    this.#lossCounts = new Int32Array(this.#others[0]!.need.count + 2);
    for (let row = 0; row < table.rows; row++) this.#recount(row);
  }

  /** Places that are short; 0: the gang fits. */
  get missing(): number {
    const loss = this.#leader ? this.#leastLoss() : 0;
    const isLeaderOut = loss === this.#lossCounts.length;
    let missing = isLeaderOut ? 1 : 0;
    for (let i = 0; i < this.#others.length; i++) {
      const { total, wanted } = this.#others[i]!;
      missing += Math.max(0, wanted - total + (i === 0 && !isLeaderOut ? loss : 0));
    }
    return missing;
  }

  /** Asks for more places than there are members: where the planner needs a reserve. */
  widen(more: number): void {
    for (const other of this.#others) other.wanted += more;
  }

  /** Whether room at the row could help. */
  isUseful(row: number): boolean {
    return this.#others.some(({ need }) => hasBit(need.eligible, row) && this.#inDomain(row)) || this.#mayLead(row);
  }

  give(row: number, vector: Vector): void {
    this.#change(row, vector, 1);
  }

  take(row: number, vector: Vector): void {
    this.#change(row, vector, -1);
  }

  #mayLead(row: number): boolean {
    return (
      this.#leader !== undefined &&
      hasBit(this.#leader.eligible, row) &&
      (!this.#domainBindsLeader || this.#inDomain(row))
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
      const now = hasBit(need.eligible, row) && this.#inDomain(row) ? this.#capacity(need, row) : 0;
      other.total += now - capacity[row]!;
      capacity[row] = now;
    }
    if (!this.#leader) return;
    const before = this.#loss[row]!;
    const after = this.#mayLead(row) ? this.#lossAt(row, this.#leader) : -1;
    if (before >= 0) this.#lossCounts[before]!--;
    if (after >= 0) this.#lossCounts[after]!++;
    this.#loss[row] = after;
  }

  #lossAt(row: number, leader: Need): number {
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

  /** How many places the leader costs where it costs the fewest; the length of lossCounts where it may be nowhere. */
  #leastLoss(): number {
    let loss = 0;
    while (loss < this.#lossCounts.length && this.#lossCounts[loss] === 0) loss++;
    return loss;
  }

  #capacity(need: Need, row: number): number {
    return capacityAt(this.#free, row, need.vector, need.count);
  }
}

export interface DemandLimits {
  readonly leave: Vector | undefined;
  readonly inDomain: RowTest;
  readonly domainBindsLeader: boolean;
}

interface Counted {
  readonly need: Need;
  readonly capacity: Int32Array;
  total: number;
  /** How many places there have to be in all. */
  wanted: number;
}
