import { shown } from '../wording.ts';
import { singleRoleGang } from './single-role-gang.ts';
import { foreignDialect, invalid, MAX_MEMBERS } from './dialect-helpers.ts';

export const KUEUE_GROUP_LABEL = 'kueue.x-k8s.io/pod-group-name';
const TOTAL = 'kueue.x-k8s.io/pod-group-total-count';
const QUEUE = 'kueue.x-k8s.io/queue-name';

/** A pod group of Kueue. Kueue admits it by quota and lifts its own gate; muster then finds the nodes. */
export const kueue = foreignDialect(
  ({ pod }) => pod.labels.get(KUEUE_GROUP_LABEL) || undefined,
  (input, name) => {
    const queue = input.pod.labels.get(QUEUE) || undefined;
    const min = totalIn(input.annotations.get(TOTAL));
    const succeeded = input.context.gangObjects.get('succeeded-in-kueue-group', input.pod.namespace, name);
    return singleRoleGang(input, { name, min, queue, succeeded });
  },
);

function totalIn(text: string | undefined): number {
  if (text === undefined) throw invalid(`annotation ${TOTAL} is missing`);
  const total = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (total >= 1 && total <= MAX_MEMBERS) return total;
  throw invalid(`annotation ${TOTAL}: expected a number from 1 to ${MAX_MEMBERS}, got ${shown(text)}`);
}
