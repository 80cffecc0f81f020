import { hasRunningLeader } from '../gang/needs.ts';
import type { Gang } from '../gang/gang.ts';
import type { BackfillContext } from '../backfill/context.ts';
import { isWorthATry } from './admit-waiting.ts';
import { tryToStart } from './try-to-start.ts';
import { EXAMINATIONS } from './turn.ts';

/** Whoever asks, the gangs that it must not delay are looked at first if room has appeared for them. */
export function startThoseFirst(ctx: BackfillContext, gang: Gang, nowMs: number): void {
  const examinations = { left: EXAMINATIONS };
  for (const head of ctx.startPlans.gangsBefore(ctx, gang, nowMs, EXAMINATIONS))
    if (isWorthATry(head, hasRunningLeader(ctx.cluster, head))) tryToStart(ctx, head, examinations, nowMs);
}
