import { expect, test } from 'vitest';
import { OPEN_TENANCY } from '../../../../src/core/policy/tenancy.ts';
import type { QueueEntry } from '../../../../src/core/queue/orderings/ordering.ts';
import { orderings } from '../../../../src/core/queue/orderings/registry.ts';
import { Queues } from '../../../../src/core/queue/queues.ts';
import { QueueTree } from '../../../../src/core/queue/tree.ts';

const GANGS = 20_000;
/** Of a binary search among so many. */
const STEPS = Math.ceil(Math.log2(GANGS + 1));

const queue = new QueueTree(OPEN_TENANCY).leaf('flooded');
const entries = Array.from({ length: GANGS }, (_, i) => ({
  key: `jobs/g${i}`,
  queue,
  user: 'u',
  ask: new Float64Array(0),
  priority: (i * 7919) % 5,
  turnMs: (i * 104_729) % 1000,
}));

/** Queues of which it is known how often they compared two gangs since that was asked last. */
function counting() {
  let compared = 0;
  const ordering = (a: QueueEntry, b: QueueEntry) => (compared++, orderings.priority(a, b));
  const queues = new Queues<(typeof entries)[number]>(undefined, () => ordering);
  return { queues, compared: () => [compared, (compared = 0)][0]! };
}

test(`a gang that comes, goes or moves among ${GANGS} others of its queue is compared with some of them`, () => {
  const { queues, compared } = counting();
  const inOrder = () => [...queues.waiting()].map(({ key }) => key);
  const expected = () => [...entries].sort(orderings.priority).map(({ key }) => key);
  const most = (change: (entry: (typeof entries)[number]) => void, every = 1) =>
    entries.reduce((max, entry, i) => {
      if (i % every === 0) change(entry);
      return Math.max(max, compared());
    }, 0);
  expect(most((entry) => queues.put(entry))).toBeLessThanOrEqual(STEPS);
  expect(inOrder()).toEqual(expected());
  const move = (entry: (typeof entries)[number]) => {
    // It is the same object, which stands in its old place until it is put again.
    entry.priority = 7 - entry.priority;
    queues.put(entry);
  };
  expect(most(move, 97)).toBeLessThanOrEqual(2 * STEPS);
  expect(inOrder()).toEqual(expected());
  expect(most(({ key }) => queues.remove(key))).toBeLessThanOrEqual(STEPS);
  expect(inOrder()).toEqual([]);
});
