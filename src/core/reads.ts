import type { SchedulerStats } from './decision.ts';
import { isAdmitted, phaseOf, refOf, refusalOf, type Gang } from './gang/gang.ts';
import { slotCounts } from './gang/reservation.ts';
import { membersToStart, type PodInfo, type PodRef, type SlotCounts } from './model.ts';
import { DEFAULT_POLICY } from './policy/policy.ts';
import { protectedPods, type ProtectedPods } from './preemption/candidates/protection.ts';
import type { LimitKind } from './queue/limits.ts';
import type { BucketView } from './queue/rates.ts';
import type { Resources } from './resources.ts';
import type { StateView } from './state.ts';

/** A gang's reservation as it is to be written down. */
export interface WrittenReservation {
  readonly leader: PodRef;
  readonly slots: SlotCounts;
}

/** The leader and the slots of an admitted gang; undefined: there is no such gang. */
export function reservationOf(state: StateView, key: string): WrittenReservation | undefined {
  const leader = leaderOf(state, key);
  return leader && { leader, slots: slotCounts(state.gangs.get(key)!) };
}

/** The pod that carries the reservation of an admitted gang; undefined: there is no such gang. */
export function leaderOf({ cluster, gangs }: StateView, key: string): PodRef | undefined {
  const gang = gangs.get(key);
  return gang && isAdmitted(gang) ? refOf(boundLeader(cluster, gang) ?? gang.leader) : undefined;
}

/** In a gang of one role the leader that asked first may be gone while others run. */
function boundLeader(cluster: StateView['cluster'], { leader, leaderUids }: Gang): PodInfo | undefined {
  const first = cluster.boundPod(leader.uid);
  if (first) return first.pod;
  for (const uid of leaderUids) {
    const bound = cluster.boundPod(uid);
    if (bound) return bound.pod;
  }
  return undefined;
}

/** Where a gang stands among those of other queues. */
export interface GangStanding {
  /** The path of its queue. */
  readonly queue: string;
  /** Since when it has waited, or had waited when it started, in ms. */
  readonly sinceMs: number;
  /** The limit that keeps it from starting; undefined: none does. */
  readonly limit: LimitKind | 'rate' | undefined;
  /** The name of its policy. */
  readonly policy: string;
  readonly user: string;
  readonly priority: number;
  /** How many members it needs to start. */
  readonly members: number;
  /** It has not been complete, and its leader did not run before muster knew of it: `sinceMs` is a wait. */
  readonly isAwaited: boolean;
  /** See PodInfo.traceParent. */
  readonly traceParent: string | undefined;
}

export function standingOf({ gangs }: StateView, key: string): GangStanding | undefined {
  const gang = gangs.get(key);
  if (!gang) return undefined;
  const refusal = refusalOf(gang);
  const limit = refusal?.kind === 'quota' ? refusal.limit : refusal?.kind === 'rate' ? 'rate' : undefined;
  const { queue, firstAskMs: sinceMs, policy, user, priority, isAwaited, spec, leader } = gang;
  const members = membersToStart(spec);
  const { traceParent } = leader;
  return { queue: queue.path, sinceMs, limit, policy: policy.name, user, priority, members, isAwaited, traceParent };
}

/** A token bucket, and how many gangs wait for it now. */
export interface RateView extends BucketView {
  readonly waiting: number;
}

/** The token buckets of the rates, for people. O(buckets + waiting gangs). */
export function ratesOf({ rates, queues }: StateView, nowMs: number): readonly RateView[] {
  const views = rates.views(nowMs);
  if (views.length === 0) return [];
  const waiting = new Map<string, number>();
  for (const gang of queues.waiting()) {
    const refusal = refusalOf(gang);
    if (refusal?.kind === 'rate' && refusal.bucket !== undefined)
      waiting.set(refusal.bucket, (waiting.get(refusal.bucket) ?? 0) + 1);
  }
  return views.map((view) => ({ ...view, waiting: waiting.get(view.name) ?? 0 }));
}

/** The bound members of a gang. */
export function membersOf({ cluster }: StateView, key: string): readonly PodInfo[] {
  return [...cluster.boundMembers(key).values()].map(({ pod }) => pod);
}

/** What is held for members that are not bound. O(columns). */
export function reservedOf({ cluster: { columns }, ledger }: StateView): Resources {
  return columns.amounts(Float64Array.from(columns.names, (_, c) => ledger.held[c] ?? 0));
}

/** Counts everything from scratch: for a metrics scrape, not for every decision. */
export function statsOf(state: StateView): SchedulerStats {
  const { cluster, gangs: known, evictions, isSynced, lastEventMs } = state;
  const { table, columns } = cluster;
  const gangs: Record<ReturnType<typeof phaseOf>, number> = { waiting: 0, starting: 0, running: 0, degraded: 0 };
  for (const gang of known.values()) gangs[phaseOf(gang)]++;
  const sum = (column: Float64Array) => column.reduce((total, amount) => total + amount, 0);
  return {
    synced: isSynced,
    nodes: table.size,
    pods: cluster.boundPods.size,
    gangs,
    foretold: state.promises.size,
    victims: evictions.beneficiary.size,
    reserved: reservedOf(state),
    free: columns.amounts(Float64Array.from(table.free, sum)),
    allocatable: columns.amounts(Float64Array.from(table.allocatable, sum)),
    lastEventMs,
  };
}

/** The pods that cannot be evicted, by namespace, where the shortest preemption.maxGrace of all policies counts. */
export function protectedUnder(state: StateView): Generator<void, ReadonlyMap<string, ProtectedPods>> {
  const { policies } = state;
  const graces = (policies.length > 0 ? policies : [DEFAULT_POLICY]).map(({ preemption }) => preemption.maxGraceMs);
  return protectedPods(state, Math.min(...graces));
}

/** Pending leaders, and pods to which a place was answered: those that have not been seen bound. By UID. */
export function claimantsOf({
  cluster,
  gangOfLeader,
  gangs,
  ledger,
  problems,
  inFlight,
}: StateView): readonly string[] {
  const uids = new Set([...gangOfLeader.keys(), ...ledger.podHolds.keys(), ...problems.keys(), ...inFlight.pods]);
  for (const { slots } of gangs.values())
    for (const { state, podUid } of slots) if (state === 'assumed') uids.add(podUid);
  return [...uids].filter((uid) => cluster.boundPod(uid) === undefined);
}
