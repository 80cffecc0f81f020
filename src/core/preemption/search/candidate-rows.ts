import type { Candidate, ReservationCandidate } from '../candidates/candidate.ts';
import type { Pool } from '../candidates/candidate-pool.ts';
import type { PoolEntries } from '../candidates/pool-entries.ts';
import { hasElastic } from '../candidates/victim-gang.ts';
import type { Slices } from '../../work.ts';
import type { VictimSet } from './victim-set.ts';

/** The candidates of a greedy search by row. Those of a tier come when the search has got to it. */
export interface CandidateRows {
  /** Adds the candidates of the next tier. */
  add(tier: number): Slices<void>;
  /** The rows that have candidates. */
  readonly rows: Iterable<number>;
  countAt(row: number): number;
  /** What the cheapest open candidate of the row adds to the set, in core-seconds; Infinity: there is none. */
  leastAt(row: number, tier: number): number;
  /**
   * A lower bound of what a place costs that candidates of the row win; undefined: nothing is known. It holds as long as
   * the leader takes no other pod's place: what victims add only grows while others are selected, but where a gang falls below
   * its minimum, and then its rows are opened again.
   */
  boundAt?(row: number, tier: number): number | undefined;
  /** The open candidates of the row, the tiers in their order. */
  openAt(row: number, tier: number): Candidate[];
}

export const rowsOf = (victims: VictimSet, pool: Pool): CandidateRows =>
  pool.entries ? new EntryRows(victims, pool, pool.entries) : new ListedRows(victims, pool);

/** Whether a search of this tier may select the candidate. */
const isOpen = (victims: VictimSet, candidate: Candidate, tier: number): boolean =>
  (candidate.level * 2 < tier || victims.tierOf(candidate) <= tier) && !victims.selected.has(candidate);

/** Candidates that exist already. */
class ListedRows implements CandidateRows {
  readonly #victims: VictimSet;
  readonly #pool: Pool;
  readonly #byRow = new Map<number, Candidate[]>();

  constructor(victims: VictimSet, pool: Pool) {
    this.#victims = victims;
    this.#pool = pool;
  }

  get rows(): Iterable<number> {
    return this.#byRow.keys();
  }

  *add(tier: number): Slices<void> {
    const { work } = this.#victims;
    for (const candidate of this.#pool.ofTier(tier)) {
      work.pass(1);
      if (work.isPauseDue()) yield;
      addByRow(this.#byRow, candidate);
    }
  }

  countAt(row: number): number {
    return this.#byRow.get(row)?.length ?? 0;
  }

  leastAt(row: number, tier: number): number {
    let least = Infinity;
    for (const candidate of this.#byRow.get(row) ?? [])
      if (isOpen(this.#victims, candidate, tier)) least = Math.min(least, this.#victims.costOf(candidate));
    return least;
  }

  openAt(row: number, tier: number): Candidate[] {
    return (this.#byRow.get(row) ?? []).filter((candidate) => isOpen(this.#victims, candidate, tier));
  }
}

function addByRow<T extends Candidate>(byRow: Map<number, T[]>, candidate: T): void {
  for (const { row } of candidate.freed) {
    const there = byRow.get(row);
    if (!there) byRow.set(row, [candidate]);
    else if (there.at(-1) !== candidate) there.push(candidate);
  }
}

const NONE = -1;
/** So many entries are as much work as one candidate. */
const ENTRIES_PER_UNIT = 16;

/** Candidates that come into being when their row reaches the top of the heap; until then they are entries of a pool. */
class EntryRows implements CandidateRows {
  readonly #victims: VictimSet;
  readonly #pool: Pool;
  readonly #entries: PoolEntries;
  /** By row, the first and the last entry; by entry, the next one. */
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #next: Int32Array;
  readonly #counts: Int32Array;
  readonly #reservations = new Map<number, ReservationCandidate[]>();
  readonly #rows = new Set<number>();
  /** Scratch: by column, the most that one entry of a row frees. */
  readonly #largest: Float64Array;

  constructor(victims: VictimSet, pool: Pool, entries: PoolEntries) {
    this.#victims = victims;
    this.#pool = pool;
    this.#entries = entries;
    this.#largest = new Float64Array(entries.columns);
    this.#heads = new Int32Array(entries.rows).fill(NONE);
    this.#tails = new Int32Array(entries.rows);
    this.#counts = new Int32Array(entries.rows);
    this.#next = new Int32Array(entries.size).fill(NONE);
  }

  get rows(): Iterable<number> {
    return this.#rows;
  }

  *add(tier: number): Slices<void> {
    for (const candidate of this.#pool.reservationsOf?.(tier) ?? []) {
      addByRow(this.#reservations, candidate);
      for (const { row } of candidate.freed) this.#rows.add(row);
    }
    const { work } = this.#victims;
    let added = 0;
    for (const i of this.#entries.ofTier(tier)) {
      this.#append(i, this.#entries.rowAt(i));
      if (++added % ENTRIES_PER_UNIT > 0) continue;
      work.pass(1);
      if (work.isPauseDue()) yield;
    }
  }

  #append(i: number, row: number): void {
    if (this.#heads[row] === NONE) {
      this.#heads[row] = i;
      this.#rows.add(row);
    } else this.#next[this.#tails[row]!] = i;
    this.#tails[row] = i;
    this.#counts[row]!++;
  }

  countAt(row: number): number {
    return (this.#counts[row] ?? 0) + (this.#reservations.get(row)?.length ?? 0);
  }

  leastAt(row: number, tier: number): number {
    let least = Infinity;
    for (let i = this.#heads[row] ?? NONE; i !== NONE; i = this.#next[i]!)
      if (this.#isOpen(i, tier)) least = Math.min(least, this.#costOf(i));
    for (const candidate of this.#reservations.get(row) ?? [])
      if (isOpen(this.#victims, candidate, tier)) least = Math.min(least, this.#victims.costOf(candidate));
    return least;
  }

  boundAt(row: number, tier: number): number | undefined {
    const { shortfall } = this.#victims;
    if (this.#pool.hasReservations || !shortfall.fewestPieces) return undefined;
    this.#largest.fill(0);
    let open = 0;
    for (let i = this.#heads[row] ?? NONE; i !== NONE; i = this.#next[i]!) {
      if (!this.#isOpen(i, tier)) continue;
      open++;
      const vector = this.#entries.vectorAt(i);
      for (let c = 0; c < vector.length; c++) this.#largest[c] = Math.max(this.#largest[c]!, vector[c]!);
    }
    const pieces = shortfall.fewestPieces(row, this.#largest);
    if (pieces === 1 || pieces > open) return undefined;
    const further = this.#furtherCosts(row, tier).sort((a, b) => a - b);
    let bound = this.leastAt(row, tier);
    for (let n = 0; n < pieces - 1; n++) bound += further[n]!;
    return bound;
  }

  /** What each open entry adds at least, also if its gang has just been broken. */
  #furtherCosts(row: number, tier: number): number[] {
    const out: number[] = [];
    for (let i = this.#heads[row] ?? NONE; i !== NONE; i = this.#next[i]!)
      if (this.#isOpen(i, tier))
        out.push(this.#entries.costAt(i) + (this.#isNeeded(i) ? this.#entries.kindAt(i).comeback : 0));
    return out;
  }

  openAt(row: number, tier: number): Candidate[] {
    const open: Candidate[] = this.#entries.candidatesAt(this.#entriesAt(row, tier));
    for (const candidate of this.#reservations.get(row) ?? [])
      if (isOpen(this.#victims, candidate, tier)) open.push(candidate);
    // Reservations come before the pods of their tier, and these in the order in which they came.
    return this.#reservations.has(row) ? open.sort((a, b) => this.#addedIn(a) - this.#addedIn(b)) : open;
  }

  #entriesAt(row: number, tier: number): number[] {
    const out: number[] = [];
    for (let i = this.#heads[row] ?? NONE; i !== NONE; i = this.#next[i]!) if (this.#isOpen(i, tier)) out.push(i);
    const { isDisordered } = this.#entries;
    if (isDisordered && out.length > 1)
      out.sort((a, b) => this.#tierAt(a) - this.#tierAt(b) || this.#entries.orderAt(a) - this.#entries.orderAt(b));
    return out;
  }

  /** The tier with which the entry was added. */
  #tierAt(i: number): number {
    const { level, mayBeElastic } = this.#entries.kindAt(i);
    return level * 2 + (mayBeElastic ? 0 : 1);
  }

  #addedIn(candidate: Candidate): number {
    if (candidate.kind === 'reservation') return candidate.level * 2 - 0.5;
    const isPod = candidate.kind === 'pod';
    const mayBeElastic = candidate.isGivenUp || (isPod && (candidate.members?.elastic ?? 0) > 0);
    return candidate.level * 2 + (mayBeElastic ? 0 : 1);
  }

  /** As `isOpen`. */
  #isOpen(i: number, tier: number): boolean {
    const known = this.#entries.knownAt(i);
    if (known && this.#victims.selected.has(known)) return false;
    const { level } = this.#entries.kindAt(i);
    return level * 2 < tier || level * 2 + (this.#isNeeded(i) ? 1 : 0) <= tier;
  }

  /** As VictimSet.isNeeded. */
  #isNeeded(i: number): boolean {
    const { isGivenUp, members } = this.#entries.kindAt(i);
    return !isGivenUp && !(members && hasElastic(members));
  }

  /** As VictimSet.costOf. */
  #costOf(i: number): number {
    const cost = this.#entries.costAt(i);
    if (!this.#isNeeded(i)) return cost;
    const { gang, comeback, broken } = this.#entries.kindAt(i);
    if (!gang) return cost + comeback + broken;
    return gang.isBroken ? cost + comeback : cost + comeback + gang.breakCost;
  }
}
