import type { Forecast, RunIdentity } from '../history/run-times.ts';
import { membersToStart, type PodInfo } from '../model.ts';
import type { GangContextView } from './context.ts';
import type { Gang } from './gang.ts';

/** The queue of pods that are in none. */
const NO_QUEUE = '';

interface Known {
  readonly spec: Gang['spec'];
  readonly leader: PodInfo;
  readonly identity: RunIdentity;
}

/** Forecasts of all gangs are asked for several times a second, and of one object they are known. */
const known = new WeakMap<object, Known>();

/** By what the gang's run is compared with earlier ones: the same object until its declaration or its leader changes. */
export function identityOf(gang: Pick<Gang, 'spec' | 'leader'>): RunIdentity {
  const { spec, leader } = gang;
  const last = known.get(gang);
  if (last?.spec === spec && last.leader === leader) return last.identity;
  const { namespace, name, queue } = spec;
  const identity = { ...ownerSays(leader), namespace, name, queue, members: membersToStart(spec) };
  known.set(gang, { spec, leader, identity });
  return identity;
}

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
