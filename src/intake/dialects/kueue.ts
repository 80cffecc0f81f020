import { shown } from '../quantity.ts';
import { singleRoleGang } from './single-role-gang.ts';
import { forOurs, MOST, wrong } from './dialect-helpers.ts';

const GROUP = 'kueue.x-k8s.io/pod-group-name';
const TOTAL = 'kueue.x-k8s.io/pod-group-total-count';
const QUEUE = 'kueue.x-k8s.io/queue-name';

/** Plain pods that Kueue groups. Kueue admits by quota and lifts its own gate; muster then sees to the nodes. */
export const kueue = forOurs(
  ({ pod }) => pod.labels.get(GROUP) || undefined,
  (input, name) => {
    const queue = input.pod.labels.get(QUEUE) || undefined;
    return singleRoleGang(input, { name, min: totalIn(input.annotations.get(TOTAL)), queue });
  },
);

function totalIn(text: string | undefined): number {
  if (text === undefined) throw wrong(`annotation ${TOTAL} is missing`);
  const total = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (total >= 1 && total <= MOST) return total;
  throw wrong(`annotation ${TOTAL}: ${shown(text)} is not a number from 1 to ${MOST}`);
}
