import { endOf } from '../backfill/endings.ts';
import type { GangContextView } from '../gang/context.ts';
import { planOf, type Gang } from '../gang/gang.ts';
import { forecastOf } from '../gang/run-identity.ts';
import type { Forecast } from '../history/run-times.ts';
import { outlookOf, type Outlook } from '../outlook/outlook.ts';
import type { Slices } from '../work.ts';

/** How long such runs take, in ms; Infinity: it never ends, or nothing is known. */
export interface ForecastView extends Pick<Forecast, 'isKnown' | 'runs' | 'basis' | 'error'> {
  readonly medianMs: number;
  /** Nine of ten take no longer. */
  readonly p90Ms: number;
}

/** When a running gang ends if the forecast holds, in ms; `latestMs` holds nine times of ten. */
export interface EndTime {
  readonly aboutMs: number;
  readonly latestMs: number;
}

export function forecastViewOf(ctx: GangContextView, gang: Gang): ForecastView {
  const forecast = forecastOf(ctx, gang);
  const { isKnown, runs, basis, error } = forecast;
  const [medianMs, p90Ms] = [forecast.endsWithin(0.5, 0), forecast.endsWithin(0.9, 0)];
  return { medianMs, p90Ms, isKnown, runs, basis, error };
}

export const endTimeOf = (ctx: GangContextView, gang: Gang, nowMs: number): EndTime => ({
  aboutMs: endOf(ctx, gang, 0.5, nowMs),
  latestMs: endOf(ctx, gang, 0.9, nowMs),
});

/** When a waiting gang starts if the forecasts hold. @returns undefined: it does not wait for room */
export function* startTimeOf(ctx: GangContextView, key: string, nowMs: number): Slices<Outlook | undefined> {
  const gang = ctx.gangs.get(key);
  const plan = gang && planOf(gang);
  // Its room is being freed: nobody's end has to be waited for.
  if (plan)
    return { earliestMs: nowMs, aboutMs: nowMs, latestMs: plan.untilMs, becauseOf: [], unknown: [], isAtLeast: false };
  const place = () => {
    const now = ctx.gangs.get(key);
    return now && { gang: now, ahead: ctx.queues.aheadInAllQueues(now) };
  };
  return yield* outlookOf(ctx, place, nowMs);
}
