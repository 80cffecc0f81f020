import { limitOn } from '../gang/limits.ts';
import type { Gang } from '../gang/gang.ts';
import { askOf } from '../gang/needs.ts';
import { forecastOf } from '../gang/run-identity.ts';
import { turnOf } from '../gang/waiting-time.ts';
import { Forward } from '../outlook/forward.ts';
import { sceneOf, waitingOf } from '../outlook/scene.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';

/**
 * Whether a gang like this one would start now, if it were submitted now in its queue in place of this one: no limit is
 * in its way, there is room, and it delays nobody whom it must mind. Plans for those ahead once, on scratch room.
 */
export function startsNowTest(ctx: PreemptionContextView, gang: Gang, nowMs: number): (instead: Gang) => boolean {
  const fresh = asNew(ctx, gang, nowMs);
  const ahead = ctx.queues.aheadInAllQueues(fresh).filter(({ key }) => key !== gang.key);
  let test: ReturnType<Forward['startsNow']> | undefined;
  const forward = () =>
    new Forward(sceneOf(ctx, fresh, ahead, nowMs), {
      plan: (request) => ctx.planner.plan(request),
      lasts: ({ forecast }, ranMs) => forecast.endsWithin(0.5, ranMs),
    }).startsNow();
  return (instead) => {
    if (isLimited(ctx, instead)) return false;
    test ??= forward();
    return test(waitingOf(ctx, instead));
  };
}

/** Whether a limit keeps such a gang from starting, however much room there is. */
export const isLimited = (ctx: PreemptionContextView, gang: Gang): boolean =>
  limitOn(ctx, { ...gang, ask: askOf(ctx.cluster, gang) }) !== undefined;

/** The gang as if it came now. */
function asNew(ctx: PreemptionContextView, gang: Gang, nowMs: number): Gang {
  const fresh = { ...gang, firstAskMs: nowMs };
  return { ...fresh, turnMs: turnOf(fresh, () => forecastOf(ctx, gang)) };
}
