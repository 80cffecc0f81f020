import type { BackfillContext } from '../backfill/context.ts';
import { isFreeing, refusalOf, type Gang } from '../gang/gang.ts';
import { tryToStart } from './try-to-start.ts';
import { EXAMINATIONS } from './turn.ts';

/**
 * Whoever asks, the gangs ahead of it that a rate has held up are looked at first once the rate lets gangs pass again:
 * otherwise those that happen to be asked about then would take all tokens. At most EXAMINATIONS of them that no rate
 * holds up again; the next question goes on.
 */
export function startThoseHeldUp(ctx: BackfillContext, asked: Gang, nowMs: number): void {
  const { rates, queues } = ctx;
  if (nowMs < rates.dueMs) return;
  rates.tryingAll();
  const examinations = { left: EXAMINATIONS };
  let left = EXAMINATIONS;
  for (const gang of queues.inAdmissionOrder()) {
    if (gang === asked) left = 0;
    const refusal = refusalOf(gang);
    if (refusal?.kind !== 'rate' || isFreeing(gang)) continue;
    const isTried = nowMs >= refusal.untilMs && left > 0;
    if (!isTried) rates.tryAgain(refusal.untilMs);
    else if (tryToStart(ctx, gang, examinations, nowMs) === 'admitted' || refusalOf(gang)?.kind !== 'rate') left--;
  }
}
