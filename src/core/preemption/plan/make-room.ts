import { isFreeing, refusalOf, type Gang } from '../../gang/gang.ts';
import { hasRunningLeader } from '../../gang/needs.ts';
import { SEARCH_AGAIN_MS } from '../../gang/transitions.ts';
import type { PreemptionContext, PreemptionContextView } from '../candidates/context.ts';
import { allAtOnce, type Slices } from '../../work.ts';
import { counted } from '../../wording.ts';
import { podsOf } from '../candidates/candidate.ts';
import { findVictims, victimsInSlices, type Finding } from '../search/find-victims.ts';
import { begin } from './begin.ts';

/** Searches for victims in one round, during which kube-scheduler waits. */
const MAX_SEARCHES_PER_ROUND = 4;
/** The longest pause after searches that found no victims. */
const SELDOM_MS = 60_000;
/** The shortest one. */
const SOON_MS = 5000;

/** Begins eviction plans for waiting gangs whose policy enforces preemption, in admission order. */
export function makeRoom(ctx: PreemptionContext, nowMs: number): void {
  allAtOnce(round(ctx, { nowMs, count: 0 }));
}

/** The same in slices, between which the state may change. */
export class RoomRound {
  readonly #turn: Turn = { nowMs: 0, count: 0 };
  readonly #slices: Slices<void>;

  constructor(ctx: PreemptionContext) {
    this.#slices = round(ctx, this.#turn);
  }

  /** @returns whether the round is over */
  advance(nowMs: number): boolean {
    this.#turn.nowMs = nowMs;
    this.#turn.count++;
    return this.#slices.next().done === true;
  }
}

/** The time of the present turn, and how many turns there have been. */
interface Turn {
  nowMs: number;
  count: number;
}

function* round(ctx: PreemptionContext, turn: Turn): Slices<void> {
  let searches = 0;
  for (const gang of [...ctx.queues.inAdmissionOrder()]) {
    if (searches === MAX_SEARCHES_PER_ROUND) return;
    if (!isItsTurn(ctx, gang, turn.nowMs)) continue;
    searches++;
    try {
      yield* makeRoomFor(ctx, gang, turn);
    } catch (error) {
      // Not at once again: a search that fails whenever it runs must not keep those behind from theirs.
      gang.searchAgainMs = turn.nowMs + SELDOM_MS;
      throw error;
    }
  }
}

function* makeRoomFor(ctx: PreemptionContext, gang: Gang, turn: Turn): Slices<void> {
  const { count } = turn;
  const found = yield* victimsInSlices(ctx, gang, turn.nowMs);
  const isInterrupted = turn.count !== count;
  if (isInterrupted && !isItsTurn(ctx, gang, turn.nowMs)) return;
  const finding = isInterrupted ? confirmed(ctx, gang, found, turn.nowMs) : found;
  if (begin(ctx, gang, { finding, nowMs: turn.nowMs })) gang.fruitless = 0;
  else gang.searchAgainMs = nextSearchMs(gang.fruitless++, finding, turn.nowMs);
}

function isItsTurn(ctx: PreemptionContext, gang: Gang, nowMs: number): boolean {
  if (ctx.hold !== undefined || ctx.isFollowing || ctx.gangs.get(gang.key) !== gang) return false;
  return gang.policy.preemption.mode === 'enforce' && isDue(gang, nowMs) && forbiddenTo(ctx, gang, nowMs) === undefined;
}

/** Finds the victims again, among those that were found in a cluster which may have changed since. */
function confirmed(ctx: PreemptionContext, gang: Gang, found: Finding, nowMs: number): Finding {
  if (found.kind === 'none') return found;
  const candidates = found.kind === 'victims' ? found.candidates : [];
  const pods = new Set(podsOf(candidates).map(({ pod }) => pod.uid));
  return findVictims(ctx, gang, nowMs, { pods, reservations: candidates.some(({ kind }) => kind === 'reservation') });
}

/** The pauses grow, so that the gangs behind have their turn. They end when a pod reaches the minimum runtime. */
function nextSearchMs(fruitless: number, finding: Finding, nowMs: number): number {
  const pauseMs = Math.min(SELDOM_MS, SEARCH_AGAIN_MS * 2 ** fruitless);
  const untilMs = Math.min(...(finding.kind === 'none' ? finding.hits.values() : []));
  return Math.min(nowMs + pauseMs, Math.max(nowMs + SOON_MS, untilMs));
}

/** Only a gang that waits for room, and for nothing else, may preempt. */
function isDue(gang: Gang, nowMs: number): boolean {
  return !isFreeing(gang) && refusalOf(gang)?.kind === 'room' && nowMs >= gang.searchAgainMs;
}

/** Why the gang may not preempt now, for the user; undefined: it may. */
export function forbiddenTo(
  { evictions, overclaims, cluster }: Pick<PreemptionContextView, 'evictions' | 'overclaims' | 'cluster'>,
  gang: Gang,
  nowMs: number,
): string | undefined {
  const { leader, firstAskMs, policy, key, preemption } = gang;
  const { afterMs, cascadeMs } = policy.preemption;
  // Its annotation carries no plan: a restart would forget the victims.
  if (hasRunningLeader(cluster, gang)) return 'its leader already runs';
  if (leader.evictionTraits?.neverPreempts) return 'the preemptionPolicy of its leader is Never';
  if (preemption === 'wasted')
    return 'pods were evicted for it before, and kube-scheduler has not asked about its leader since';
  const overclaim = overclaims.at(leader.namespace, nowMs);
  if (overclaim)
    return `members in namespace ${leader.namespace} came with a lower priority than ${counted(overclaim.victims, 'pod')} were evicted with, and no more are evicted for the namespace for ${overclaim.forMs / 60_000} min (give members the class of their leader)`;
  const lostMs = evictions.lastLossMs(key);
  if (lostMs !== undefined && nowMs - lostMs < cascadeMs)
    return `it lost members less than ${cascadeMs / 1000} s ago (preemption.cascade)`;
  if (nowMs - firstAskMs < afterMs) return `it has waited less than ${afterMs / 1000} s (preemption.after)`;
  return undefined;
}
