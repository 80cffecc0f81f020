import type { FreedRoom } from '../../placement/need.ts';
import type { Candidate } from '../candidates/candidate.ts';
import { compareHarm, type Harm, type VictimSet } from './victim-set.ts';

/** With so few candidates the search decides on each of them, both ways. */
export const EXACT_CANDIDATES = 32;
/** Decisions after which it ends with the best set so far. */
const MOST_DECISIONS = 8_000;

interface Sought {
  /** Whether the planner confirms that these victims make room. */
  readonly fits: (victims: readonly Candidate[]) => boolean;
  /** Only sets that do less harm count. */
  readonly than?: Harm;
}

/**
 * Selects, besides what is selected, the set of candidates with the least harm that makes room: branch and bound. The
 * candidates of a gang must not be selected in part already.
 * @returns whether there is one; if not, nothing is selected
 */
export function chooseExactly(victims: VictimSet, candidates: readonly Candidate[], sought: Sought): boolean {
  const best = new Branching(victims, candidates, sought).best();
  if (!best) return false;
  for (const candidate of candidates) if (best.has(candidate)) victims.select(candidate);
  return true;
}

/**
 * Decides on one candidate after the other, the most harmful first, and first that it stays. The room is that of all
 * candidates that go or are not decided on: if that is not enough, no decision on the others helps. A larger set never
 * does less harm: if those that go do as much harm as the best set, no decision on the others helps either.
 */
class Branching {
  readonly #victims: VictimSet;
  readonly #sought: Sought;
  readonly #order: readonly Candidate[];
  readonly #rooms: ReadonlyMap<Candidate, readonly FreedRoom[]>;
  /** By room, how many candidates that go, or are not decided on, leave it. */
  readonly #leaving = new Map<FreedRoom, number>();
  readonly #going: VictimSet;
  #best: ReadonlySet<Candidate> | undefined;
  #least: Harm | undefined;
  #decisions = 0;

  constructor(victims: VictimSet, candidates: readonly Candidate[], sought: Sought) {
    this.#victims = victims;
    this.#sought = sought;
    this.#least = sought.than;
    this.#going = victims.beside();
    this.#order = inOrder(victims, candidates);
    this.#rooms = new Map(candidates.map((one) => [one, [one, ...one.others].flatMap(({ freed }) => freed)]));
  }

  best(): ReadonlySet<Candidate> | undefined {
    for (const candidate of this.#order) this.#put(candidate, 1);
    this.#decide(0);
    for (const candidate of this.#order) this.#put(candidate, -1);
    return this.#best;
  }

  #decide(i: number): void {
    if (!this.#victims.isEnough || this.#decisions++ >= MOST_DECISIONS) return;
    this.#victims.charge(1);
    const candidate = this.#order[i];
    if (!candidate) return this.#accept();
    const going = this.#going;
    if (going.selected.has(candidate)) return this.#decide(i + 1);
    this.#put(candidate, -1);
    this.#decide(i + 1);
    this.#put(candidate, 1);
    if (!going.maySelect(candidate)) return;
    const selected = going.select(candidate);
    if (this.#isLess()) this.#decide(i + 1);
    going.reprieve(selected);
  }

  #accept(): void {
    const going = [...this.#going.selected];
    if (!this.#isLess() || !this.#sought.fits([...this.#victims.selected, ...going])) return;
    this.#least = this.#going.harm();
    this.#best = new Set(going);
  }

  #isLess(): boolean {
    return this.#least === undefined || compareHarm(this.#going.harm(), this.#least) < 0;
  }

  #put(candidate: Candidate, change: 1 | -1): void {
    const { shortfall } = this.#victims;
    for (const room of this.#rooms.get(candidate) ?? []) {
      const leaving = (this.#leaving.get(room) ?? 0) + change;
      this.#leaving.set(room, leaving);
      if (change === 1 && leaving === 1) shortfall.give(room.row, room.vector);
      else if (change === -1 && leaving === 0) shortfall.take(room.row, room.vector);
    }
  }
}

/** Whole gangs first, then by tier and cost, the most harmful first; among equals the last. */
function inOrder(victims: VictimSet, candidates: readonly Candidate[]): readonly Candidate[] {
  const ranked = candidates.map((candidate, i) => ({
    candidate,
    i,
    isGang: candidate.kind === 'gang' ? 1 : 0,
    tier: victims.tierOf(candidate),
    cost: candidate.others.reduce((sum, { cost }) => sum + cost, candidate.cost),
  }));
  ranked.sort((a, b) => b.isGang - a.isGang || b.tier - a.tier || b.cost - a.cost || b.i - a.i);
  return ranked.map(({ candidate }) => candidate);
}
