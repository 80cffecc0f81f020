import type { Candidate, GangCandidate } from '../candidates/candidate.ts';
import type { OpenCandidates, Pool } from '../candidates/candidate-pool.ts';
import { selectCheapest } from './choose-greedily.ts';
import { compareHarm, type Harm, type VictimSet } from './victim-set.ts';

/** With so few candidates the search looks at every subset: 4,096 at most. */
const EXACT_CANDIDATES = 12;
/** With so few candidates the greedy search runs again without its most expensive victims. */
const IMPROVED_CANDIDATES = 512;
/** How often it runs again without a group of victims, and how often with another candidate selected first. */
const IMPROVEMENTS = 12;

/**
 * Chooses the victims. Selects leaders only if all other candidates together do not make enough room, and always with
 * their gangs. Exact for few candidates; else greedy, followed by the reprieve of every victim that is not needed.
 * @returns whether the shortfall is met; `victims` then has the victims, and none can be reprieved
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
  /** Whether the planner confirms that the victims make room; always true for gangs that Shortfall counts exactly. */
  readonly fits: () => boolean;
  /** Places to seek beyond the shortfall until victims are found. */
  readonly margin: number;
  /** Raises the shortfall. */
  readonly widen: (more: number) => void;
}

interface Open {
  readonly small: Pool;
  readonly whole: readonly GangCandidate[];
}

function searchSmall(victims: VictimSet, small: Pool, isDone: () => boolean): boolean {
  if (small.size <= EXACT_CANDIDATES) return exactly(victims, small.all(), isDone);
  selectCheapest(victims, small);
  return isDone();
}

/** Continues with the victims that searchSmall has selected. */
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

/** Selects whole gangs, the lowest priority and then the cheapest first, and other candidates that help. */
function withWholeGangs(victims: VictimSet, { small, whole }: Open, isDone: () => boolean): boolean {
  const order = [...whole].sort((a, b) => a.level - b.level || totalCost(a) - totalCost(b));
  const byRow = groupByRow(small.all());
  if (victims.selected.size === 0) selectCheapest(victims, small);
  for (const candidate of order) {
    if (isDone() || victims.isBudgetSpent) break;
    if (!victims.maySelect(candidate)) continue;
    // On other rows nothing has changed, so that their candidates still do not help.
    const rows = new Set(victims.select(candidate).flatMap(({ freed }) => freed.map(({ row }) => row)));
    selectCheapest(victims, poolOf([...rows].flatMap((row) => byRow.get(row) ?? [])));
  }
  // If the place of the preemptor's leader was short, candidates on other rows may help after all.
  selectCheapest(victims, small);
  return isDone() || clear(victims);
}

function groupByRow(candidates: readonly Candidate[]): ReadonlyMap<number, readonly Candidate[]> {
  const byRow = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const [first] = candidate.freed;
    if (!first) continue;
    const { row } = first;
    const there = byRow.get(row);
    if (there) there.push(candidate);
    else byRow.set(row, [candidate]);
  }
  return byRow;
}

const totalCost = ({ cost, others }: Candidate) => others.reduce((sum, one) => sum + one.cost, cost);

/** Reprieves the victims that are not needed, the most valuable first. Leaders before their members. */
function reprieve(victims: VictimSet, isDone: () => boolean): void {
  const rank = (candidate: Candidate) => (candidate.kind === 'gang' ? 1 : 0);
  const order = [...victims.selected].sort(
    (a, b) => rank(b) - rank(a) || victims.tierOf(b) - victims.tierOf(a) || b.cost - a.cost,
  );
  for (const candidate of order) {
    if (candidate.kind !== 'gang' && candidate.gang?.isWhole) continue;
    const isSingleRole = candidate.kind === 'gang' && candidate.gang.hasSingleRole;
    const together = isSingleRole ? [candidate, ...candidate.others] : [candidate];
    victims.reprieve(together);
    if (isDone() && isAllowed(victims, candidate)) continue;
    for (const one of together) victims.select(one);
  }
}

/**
 * Runs the greedy search again and keeps the victim set with the least harm. The greedy search wins one place after
 * the other, and charges the cost of breaking a gang to its first victim, whether or not more follow. So it runs again
 * without the most expensive victims, one gang (or pod) at a time, and again with other candidates selected first.
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
  const byCost = [...victims.account()].sort((a, b) => b.tier - a.tier || b.cost - a.cost);
  const groups = [...new Set(byCost.map(({ candidate }) => groupOf(candidate)))].slice(0, IMPROVEMENTS);
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

/** Whether the rules allow the victims without this whole gang: its members are then subject to rules of their own. */
function isAllowed(victims: VictimSet, candidate: Candidate): boolean {
  if (candidate.kind !== 'gang' || candidate.gang.hasSingleRole) return true;
  const members = candidate.others.filter((one) => victims.selected.has(one));
  victims.reprieve(members);
  const isAllowedNow = members.every((one) => {
    if (!victims.maySelect(one)) return false;
    victims.select(one);
    return true;
  });
  for (const one of members) if (!victims.selected.has(one)) victims.select(one);
  return isAllowedNow;
}

/**
 * Looks at every set of candidates, but extends none that is enough already.
 * @returns whether one is enough; the one with the least harm is then selected
 */
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
      const candidate = candidates[i]!;
      if (!victims.maySelect(candidate)) continue;
      const selected = victims.select(candidate);
      walk(i + 1);
      victims.reprieve(selected);
    }
  };
  walk(0);
  if (!best) return false;
  for (const candidate of best.candidates) victims.select(candidate);
  return true;
}
