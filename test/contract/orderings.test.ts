import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { QueueEntry } from '../../src/core/queue/orderings/ordering.ts';
import { OPEN_TENANCY } from '../../src/core/policy/tenancy.ts';
import { QueueTree } from '../../src/core/queue/tree.ts';
import { orderings } from '../../src/core/queue/orderings/registry.ts';

const QUEUE = new QueueTree(OPEN_TENANCY).leaf('q');

type OrderingName = keyof typeof orderings;
const names = Object.keys(orderings) as OrderingName[];

const entry = (key: string, priority: number, turnMs: number): QueueEntry => ({
  key,
  queue: QUEUE,
  user: 'u',
  ask: new Float64Array(0),
  priority,
  turnMs,
});
const anyEntry = fc
  .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: -2, max: 2 }), fc.nat({ max: 3 }))
  .map((values) => entry(...values));

test.each(names)('ordering %s is a total order', (name) => {
  const ordering = orderings[name];
  fc.assert(
    fc.property(anyEntry, anyEntry, anyEntry, (a, b, c) => {
      expect(Math.sign(ordering(a, b))).toBe(-Math.sign(ordering(b, a)) + 0);
      expect(ordering(a, a)).toBe(0);
      if (a.key !== b.key) expect(ordering(a, b)).not.toBe(0);
      if (ordering(a, b) < 0 && ordering(b, c) < 0) expect(ordering(a, c)).toBeLessThan(0);
    }),
    { seed: 20265 },
  );
});

test.each([
  ['priority', 'b a c'],
  ['fifo', 'a b c'],
] as const)('ordering %s: %s', (name, order) => {
  const entries = [entry('c', 0, 3), entry('b', 5, 2), entry('a', 0, 1)];
  expect(
    entries
      .sort(orderings[name])
      .map(({ key }) => key)
      .join(' '),
  ).toBe(order);
});

test('every ordering has its row above', () => {
  expect(names.sort()).toEqual(['fifo', 'priority']);
});
