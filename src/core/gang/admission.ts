import type { ClusterView } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { FilterRequest } from '../decision.ts';
import { leaderRole, type Candidates } from '../model.ts';
import type { Need, RowTest } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';
import { blockerOf, isBlocking } from './blocking.ts';
import type { GangContext } from './context.ts';
import { isFreeing, refusalOf, type Gang, type Refusal } from './gang.ts';
import { siblingRows, startNeeds } from './needs.ts';

/** The decision about a waiting gang: rows for each need, or a refusal. */
export type Admission =
  | { readonly kind: 'admitted'; readonly needs: readonly Need[]; readonly rows: readonly Int32Array[] }
  /** `stands`: the last refusal still stands, and no search was needed. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly stands: boolean };

type AdmissionContext = Pick<GangContext, 'cluster' | 'planner' | 'queues' | 'inFlight'>;

const WAITS_FOR_ROOM = 'gang waits for room';

/**
 * Decides whether a waiting gang starts now, and changes nothing. Searches only if the last refusal may no longer
 * stand.
 * @param asked kube-scheduler's question about the leader; absent: the core tries by itself, the leader on any node
 */
export function decideAdmission(
  ctx: AdmissionContext,
  gang: Gang,
  asked: FilterRequest | undefined,
  nowMs: number,
): Admission {
  if (isFreeing(gang)) return refused({ kind: 'freeing', reason: 'gang waits for room that is being freed' });
  const refusal = refusalOf(gang);
  const standing = refusal && stillStanding(ctx, gang, refusal, nowMs);
  if (standing) return { kind: 'refused', refusal: standing, stands: true };
  const blocker = blockerOf(ctx.queues, gang, nowMs);
  if (blocker) return refused({ kind: 'turn', reason: 'gang waits for its turn', behind: blocker.key });
  return planWhole(ctx, gang, asked);
}

const refused = (refusal: Refusal): Admission => ({ kind: 'refused', refusal, stands: false });

/** The refusal, with the position up to which new room has been checked; undefined: it may no longer stand. */
function stillStanding(ctx: AdmissionContext, gang: Gang, refusal: Refusal, nowMs: number): Refusal | undefined {
  switch (refusal.kind) {
    case 'open':
    case 'held':
    case 'freeing':
      return undefined;
    case 'turn': {
      const blocker = ctx.queues.get(refusal.behind);
      const isAhead = blocker?.spec.queue === gang.spec.queue && isBlocking(blocker, nowMs);
      return isAhead ? refusal : undefined;
    }
    case 'room':
    case 'unschedulable': {
      const roomPosition = helpedBy(ctx, gang, refusal) ? undefined : ctx.cluster.table.roomLog.position;
      if (roomPosition === undefined) return undefined;
      return roomPosition === refusal.roomPosition ? refusal : { ...refusal, roomPosition };
    }
  }
}

/** Whether room that appeared since the refusal could help the gang. */
function helpedBy({ cluster }: AdmissionContext, gang: Gang, refusal: RoomRefusal): boolean {
  const { roomLog } = cluster.table;
  if (!roomLog.remembers(refusal.roomPosition)) return true;
  if (refusal.roomPosition === roomLog.position) return false;
  const short = refusal.kind === 'room' ? refusal.short : undefined;
  const needs = startNeeds(cluster, gang).filter(({ role }) => short === undefined || role === short);
  // Enough members run by now, placed by another scheduler.
  if (needs.length === 0) return true;
  for (let at = refusal.roomPosition; at < roomLog.position; at++) {
    const row = roomLog.at(at);
    const canHelp = ({ eligible, vector }: Need) =>
      hasBit(eligible, row) && capacityAt(cluster.table.free, row, vector, 1) > 0;
    if (needs.some(canHelp)) return true;
  }
  return false;
}

type RoomRefusal = Extract<Refusal, { kind: 'room' | 'unschedulable' }>;

function planWhole(
  { cluster, planner, inFlight }: AdmissionContext,
  gang: Gang,
  asked: FilterRequest | undefined,
): Admission {
  const vector = cluster.requestVector((asked?.pod ?? gang.leader).request);
  // The first need is the leader's: the request of its pod counts, not that of the role.
  const needs = startNeeds(cluster, gang).map((need, i) => (i === 0 && need.count === 1 ? { ...need, vector } : need));
  const request = { needs, policy: gang.policy, siblings: siblingRows(cluster, gang) };
  const plan = planner.plan(asked ? { ...request, offered: offeredRows(cluster, asked.candidates) } : request);
  if (plan.kind === 'placed') return { kind: 'admitted', needs, rows: plan.rows };
  // Pods in flight count on every node, so that room may only seem to be short until they are bound.
  if (inFlight.total) return refused({ kind: 'held', reason: WAITS_FOR_ROOM });
  const { position } = cluster.table.roomLog;
  const unschedulable = needs.find((need) => emptyCapacity(cluster, need) < need.count);
  if (unschedulable)
    return refused({
      kind: 'unschedulable',
      reason: unschedulableReason(cluster, unschedulable),
      roomPosition: position,
    });
  const anywhere = asked ? planner.plan(request) : plan;
  if (anywhere.kind === 'placed')
    return refused({ kind: 'open', reason: `no offered node suits role ${leaderRole(gang.spec).name}` });
  const short = anywhere.need === undefined ? undefined : needs[anywhere.need]?.role;
  return refused({
    kind: 'room',
    reason: WAITS_FOR_ROOM,
    roomPosition: position,
    ...(short === undefined ? {} : { short }),
  });
}

function unschedulableReason(cluster: ClusterView, need: Need): string {
  for (let row = 0; row < cluster.table.rows; row++) {
    if (hasBit(need.eligible, row)) return `even the empty cluster has too little room for role ${need.role}`;
  }
  return `no node meets the constraints of role ${need.role}`;
}

/** How many of the need's pods the empty cluster could hold, counted no further than needed. */
function emptyCapacity({ table }: ClusterView, { eligible, vector, count }: Need): number {
  let total = 0;
  for (let row = 0; row < table.rows && total < count; row++) {
    if (hasBit(eligible, row)) total += capacityAt(table.allocatable, row, vector, count);
  }
  return total;
}

/** Whether a row is one of the candidate nodes. */
export function offeredRows({ table }: ClusterView, candidates: Candidates): RowTest {
  return (row) => candidates.has(table.nameAt(row), row);
}
