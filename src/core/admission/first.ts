import { hasRunningLeader } from '../gang/needs.ts';
import { refusalOf, type Gang } from '../gang/gang.ts';
import type { BackfillContext } from '../backfill/context.ts';
import { isWorthATry } from './admit-waiting.ts';
import { tryToStart } from './try-to-start.ts';
import { EXAMINATIONS, type Examinations } from './turn.ts';

/** Of so many queues whose turn it was first, the first gang is looked at. */
const SHORT_LIST = 8;

/**
 * Whoever asks, the gangs that it must not delay are looked at first if room has appeared for them, and so are those of
 * other queues whose turn it is before.
 */
export function startThoseFirst(ctx: BackfillContext, gang: Gang, nowMs: number): void {
  const examinations = { left: EXAMINATIONS };
  for (const head of ctx.startPlans.gangsBefore(ctx, gang, nowMs, EXAMINATIONS))
    if (mayStart(ctx, head)) tryToStart(ctx, head, examinations, nowMs);
  if (ctx.queues.size > 1 && ctx.tree.root.turns !== 'fifo') startThoseInTurn(ctx, gang, examinations, nowMs);
}

const mayStart = (ctx: BackfillContext, gang: Gang) => isWorthATry(gang, hasRunningLeader(ctx.cluster, gang));

/** Whether no room has appeared since the gang was refused for want of it. */
function hasNoNewRoom({ cluster }: BackfillContext, gang: Gang): boolean {
  const refusal = refusalOf(gang);
  return refusal !== undefined && 'roomPosition' in refusal && refusal.roomPosition === cluster.table.roomLog.position;
}

/** A bounded number of them, of which at most four are searched for: the rest have their turn in the next round. */
function startThoseInTurn(ctx: BackfillContext, gang: Gang, examinations: Examinations, nowMs: number): void {
  const { queues } = ctx;
  let searches = 0;
  for (const other of queues.firstInTurn(SHORT_LIST, (one) => mayStart(ctx, one))) {
    if (searches === EXAMINATIONS) return;
    if (other.queue === gang.queue || hasNoNewRoom(ctx, other) || queues.get(other.key) !== other) continue;
    if (!queues.hasTurnBefore(other, gang) || !mayStart(ctx, other)) continue;
    if (tryToStart(ctx, other, examinations, nowMs) !== 'stands') searches++;
  }
}
