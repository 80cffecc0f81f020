import type { BoundPod } from '../cluster/cluster.ts';
import type { GangContextView } from '../gang/context.ts';
import { isAdmitted, isFreeing, missingLeaders, refusalOf, type Gang } from '../gang/gang.ts';
import { leaderNeeds, siblingRows } from '../gang/needs.ts';
import type { Forecast } from '../history/run-times.ts';
import type { FreedRoom, PlanRequest } from '../placement/need.ts';
import type { Vector } from '../resources.ts';

/** A run that takes room now, and gives it back when it ends. */
export interface Running {
  readonly gang: string;
  readonly sinceMs: number;
  readonly forecast: Forecast;
  readonly parts: readonly FreedRoom[];
}

/** A gang that waits for room, with what it asks of the planner. */
export interface Waiting {
  readonly gang: Gang;
  readonly forecast: Forecast;
  readonly request: PlanRequest;
  /** What its members that run already will give back with it. */
  readonly parts: readonly FreedRoom[];
}

/** The cluster at one moment, as far as it says who starts when. */
export interface Scene {
  readonly nowMs: number;
  /** What is free. Not to be written. */
  readonly free: readonly Float64Array[];
  readonly running: readonly Running[];
  /** Pods that are being deleted: they give their room back whatever their gang does. */
  readonly leaving: readonly { readonly atMs: number; readonly part: FreedRoom }[];
  /** In the order in which they may start, at most MOST_AHEAD before the last, who is asked about. */
  readonly line: readonly Waiting[];
  /** More gangs are ahead than are looked at. */
  readonly isCut: boolean;
}

export type ForecastOf = (gang: Gang) => Forecast;

/** More gangs ahead are not looked at: whoever stands further back is told the earliest time only. */
export const MOST_AHEAD = 200;

/** Kubernetes' grace period: for pods that do not say when they should be gone. */
const GRACE_MS = 30_000;

/**
 * The scene for a gang that waits, or would wait. @param ahead the waiting gangs ahead of it, in order
 * Pods of no gang stay where they are: nothing is known of when they end. O(pods).
 */
export function sceneOf(
  ctx: GangContextView,
  asked: Gang,
  ahead: readonly Gang[],
  { forecastOf, nowMs }: { readonly forecastOf: ForecastOf; readonly nowMs: number },
): Scene {
  const able = ahead.filter(isAble);
  const waiting = (gang: Gang) => waitingOf(ctx, gang, forecastOf(gang));
  return {
    nowMs,
    free: ctx.cluster.table.free,
    running: runningGangs(ctx, forecastOf, nowMs),
    leaving: [...ctx.cluster.deletingPods].filter(takesRoom).map((bound) => ({
      atMs: Math.max(nowMs, bound.pod.evictionTraits?.goneByMs ?? nowMs + GRACE_MS),
      part: bound,
    })),
    line: [...able.slice(0, MOST_AHEAD), asked].map(waiting),
    isCut: able.length > MOST_AHEAD,
  };
}

/** Whether it is room alone that a waiting gang lacks. */
export const isAble = (gang: Gang): boolean =>
  gang.state.kind === 'waiting' && refusalOf(gang)?.kind !== 'unschedulable' && missingLeaders(gang) === 0;

function waitingOf(ctx: GangContextView, gang: Gang, forecast: Forecast): Waiting {
  const { cluster } = ctx;
  const request = { needs: leaderNeeds(cluster, gang), policy: gang.policy, siblings: siblingRows(cluster, gang) };
  return { gang, forecast, request, parts: byRow(staying(ctx, gang.key)) };
}

function runningGangs(ctx: GangContextView, forecastOf: ForecastOf, nowMs: number): Running[] {
  const { gangs, ledger, cluster } = ctx;
  const holds = new Map<string, FreedRoom[]>();
  for (const { gang, node, vector } of ledger.podHolds.values()) {
    const row = cluster.table.rowOf(node);
    if (row !== undefined) holds.set(gang, [...(holds.get(gang) ?? []), { row, vector }]);
  }
  const out: Running[] = [];
  for (const gang of gangs.values()) {
    if (!isAdmitted(gang) && !isFreeing(gang)) continue;
    const parts: FreedRoom[] = [...staying(ctx, gang.key), ...(holds.get(gang.key) ?? [])];
    for (const { state, node, vector } of gang.slots) {
      const row = state === 'reserved' || state === 'assumed' ? cluster.table.rowOf(node) : undefined;
      if (row !== undefined) parts.push({ row, vector });
    }
    const sinceMs = Math.min(gang.startedMs ?? nowMs, nowMs);
    if (parts.length > 0) out.push({ gang: gang.key, sinceMs, forecast: forecastOf(gang), parts: byRow(parts) });
  }
  return out;
}

/** Bound pods as parts of their gang; those that are being deleted leave by themselves. */
function staying({ cluster }: GangContextView, key: string): FreedRoom[] {
  const out: FreedRoom[] = [];
  for (const bound of cluster.boundMembers(key).values()) if (takesRoom(bound) && !bound.pod.deleting) out.push(bound);
  return out;
}

/** One part for each row. */
function byRow(parts: readonly FreedRoom[]): FreedRoom[] {
  const sums = new Map<number, Vector>();
  for (const { row, vector } of parts) {
    const sum = sums.get(row);
    sums.set(row, sum ? plus(sum, vector) : vector);
  }
  return Array.from(sums, ([row, vector]) => ({ row, vector }));
}

function plus(a: Vector, b: Vector): Vector {
  const [longer, shorter] = a.length < b.length ? [b, a] : [a, b];
  const sum = longer.slice();
  for (let c = 0; c < shorter.length; c++) sum[c]! += shorter[c]!;
  return sum;
}

const takesRoom = ({ row, isLeaving }: BoundPod): boolean => row >= 0 && !isLeaving;
