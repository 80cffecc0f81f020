import { isFreeing, refusalOf, type Gang } from '../../gang/gang.ts';
import { SEARCH_AGAIN_MS } from '../../gang/transitions.ts';
import type { PreemptionContext } from '../candidates/context.ts';
import { allAtOnce, type Slices } from '../../work.ts';
import { podsOf } from '../candidates/candidate.ts';
import type { Means } from '../candidates/share-rules.ts';
import { findVictims, victimsInSlices, type Finding } from '../search/find-victims.ts';
import { begin } from './begin.ts';
import { meansNow, waitsForEnds } from './rights.ts';

/** Searches for victims in one round, during which kube-scheduler waits. */
const MAX_SEARCHES_PER_ROUND = 4;
/** The longest pause after searches that found no victims. */
const SELDOM_MS = 60_000;
/** The shortest one. */
const SOON_MS = 5000;

/** Begins eviction plans for waiting gangs whose policy or queue enforces them, in admission order. */
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
    const means = meansInTurn(ctx, gang, turn.nowMs);
    if (!means) continue;
    searches++;
    try {
      yield* makeRoomFor(ctx, gang, means, turn);
    } catch (error) {
      // Not at once again: a search that fails whenever it runs must not keep those behind from theirs.
      gang.searchAgainMs = turn.nowMs + SELDOM_MS;
      throw error;
    }
  }
}

function* makeRoomFor(ctx: PreemptionContext, gang: Gang, allowed: Means, turn: Turn): Slices<void> {
  const { count } = turn;
  const untilMs = allowed.share ? waitsForEnds(ctx, gang, turn.nowMs) : undefined;
  const means = { ...allowed, share: allowed.share && untilMs === undefined };
  if (!means.priority && !means.share) {
    gang.searchAgainMs = Math.min(turn.nowMs + SEARCH_AGAIN_MS, untilMs ?? Infinity);
    return;
  }
  const found = yield* victimsInSlices(ctx, gang, turn.nowMs, { means });
  const isInterrupted = turn.count !== count;
  // What is found is confirmed in a slice of its own, in which the plan begins.
  if (isInterrupted && found.kind !== 'none') yield;
  const now = isInterrupted ? meansInTurn(ctx, gang, turn.nowMs) : means;
  const still = { priority: means.priority && now?.priority === true, share: means.share && now?.share === true };
  if (!still.priority && !still.share) return;
  const finding = isInterrupted ? confirmed(ctx, gang, { found, means: still }, turn.nowMs) : found;
  if (begin(ctx, gang, { finding, nowMs: turn.nowMs })) gang.fruitless = 0;
  else gang.searchAgainMs = nextSearchMs(gang.fruitless++, finding, turn.nowMs);
}

/** By what right pods may be evicted for the gang now; undefined: by none, or it does not wait for room alone. */
function meansInTurn(ctx: PreemptionContext, gang: Gang, nowMs: number): Means | undefined {
  if (ctx.hold !== undefined || ctx.isFollowing || ctx.gangs.get(gang.key) !== gang) return undefined;
  return isDue(gang, nowMs) ? meansNow(ctx, gang, nowMs) : undefined;
}

/** Finds the victims again, among those that were found in a cluster which may have changed since. */
function confirmed(
  ctx: PreemptionContext,
  gang: Gang,
  { found, means }: { readonly found: Finding; readonly means: Means },
  nowMs: number,
): Finding {
  if (found.kind === 'none') return found;
  const candidates = found.kind === 'victims' ? found.candidates : [];
  const pods = new Set(podsOf(candidates).map(({ pod }) => pod.uid));
  const among = { pods, reservations: candidates.some(({ kind }) => kind === 'reservation') };
  return findVictims(ctx, gang, nowMs, { among, means });
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
