import { countIn, equals, forOurs } from './equals.ts';
import { MusterError } from '../../core/errors.ts';

const GROUP = 'kueue.x-k8s.io/pod-group-name';
const TOTAL = 'kueue.x-k8s.io/pod-group-total-count';
const QUEUE = 'kueue.x-k8s.io/queue-name';

/** Plain pods that Kueue groups. Kueue admits by quota and lifts its own gate; muster then sees to the nodes. */
export const kueue = forOurs((input) => {
  const name = input.pod.labels.get(GROUP);
  if (!name) return undefined;
  const total = input.annotations.get(TOTAL);
  if (total === undefined) throw new MusterError('MUSTER_OBJECT_INVALID', `annotation ${TOTAL} is missing.`);
  return equals(input, { name, min: countIn(total, `annotation ${TOTAL}`), queue: input.pod.labels.get(QUEUE) });
});
