import type { PodGroup } from '../gang-objects.ts';
import { integerAt, objectAt, textAt, type Json } from '../field.ts';

/**
 * The PodGroup of scheduler-plugins (scheduling.x-k8s.io/v1alpha1) or of Volcano (scheduling.volcano.sh/v1beta1): how
 * many members start together, how many have succeeded, and Volcano's queue. An impossible number is kept, so that the
 * pods of the group report it as their reason for waiting. Only the log would mention an object that is skipped.
 * @throws MusterError MUSTER_OBJECT_INVALID for values of the wrong type, which no API server sends
 */
export function podGroupOf(object: Json): PodGroup {
  const spec = objectAt(object, 'spec', 'PodGroup') ?? {};
  const status = objectAt(object, 'status', 'PodGroup') ?? {};
  const minMember = integerAt(spec, 'minMember', 'PodGroup.spec') ?? 1;
  const queue = textAt(spec, 'queue', 'PodGroup.spec');
  const succeeded = Math.max(0, integerAt(status, 'succeeded', 'PodGroup.status') ?? 0);
  return { minMember, ...(queue ? { queue } : {}), ...(succeeded > 0 ? { succeeded } : {}) };
}
