import type { Vector } from '../../resources.ts';
import type { Budgets } from '../candidates/budgets.ts';
import type { Candidate } from '../candidates/candidate.ts';
import { itemise, neededCost } from '../candidates/candidate-cost.ts';
import type { AddTerm, CostModel, CostTerm } from '../candidates/eviction-cost.ts';
import type { ExclusionRule } from '../candidates/exclusion-rules.ts';

/**
 * The harm done by a set of victims, compared field by field: apps that are lost whole, by priority level; then, from
 * the highest tier down, core-seconds; then the number of pods.
 */
export interface Harm {
  /** Leaders by level. */
  readonly apps: ReadonlyMap<number, number>;
  /** Core-seconds by tier (see VictimSet.tierOf). */
  readonly tiers: ReadonlyMap<number, number>;
  readonly pods: number;
}

/** What the search wants room for, while victims give it and take it back. */
export interface RoomSought {
  /** Places that are short; 0: it fits. */
  readonly missing: number;
  give(row: number, vector: Vector): void;
  take(row: number, vector: Vector): void;
}

/** What a search may still do, in candidates looked at: a count and no clock, so that the same cluster gives the same victims. */
export interface Work {
  left: number;
}

/** The candidates selected so far, and what is left of the shortfall and of the budgets with them. */
export class VictimSet {
  readonly shortfall: RoomSought;
  readonly selected = new Set<Candidate>();
  /** Rules that kept a candidate from being selected. */
  readonly hits = new Set<ExclusionRule>();
  readonly #budgets: Budgets;
  readonly #costs: CostModel;
  readonly #work: Work;

  constructor(shortfall: RoomSought, budgets: Budgets, costs: CostModel, work: Work = { left: Infinity }) {
    this.shortfall = shortfall;
    this.#budgets = budgets;
    this.#costs = costs;
    this.#work = work;
  }

  get isEnough(): boolean {
    return this.shortfall.missing === 0;
  }

  /** Whether the search has to end with what it has. */
  get isBudgetSpent(): boolean {
    return this.#work.left <= 0;
  }

  /** So many candidates have been looked at. */
  charge(candidates: number): void {
    this.#work.left -= candidates;
  }

  /** Whether any pod may be selected yet. */
  maySelectPods(): boolean {
    if (this.#budgets.isSpent) this.hits.add('budget per minute');
    return !this.#budgets.isSpent;
  }

  /** Whether its gang (or, for a pod of no gang, its owner) needs the candidate beside those selected now. */
  isNeeded({ kind, gang, role, isGivenUp }: Candidate): boolean {
    return kind !== 'reservation' && !isGivenUp && !(kind === 'pod' && gang?.hasElastic(role));
  }

  /** Half a priority level: its elastic candidates are the lower tier, those that are needed the upper. */
  tierOf(candidate: Candidate): number {
    return candidate.level * 2 + (this.isNeeded(candidate) ? 1 : 0);
  }

  /** Core-seconds that selecting the candidate adds. */
  costOf(candidate: Candidate, note?: AddTerm): number {
    return this.isNeeded(candidate) ? neededCost(this.#costs.weights, candidate, note) : candidate.cost;
  }

  /** @returns whether it is not selected yet and the rules allow it now */
  maySelect(candidate: Candidate): boolean {
    if (this.selected.has(candidate)) return false;
    this.charge(1 + candidate.others.length);
    // Those of its others that are selected already have been counted.
    const others =
      candidate.others.length === 0 ? candidate.others : candidate.others.filter((one) => !this.selected.has(one));
    const rule = this.#budgets.forbids(candidate, others, this.isNeeded(candidate));
    if (rule) this.hits.add(rule);
    return rule === undefined;
  }

  /** @returns what was selected: the candidate, and those of its others that were not selected before */
  select(candidate: Candidate): readonly Candidate[] {
    const all = (candidate.others.length === 0 ? [candidate] : [candidate, ...candidate.others]).filter(
      (one) => !this.selected.has(one),
    );
    for (const one of all) this.#move(one, 1);
    return all;
  }

  reprieve(candidates: readonly Candidate[]): void {
    for (const one of candidates) this.#move(one, -1);
  }

  clear(): void {
    this.reprieve([...this.selected]);
  }

  #move(candidate: Candidate, change: 1 | -1): void {
    if (change === 1) this.selected.add(candidate);
    else this.selected.delete(candidate);
    this.#budgets.count(candidate, change);
    if (candidate.kind === 'gang') candidate.gang.isWhole = change === 1;
    else if (candidate.kind === 'pod') candidate.gang?.count(candidate, change);
    for (const { row, vector } of candidate.freed) {
      if (change === 1) this.shortfall.give(row, vector);
      else this.shortfall.take(row, vector);
    }
  }

  /**
   * The victims with what each costs. Of a gang's members that go, as many as it can do without count as not needed: the
   * cheapest; the first that is needed carries what breaking its gang costs.
   */
  account(): readonly Charge[] {
    return this.#eachInOrder((candidate) => this.#chargeOf(candidate));
  }

  /** The same with the items of each cost. */
  itemised(): readonly ItemisedCharge[] {
    return this.#eachInOrder((candidate) => {
      const terms: CostTerm[] = [];
      const note: AddTerm = (term, coreSeconds) => terms.push({ term, coreSeconds });
      itemise(this.#costs, candidate, note);
      this.costOf(candidate, note);
      return { ...this.#chargeOf(candidate), terms };
    });
  }

  harm(): Harm {
    const apps = new Map<number, number>();
    const tiers = new Map<number, number>();
    const add = (sums: Map<number, number>, key: number, more: number) => sums.set(key, (sums.get(key) ?? 0) + more);
    for (const { candidate, tier, cost } of this.account()) {
      add(tiers, tier, cost);
      if (candidate.kind === 'gang') add(apps, candidate.level, 1);
    }
    return { apps, tiers, pods: this.selected.size };
  }

  /** Asks about each victim, the cheapest first, as if those after it were not selected yet. */
  #eachInOrder<T>(ask: (candidate: Candidate) => T): readonly T[] {
    this.charge(this.selected.size);
    const chosen = [...this.selected].sort((a, b) => a.cost - b.cost);
    this.reprieve(chosen);
    return chosen.map((candidate) => {
      const answer = ask(candidate);
      this.#move(candidate, 1);
      return answer;
    });
  }

  #chargeOf(candidate: Candidate): Charge {
    return {
      candidate,
      isNeeded: this.isNeeded(candidate),
      tier: this.tierOf(candidate),
      cost: this.costOf(candidate),
    };
  }
}

/** One victim, and what evicting it costs. */
export interface Charge {
  readonly candidate: Candidate;
  readonly isNeeded: boolean;
  readonly tier: number;
  /** Core-seconds. */
  readonly cost: number;
}

/** The terms add up to the cost. */
export interface ItemisedCharge extends Charge {
  readonly terms: readonly CostTerm[];
}

/** Negative where `a` does less harm. */
export function compareHarm(a: Harm, b: Harm): number {
  return compareByKey(a.apps, b.apps) || compareByKey(a.tiers, b.tiers) || a.pods - b.pods;
}

/** The highest key in which they differ by more than rounding decides. */
function compareByKey(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number {
  const keys = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => y - x);
  for (const key of keys) {
    const [x, y] = [a.get(key) ?? 0, b.get(key) ?? 0];
    if (Math.abs(x - y) > 1e-6 * Math.max(1, Math.abs(x), Math.abs(y))) return x - y;
  }
  return 0;
}
