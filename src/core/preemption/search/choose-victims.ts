import { compareHarm, type VictimSet, type Harm } from './victim-set.ts';
import { selectCheapest } from './choose-greedily.ts';
import type { Candidate } from '../candidates/candidate.ts';
import type { Pool, OpenCandidates } from '../candidates/candidate-pool.ts';

/** With so few candidates every victims is looked at: 4,096 at most. */
const EXACT_CANDIDATES = 12;
/** With so few a greedy victims is tried again without its dearest pools, so many times. */
const IMPROVED_CANDIDATES = 512;
const IMPROVEMENTS = 12;

/**
 * Chooses whom to evict. Leaders go only where everybody else together does not make room enough, and always with
 * their gangs. Exact where there are few; else greedy, and then whoever can be put back is.
 * @returns whether the shortfall is met; the victims then has the victims, and none can be put back
 */
export function chooseVictims(victims: VictimSet, { small, whole }: OpenCandidates, goal: Goal): boolean {
  goal.widen(goal.margin);
  const isDone = () => victims.isEnough && goal.fits();
  const isFound = searchSmall(victims, small, isDone) || searchWhole(victims, { small, whole }, isDone);
  goal.widen(-goal.margin);
  if (isFound) reprieve(victims, isDone);
  return isFound;
}

export interface Goal {
  /** Has the last word on whether the victims makes room; for gangs that Shortfall counts exactly, always true. */
  readonly fits: () => boolean;
  /** Places that are sought beyond the shortfall, until victims are found. */
  readonly margin: number;
  /** Raises the shortfall. */
  readonly widen: (more: number) => void;
}

interface Open {
  readonly small: Pool;
  readonly whole: readonly Candidate[];
}

function searchSmall(victims: VictimSet, small: Pool, isDone: () => boolean): boolean {
  if (small.size <= EXACT_CANDIDATES) return exactly(victims, small.all(), isDone);
  selectCheapest(victims, small);
  return isDone();
}

/** Goes on from what searchSmall has taken. */
function searchWhole(victims: VictimSet, { small, whole }: OpenCandidates, isDone: () => boolean): boolean {
  if (small.size > EXACT_CANDIDATES && !victims.maySelectPods()) return clear(victims);
  const gangs = whole();
  if (gangs.length === 0) return clear(victims);
  if (small.size + gangs.length <= EXACT_CANDIDATES) return exactly(victims, [...small.all(), ...gangs], isDone);
  return withWholeGangs(victims, { small, whole: gangs }, isDone);
}

function clear(victims: VictimSet): false {
  victims.clear();
  return false;
}

/** Whole gangs, of the lowest priority and the cheapest first, beside whoever else helps. */
function withWholeGangs(victims: VictimSet, { small, whole }: Open, isDone: () => boolean): boolean {
  const order = [...whole].sort((a, b) => a.level - b.level || totalCost(a) - totalCost(b));
  const byRow = groupByRow(small.all());
  if (victims.selected.size === 0) selectCheapest(victims, small);
  for (const candidate of order) {
    if (isDone() || victims.isBudgetSpent) break;
    if (!victims.maySelect(candidate)) continue;
    // Elsewhere nothing has changed: who was of no use there is of none now.
    const rows = new Set(victims.select(candidate).flatMap(({ freed }) => freed.map(({ row }) => row)));
    selectCheapest(victims, poolOf([...rows].flatMap((row) => byRow.get(row) ?? [])));
  }
  // Where the leader's place was short, it may matter elsewhere after all.
  selectCheapest(victims, small);
  return isDone() || clear(victims);
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
function reprieve(victims: VictimSet, isDone: () => boolean): void {
  const rank = (candidate: Candidate) => (candidate.kind === 'gang' ? 1 : 0);
  const order = [...victims.selected].sort(
    (a, b) => rank(b) - rank(a) || victims.tierOf(b) - victims.tierOf(a) || b.cost - a.cost,
  );
  for (const candidate of order) {
    if (candidate.kind !== 'gang' && candidate.gang?.isWhole) continue;
    const candidates =
      candidate.kind === 'gang' && candidate.gang!.hasSingleRole ? [candidate, ...candidate.others] : [candidate];
    victims.reprieve(candidates);
    if (isDone() && isAllowed(victims, candidate)) continue;
    for (const one of candidates) victims.select(one);
  }
}

/**
 * Greedy takes one place after the other, and pays for breaking a gang before it knows whether that was worth it. So it
 * is run again without the dearest of what it took, one gang (or pod) at a time, and again with others taken first, and
 * the least harm of all is kept.
 */
export function improve(victims: VictimSet, pool: Pool, fits: Goal['fits']): void {
  if (pool.size <= EXACT_CANDIDATES || pool.size > IMPROVED_CANDIDATES) return;
  const small = pool.all();
  const isDone = () => victims.isEnough && fits();
  let best = { harm: victims.harm(), candidates: [...victims.selected] };
  const attempt = (first: readonly Candidate[], rest: readonly Candidate[]) => {
    if (victims.isBudgetSpent) return;
    victims.clear();
    for (const candidate of first) if (victims.maySelect(candidate)) victims.select(candidate);
    selectCheapest(victims, poolOf(rest));
    if (!isDone()) return;
    reprieve(victims, isDone);
    const harm = victims.harm();
    if (compareHarm(harm, best.harm) < 0) best = { harm, candidates: [...victims.selected] };
  };
  const groupOf = (candidate: Candidate) => candidate.gang ?? candidate;
  const dearest = [...victims.account()].sort((a, b) => b.tier - a.tier || b.cost - a.cost);
  const groups = [...new Set(dearest.map(({ candidate }) => groupOf(candidate)))].slice(0, IMPROVEMENTS);
  const others = small
    .filter((candidate) => !victims.selected.has(candidate))
    .sort((a, b) => a.level - b.level || a.cost - b.cost);
  for (const group of groups)
    attempt(
      [],
      small.filter((candidate) => groupOf(candidate) !== group),
    );
  for (const candidate of others.slice(0, IMPROVEMENTS)) attempt([candidate], small);
  victims.clear();
  for (const candidate of best.candidates) victims.select(candidate);
}

function poolOf(candidates: readonly Candidate[]): Pool {
  const levels = [...new Set(candidates.map(({ level }) => level))].sort((a, b) => a - b);

  return {
    size: candidates.length,
    tiers: levels.flatMap((level) => [level * 2, level * 2 + 1]),
    ofTier: (tier) => candidates.filter(({ level }) => level * 2 === tier),
    all: () => candidates,
    hasReservations: candidates.some(({ kind }) => kind === 'reservation'),
  };
}

/** Members of a gang that keeps its leader are subject to rules from which whole gangs are exempt. */
function isAllowed(victims: VictimSet, { kind, gang }: Candidate): boolean {
  if (kind !== 'gang' || gang!.hasSingleRole) return true;
  const members = gang!.candidates.filter((one) => victims.selected.has(one));
  victims.reprieve(members);
  const isAllowedNow = members.every((one) => {
    if (!victims.maySelect(one)) return false;
    victims.select(one);
    return true;
  });
  for (const one of members) if (!victims.selected.has(one)) victims.select(one);
  return isAllowedNow;
}

/** Looks at every victims that has no superfluous candidate in its order. @returns whether one is enough; it is then taken */
function exactly(victims: VictimSet, candidates: readonly Candidate[], isDone: () => boolean): boolean {
  if (candidates.length > EXACT_CANDIDATES) return false;
  let best: { readonly harm: Harm; readonly candidates: readonly Candidate[] } | undefined;
  const walk = (from: number): void => {
    if (isDone()) {
      const harm = victims.harm();
      if (!best || compareHarm(harm, best.harm) < 0) best = { harm, candidates: [...victims.selected] };
      return;
    }
    if (victims.isBudgetSpent) return;
    for (let i = from; i < candidates.length; i++) {
      if (!victims.maySelect(candidates[i]!)) continue;
      const taken = victims.select(candidates[i]!);
      walk(i + 1);
      victims.reprieve(taken);
    }
  };
  walk(0);
  if (!best) return false;
  for (const candidate of best.candidates) victims.select(candidate);
  return true;
}
