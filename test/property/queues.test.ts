import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { QueueEntry } from '../../src/core/queue/orderings/ordering.ts';
import { orderings } from '../../src/core/queue/orderings/registry.ts';
import { OPEN_TENANCY } from '../../src/core/policy/tenancy.ts';
import { QueueTree, type QueueNode } from '../../src/core/queue/tree.ts';
import { Queues } from '../../src/core/queue/queues.ts';
import { propertyRuns } from '../support/property-runs.ts';

const RUNS = { numRuns: propertyRuns(2000), seed: 20266 };

/** Who came first: what queues hold does not count. */
const tree = new QueueTree({ ...OPEN_TENANCY, fairness: { ...OPEN_TENANCY.fairness, turns: 'fifo' } });
const QUEUES = ['a', 'b', 'c', 'd'].map((name) => tree.leaf(name));
const anyEntry = fc.record({
  key: fc.constantFrom(...Array.from({ length: 12 }, (_, i) => `jobs/g${i}`)),
  queue: fc.constantFrom(...QUEUES),
  user: fc.constant('u'),
  ask: fc.constant(new Float64Array(0)),
  priority: fc.integer({ min: 0, max: 2 }),
  turnMs: fc.nat({ max: 4 }),
});
type Step = { readonly put: QueueEntry } | { readonly remove: string };
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ put: anyEntry }) },
  { weight: 1, arbitrary: anyEntry.map(({ key }) => ({ remove: key })) },
);

/** Queue `b` is served first come, first served. */
const orderingOf = ({ path }: QueueNode) => (path === 'b' ? orderings.fifo : orderings.priority);

/** Of the heads of all queues the best by priority and waiting time, again and again. */
function expected(entries: readonly QueueEntry[]): string[] {
  const lines = QUEUES.map((one) => entries.filter(({ queue }) => queue === one).sort(orderingOf(one)));
  const out: string[] = [];
  for (;;) {
    const [best] = lines.filter(({ length }) => length > 0).sort(([a], [b]) => orderings.priority(a!, b!));
    if (!best) return out;
    out.push(best.shift()!.key);
  }
}

test('the admission order is that of the heads, whatever came and went before', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40, size: 'max' }), (steps) => {
      const queues = new Queues<QueueEntry>(undefined, orderingOf);
      const known = new Map<string, QueueEntry>();
      for (const step of steps) {
        if ('put' in step) {
          queues.put(step.put);
          known.set(step.put.key, step.put);
        } else {
          queues.remove(step.remove);
          known.delete(step.remove);
        }
        expect(queues.inAdmissionOrder().map(({ key }) => key)).toEqual(expected([...known.values()]));
      }
      for (const entry of known.values()) {
        expect(queues.get(entry.key)).toBe(entry);
        const own = [...known.values()].filter(({ queue }) => queue === entry.queue);
        const ahead = own.sort(orderingOf(entry.queue)).slice(0, own.indexOf(entry));
        expect(queues.aheadOf(entry)).toEqual(ahead);
        expect(queues.firstAhead(entry, () => true)).toBe(ahead[0]);
      }
    }),
    RUNS,
  );
});
