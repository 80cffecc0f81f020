import { heldBy, ranSince } from '../backfill/endings.ts';
import type { GangContextView } from '../gang/context.ts';
import { isAdmitted, isFreeing, missingLeaders, refusalOf, type Gang } from '../gang/gang.ts';
import { leaderNeeds, siblingRows } from '../gang/needs.ts';
import { forecastOf } from '../gang/run-identity.ts';
import type { Forecast } from '../history/run-times.ts';
import type { FreedRoom, PlanRequest } from '../placement/need.ts';
import type { Vector } from '../resources.ts';
import { allAtOnce, Work, type Slices } from '../work.ts';

/** A run that takes room now, and gives it back when it ends. */
interface Running {
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
  /** Pods of no gang that still is, which are being deleted. */
  readonly leaving: readonly { readonly atMs: number; readonly part: FreedRoom }[];
  /** In the order in which they may start, at most MOST_AHEAD before the last, who is asked about. */
  readonly line: readonly Waiting[];
  /** More gangs are ahead than are looked at. */
  readonly isCut: boolean;
}

/** More gangs ahead are not looked at: whoever stands further back is told the earliest time only. */
const MOST_AHEAD = 200;

/** Kubernetes' grace period: for pods that do not say when they should be gone. */
const GRACE_MS = 30_000;

/**
 * The scene for a gang that waits, or would wait. Pods of no gang stay where they are: nothing is known of when they
 * end. O(pods of gangs). @param ahead the waiting gangs ahead of it, in order
 */
export function sceneOf(ctx: GangContextView, asked: Gang, ahead: readonly Gang[], nowMs: number): Scene {
  const able = ahead.filter(isAble);
  return {
    nowMs,
    free: ctx.cluster.table.free,
    running: allAtOnce(runningInSlices(ctx, nowMs, new Work())),
    leaving: leavingPods(ctx, nowMs),
    line: [...able.slice(0, MOST_AHEAD), asked].map((gang) => waitingOf(ctx, gang)),
    isCut: able.length > MOST_AHEAD,
  };
}

/**
 * The same for a line of gangs that are all asked about, in slices, on room of its own. What begins or ends between slices
 * is counted as before or as after. @param line gangs that are able to start (`isAble`), in order
 */
export function* sceneInSlices(ctx: GangContextView, line: readonly Gang[], nowMs: number, work: Work): Slices<Scene> {
  const free = ctx.cluster.table.free.map((column) => column.slice());
  const running = yield* runningInSlices(ctx, nowMs, work);
  const waiting: Waiting[] = [];
  for (const gang of line) {
    waiting.push(waitingOf(ctx, gang));
    work.pass(gang.slots.length + WAITING_WORK);
    if (work.isPauseDue()) yield undefined;
  }
  return { nowMs, free, running, leaving: leavingPods(ctx, nowMs), line: waiting, isCut: false };
}

/** Whether it is room alone that a waiting gang lacks. */
export const isAble = (gang: Gang): boolean =>
  gang.state.kind === 'waiting' && !NOT_FOR_ROOM.has(refusalOf(gang)?.kind) && missingLeaders(gang) === 0;

/** A gang that was refused so cannot start, however much room there is. */
const NOT_FOR_ROOM: ReadonlySet<string | undefined> = new Set(['unschedulable', 'quota', 'rate']);

/** The gang with what it asks of the planner. */
export function waitingOf(ctx: GangContextView, gang: Gang): Waiting {
  const { cluster } = ctx;
  const request = { needs: leaderNeeds(cluster, gang), policy: gang.policy, siblings: siblingRows(cluster, gang) };
  return { gang, forecast: forecastOf(ctx, gang), request, parts: byRow(heldBy(cluster, gang)) };
}

/** Work of one waiting gang: the masks of its roles. */
const WAITING_WORK = 50;

function* runningInSlices(ctx: GangContextView, nowMs: number, work: Work): Slices<Running[]> {
  const out: Running[] = [];
  for (const gang of ctx.gangs.values()) {
    if (!isAdmitted(gang) && !isFreeing(gang)) continue;
    const parts = byRow(heldBy(ctx.cluster, gang));
    const sinceMs = ranSince(gang, nowMs);
    if (parts.length > 0) out.push({ gang: gang.key, sinceMs, forecast: forecastOf(ctx, gang), parts });
    work.pass(parts.length + 1);
    if (work.isPauseDue()) yield undefined;
  }
  return out;
}

function leavingPods({ cluster, gangs }: GangContextView, nowMs: number): Scene['leaving'] {
  const out: { atMs: number; part: FreedRoom }[] = [];
  for (const { pod, row, vector, isLeaving } of cluster.deletingPods) {
    if (row < 0 || isLeaving || gangs.has(pod.membership?.gang ?? '')) continue;
    out.push({ atMs: Math.max(nowMs, pod.evictionTraits?.goneByMs ?? nowMs + GRACE_MS), part: { row, vector } });
  }
  return out;
}

/** One part for each row. */
function byRow(parts: Iterable<FreedRoom>): FreedRoom[] {
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
