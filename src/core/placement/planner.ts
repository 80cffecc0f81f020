import type { ClusterView } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { InFlight } from '../cluster/in-flight.ts';
import { FullestRowIndex } from './fullest-row-index.ts';
import { ANYWHERE, domainTests } from './topology.ts';
import type { Need, Plan, PlanRequest, RowTest } from './need.ts';
import { capacityAt, RoomyRows, ScratchRoom } from './room.ts';
import { Scratch } from './scratch.ts';
import { planWithin } from './within-limits.ts';
import { placeTwoKinds } from './two-kinds.ts';
import { bestRow, chooseRows, likesFullest, likingOf, rowsInOrder, type Space } from './strategies.ts';

/** How many places for the leader the planner tries in a domain; with fewer than three roles the first one works. */
const LEADER_TRIES = 32;

/**
 * Places whole gangs, or says that they do not fit. Exact for a single role, and for a leader and one other role: if
 * there is a way, the planner finds one. So it does for several leaders and one other role, as far as two-kinds.ts
 * bounds the work. With more roles it is greedy, the largest role first, with LEADER_TRIES places for the leader. Under
 * mode `require` or `prefer`, that holds per domain.
 * Works on a scratch copy of the room and changes nothing.
 */
export class Planner {
  readonly #cluster: ClusterView;
  readonly #scratch = new ScratchRoom();
  /** Room including the freed room of a simulation. */
  readonly #simulated = new ScratchRoom();
  readonly #roomy = new RoomyRows();
  readonly #buffers = new Scratch();
  readonly #fullest: FullestRowIndex;
  readonly #inFlight: Pick<InFlight, 'total'> | undefined;

  /** @param inFlight pods whose node is not known yet: the planner leaves their request free on every node */
  constructor(cluster: ClusterView, inFlight?: Pick<InFlight, 'total'>) {
    this.#cluster = cluster;
    this.#inFlight = inFlight;
    this.#fullest = new FullestRowIndex(cluster.table);
  }

  plan(request: PlanRequest): Plan {
    const { limits = [], room, ...rest } = request;
    if (limits.length === 0) return this.#plan(request);
    const { table, columns } = this.#cluster;
    const leave = room ? 0 : (this.#inFlight?.total?.[columns.pods] ?? 0);
    const pods = (room ?? table.free)[columns.pods]!;
    const podsAt = (row: number) => pods[row]! - leave;
    const plan = (one: PlanRequest) => this.#plan(room ? { ...one, room } : one);
    return planWithin(rest, limits, { plan, podsAt, column: columns.pods, rows: table.rows });
  }

  /** How much the need's strategy likes each of the rows for one pod, the greatest most; whether it fits is not looked at. */
  liking({ need, policy, siblings, freed }: Liked, rows: readonly number[]): Float64Array {
    const free = this.#scratch.of(this.#cluster.table.free, [need.vector], { freed });
    const space = {
      cluster: this.#cluster,
      policy,
      need,
      free,
      rows: Int32Array.from(rows),
      capacity: new Int32Array(rows.length).fill(1),
      placed: siblings,
      scratch: this.#buffers,
      scatters: false,
    };
    return likingOf(space).slice(0, rows.length);
  }

  #plan(request: PlanRequest): Plan {
    const plan = this.#planOne(request);
    if (plan) return plan;
    const needs = splitLeader(request);
    const vectors = needs.map(({ vector }) => vector);
    const { table } = this.#cluster;
    const { freed, room: given } = request;
    const now = given ?? table.free;
    const leave = given ? undefined : this.#inFlight?.total;
    const free = this.#scratch.of(now, vectors, { leave, freed });
    const fullest = leave || given || request.scatters || isAny(freed) ? undefined : this.#fullest;
    const buffers = { free, roomy: this.#roomy, fullest, scratch: this.#buffers };
    const attempt = new Attempt(this.#cluster, buffers, { ...request, needs });
    const short = attempt.shortNeed();
    if (short) return { kind: 'short', ...short };
    const isSimulated = isAny(freed) && request.policy.topology.mode !== 'none';
    const room = isSimulated ? this.#simulated.of(now, vectors, { freed }) : now;
    for (const test of domainTests(this.#cluster, room, { ...request, needs })) {
      const placed = attempt.place(test);
      const rows = placed ? mergeLeader(request, placed) : attempt.placeTwoKinds(request, test);
      if (rows) return { kind: 'placed', rows };
    }
    return { kind: 'short', need: undefined };
  }

  /** The plan for the most frequent request, one pod that may go anywhere; undefined: it needs the full search. */
  #planOne({ needs, offered, policy, freed, room }: PlanRequest): Plan | undefined {
    const [need] = needs;
    if (!need || needs.length > 1 || need.count > 1 || !likesFullest(need)) return undefined;
    if (policy.topology.mode !== 'none' || this.#inFlight?.total || room || isAny(freed)) return undefined;
    const row = this.#fullest.best(need);
    if (row === undefined) return { kind: 'short', need: 0, places: 0 };
    return !offered || offered(row) ? { kind: 'placed', rows: [Int32Array.of(row)] } : undefined;
  }
}

/** One pod, beside its siblings, with room that counts as free. */
interface Liked extends Pick<PlanRequest, 'policy' | 'siblings' | 'freed'> {
  readonly need: Need;
}

const isAny = (freed: PlanRequest['freed']) => freed !== undefined && freed.length > 0;

/** The pod in question has its own candidate nodes, so it is a need of its own even if its role has more members. */
function splitLeader({ needs, offered }: PlanRequest): readonly Need[] {
  const [first, ...rest] = needs;
  if (!offered || !first || first.count === 1) return needs;
  return [{ ...first, count: 1 }, { ...first, count: first.count - 1 }, ...rest];
}

function mergeLeader({ needs, offered }: PlanRequest, rows: readonly Int32Array[]): readonly Int32Array[] {
  if (!offered || needs[0]!.count === 1) return rows;
  return [Int32Array.of(...rows[0]!, ...rows[1]!), ...rows.slice(2)];
}

interface Buffers {
  readonly free: Float64Array[];
  readonly roomy: RoomyRows;
  /** Absent if `free` differs from the table's. */
  readonly fullest: FullestRowIndex | undefined;
  readonly scratch: Scratch;
}

/** One attempt to place a request. */
class Attempt {
  readonly #cluster: ClusterView;
  readonly #free: Float64Array[];
  readonly #roomy: RoomyRows;
  readonly #fullest: FullestRowIndex | undefined;
  readonly #scratch: Scratch;
  readonly #request: PlanRequest;

  constructor(cluster: ClusterView, { free, roomy, fullest, scratch }: Buffers, request: PlanRequest) {
    this.#cluster = cluster;
    this.#request = request;
    this.#free = free;
    this.#roomy = roomy;
    this.#fullest = fullest;
    this.#scratch = scratch;
  }

  /** The first need whose slots do not fit even if it were alone, and the number of those that do. */
  shortNeed(): { readonly need: number; readonly places: number } | undefined {
    const { needs, offered } = this.#request;
    for (const [i, need] of needs.entries()) {
      const places = this.#total(need, i === 0 ? offered : undefined, need.count);
      if (places < need.count) return { need: i, places };
    }
    return undefined;
  }

  place(inDomain: RowTest): readonly Int32Array[] | undefined {
    const { needs, offered, siblings } = this.#request;
    const first = needs[0];
    if (!first || first.count !== 1 || !(first.isLeader || offered)) return this.#placeRest(0, inDomain, [...siblings]);
    let failures = 0;
    for (const row of this.#leaderRows(inDomain)) {
      this.#take(first, row, -1);
      const rest = this.#placeRest(1, inDomain, [...siblings, row]);
      this.#take(first, row, 1);
      if (rest) return [Int32Array.of(row), ...rest];
      if (++failures === LEADER_TRIES) return undefined;
    }
    return undefined;
  }

  /** For several leaders and one other role, if the strategies found nothing: any way at all. */
  placeTwoKinds({ needs, offered }: PlanRequest, inDomain: RowTest): readonly Int32Array[] | undefined {
    const [leaders, others, ...rest] = needs;
    if (!leaders || !others || rest.length > 0 || leaders.count < 2) return undefined;
    const isAllowed = (need: Need, row: number) =>
      hasBit(need.eligible, row) && this.#allowed(need, inDomain)?.(row) !== false;
    const { rows } = this.#cluster.table;
    return placeTwoKinds({ free: this.#free, rows, needs: [leaders, others], isAllowed, offered });
  }

  /** Rows for the first need that leave enough room in total for the others, best first. Mostly the first will do. */
  *#leaderRows(inDomain: RowTest): Generator<number> {
    const { needs, siblings, offered } = this.#request;
    const need = needs[0]!;
    const allowed = needs.map((one) => this.#allowed(one, inDomain));
    // One pod takes the places of at most `count` others: with twice as many it may go anywhere.
    const totals = needs.map((other, i) => (i === 0 ? 0 : this.#total(other, allowed[i], 2 * other.count)));
    // Tested row by row, best first, because looking up a node name is expensive.
    const isOpen: RowTest = (row) => (!offered || offered(row)) && this.#leavesRoom(row, totals, allowed);
    const likely = this.#likely(need, allowed[0], siblings);
    if (likely === undefined) return;
    if (isOpen(likely)) yield likely;
    for (const heap = rowsInOrder(this.#space(need, allowed[0], siblings)); heap.size > 0;) {
      const row = heap.pop();
      if (row !== likely && isOpen(row)) yield row;
    }
  }

  /** The row that the need's strategy prefers for one pod. */
  #likely(need: Need, allowed: RowTest | undefined, siblings: readonly number[]): number | undefined {
    if (this.#fullest && !allowed && likesFullest(need)) return this.#fullest.best(need);
    return bestRow(this.#space(need, allowed, siblings));
  }

  /** Whether every other need keeps enough room in total with the first need's pod at the row. */
  #leavesRoom(row: number, totals: readonly number[], allowed: readonly (RowTest | undefined)[]): boolean {
    const { needs } = this.#request;
    for (let i = 1; i < needs.length; i++) {
      const need = needs[i]!;
      if (!hasBit(need.eligible, row) || allowed[i]?.(row) === false) continue;
      const before = this.#capacity(need, row);
      this.#take(needs[0]!, row, -1);
      const after = this.#capacity(need, row);
      this.#take(needs[0]!, row, 1);
      if (totals[i]! - before + after < need.count) return false;
    }
    return true;
  }

  /** The needs from `from` on, the largest member first; undefined where one does not fit. Leaves `free` as it was. */
  #placeRest(from: number, inDomain: RowTest, placed: number[]): readonly Int32Array[] | undefined {
    const { needs } = this.#request;
    const order = needs.map((_, i) => i).slice(from);
    order.sort((a, b) => this.#size(needs[b]!) - this.#size(needs[a]!) || a - b);
    const out: Int32Array[] = [];
    let fits = true;
    for (const i of order) {
      const need = needs[i]!;
      const rows = chooseRows(this.#space(need, this.#allowed(need, inDomain), placed));
      fits = rows !== undefined;
      if (!rows) break;
      out[i - from] = rows;
      for (const row of rows) this.#take(need, row, -1);
      placed.push(...rows);
    }
    out.forEach((rows, i) => rows.forEach((row) => this.#take(needs[i + from]!, row, 1)));
    return fits ? out : undefined;
  }

  #space(need: Need, allowed: RowTest | undefined, placed: readonly number[]): Space {
    const [free, roomy, scratch] = [this.#free, this.#roomy, this.#scratch];
    roomy.find(free, need, allowed);
    const { policy, scatters = false } = this.#request;
    const { rows, capacity } = roomy;
    return { cluster: this.#cluster, policy, need, free, rows, capacity, placed, scratch, scatters };
  }

  /** Which of the eligible rows the need may use, without regard to candidate nodes; undefined: all of them. */
  #allowed({ isLeader }: Need, inDomain: RowTest): RowTest | undefined {
    const isFree = inDomain === ANYWHERE || (isLeader && !this.#request.policy.topology.leader);
    return isFree ? undefined : inDomain;
  }

  /** The number of places for the need's pods, counted no further than `enough`. */
  #total(need: Need, allowed: RowTest | undefined, enough: number): number {
    const { rows } = this.#cluster.table;
    let total = 0;
    for (let row = 0; row < rows && total < enough; row++) {
      const fit = hasBit(need.eligible, row) ? this.#capacity(need, row) : 0;
      if (fit > 0 && (!allowed || allowed(row))) total += fit;
    }
    return total;
  }

  #capacity({ vector, count }: Need, row: number): number {
    return capacityAt(this.#free, row, vector, count);
  }

  #take(need: Need, row: number, sign: 1 | -1): void {
    for (let c = 0; c < need.vector.length; c++)
      if (need.vector[c] !== 0) this.#free[c]![row]! += sign * need.vector[c]!;
  }

  /** The largest ratio of a member's request to the most that one of the first 16 nodes has. For comparisons only. */
  #size(need: Need): number {
    const { table } = this.#cluster;
    let size = 0;
    for (let c = 0; c < need.vector.length; c++) {
      let most = 0;
      for (let row = 0; row < Math.min(table.rows, 16); row++) most = Math.max(most, table.allocatable[c]![row]!);
      if (most > 0) size = Math.max(size, need.vector[c]! / most);
    }
    return size;
  }
}
