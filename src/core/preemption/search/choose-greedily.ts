import { RowHeap } from '../../placement/row-heap.ts';
import { rowsOf, type CandidateRows } from './candidate-rows.ts';
import type { VictimSet } from './victim-set.ts';
import type { Candidate } from '../candidates/candidate.ts';
import type { Pool } from '../candidates/candidate-pool.ts';
import type { Slices } from '../../work.ts';

/** Candidates of one row that together win at least one place, and the cost. */
interface Step {
  readonly candidates: readonly Candidate[];
  /** Core-seconds. */
  readonly costPerPlace: number;
  /** The version of the victim set for which it was computed. */
  readonly version: number;
}

/**
 * Selects candidates until the shortfall is met or nothing helps: tier by tier from the lowest, in each the cheapest
 * place first. The next step of a row is computed only when its lower bound comes to the top, and again when the victim
 * set has changed.
 */
export function* selectCheapest(victims: VictimSet, pool: Pool): Slices<void> {
  const mayGoOn = () =>
    !victims.isEnough && !victims.isBudgetSpent && (pool.hasReservations || victims.maySelectPods());
  const rows = rowsOf(victims, pool);
  const greedy = new Greedy(victims, rows);
  for (const tier of pool.tiers) {
    if (!mayGoOn()) return;
    yield* rows.add(tier);
    yield* greedy.selectUpTo(tier, mayGoOn);
  }
}

/** A pool of these candidates. */
export function poolOf(candidates: readonly Candidate[]): Pool {
  const levels = [...new Set(candidates.map(({ level }) => level))].sort((a, b) => a - b);
  return {
    size: candidates.length,
    tiers: levels.flatMap((level) => [level * 2, level * 2 + 1]),
    ofTier: (tier) => candidates.filter(({ level }) => level * 2 === tier),
    all: () => candidates,
    hasReservations: candidates.some(({ kind }) => kind === 'reservation'),
  };
}

class Greedy {
  readonly #victims: VictimSet;
  readonly #rows: CandidateRows;
  readonly #heap = new RowHeap();
  /** The valid key of each row: heap entries with another key are out of date. */
  readonly #keys = new Map<number, number>();
  readonly #steps = new Map<number, Step>();
  /** Rows that had a closer bound since they were opened; true: it is still their key. */
  readonly #bounded = new Map<number, boolean>();
  #version = 0;

  constructor(victims: VictimSet, rows: CandidateRows) {
    this.#victims = victims;
    this.#rows = rows;
  }

  *selectUpTo(tier: number, mayGoOn: () => boolean): Slices<void> {
    const { work } = this.#victims;
    this.#heap.clear();
    this.#keys.clear();
    for (const row of this.#rows.rows) {
      this.#open(row, tier, (key) => this.#heap.append(row, key));
      if (work.isPauseDue()) yield;
    }
    this.#heap.heapify();
    while (this.#heap.size > 0 && mayGoOn()) {
      this.#advance(tier);
      if (work.isPauseDue()) yield;
    }
  }

  /** Handles the top of the heap: drops it, computes its step, or selects the candidates of its step. */
  #advance(tier: number): void {
    const { topRow: row, topKey: key } = this.#heap;
    if (this.#keys.get(row) !== key) {
      this.#heap.pop();
      return;
    }
    const known = this.#steps.get(row);
    if (known?.version === this.#version) {
      this.#heap.pop();
      this.#select(known, tier);
      this.#open(row, tier, (next) => this.#heap.push(row, next));
      return;
    }
    if (this.#bound(row, tier, -key)) return;
    this.#bounded.set(row, false);
    const step = this.#stepAt(row, tier);
    if (!step) {
      this.#heap.pop();
      this.#keys.delete(row);
      return;
    }
    this.#steps.set(row, step);
    this.#keys.set(row, -step.costPerPlace);
    this.#heap.rekeyTop(-step.costPerPlace);
  }

  /** Puts the row at the top off until its closer bound is the least. @returns false if there is none */
  #bound(row: number, tier: number, least: number): boolean {
    if (this.#bounded.has(row)) return false;
    const bound = this.#rows.boundAt?.(row, tier);
    if (bound === undefined || bound <= least) return false;
    this.#bounded.set(row, true);
    this.#keys.set(row, -bound);
    this.#heap.rekeyTop(-bound);
    return true;
  }

  #select({ candidates }: Step, tier: number): void {
    const broken = candidates.map(({ gang }) => gang?.isBroken);
    const { isLeaderAside } = this.#victims.shortfall;
    for (const candidate of candidates) this.#victims.select(candidate);
    this.#version++;
    if (isLeaderAside && !this.#victims.shortfall.isLeaderAside) this.#openBounded(tier);
    // Once a gang is below its minimum, its other members are cheaper: their rows need new keys.
    candidates.forEach(({ gang }, i) => {
      if (!gang?.isBroken || broken[i]) return;
      const rows = new Set(gang.rows);
      for (const row of rows) this.#open(row, tier, (key) => this.#heap.push(row, key));
    });
  }

  /** The closer bounds hold no longer. */
  #openBounded(tier: number): void {
    for (const [row, isKey] of [...this.#bounded]) if (isKey) this.#open(row, tier, (key) => this.#heap.push(row, key));
  }

  /** Adds the row to the heap with its lower bound, the cost of its cheapest candidate. */
  #open(row: number, tier: number, put: (key: number) => void): void {
    this.#victims.charge(this.#rows.countAt(row));
    const least = this.#rows.leastAt(row, tier);
    if (least === Infinity) return;
    this.#bounded.delete(row);
    this.#keys.set(row, -least);
    put(-least);
  }

  #stepAt(row: number, tier: number): Step | undefined {
    const victims = this.#victims;
    const open = this.#rows.openAt(row, tier);
    victims.charge(open.length);
    const ranked = open.map((candidate) => ({
      candidate,
      tier: victims.tierOf(candidate),
      cost: victims.costOf(candidate),
    }));
    ranked.sort((a, b) => a.tier - b.tier || a.cost - b.cost);
    const inOrder = ranked.map(({ candidate }) => candidate);
    const together = this.#stepOf(inOrder);
    if (!together || together.candidates.length === 1) return together;
    const vain: Candidate[] = [];
    let best = together;
    for (const { candidate, cost } of ranked) {
      // A candidate wins no place if one with at least as much room won none.
      if (cost >= together.costPerPlace || vain.some((other) => isCovered(candidate, other))) continue;
      const alone = this.#stepOf([candidate]);
      if (!alone) vain.push(candidate);
      else if (alone.costPerPlace < best.costPerPlace) best = alone;
    }
    return best;
  }

  /** The first candidates, in their order, that together win a place, without those that are not needed for it. */
  #stepOf(candidates: readonly Candidate[]): Step | undefined {
    const victims = this.#victims;
    const before = victims.shortfall.missing;
    const tried: { readonly added: readonly Candidate[]; readonly cost: number }[] = [];
    for (const candidate of candidates) {
      if (!victims.maySelect(candidate)) continue;
      const cost = victims.costOf(candidate);
      tried.push({ added: victims.select(candidate), cost });
      if (victims.shortfall.missing < before) break;
    }
    const after = victims.shortfall.missing;
    const kept = after < before ? tried.filter((one) => !this.#isSuperfluous(one.added, before)) : [];
    for (const { added } of after < before ? kept : tried) victims.reprieve(added);
    if (kept.length === 0) return undefined;
    const cost = kept.reduce((sum, one) => sum + one.cost, 0);
    return {
      candidates: kept.flatMap(({ added }) => added.slice(0, 1)),
      costPerPlace: cost / (before - after),
      version: this.#version,
    };
  }

  /** Whether a place is won without the candidates; they are then reprieved. */
  #isSuperfluous(added: readonly Candidate[], before: number): boolean {
    this.#victims.reprieve(added);
    if (this.#victims.shortfall.missing < before) return true;
    for (const candidate of added) this.#victims.select(candidate);
    return false;
  }
}

/** Whether the pod leaves no more room than the other pod of the same row. */
function isCovered(candidate: Candidate, other: Candidate): boolean {
  if (candidate.kind !== 'pod' || other.kind !== 'pod') return false;
  const [less, room] = [candidate.bound.vector, other.bound.vector];
  for (let c = 0; c < less.length; c++) if (less[c]! > (room[c] ?? 0)) return false;
  return true;
}
