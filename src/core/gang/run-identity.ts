import type { Forecast, RunIdentity } from '../history/run-times.ts';
import { membersToStart, type PodInfo } from '../model.ts';
import type { GangContextView } from './context.ts';
import type { Gang } from './gang.ts';

/** The queue of pods that are in none. */
const NO_QUEUE = '';

/** By what the gang's run is compared with earlier ones. */
export const identityOf = ({ spec, leader }: Pick<Gang, 'spec' | 'leader'>): RunIdentity => ({
  ...ownerSays(leader),
  namespace: spec.namespace,
  name: spec.name,
  queue: spec.queue,
  members: membersToStart(spec),
});

/** By what the run of a pod of no gang is compared with earlier ones. */
export const identityOfPod = (pod: PodInfo): RunIdentity => ({
  ...ownerSays(pod),
  namespace: pod.namespace,
  name: pod.name,
  queue: NO_QUEUE,
  members: 1,
});

/** How long the gang takes, for all that is known now. Changes nothing. */
export const forecastOf = ({ runTimes }: Pick<GangContextView, 'runTimes'>, gang: Gang): Forecast =>
  runTimes.forecast(identityOf(gang));

function ownerSays({ recurrence, priorityRequest }: PodInfo): Partial<RunIdentity> {
  const expectedMs = priorityRequest?.expectedMs;
  return expectedMs === undefined ? { ...recurrence } : { ...recurrence, expectedMs };
}
