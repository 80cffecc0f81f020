import type { Forecast } from '../history/run-times.ts';
import { membersToStart } from '../model.ts';
import type { GangContextView } from './context.ts';
import type { Gang } from './gang.ts';

/** What is known of how long the gang runs. */
export function forecastOf({ runTimes }: Pick<GangContextView, 'runTimes'>, { spec, leader }: Gang): Forecast {
  const { namespace, name, queue } = spec;
  const expectedMs = leader.priorityRequest?.expectedMs;
  return runTimes.forecast({
    namespace,
    name,
    queue,
    members: membersToStart(spec),
    ...leader.recurrence,
    ...(expectedMs === undefined ? {} : { expectedMs }),
  });
}
