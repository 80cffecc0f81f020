import { isBlocking } from '../gang/blocking.ts';
import type { GangContextView } from '../gang/context.ts';
import { isAdmitted, missingLeaders, refOf, refusalOf, type Gang } from '../gang/gang.ts';
import { limitOn } from '../gang/limits.ts';
import type { RoomRequest } from '../model.ts';
import { AskedSoFar } from './asked-so-far.ts';
import { isOutdated, podSetsOf, shapeOf } from './pod-sets.ts';
import type { RoomAsk, RoomAskRules, RoomAsks, RoomPodSet } from './room-request.ts';
import { lastOf, type GangRequests, type RoomRequests } from './room-requests.ts';

/** A request is not replaced before it is this old, in ms: what a gang lacks may change with every member that comes. */
const RENEW_MS = 60_000;
/** So many gangs are looked at closely in one decision. One that must not ask, or cannot, has its turn later again. */
const MOST_LOOKS = 500;
const PASSED_OVER_MS = 10_000;
/** For each gang that may be asked for at a time, this many requests that were not met stay until they are tried again. */
const ENDED_KEPT = 5;

/**
 * `yes`: the gang waits for room and for nothing else, so that nodes would help. `same`: nobody knows at the moment.
 */
type Wish = 'yes' | 'same' | 'no';

/** What a decision has found so far. */
interface Round {
  readonly ctx: GangContextView;
  readonly requests: RoomRequests;
  readonly rules: RoomAskRules;
  readonly nowMs: number;
  readonly taken: AskedSoFar;
  readonly asks: RoomAsk[];
  readonly withdrawals: Map<string, RoomRequest>;
  /** Gangs behind one of their queue that lets nobody pass. */
  readonly behind: ReadonlySet<Gang>;
  /** Gangs whose answer is awaited. */
  active: number;
  /** Gangs that were looked at closely. */
  looks: number;
}

/**
 * For which gangs the autoscaler is to be asked, and which requests are to be withdrawn. A gang is asked for once, with
 * everything that it lacks, when it has waited for room long enough, and nothing else keeps it from starting: no limit,
 * rate or gang ahead, no victims that are leaving. All that is asked for together stays within the limits of every
 * queue, user and namespace. O(waiting gangs).
 */
export function decideRoomAsks(
  ctx: GangContextView,
  requests: RoomRequests,
  rules: RoomAskRules,
  nowMs: number,
): RoomAsks {
  requests.validMs = rules.validMs;
  const asks: RoomAsk[] = [];
  const withdrawals = new Map<string, RoomRequest>();
  const taken = new AskedSoFar(ctx);
  const behind = heldUp(ctx, nowMs);
  const round: Round = { ctx, requests, rules, nowMs, taken, asks, withdrawals, behind, active: 0, looks: 0 };
  for (const [key, known] of requests.gangs) sweep(round, key, known);
  if (!rules.isOff) {
    const waiting = ctx.queues.inAdmissionOrder().map((gang) => [gang, noteWish(round, gang)] as const);
    for (const [gang, wish] of waiting) keepAsking(round, gang, wish);
    for (const [gang, wish] of waiting) if (wish === 'yes') askAnew(round, gang);
    dropEnded(round);
  }
  for (const request of withdrawals.values()) requests.withdraw(request);
  return { asks, withdrawals: [...withdrawals.values()] };
}

function withdraw({ withdrawals }: Round, request: RoomRequest): void {
  withdrawals.set(`${request.gang} ${request.name}`, request);
}

function withdrawAll(round: Round, { requests }: GangRequests): void {
  for (const request of requests.values()) withdraw(round, request);
}

/**
 * Withdraws what no waiting gang needs any more, and forgets gangs of which nothing is left. A gang that muster does not
 * know yet may still be told of, as long as its leader lives: after a restart kube-scheduler asks again only in a while.
 */
function sweep(round: Round, key: string, known: GangRequests): void {
  const { ctx, requests, rules, nowMs } = round;
  const gang = ctx.gangs.get(key);
  const last = lastOf(known);
  const isWaiting = gang !== undefined && !isAdmitted(gang);
  for (const request of known.requests.values()) {
    const isOwned = gang ? gang.leaderUids.has(request.leader) : rules.isAlive(request.leader);
    if (rules.isOff || request !== last || !isOwned || (gang && !isWaiting)) withdraw(round, request);
  }
  const isIdle = known.wantsSinceMs === undefined && known.retryMs <= nowMs;
  if (known.requests.size === 0 && !requests.isUnderWay(known, nowMs) && (!isWaiting || isIdle)) requests.forget(key);
}

/** The refusal of a gang may be older than another that came ahead of it. O(waiting gangs). */
function heldUp(ctx: GangContextView, nowMs: number): ReadonlySet<Gang> {
  const out = new Set<Gang>();
  let [queue, isHeldUp]: [Gang['queue'] | undefined, boolean] = [undefined, false];
  for (const gang of ctx.queues.waiting()) {
    if (gang.queue !== queue) [queue, isHeldUp] = [gang.queue, false];
    if (isHeldUp) out.add(gang);
    else isHeldUp = isBlocking(gang, nowMs);
  }
  return out;
}

function wishOf({ behind }: Round, gang: Gang): Wish {
  if (gang.state.kind !== 'waiting' || missingLeaders(gang) > 0) return 'no';
  const refusal = refusalOf(gang);
  if (refusal === undefined || refusal.kind === 'held') return 'same';
  const isForNodes = refusal.kind === 'room' || refusal.kind === 'unschedulable';
  return isForNodes && !behind.has(gang) ? 'yes' : 'no';
}

/** Notes since when the gang wants nodes, or does not. */
function noteWish(round: Round, gang: Gang): Wish {
  const { requests, nowMs } = round;
  const wish = wishOf(round, gang);
  if (wish === 'yes') {
    const known = requests.entry(gang.key);
    known.wantsSinceMs ??= nowMs;
    known.idleSinceMs = undefined;
    return wish;
  }
  const known = requests.gangs.get(gang.key);
  if (known && wish === 'no') {
    known.wantsSinceMs = undefined;
    known.idleSinceMs ??= nowMs;
  }
  return wish;
}

/** Keeps, replaces or withdraws the request of a gang whose answer is awaited. */
function keepAsking(round: Round, gang: Gang, wish: Wish): void {
  const { requests, rules, nowMs, taken } = round;
  const known = requests.gangs.get(gang.key);
  if (!known) return;
  const last = lastOf(known);
  if (requests.isUnderWay(known, nowMs)) {
    round.active++;
    taken.take(gang);
  } else if (last && !requests.hasEnded(known, nowMs) && !isWithdrawn(round, last)) {
    if (wish === 'no' && nowMs - (known.idleSinceMs ?? nowMs) >= rules.afterMs) return withdrawAll(round, known);
    const isAllowed = taken.take(gang) && round.active < rules.most;
    if (!isAllowed) return withdrawAll(round, known);
    round.active++;
    const sets = wish === 'yes' && isWorthRenewing(last, nowMs) ? podSetsOf(round.ctx.cluster, gang) : undefined;
    if (sets && isOutdated(last.shape, sets)) ask(round, gang, { known, sets, failures: last.failures });
  }
}

const isWithdrawn = ({ withdrawals }: Round, { gang, name }: RoomRequest) => withdrawals.has(`${gang} ${name}`);

/** What is on its way is not asked for again in another form. */
const isWorthRenewing = ({ state, askedMs }: RoomRequest, nowMs: number) =>
  state !== 'provisioned' && nowMs - askedMs >= RENEW_MS;

/** Asks for a gang that waits for no answer, if it has waited long enough. */
function askAnew(round: Round, gang: Gang): void {
  const { requests, rules, nowMs, taken, ctx } = round;
  const known = requests.entry(gang.key);
  const isFull = round.active >= rules.most || round.asks.length >= rules.mostAtOnce;
  if (isFull || requests.isUnderWay(known, nowMs)) return;
  if (nowMs - (known.wantsSinceMs ?? nowMs) < rules.afterMs || known.retryMs > nowMs) return;
  const last = lastOf(known);
  if (last && !requests.hasEnded(known, nowMs)) return;
  if (round.looks++ >= MOST_LOOKS) return;
  const sets = podSetsOf(ctx.cluster, gang);
  // Its queue may hold more than when it was refused.
  if (!sets || limitOn(ctx, gang) !== undefined || !taken.take(gang)) {
    known.retryMs = nowMs + PASSED_OVER_MS;
    return;
  }
  round.active++;
  ask(round, gang, { known, sets, failures: known.failures });
}

interface What {
  readonly known: GangRequests;
  readonly sets: readonly RoomPodSet[];
  readonly failures: number;
}

function ask(round: Round, gang: Gang, { known, sets, failures }: What): void {
  withdrawAll(round, known);
  const generation = known.generation + 1;
  const one = { gang: gang.key, leader: refOf(gang.leader), generation, failures, podSets: sets, shape: shapeOf(sets) };
  round.requests.handOut(one, round.nowMs);
  round.asks.push(one);
}

/** Requests that were not met say why, and when the next may follow. Of very many the oldest go. */
function dropEnded(round: Round): void {
  const { requests, rules, nowMs } = round;
  const ended: RoomRequest[] = [];
  for (const known of requests.gangs.values()) {
    const last = lastOf(known);
    if (last && !isWithdrawn(round, last) && requests.hasEnded(known, nowMs)) ended.push(last);
  }
  ended.sort((a, b) => b.askedMs - a.askedMs);
  for (const request of ended.slice(ENDED_KEPT * rules.most)) withdraw(round, request);
}
