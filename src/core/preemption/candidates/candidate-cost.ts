import type { CostWeights } from '../../policy/policy.ts';
import type { Candidate } from './candidate.ts';
import { item, podCost, wholeGangCost, type AddTerm, type CostModel } from './eviction-cost.ts';

/** Passes the terms of the candidate's own cost to `note`; their sum is `candidate.cost`. */
export function itemise(costs: CostModel, candidate: Candidate, note: AddTerm): void {
  const gang = candidate.gang?.gang;
  if (candidate.kind === 'pod') podCost(costs, candidate.bound, gang, note);
  if (candidate.kind !== 'gang') return;
  const ofMembers = candidate.others.reduce((sum, { cost }) => sum + cost, 0);
  wholeGangCost(costs, candidate.gang.gang, { leader: candidate.bound, ofMembers }, note);
}

/**
 * The eviction cost of a needed candidate: its successor starts from scratch, and its gang may fall below its minimum.
 */
export function neededCost(weights: CostWeights, { cost, cores, gang }: Candidate, note?: AddTerm): number {
  const own = cost + item('comeback', weights.comeback * cores, note);
  if (!gang) return own + item('broken gang', weights.brokenGang * cores, note);
  return gang.isBroken ? own : own + item('broken gang', gang.breakCost, note);
}
