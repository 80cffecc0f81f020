import type { BackfillContext } from '../backfill/context.ts';
import type { Head } from '../backfill/head.ts';
import { endOf } from '../backfill/endings.ts';
import { delayed, isPassed, spareRoom } from '../backfill/start-plans.ts';
import { isAdmitted, type Gang } from '../gang/gang.ts';
import type { Loan } from '../gang/loans.ts';
import type { FreedRoom, Need, PlanRequest } from '../placement/need.ts';
import type { Vector } from '../resources.ts';

/** Where a gang goes so that it delays no head that it must mind. */
export type Passage =
  | {
      readonly kind: 'free';
      readonly rows: readonly Int32Array[];
      /** All heads that start while the gang still runs, and what it takes from the room at that time. */
      readonly passed: readonly Head[];
      readonly places: readonly FreedRoom[];
      /** The heads before which it starts although it must not delay them. */
      readonly ahead: readonly Head[];
      /** What it borrows from those of them that start when it is to be over. */
      readonly loan: Loan | undefined;
    }
  | { readonly kind: 'later'; readonly behind: string };

/** What a gang needs, and where it would go if nobody else waited. */
export interface Fitting {
  readonly request: PlanRequest;
  readonly rows: readonly Int32Array[];
}

/**
 * Lets a gang that fits now start only if it delays no head: it ends before the head starts, or both fit. So it is for
 * members beyond the minimum, which end with their gang.
 */
export function besideHeads(ctx: BackfillContext, gang: Gang, { request, rows }: Fitting, nowMs: number): Passage {
  const { startPlans, planner, cluster, inFlight } = ctx;
  const heads = startPlans.headsBefore(ctx, gang, nowMs, isAdmitted(gang) ? askOf(request.needs) : gang.ask);
  if (!startPlans.hasHeads) return { kind: 'free', rows, passed: [], places: [], ahead: [], loan: undefined };
  const first = placesOf(request.needs, rows);
  const endMs = believedEnd(ctx, gang, nowMs);
  // Others must mind heads that this gang need not: what it takes of their room is taken for all.
  const passed = startPlans.outlastedBy(gang, endMs);
  const loan = loanOf(heads, endMs);
  if (heads.length === 0) return { kind: 'free', rows, passed, places: first, ahead: heads, loan };
  const last = startPlans.lastPlannedBefore(ctx, gang);
  if (last && endMs > last.startMs) return { kind: 'later', behind: last.gang.key };
  const minded = heads.filter((head) => isPassed(head, endMs));
  const late = delayed(minded, first, endMs);
  if (late.length === 0) return { kind: 'free', rows, passed, places: first, ahead: heads, loan };
  const room = spareRoom(cluster.table.free, minded, inFlight.total);
  const plan = planner.plan({ ...request, room });
  const second = plan.kind === 'placed' ? placesOf(request.needs, plan.rows) : [];
  if (plan.kind === 'placed' && delayed(minded, second, endMs).length === 0)
    return { kind: 'free', rows: plan.rows, passed, places: second, ahead: heads, loan };
  return { kind: 'later', behind: late[0]!.gang.key };
}

/** When others may count on its end, in ms. The forecast of a gang that had to return room is not believed for a while. */
const believedEnd = (ctx: BackfillContext, gang: Gang, nowMs: number): number =>
  ctx.loans.hasReturned(gang.key) ? Infinity : endOf(ctx, gang, ctx.startPlans.passShare, nowMs);

/** What a gang borrows that is to be over before some of these heads start. */
function loanOf(heads: readonly Head[], untilMs: number): Loan | undefined {
  const lenders = heads.filter((head) => !isPassed(head, untilMs)).map(({ gang }) => gang);
  return lenders.length === 0 ? undefined : { untilMs, lenders: new WeakSet(lenders) };
}

/** By column. A gang that runs asks for a member beyond its minimum. */
function askOf(needs: readonly Need[]): Vector {
  const ask = new Float64Array(Math.max(0, ...needs.map(({ vector }) => vector.length)));
  for (const { vector, count } of needs) vector.forEach((amount, c) => (ask[c]! += count * amount));
  return ask;
}

const placesOf = (needs: readonly Need[], rows: readonly Int32Array[]): readonly FreedRoom[] =>
  needs.flatMap(({ vector }, i) => [...(rows[i] ?? [])].map((row) => ({ row, vector })));
