import { take } from '../backfill/start-plans.ts';
import type { BackfillContext } from '../backfill/context.ts';
import { gangArrives } from '../gang/arrivals.ts';
import type { Gang } from '../gang/gang.ts';
import { toAdmitted } from '../gang/transitions.ts';
import type { Admission } from './admission.ts';

type Admitted = Extract<Admission, { kind: 'admitted' }>;

/** Reserves all slots of the gang and admits it; the first slot is the leader's unless one runs. */
export function admit(
  ctx: BackfillContext,
  gang: Gang,
  { needs, rows, passed, places, ahead, loan }: Admitted,
  nowMs: number,
): void {
  const deadlineMs = nowMs + gang.policy.reservation.unclaimedMs;
  needs.forEach(({ role, vector }, i) => {
    for (const row of rows[i] ?? []) ctx.ledger.place(ctx.ledger.add(gang, role, vector), row, deadlineMs);
  });
  for (const head of passed) take(head, places);
  ctx.startPlans.passes(gang, ahead);
  ctx.loans.gangStarts(gang.key, loan);
  gangArrives(ctx, gang, nowMs);
  toAdmitted(ctx, gang, 'placed');
}
