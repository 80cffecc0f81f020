import type { Cluster } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { FilterRequest } from '../decision.ts';
import type { Candidates } from '../model.ts';
import type { Need, RowTest } from '../placement/need.ts';
import type { Planner } from '../placement/planner.ts';
import type { InFlight } from '../cluster/in-flight.ts';
import { capacityAt } from '../placement/room.ts';
import { isBlocking, type WaitingLine } from '../queue/waiting-line.ts';
import type { Gang, Refusal } from './gang.ts';
import { siblingRows, needOf } from './needs.ts';

/** Rows for each need, or why not. */
export type Admission =
  | { readonly kind: 'admitted'; readonly needs: readonly Need[]; readonly rows: readonly Int32Array[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface AdmissionDeps {
  readonly cluster: Cluster;
  readonly planner: Planner;
  readonly line: WaitingLine;
  readonly inFlight: InFlight;
}

const WAITS_FOR_ROOM = 'gang waits for room';

/**
 * Decides whether a waiting gang starts now. Looks anew only where the last refusal may no longer stand.
 * @param asked what kube-scheduler asks about the leader; absent: nobody asked, and any node may be the leader's
 */
export function decideAdmission(deps: AdmissionDeps, gang: Gang, asked: FilterRequest | undefined, nowMs: number) {
  const { refusal } = gang;
  if (gang.eviction) return refused({ kind: 'freeing', reason: 'gang waits for room that is being freed' });
  if (refusal && stands(deps, gang, refusal, nowMs)) return { kind: 'refused', refusal } satisfies Admission;
  const blocker = deps.line.blockerOf(gang, nowMs);
  if (blocker) return refused({ kind: 'turn', reason: 'gang waits for its turn', behind: blocker.key });
  return planWhole(deps, gang, asked);
}

const refused = (refusal: Refusal): Admission => ({ kind: 'refused', refusal });

function stands({ cluster, line }: AdmissionDeps, gang: Gang, refusal: Refusal, nowMs: number): boolean {
  if (refusal.kind === 'open' || refusal.kind === 'held' || refusal.kind === 'freeing') return false;
  if (refusal.kind === 'turn') {
    const blocker = line.get(refusal.behind);
    return blocker !== undefined && blocker.spec.queue === gang.spec.queue && isBlocking(blocker, nowMs);
  }
  const { roomLog } = cluster.table;
  if (!roomLog.remembers(refusal.roomPosition)) return false;
  if (refusal.roomPosition === roomLog.position) return true;
  const short = refusal.kind === 'room' ? refusal.short : undefined;
  const needs = startNeeds(cluster, gang).filter(({ role }) => short === undefined || role === short);
  // Its members run by now, whoever placed them.
  if (needs.length === 0) return false;
  for (; refusal.roomPosition < roomLog.position; refusal.roomPosition++) {
    const row = roomLog.at(refusal.roomPosition);
    const canHelp = ({ eligible, vector }: Need) =>
      hasBit(eligible, row) && capacityAt(cluster.table.free, row, vector, 1) > 0;
    if (needs.some(canHelp)) return false;
  }
  return true;
}

/** What the gang needs to start: the minimum of each role, less what runs already. */
export function startNeeds(cluster: Cluster, gang: Gang): readonly Need[] {
  return gang.spec.roles
    .map((role, i) => {
      const missing = role.min - cluster.runningMembers(gang.key, role.name).length;
      return needOf(cluster, gang, { role: role.name, count: Math.max(i === 0 ? 1 : 0, missing) });
    })
    .filter(({ count }) => count > 0);
}

function planWhole(
  { cluster, planner, inFlight }: AdmissionDeps,
  gang: Gang,
  asked: FilterRequest | undefined,
): Admission {
  const [leader, ...others] = startNeeds(cluster, gang);
  const vector = cluster.requestVector((asked?.pod ?? gang.leader).request);
  const needs = [leader!.count === 1 ? { ...leader!, vector } : leader!, ...others];
  const request = { needs, policy: gang.policy, siblings: siblingRows(cluster, gang) };
  const plan = planner.plan(asked ? { ...request, offered: offeredRows(cluster, asked.candidates) } : request);
  if (plan.kind === 'placed') return { kind: 'admitted', needs, rows: plan.rows };
  // Room may only seem to be short, until it is known where they are.
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
    return refused({ kind: 'open', reason: `no offered node suits role ${leader!.role}` });
  const short = anywhere.need === undefined ? {} : { short: needs[anywhere.need]!.role };
  return refused({ kind: 'room', reason: WAITS_FOR_ROOM, roomPosition: position, ...short });
}

function unschedulableReason(cluster: Cluster, need: Need): string {
  for (let row = 0; row < cluster.table.rows; row++) {
    if (hasBit(need.eligible, row)) return `gang needs more nodes for role ${need.role} than the cluster has`;
  }
  return `no node meets the constraints of role ${need.role}`;
}

/** How many of the need's pods the cluster could hold if nothing ran in it. */
function emptyCapacity({ table }: Cluster, { eligible, vector, count }: Need): number {
  let total = 0;
  for (let row = 0; row < table.rows && total < count; row++) {
    if (hasBit(eligible, row)) total += capacityAt(table.allocatable, row, vector, count);
  }
  return total;
}

export function offeredRows({ table }: Cluster, candidates: Candidates): RowTest {
  return (row) => candidates.has(table.nameAt(row), row);
}
