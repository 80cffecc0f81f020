import type { Candidate, GangCandidate } from '../candidates/candidate.ts';
import type { Pool } from '../candidates/candidate-pool.ts';
import { poolOf, selectCheapest } from './choose-greedily.ts';
import { reprieve } from './reprieve.ts';
import { compareHarm, type Harm, type VictimSet } from './victim-set.ts';
import type { Slices } from '../../work.ts';

interface Open {
  readonly small: Pool;
  readonly gangs: readonly GangCandidate[];
}

/**
 * Selects whole gangs, and other candidates that help, in one order after the other; keeps the victims with the least
 * harm. Continues with the victims that are selected already.
 */
export function* chooseWholeGangs(
  victims: VictimSet,
  { small, gangs }: Open,
  fits: (victims: readonly Candidate[]) => boolean,
): Slices<boolean> {
  if (victims.selected.size === 0) yield* selectCheapest(victims, small);
  const start = [...victims.selected];
  const byRow = yield* groupByRow(victims, small);
  let best: { readonly harm: Harm; readonly candidates: readonly Candidate[] } | undefined;
  for (const order of yield* ordersOf(victims, gangs)) {
    if (best && victims.isBudgetSpent) break;
    victims.clear();
    for (const candidate of start) victims.select(candidate);
    if (!(yield* fill(victims, { small, byRow, order }, fits))) continue;
    yield* reprieve(victims, fits);
    const harm = victims.harm();
    if (!best || compareHarm(harm, best.harm) < 0) best = { harm, candidates: [...victims.selected] };
  }
  victims.clear();
  for (const candidate of best?.candidates ?? []) if (!victims.selected.has(candidate)) victims.select(candidate);
  return best !== undefined;
}

interface Filling {
  readonly small: Pool;
  readonly byRow: ReadonlyMap<number, readonly Candidate[]>;
  readonly order: readonly GangCandidate[];
}

function* fill(
  victims: VictimSet,
  { small, byRow, order }: Filling,
  fits: (victims: readonly Candidate[]) => boolean,
): Slices<boolean> {
  const isDone = () => victims.isEnough && fits([...victims.selected]);
  for (const candidate of order) {
    if (isDone() || victims.isBudgetSpent) break;
    if (!victims.maySelect(candidate)) continue;
    // On other rows nothing has changed, so that their candidates still do not help.
    const rows = new Set(victims.select(candidate).flatMap(({ freed }) => freed.map(({ row }) => row)));
    yield* selectCheapest(victims, poolOf([...rows].flatMap((row) => byRow.get(row) ?? [])));
  }
  // If the place of the preemptor's leader was short, candidates on other rows may help after all.
  yield* selectCheapest(victims, small);
  return isDone();
}

/** The lowest priority first; then the cheapest first, or those that win the most places by themselves. */
function* ordersOf(victims: VictimSet, gangs: readonly GangCandidate[]): Slices<readonly (readonly GangCandidate[])[]> {
  const costs = new Map(gangs.map((one) => [one, one.others.reduce((sum, { cost }) => sum + cost, one.cost)]));
  const byCost = (a: GangCandidate, b: GangCandidate) => costs.get(a)! - costs.get(b)!;
  const won = new Map<GangCandidate, number>();
  for (const gang of gangs) {
    won.set(gang, placesWon(victims, gang));
    victims.work.pass(gang.others.length);
    if (victims.work.isPauseDue()) yield;
  }
  return [
    [...gangs].sort((a, b) => a.level - b.level || byCost(a, b)),
    [...gangs].sort((a, b) => a.level - b.level || won.get(b)! - won.get(a)! || byCost(a, b)),
  ];
}

function placesWon(victims: VictimSet, gang: GangCandidate): number {
  const before = victims.shortfall.missing;
  const added = victims.select(gang);
  const after = victims.shortfall.missing;
  victims.reprieve(added);
  return before - after;
}

function* groupByRow(victims: VictimSet, small: Pool): Slices<ReadonlyMap<number, readonly Candidate[]>> {
  const byRow = new Map<number, Candidate[]>();
  for (const tier of small.tiers) {
    for (const candidate of small.ofTier(tier)) {
      victims.work.pass(1);
      if (victims.work.isPauseDue()) yield;
      const [first] = candidate.freed;
      if (!first) continue;
      const there = byRow.get(first.row);
      if (there) there.push(candidate);
      else byRow.set(first.row, [candidate]);
    }
  }
  return byRow;
}
