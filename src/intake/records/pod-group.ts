import { MusterError } from '../../core/errors.ts';
import type { PodGroup } from '../companions.ts';
import { integerAt, objectAt, textAt, type Json } from '../field.ts';

const MOST = 10_000;

/**
 * The PodGroup of scheduler-plugins (scheduling.x-k8s.io/v1alpha1) or of Volcano (scheduling.volcano.sh/v1beta1): how
 * many start together, and Volcano's queue.
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function podGroupOf(object: Json): PodGroup {
  const spec = objectAt(object, 'spec', 'PodGroup') ?? {};
  const minMember = integerAt(spec, 'minMember', 'PodGroup.spec') ?? 1;
  if (minMember < 0 || minMember > MOST)
    throw new MusterError(
      'MUSTER_OBJECT_INVALID',
      `PodGroup.spec.minMember: ${minMember} is not between 0 and ${MOST}.`,
    );
  const queue = textAt(spec, 'queue', 'PodGroup.spec');
  return queue ? { minMember, queue } : { minMember };
}
