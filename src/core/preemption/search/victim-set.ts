import type { Vector } from '../../resources.ts';
import type { Budgets } from '../candidates/budgets.ts';
import type { Candidate } from '../candidates/candidate.ts';
import { itemise, neededCost } from '../candidates/candidate-cost.ts';
import type { AddTerm, CostModel, CostTerm } from '../candidates/eviction-cost.ts';
import { hasElastic } from '../candidates/victim-gang.ts';
import type { ExclusionRule } from '../candidates/exclusion-rules.ts';
import { Work } from '../../work.ts';

/**
 * The harm done by a set of victims, compared field by field: the number of whole gangs, from the highest priority
 * level down; then, from the highest tier down, the loss in this tier: its eviction cost, and at the same cost the number
 * of its victims. So a victim that costs nothing still counts before any of a lower tier.
 */
export interface Harm {
  /** Number of gangs evicted whole, by priority level. */
  readonly apps: ReadonlyMap<number, number>;
  /** By tier; see VictimSet.tierOf. */
  readonly tiers: ReadonlyMap<number, Loss>;
}

/** What victims of one tier lose. */
interface Loss {
  readonly coreSeconds: number;
  readonly victims: number;
}

/** The room that a search looks for. Selected victims give room, reprieved ones take it. */
export interface RoomSought {
  /** The number of missing places; 0: everything fits. */
  readonly missing: number;
  give(row: number, vector: Vector): void;
  take(row: number, vector: Vector): void;
  /** See Shortfall; absent: nothing is known. */
  fewestPieces?(row: number, largest: Vector): number;
  readonly isLeaderAside?: boolean;
}

const NO_ROOM: RoomSought = { missing: 0, give: () => undefined, take: () => undefined };

/** Rules that excluded a candidate, with the earliest time at which one of those is no longer excluded, where known. */
export type Hits = Map<ExclusionRule, number>;

export function addHit(hits: Hits, rule: ExclusionRule, untilMs = Infinity): void {
  hits.set(rule, Math.min(hits.get(rule) ?? Infinity, untilMs));
}

interface SetTerms {
  readonly budgets: Budgets;
  readonly costs: CostModel;
  /** Absent: without limit. */
  readonly work?: Work;
  /** Absent: its own. */
  readonly hits?: Hits;
}

/** The candidates selected so far, with the remaining shortfall and the budgets. */
export class VictimSet {
  readonly shortfall: RoomSought;
  readonly selected = new Set<Candidate>();
  readonly hits: Hits;
  readonly work: Work;
  readonly #terms: SetTerms;

  constructor(shortfall: RoomSought, terms: SetTerms) {
    this.shortfall = shortfall;
    this.#terms = terms;
    this.work = terms.work ?? new Work();
    this.hits = terms.hits ?? new Map<ExclusionRule, number>();
  }

  /** An empty set that counts against the same budgets, and whose victims leave no room. */
  beside(): VictimSet {
    return new VictimSet(NO_ROOM, { ...this.#terms, work: this.work, hits: this.hits });
  }

  get isEnough(): boolean {
    return this.shortfall.missing === 0;
  }

  /** Whether the search must end with the best set so far. */
  get isBudgetSpent(): boolean {
    return this.work.isSpent;
  }

  /** Counts candidates that the search has looked at. */
  charge(candidates: number): void {
    this.work.charge(candidates);
  }

  /** Whether the budgets allow a further pod at all. */
  maySelectPods(): boolean {
    if (this.#terms.budgets.isSpent) addHit(this.hits, 'budget per minute');
    return !this.#terms.budgets.isSpent;
  }

  /** Whether its gang needs the candidate, given the present victims. A pod of no gang is always needed. */
  isNeeded(candidate: Candidate): boolean {
    if (candidate.kind === 'reservation' || candidate.isGivenUp) return false;
    return candidate.kind === 'gang' || !candidate.members || !hasElastic(candidate.members);
  }

  /** The tier, half a priority level: elastic candidates are in the lower one, needed candidates in the upper one. */
  tierOf(candidate: Candidate): number {
    return candidate.level * 2 + (this.isNeeded(candidate) ? 1 : 0);
  }

  /** The eviction cost that the candidate adds to the set, in core-seconds. */
  costOf(candidate: Candidate, note?: AddTerm): number {
    return this.isNeeded(candidate) ? neededCost(this.#terms.costs.weights, candidate, note) : candidate.cost;
  }

  /** Whether the candidate is not selected yet and the rules allow it now. */
  maySelect(candidate: Candidate): boolean {
    if (this.selected.has(candidate)) return false;
    this.charge(1 + candidate.others.length);
    // The budgets have counted those of its others that are selected already.
    const others =
      candidate.others.length === 0 ? candidate.others : candidate.others.filter((one) => !this.selected.has(one));
    const rule = this.#terms.budgets.forbids(candidate, others, this.isNeeded(candidate));
    if (rule) addHit(this.hits, rule, rule === 'minimum runtime' ? candidate.youngUntilMs : Infinity);
    return rule === undefined;
  }

  /** Selects the candidate with its others. @returns those of them that were not selected before */
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

  /** @returns false, for a search without result */
  clear(): false {
    this.reprieve([...this.selected]);
    return false;
  }

  #move(candidate: Candidate, change: 1 | -1): void {
    if (change === 1) this.selected.add(candidate);
    else this.selected.delete(candidate);
    this.#terms.budgets.count(candidate, change);
    if (candidate.kind === 'gang') candidate.gang.isWhole = change === 1;
    else if (candidate.kind === 'pod') candidate.gang?.count(candidate, change);
    for (const { row, vector } of candidate.freed) {
      if (change === 1) this.shortfall.give(row, vector);
      else this.shortfall.take(row, vector);
    }
  }

  /**
   * The victims with their costs. Of a gang's victims, the cheapest count as elastic, as many as it can do without; the
   * first needed one is charged with the cost of breaking the gang.
   */
  account(): readonly Charge[] {
    return this.#eachInOrder((candidate) => this.#chargeOf(candidate));
  }

  /** The same with the terms of each cost. */
  itemised(): readonly ItemisedCharge[] {
    return this.#eachInOrder((candidate) => {
      const terms: CostTerm[] = [];
      const note: AddTerm = (term, coreSeconds) => terms.push({ term, coreSeconds });
      itemise(this.#terms.costs, candidate, note);
      this.costOf(candidate, note);
      return { ...this.#chargeOf(candidate), terms };
    });
  }

  harm(): Harm {
    const apps = new Map<number, number>();
    const tiers = new Map<number, Loss>();
    for (const { candidate, tier, cost } of this.account()) {
      const { coreSeconds, victims } = tiers.get(tier) ?? NO_LOSS;
      tiers.set(tier, { coreSeconds: coreSeconds + cost, victims: victims + 1 });
      if (candidate.kind === 'gang') apps.set(candidate.level, (apps.get(candidate.level) ?? 0) + 1);
    }
    return { apps, tiers };
  }

  /** Asks about each victim, the cheapest first, as if later ones were not selected yet. */
  #eachInOrder<T>(ask: (candidate: Candidate) => T): readonly T[] {
    this.charge(this.selected.size);
    const victims = [...this.selected].sort((a, b) => a.cost - b.cost);
    this.reprieve(victims);
    return victims.map((candidate) => {
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

/** One victim with its eviction cost. */
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

const NO_LOSS: Loss = { coreSeconds: 0, victims: 0 };

/** Negative if `a` does less harm. */
export function compareHarm(a: Harm, b: Harm): number {
  const byApps = (level: number) => (a.apps.get(level) ?? 0) - (b.apps.get(level) ?? 0);
  const byLoss = (tier: number) => compareLoss(a.tiers.get(tier) ?? NO_LOSS, b.tiers.get(tier) ?? NO_LOSS);
  return firstDifference(a.apps, b.apps, byApps) || firstDifference(a.tiers, b.tiers, byLoss);
}

/** Differences within rounding do not count. */
function compareLoss(a: Loss, b: Loss): number {
  const [x, y] = [a.coreSeconds, b.coreSeconds];
  const isEqual = Math.abs(x - y) <= 1e-6 * Math.max(1, Math.abs(x), Math.abs(y));
  return isEqual ? a.victims - b.victims : x - y;
}

/** The difference at the highest key that has one. */
function firstDifference(
  a: ReadonlyMap<number, unknown>,
  b: ReadonlyMap<number, unknown>,
  difference: (key: number) => number,
): number {
  const keys = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => y - x);
  for (const key of keys) {
    const found = difference(key);
    if (found !== 0) return found;
  }
  return 0;
}
