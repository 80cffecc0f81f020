import type { Candidate, GangCandidate } from '../candidates/candidate.ts';
import { chooseExactly, EXACT_CANDIDATES } from './choose-exactly.ts';
import { poolOf, selectCheapest } from './choose-greedily.ts';
import type { VictimSet } from './victim-set.ts';
import type { Slices } from '../../work.ts';

/**
 * Reprieves the victims that are not needed, the most valuable first. Whole gangs come before pods: a gang stays, or loses
 * only as many members as are needed.
 */
export function* reprieve(victims: VictimSet, fits: (victims: readonly Candidate[]) => boolean): Slices<void> {
  const isDone = () => victims.isEnough && fits([...victims.selected]);
  const gangs = [...victims.selected].flatMap((one) => (one.kind === 'gang' ? [one] : []));
  for (const gang of inOrder(victims, gangs)) {
    yield* reprieveGang(victims, gang, fits);
    if (victims.work.isPauseDue()) yield;
  }
  for (const candidate of inOrder(victims, [...victims.selected])) {
    if (candidate.kind === 'gang' || (candidate.kind === 'pod' && candidate.gang?.isWhole)) continue;
    victims.reprieve([candidate]);
    if (!isDone()) victims.select(candidate);
    victims.work.pass(1);
    if (victims.work.isPauseDue()) yield;
  }
}

function* reprieveGang(
  victims: VictimSet,
  gang: GangCandidate,
  fits: (victims: readonly Candidate[]) => boolean,
): Slices<void> {
  victims.reprieve([gang, ...gang.others.filter((one) => victims.selected.has(one))]);
  const members = gang.others.filter(({ isFollower }) => !isFollower);
  if (members.length <= EXACT_CANDIDATES) {
    if (chooseExactly(victims, members, { fits })) return;
  } else {
    yield* selectCheapest(victims, poolOf(members));
    if (victims.isEnough && fits([...victims.selected])) return;
    victims.reprieve(members.filter((one) => victims.selected.has(one)));
  }
  victims.select(gang);
}

function inOrder<T extends Candidate>(victims: VictimSet, candidates: readonly T[]): readonly T[] {
  return [...candidates].sort((a, b) => victims.tierOf(b) - victims.tierOf(a) || b.cost - a.cost);
}
