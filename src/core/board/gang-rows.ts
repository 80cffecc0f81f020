import { endOf } from '../backfill/endings.ts';
import type { GangPhase } from '../decision.ts';
import { waitKindOf, type WaitKind } from '../explanation/wait-kind.ts';
import { isAdmitted, phaseOf, refusalOf, type Gang, type Refusal } from '../gang/gang.ts';
import { membersToStart } from '../model.ts';
import { Work, type Slices } from '../work.ts';
import { blockedOf, type BoardContext } from './context.ts';

/** One gang of the list that people look at. Times in ms. */
export interface GangRow {
  /** `namespace/name` */
  readonly gang: string;
  readonly namespace: string;
  readonly phase: GangPhase;
  /** The path of its queue; '' where its declaration is wrong. */
  readonly queue: string;
  readonly user: string;
  readonly priority: number;
  readonly policy: string;
  /** The name of the leader pod. */
  readonly leader: string;
  /** How many members it needs to start; 0 where its declaration is wrong. */
  readonly members: number;
  /** How many pods of it are bound, elastic members included. */
  readonly bound: number;
  readonly sinceMs: number;
  /** Of a waiting gang: its place in the order of admission; 1 is the next. */
  readonly position?: number | undefined;
  readonly waitsFor?: WaitKind | undefined;
  /** Why it waits, as answered to kube-scheduler. */
  readonly reason?: string | undefined;
  /**
   * Where a role of it does not fit even alone: which, and for how many of its members there was room at most when it was
   * last asked about.
   */
  readonly lacks?: string | undefined;
  /** Since when it has all the members that it needs; absent: it does not, or muster did not see it. */
  readonly completeMs?: number | undefined;
  /** Of an admitted gang: when it ends if its forecast holds; absent: nobody knows. */
  readonly endsAboutMs?: number | undefined;
}

/** Work of a row, and of so many slots of a gang. */
const ROW = 30;
const SLOTS_PER_UNIT = 4;

/**
 * All gangs, in slices: those that wait in the order in which they are admitted, then pods whose declaration is wrong,
 * then the others. What changes between slices may be shown as before or as after; no gang is shown twice.
 */
export function* gangRows(ctx: BoardContext, nowMs: number): Slices<readonly GangRow[]> {
  const work = new Work();
  const rows: GangRow[] = [];
  const seen = new Set<string>();
  for (const gang of ctx.queues.eachInAdmissionOrder()) {
    if (ctx.gangs.get(gang.key) !== gang || isAdmitted(gang)) continue;
    seen.add(gang.key);
    rows.push(waitingRow(ctx, gang, seen.size));
    work.charge(ROW);
    if (work.isPauseDue()) yield undefined;
  }
  rows.push(...problemRows(ctx, seen));
  for (const gang of ctx.gangs.values()) {
    if (seen.has(gang.key)) continue;
    // One that ends and comes again meanwhile is met again.
    seen.add(gang.key);
    rows.push(isAdmitted(gang) ? rowOf(ctx, gang, nowMs) : waitingRow(ctx, gang));
    work.charge(ROW + gang.slots.length / SLOTS_PER_UNIT);
    if (work.isPauseDue()) yield undefined;
  }
  return rows;
}

/** The reason of one that is unschedulable says more. */
function lacksOf(refusal: Refusal): string | undefined {
  const short = refusal.kind === 'room' ? refusal.short : undefined;
  if (!short) return undefined;
  const { role, of, places } = short;
  // The number first: a narrow column cuts off the end.
  return `room for ${places === 0 ? '' : '<='}${places} of ${of} ${role}`;
}

/** One gang, without its position; undefined: there is none of that key. O(its slots), or O(wrong declarations). */
export function gangRow(ctx: BoardContext, key: string, nowMs: number): GangRow | undefined {
  const gang = ctx.gangs.get(key);
  if (!gang) return problemRows(ctx, new Set()).find((row) => row.gang === key);
  return isAdmitted(gang) ? rowOf(ctx, gang, nowMs) : waitingRow(ctx, gang);
}

function waitingRow(ctx: BoardContext, gang: Gang, position?: number): GangRow {
  const isBlocked = blockedOf(ctx) !== undefined;
  const refusal = refusalOf(gang);
  const waitsFor = waitKindOf(gang, isBlocked);
  return rowWith(ctx, gang, {
    phase: 'waiting',
    position,
    waitsFor,
    reason: refusal?.reason,
    lacks: refusal && waitsFor === 'room' ? lacksOf(refusal) : undefined,
    completeMs: undefined,
    endsAboutMs: undefined,
  });
}

function rowOf(ctx: BoardContext, gang: Gang, nowMs: number): GangRow {
  const endsMs = endOf(ctx, gang, 0.5, nowMs);
  return rowWith(ctx, gang, {
    phase: phaseOf(gang),
    position: undefined,
    waitsFor: undefined,
    reason: undefined,
    lacks: undefined,
    completeMs: gang.ranSinceMs,
    endsAboutMs: endsMs < Infinity ? endsMs : undefined,
  });
}

type Changing = Pick<GangRow, 'phase' | 'position' | 'waitsFor' | 'reason' | 'lacks' | 'completeMs' | 'endsAboutMs'>;

/** One literal: of thousands of rows a second, objects that are spread would be most of the work. */
const rowWith = ({ cluster }: BoardContext, gang: Gang, of: Changing): GangRow => ({
  gang: gang.key,
  namespace: gang.spec.namespace,
  phase: of.phase,
  queue: gang.queue.path,
  user: gang.user,
  priority: gang.priority,
  policy: gang.policy.name,
  leader: gang.leader.name,
  members: membersToStart(gang.spec),
  bound: cluster.boundMembers(gang.key).size,
  sinceMs: gang.firstAskMs,
  position: of.position,
  waitsFor: of.waitsFor,
  reason: of.reason,
  lacks: of.lacks,
  completeMs: of.completeMs,
  endsAboutMs: of.endsAboutMs,
});

/** Pods that wait because their declaration is wrong or not there yet: one row for each gang that they name. */
function problemRows(ctx: BoardContext, seen: Set<string>): GangRow[] {
  const rows: GangRow[] = [];
  for (const { pod, sinceMs, reason } of ctx.problems.values()) {
    const gang = pod.membership?.gang ?? `${pod.namespace}/${pod.name}`;
    if (seen.has(gang) || ctx.gangs.has(gang)) continue;
    seen.add(gang);
    rows.push({
      gang,
      namespace: pod.namespace,
      phase: 'waiting',
      queue: '',
      user: '',
      priority: pod.priority,
      policy: ctx.policyOf(pod).name,
      leader: pod.name,
      members: 0,
      bound: 0,
      sinceMs,
      waitsFor: 'declaration',
      reason,
    });
  }
  return rows;
}
