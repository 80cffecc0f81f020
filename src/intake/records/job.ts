import type { JobRecord } from '../gang-objects.ts';
import { deadlineOf } from '../active-deadline.ts';
import { integerAt, objectAt, textAt, type Json } from '../field.ts';

/**
 * A batch/v1 Job. `completions` counts only those still to come, so that a late pod does not wait for the room of pods
 * that are done.
 * @throws MusterError MUSTER_OBJECT_INVALID for values of the wrong type, which no API server sends
 */
export function jobOf(object: Json): JobRecord {
  const spec = objectAt(object, 'spec', 'Job') ?? {};
  const status = objectAt(object, 'status', 'Job') ?? {};
  const completions = integerAt(spec, 'completions', 'Job.spec');
  const longestMs = deadlineOf(spec);
  const succeeded = Math.max(0, integerAt(status, 'succeeded', 'Job.status') ?? 0);
  return {
    parallelism: integerAt(spec, 'parallelism', 'Job.spec') ?? 1,
    ...(completions === undefined ? {} : { completions: Math.max(0, completions - succeeded) }),
    ...(longestMs === undefined ? {} : { longestMs }),
    isIndexed: textAt(spec, 'completionMode', 'Job.spec') === 'Indexed',
  };
}

/** The most pods that the Job controller runs at once. */
export function podsAtOnce({ parallelism, completions = parallelism }: JobRecord): number {
  return Math.min(parallelism, completions);
}
