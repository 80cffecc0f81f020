import { compareHarm, type Choice, type Harm } from './victim-set.ts';
import { takeCheapest } from './choose-greedily.ts';
import type { Candidate } from '../candidates/candidate.ts';
import type { Pool, OpenCandidates } from '../candidates/candidate-pool.ts';

/** With so few candidates every choice is looked at: 4,096 at most. */
const EXACT_CANDIDATES = 12;
/** With so few a greedy choice is tried again without its dearest pools, so many times. */
const IMPROVED_CANDIDATES = 512;
const IMPROVEMENTS = 12;

/**
 * Chooses whom to evict. Leaders go only where everybody else together does not make room enough, and always with
 * their gangs. Exact where there are few; else greedy, and then whoever can be put back is.
 * @returns whether the demand is met; the choice then has the victims, and none can be put back
 */
export function search(choice: Choice, { small, whole }: OpenCandidates, goal: Goal): boolean {
  goal.widen(goal.margin);
  const isDone = () => choice.isEnough && goal.fits();
  const isFound = searchSmall(choice, small, isDone) || searchWhole(choice, { small, whole }, isDone);
  goal.widen(-goal.margin);
  if (isFound) putBack(choice, isDone);
  return isFound;
}

export interface Goal {
  /** Has the last word on whether the choice makes room; for gangs that Demand counts exactly, always true. */
  readonly fits: () => boolean;
  /** Places that are sought beyond the demand, until victims are found. */
  readonly margin: number;
  /** Raises the demand. */
  readonly widen: (more: number) => void;
}

interface Open {
  readonly small: Pool;
  readonly whole: readonly Candidate[];
}

function searchSmall(choice: Choice, small: Pool, isDone: () => boolean): boolean {
  if (small.size <= EXACT_CANDIDATES) return exactly(choice, small.all(), isDone);
  takeCheapest(choice, small);
  return isDone();
}

/** Goes on from what searchSmall has taken. */
function searchWhole(choice: Choice, { small, whole }: OpenCandidates, isDone: () => boolean): boolean {
  if (small.size > EXACT_CANDIDATES && !choice.mayTakePods()) return clear(choice);
  const gangs = whole();
  if (gangs.length === 0) return clear(choice);
  if (small.size + gangs.length <= EXACT_CANDIDATES) return exactly(choice, [...small.all(), ...gangs], isDone);
  return withWholeGangs(choice, { small, whole: gangs }, isDone);
}

function clear(choice: Choice): false {
  choice.clear();
  return false;
}

/** Whole gangs, of the lowest priority and the cheapest first, beside whoever else helps. */
function withWholeGangs(choice: Choice, { small, whole }: Open, isDone: () => boolean): boolean {
  const order = [...whole].sort((a, b) => a.band - b.band || totalCost(a) - totalCost(b));
  const byRow = groupByRow(small.all());
  if (choice.taken.size === 0) takeCheapest(choice, small);
  for (const candidate of order) {
    if (isDone() || choice.isBudgetSpent) break;
    if (!choice.mayTake(candidate)) continue;
    // Elsewhere nothing has changed: who was of no use there is of none now.
    const rows = new Set(choice.take(candidate).flatMap(({ freed }) => freed.map(({ row }) => row)));
    takeCheapest(choice, poolOf([...rows].flatMap((row) => byRow.get(row) ?? [])));
  }
  // Where the leader's place was short, it may matter elsewhere after all.
  takeCheapest(choice, small);
  return isDone() || clear(choice);
}

function groupByRow(candidates: readonly Candidate[]): ReadonlyMap<number, readonly Candidate[]> {
  const byRow = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const { row } = candidate.freed[0]!;
    const there = byRow.get(row);
    if (there) there.push(candidate);
    else byRow.set(row, [candidate]);
  }
  return byRow;
}

const totalCost = ({ cost, others }: Candidate) => others.reduce((sum, one) => sum + one.cost, cost);

/** Puts back whoever is not needed for it, the most valuable first. Leaders before their members. */
function putBack(choice: Choice, isDone: () => boolean): void {
  const rank = (candidate: Candidate) => (candidate.kind === 'gang' ? 1 : 0);
  const order = [...choice.taken].sort(
    (a, b) => rank(b) - rank(a) || choice.tierOf(b) - choice.tierOf(a) || b.cost - a.cost,
  );
  for (const candidate of order) {
    if (candidate.kind !== 'gang' && candidate.gang?.isWhole) continue;
    const candidates =
      candidate.kind === 'gang' && candidate.gang!.hasSingleRole ? [candidate, ...candidate.others] : [candidate];
    choice.putBack(candidates);
    if (isDone() && isAllowed(choice, candidate)) continue;
    for (const one of candidates) choice.take(one);
  }
}

/**
 * Greedy takes one place after the other, and pays for breaking a gang before it knows whether that was worth it. So it
 * is run again without the dearest of what it took, one gang (or pod) at a time, and again with others taken first, and
 * the least harm of all is kept.
 */
export function improve(choice: Choice, pool: Pool, fits: Goal['fits']): void {
  if (pool.size <= EXACT_CANDIDATES || pool.size > IMPROVED_CANDIDATES) return;
  const small = pool.all();
  const isDone = () => choice.isEnough && fits();
  let best = { harm: choice.harm(), candidates: [...choice.taken] };
  const attempt = (first: readonly Candidate[], rest: readonly Candidate[]) => {
    if (choice.isBudgetSpent) return;
    choice.clear();
    for (const candidate of first) if (choice.mayTake(candidate)) choice.take(candidate);
    takeCheapest(choice, poolOf(rest));
    if (!isDone()) return;
    putBack(choice, isDone);
    const harm = choice.harm();
    if (compareHarm(harm, best.harm) < 0) best = { harm, candidates: [...choice.taken] };
  };
  const groupOf = (candidate: Candidate) => candidate.gang ?? candidate;
  const dearest = [...choice.account()].sort((a, b) => b.tier - a.tier || b.cost - a.cost);
  const groups = [...new Set(dearest.map(({ candidate }) => groupOf(candidate)))].slice(0, IMPROVEMENTS);
  const others = small
    .filter((candidate) => !choice.taken.has(candidate))
    .sort((a, b) => a.band - b.band || a.cost - b.cost);
  for (const group of groups)
    attempt(
      [],
      small.filter((candidate) => groupOf(candidate) !== group),
    );
  for (const candidate of others.slice(0, IMPROVEMENTS)) attempt([candidate], small);
  choice.clear();
  for (const candidate of best.candidates) choice.take(candidate);
}

function poolOf(candidates: readonly Candidate[]): Pool {
  const bands = [...new Set(candidates.map(({ band }) => band))].sort((a, b) => a - b);

  return {
    size: candidates.length,
    tiers: bands.flatMap((band) => [band * 2, band * 2 + 1]),
    ofTier: (tier) => candidates.filter(({ band }) => band * 2 === tier),
    all: () => candidates,
    hasReservations: candidates.some(({ kind }) => kind === 'reservation'),
  };
}

/** Members of a gang that keeps its leader are subject to rules from which whole gangs are exempt. */
function isAllowed(choice: Choice, { kind, gang }: Candidate): boolean {
  if (kind !== 'gang' || gang!.hasSingleRole) return true;
  const members = gang!.candidates.filter((one) => choice.taken.has(one));
  choice.putBack(members);
  const isAllowedNow = members.every((one) => {
    if (!choice.mayTake(one)) return false;
    choice.take(one);
    return true;
  });
  for (const one of members) if (!choice.taken.has(one)) choice.take(one);
  return isAllowedNow;
}

/** Looks at every choice that has no superfluous candidate in its order. @returns whether one is enough; it is then taken */
function exactly(choice: Choice, candidates: readonly Candidate[], isDone: () => boolean): boolean {
  if (candidates.length > EXACT_CANDIDATES) return false;
  let best: { readonly harm: Harm; readonly candidates: readonly Candidate[] } | undefined;
  const walk = (from: number): void => {
    if (isDone()) {
      const harm = choice.harm();
      if (!best || compareHarm(harm, best.harm) < 0) best = { harm, candidates: [...choice.taken] };
      return;
    }
    if (choice.isBudgetSpent) return;
    for (let i = from; i < candidates.length; i++) {
      if (!choice.mayTake(candidates[i]!)) continue;
      const taken = choice.take(candidates[i]!);
      walk(i + 1);
      choice.putBack(taken);
    }
  };
  walk(0);
  if (!best) return false;
  for (const candidate of best.candidates) choice.take(candidate);
  return true;
}
