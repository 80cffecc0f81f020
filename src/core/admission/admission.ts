import type { ChangeLog } from '../cluster/change-log.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { FilterRequest } from '../decision.ts';
import { leaderRole, membersToStart } from '../model.ts';
import type { FreedRoom, Need, Plan, PlanRequest, Room } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';
import { isSampled, offeredRows } from '../placement/sample.ts';
import { isBlocking, isHead } from '../gang/blocking.ts';
import type { BackfillContext } from '../backfill/context.ts';
import type { Head } from '../backfill/head.ts';
import { pauseBeforeBorrowing } from './borrowing.ts';
import { besideHeads, type Passage } from './beside-heads.ts';
import type { GangContext } from '../gang/context.ts';
import { isFreeing, missingLeaders, refusalOf, type Gang, type Refusal, type Short } from '../gang/gang.ts';
import type { Loan } from '../gang/loans.ts';
import { countRunning, leaderNeeds, siblingRows } from '../gang/needs.ts';
import { isStillLimited, limitOn } from '../gang/limits.ts';
import { foundPossible } from '../gang/transitions.ts';
import { planOffered } from './plan-offered.ts';
import { rateOn } from './rates.ts';
import {
  EXAMINATIONS,
  findBlocker,
  isKnownPossible,
  isKnownToBlock,
  unschedulable,
  type Examinations,
} from './turn.ts';

/** The decision about a waiting gang: rows for each need, or a refusal. */
export type Admission =
  | {
      readonly kind: 'admitted';
      readonly needs: readonly Need[];
      readonly rows: readonly Int32Array[];
      /** Heads that start while the gang still runs, and what it takes from the room at that time. */
      readonly passed: readonly Head[];
      readonly places: readonly FreedRoom[];
      /** The heads before which it starts although it must not delay them. */
      readonly ahead: readonly Head[];
      /** What it borrows from heads that start when it is to be over. */
      readonly loan: Loan | undefined;
    }
  /** `stands`: the last refusal still stands, and no search was needed. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly stands: boolean };

/** Has no figure that changes while members are created: each new reason is told in an Event. */
const incomplete = (all: number) => `gang waits until all ${all} members that it needs exist`;

const WAITS_FOR_ROOM = 'gang waits for room';

interface Question {
  /** kube-scheduler's question about the leader; absent: its leader runs, or may go to any node. */
  readonly asked?: FilterRequest;
  /** Absent: as many as one question may cost. */
  readonly examinations?: Examinations;
}

/**
 * Decides whether a waiting gang starts now. Searches only if the last refusal may no longer stand. Gangs ahead may be
 * found to be unschedulable, and the gang itself to be possible; nothing else changes.
 */
export function decideAdmission(
  ctx: BackfillContext,
  gang: Gang,
  { asked, examinations = { left: EXAMINATIONS } }: Question,
  nowMs: number,
): Admission {
  if (isFreeing(gang)) return refused({ kind: 'freeing', reason: 'gang waits for room that is being freed' });
  if (missingLeaders(gang) > 0) {
    const all = membersToStart(gang.spec);
    return { kind: 'refused', refusal: { kind: 'incomplete', reason: incomplete(all) }, stands: true };
  }
  const refusal = refusalOf(gang);
  const standing = refusal && stillStanding(ctx, gang, refusal, nowMs);
  if (standing) return { kind: 'refused', refusal: standing, stands: true };
  const limit = limitOn(ctx, gang);
  // No search was needed: however many gangs a tenant submits beyond its limits, others are looked at in the same round.
  if (limit) return { kind: 'refused', refusal: limit, stands: true };
  const pause = pauseBeforeBorrowing(ctx, gang, nowMs);
  if (pause) return refused(pause);
  const blocker = findBlocker(ctx, gang, nowMs, examinations);
  if (blocker) return refused({ kind: 'turn', reason: 'gang waits for its turn', behind: blocker.key });
  const rate = rateOn(ctx, gang, nowMs);
  if (rate) return refused(rate);
  return planWhole(ctx, gang, asked, nowMs);
}

const refused = (refusal: Refusal): Admission => ({ kind: 'refused', refusal, stands: false });

/** The refusal, with the position up to which new room has been checked; undefined: it may no longer stand. */
function stillStanding(ctx: BackfillContext, gang: Gang, refusal: Refusal, nowMs: number): Refusal | undefined {
  switch (refusal.kind) {
    case 'open':
    case 'held':
    case 'incomplete':
    case 'freeing':
      return undefined;
    case 'turn': {
      const blocker = ctx.queues.get(refusal.behind);
      const isAhead = blocker?.queue === gang.queue && isBlocking(blocker, nowMs);
      return isAhead && isKnownToBlock(ctx, blocker) ? refusal : undefined;
    }
    case 'later':
      return ctx.startPlans.stillCount(ctx, refusal.version, nowMs) &&
        refusal.roomPosition === ctx.cluster.table.roomLog.position
        ? refusal
        : undefined;
    case 'quota':
      return isStillLimited(ctx, gang, refusal) ? refusal : undefined;
    case 'rate':
      if (refusal.isBorrower) return pauseBeforeBorrowing(ctx, gang, nowMs);
      return nowMs < refusal.untilMs ? refusal : undefined;
    case 'room':
      // The cluster may have lost nodes since: a gang that can no longer start has no start time.
      return isHead(gang, nowMs) && !isKnownPossible(ctx.cluster, gang) ? undefined : notHelped(ctx, gang, refusal);
    case 'unschedulable':
      return notHelped(ctx, gang, refusal);
  }
}

type RoomRefusal = Extract<Refusal, { kind: 'room' | 'unschedulable' }>;

/** The refusal, brought up to the present; undefined: room that appeared since could help the gang. */
function notHelped({ cluster }: GangContext, gang: Gang, refusal: RoomRefusal): Refusal | undefined {
  if (countRunning(cluster, gang) !== refusal.running) return undefined;
  const { roomLog, growthLog, free, empty } = cluster.table;
  const isSameRoom = refusal.roomPosition === roomLog.position;
  const isSameEmpty = refusal.kind === 'room' || refusal.growthPosition === growthLog.position;
  if (isSameRoom && isSameEmpty) return refusal;
  const { short } = refusal;
  const needs = leaderNeeds(cluster, gang, gang.leader, short?.role);
  const roomPosition = roomLog.position;
  const inRoom = placesWith({ needs, from: refusal.roomPosition, log: roomLog, room: free }, short?.places);
  if (inRoom === undefined) return undefined;
  const upToNow = { ...refusal, roomPosition, ...(short ? { short: { ...short, places: inRoom } } : {}) };
  if (upToNow.kind === 'room' || isSameEmpty) return upToNow;
  const all = leaderNeeds(cluster, gang);
  const inEmpty = placesWith({ needs: all, from: upToNow.growthPosition, log: growthLog, room: empty });
  return inEmpty === undefined ? undefined : { ...upToNow, growthPosition: growthLog.position };
}

interface Gained {
  readonly needs: readonly Need[];
  readonly log: ChangeLog;
  /** The position in the log up to which it has been looked at. */
  readonly from: number;
  readonly room: Room;
}

/**
 * For how many members there may be room by now, counted too high where room came and went; undefined: there may be
 * enough, or the log no longer knows.
 * @param places for how many of the one need there was room; absent: room for any member of any need could be enough
 */
function placesWith({ needs, log, from, room }: Gained, places?: number): number | undefined {
  if (!log.remembers(from)) return undefined;
  let found = places ?? 0;
  for (let at = from; at < log.position; at++) {
    const row = log.at(at);
    for (const { eligible, vector, count } of needs) {
      if (hasBit(eligible, row)) found += capacityAt(room, row, vector, count);
      if (found >= (places === undefined ? 1 : count)) return undefined;
    }
  }
  return found;
}

function planWhole(ctx: BackfillContext, gang: Gang, asked: FilterRequest | undefined, nowMs: number): Admission {
  const { cluster, planner, feasibility, inFlight } = ctx;
  const needs = leaderNeeds(cluster, gang, asked?.pod);
  const limits = ctx.addresses.limits(cluster);
  const request = {
    needs,
    policy: gang.policy,
    siblings: siblingRows(cluster, gang),
    limits,
    scatters: ctx.nominees.offer.isSample,
  };
  const offered = asked && offeredRows(cluster, asked.candidates);
  const mayWait = asked !== undefined && isSampled(cluster, asked.candidates);
  const { request: chosen, plan } = planOffered(ctx, request, { offered, mayWait });
  if (plan.kind === 'placed') {
    const passage = besideHeads(ctx, gang, { request: chosen, rows: plan.rows }, nowMs);
    return passage.kind === 'free'
      ? { ...passage, kind: 'admitted', needs }
      : mustWait(ctx, gang, { passage, request, asked, mayWait }, nowMs);
  }
  // How much room there is does not depend on where there are addresses.
  const inRoom = limits.length > 0 ? planner.plan({ ...chosen, limits: [] }) : plan;
  if (inRoom.kind === 'placed') return refused(noAddresses(ctx, gang));
  const obstacle = feasibility.obstacle(gang, needs);
  if (obstacle) return refused({ ...unschedulable(cluster, gang, needs, obstacle), ...shortIn(needs, inRoom, asked) });
  foundPossible(ctx, gang);
  // Pods in flight count on every node, so that room may only seem to be short until they are bound.
  if (inFlight.total) return refused({ kind: 'held', reason: WAITS_FOR_ROOM, was: 'room' });
  const anywhere = asked ? planner.plan({ ...request, limits: [] }) : inRoom;
  if (anywhere.kind === 'placed') return refused(open(gang));
  const roomPosition = cluster.table.roomLog.position;
  const running = countRunning(cluster, gang);
  return refused({ kind: 'room', reason: WAITS_FOR_ROOM, running, roomPosition, ...shortIn(needs, anywhere) });
}

/** There is room, but not where there are addresses. */
function noAddresses({ addresses, cluster }: GangContext, gang: Gang): Refusal {
  const at = addresses.keys.join(' or ');
  const reason = `gang waits for addresses: each ${at} has too few left`;
  addresses.look(cluster);
  const { version } = addresses;
  return {
    kind: 'quota',
    reason,
    limit: 'addresses',
    at,
    holder: addresses,
    version,
    running: countRunning(cluster, gang),
    roomPosition: cluster.table.roomLog.position,
  };
}

interface Behind {
  readonly passage: Extract<Passage, { kind: 'later' }>;
  /** On all nodes. */
  readonly request: PlanRequest;
  readonly asked: FilterRequest | undefined;
  /** The leader may be nominated and wait for a node that is not offered. */
  readonly mayWait: boolean;
}

const WAITS_BEHIND = 'gang waits behind a start time';

/** The gang fits where it is asked for, and would delay a gang that has a start time. */
function mustWait(ctx: BackfillContext, gang: Gang, behind: Behind, nowMs: number): Admission {
  const { planner, inFlight, startPlans, cluster } = ctx;
  const { passage, request, asked, mayWait } = behind;
  if (inFlight.total) return refused({ kind: 'held', reason: WAITS_BEHIND, was: 'later' });
  const plan = asked ? planner.plan(request) : undefined;
  const anywhere = plan?.kind === 'placed' ? besideHeads(ctx, gang, { request, rows: plan.rows }, nowMs) : undefined;
  if (anywhere?.kind === 'free')
    return mayWait ? { ...anywhere, kind: 'admitted', needs: request.needs } : refused(open(gang));
  const roomPosition = cluster.table.roomLog.position;
  return refused({ ...passage, reason: WAITS_BEHIND, version: startPlans.version, roomPosition });
}

/** Only nodes that are not offered suit it. */
const open = ({ spec }: Gang) =>
  ({ kind: 'open', reason: `no offered node suits role ${leaderRole(spec).name}` }) as const;

/** The role that lacks room. Of the leader nothing is known where it was planned on the offered nodes alone. */
function shortIn(
  needs: readonly Need[],
  { need: index, places = 0 }: Extract<Plan, { kind: 'short' }>,
  asked?: FilterRequest,
): { readonly short?: Short } {
  const need = index === undefined || (index === 0 && asked) ? undefined : needs[index];
  return need ? { short: { role: need.role, of: need.count, places } } : {};
}
