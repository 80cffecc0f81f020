import type { Candidate } from '../candidates/candidate.ts';
import type { OpenCandidates, Pool } from '../candidates/candidate-pool.ts';
import { chooseExactly, EXACT_CANDIDATES } from './choose-exactly.ts';
import { selectCheapest } from './choose-greedily.ts';
import { chooseWholeGangs } from './choose-whole-gangs.ts';
import { reprieve } from './reprieve.ts';
import type { VictimSet } from './victim-set.ts';
import type { Slices } from '../../work.ts';

/**
 * Chooses the victims. Selects leaders only if all other candidates together do not make enough room, and always with
 * their gangs. Exact for few candidates; else greedy, followed by the reprieve of every victim that is not needed.
 * @returns whether the shortfall is met; `victims` then has the victims, and none can be reprieved
 */
export function* chooseVictims(victims: VictimSet, { small, whole }: OpenCandidates, goal: Goal): Slices<boolean> {
  goal.widen(goal.margin);
  const isFound = (yield* searchSmall(victims, small, goal)) || (yield* searchWhole(victims, { small, whole }, goal));
  goal.widen(-goal.margin);
  if (isFound) yield* reprieve(victims, goal.fits);
  return isFound;
}

export interface Goal {
  /** Whether the planner confirms that the victims make room; always true for gangs that Shortfall counts exactly. */
  readonly fits: (victims: readonly Candidate[]) => boolean;
  /** Places to seek beyond the shortfall until victims are found. */
  readonly margin: number;
  /** Raises the shortfall. */
  readonly widen: (more: number) => void;
}

function* searchSmall(victims: VictimSet, small: Pool, { fits }: Goal): Slices<boolean> {
  if (small.size <= EXACT_CANDIDATES) return chooseExactly(victims, small.all(), { fits });
  yield* selectCheapest(victims, small);
  return victims.isEnough && fits([...victims.selected]);
}

/** Continues with the victims that searchSmall has selected. */
function* searchWhole(victims: VictimSet, { small, whole }: OpenCandidates, { fits }: Goal): Slices<boolean> {
  if (small.size > EXACT_CANDIDATES && !victims.maySelectPods()) return victims.clear();
  const gangs = yield* whole(victims.work);
  if (gangs.length === 0) return victims.clear();
  if (small.size + gangs.length <= EXACT_CANDIDATES)
    return chooseExactly(victims, [...small.all(), ...gangs], { fits });
  return yield* chooseWholeGangs(victims, { small, gangs }, fits);
}
