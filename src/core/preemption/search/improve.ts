import type { Candidate } from '../candidates/candidate.ts';
import type { OpenCandidates } from '../candidates/candidate-pool.ts';
import { chooseExactly, EXACT_CANDIDATES } from './choose-exactly.ts';
import { poolOf, selectCheapest } from './choose-greedily.ts';
import { reprieve } from './reprieve.ts';
import { compareHarm, type Harm, type VictimSet } from './victim-set.ts';
import type { Slices } from '../../work.ts';

/** With so few candidates the search tries to find victims with less harm. */
const IMPROVED_CANDIDATES = 512;
/** How often it runs again without a group of victims, and how often with another candidate selected first. */
const IMPROVEMENTS = 12;
/** How often it decides anew on the victims and some others. */
const WINDOWS = 12;

type Fits = (victims: readonly Candidate[]) => boolean;

/** Replaces the victims by others that do less harm, where there are not too many candidates. */
export function* improve(victims: VictimSet, { small, whole }: OpenCandidates, fits: Fits): Slices<void> {
  if (small.size > IMPROVED_CANDIDATES) return;
  const gangs = [...victims.selected].some(({ kind }) => kind === 'gang') ? yield* whole(victims.work) : [];
  if (small.size + gangs.length <= EXACT_CANDIDATES) return;
  const pods = small.all();
  const improvement = new Improvement(victims, fits);
  if (gangs.length === 0) yield* improvement.runAgain(pods);
  yield* improvement.exchange([...gangs, ...pods]);
}

class Improvement {
  readonly #victims: VictimSet;
  readonly #fits: Fits;
  #harm: Harm;
  #best: readonly Candidate[];

  constructor(victims: VictimSet, fits: Fits) {
    this.#victims = victims;
    this.#fits = fits;
    this.#harm = victims.harm();
    this.#best = [...victims.selected];
  }

  /**
   * The greedy search wins one place after the other, and charges the cost of breaking a gang to its first victim,
   * whether or not more follow. So it runs again without the most expensive victims, one gang (or pod) at a time, and
   * again with other candidates selected first.
   */
  *runAgain(pods: readonly Candidate[]): Slices<void> {
    const victims = this.#victims;
    const groupOf = (candidate: Candidate) => candidate.gang ?? candidate;
    const byCost = [...victims.account()].sort((a, b) => b.tier - a.tier || b.cost - a.cost);
    const groups = [...new Set(byCost.map(({ candidate }) => groupOf(candidate)))].slice(0, IMPROVEMENTS);
    const others = pods
      .filter((candidate) => !victims.selected.has(candidate))
      .sort((a, b) => a.level - b.level || a.cost - b.cost);
    for (const group of groups)
      yield* this.#attempt(
        [],
        pods.filter((candidate) => groupOf(candidate) !== group),
      );
    for (const candidate of others.slice(0, IMPROVEMENTS)) yield* this.#attempt([candidate], pods);
    this.#restore();
  }

  *#attempt(first: readonly Candidate[], rest: readonly Candidate[]): Slices<void> {
    const victims = this.#victims;
    if (victims.isBudgetSpent) return;
    victims.clear();
    for (const candidate of first) if (victims.maySelect(candidate)) victims.select(candidate);
    yield* selectCheapest(victims, poolOf(rest));
    if (!victims.isEnough || !this.#fits([...victims.selected])) return;
    yield* reprieve(victims, this.#fits);
    this.#keep();
  }

  /** Decides anew on the victims and as many others as can be decided on exactly, the least harmful first. */
  *exchange(candidates: readonly Candidate[]): Slices<void> {
    const victims = this.#victims;
    for (let window = 0, from = 0; window < WINDOWS && !victims.isBudgetSpent; window++) {
      const own = [...victims.selected].filter(({ kind, gang }) => kind !== 'pod' || !gang?.isWhole);
      const others = this.#inOrder(candidates.filter((one) => !victims.selected.has(one)));
      const more = others.slice(from, from + EXACT_CANDIDATES - own.length);
      if (own.length >= EXACT_CANDIDATES || more.length === 0) return;
      victims.clear();
      if (chooseExactly(victims, [...own, ...more], { fits: this.#fits, than: this.#harm })) from = 0;
      else from += more.length;
      this.#keep();
      this.#restore();
      if (victims.work.isPauseDue()) yield;
    }
  }

  #inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
    const victims = this.#victims;
    return [...candidates].sort((a, b) => victims.tierOf(a) - victims.tierOf(b) || a.cost - b.cost);
  }

  #keep(): void {
    const victims = this.#victims;
    if (victims.selected.size === 0) return;
    const harm = victims.harm();
    if (compareHarm(harm, this.#harm) >= 0) return;
    this.#harm = harm;
    this.#best = [...victims.selected];
  }

  #restore(): void {
    this.#victims.clear();
    for (const candidate of this.#best) if (!this.#victims.selected.has(candidate)) this.#victims.select(candidate);
  }
}
