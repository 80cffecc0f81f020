import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PRIORITY_REACHES, TURN_ORDERS, type Fairness, type QueueSpec } from '../../src/core/policy/tenancy.ts';
import { orderings } from '../../src/core/queue/orderings/registry.ts';
import type { QueueEntry } from '../../src/core/queue/orderings/ordering.ts';
import { Queues } from '../../src/core/queue/queues.ts';
import { turnOrders } from '../../src/core/queue/turn-orders/registry.ts';
import type { QueueNode } from '../../src/core/queue/tree.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { SharedCluster } from '../support/shared-cluster.ts';
import { queue, tenancyOf } from '../support/tenancies.ts';

const RUNS = { numRuns: propertyRuns(1000), seed: 20312 };

const LEAVES = ['a', 'b', 'p.x', 'p.y', 'p.z.u', 'p.z.v'];
const USERS = ['u1', 'u2', 'u3'];
const reach = fc.constantFrom(...PRIORITY_REACHES);
const cores = fc.nat({ max: 6 });
const leafSpec = (name: string) =>
  fc
    .record({
      guaranteed: cores,
      weight: fc.constantFrom(1, 2),
      order: fc.constantFrom('fair' as const, undefined),
    })
    .map(({ guaranteed, ...rest }) => queue(name, { guaranteed: { cpu: guaranteed }, ...rest }));
const inner = (name: string, ...below: fc.Arbitrary<QueueSpec>[]) =>
  fc.tuple(reach, ...below).map(([priority, ...queues]) => queue(name, { priority, queues }));
const specs = fc.tuple(
  leafSpec('a'),
  leafSpec('b'),
  inner('p', leafSpec('x'), leafSpec('y'), inner('z', leafSpec('u'), leafSpec('v'))),
);
const gang = fc.record({
  leaf: fc.constantFrom(...LEAVES),
  user: fc.constantFrom(...USERS),
  cpu: fc.integer({ min: 1, max: 8 }),
  priority: fc.constantFrom(0, 0, 0, 5, 1_000_000_000, 1_000_000_001, 2_000_001_000),
  turnMs: fc.nat({ max: 3 }),
});
const fairness = fc.record({ priority: reach, turns: fc.constantFrom(...TURN_ORDERS) });

interface World {
  readonly all: SharedCluster;
  readonly queues: Queues<QueueEntry>;
  readonly entries: readonly QueueEntry[];
}

interface Told {
  readonly queues: readonly QueueSpec[];
  readonly rules: Partial<Fairness>;
  readonly held: readonly (readonly [leaf: string, cpu: number, user: string])[];
  readonly waiting: readonly { leaf: string; user: string; cpu: number; priority: number; turnMs: number }[];
}

function worldOf({ queues: specs, rules, held, waiting }: Told): World {
  const all = new SharedCluster(tenancyOf(specs, rules), { cpu: 20 });
  for (const [leaf, cpu, user] of held) all.hold(leaf, { cpu }, user);
  for (const { leaf, cpu } of waiting) all.want(leaf, { cpu });
  all.refresh();
  const queues = new Queues<QueueEntry>(all.shares);
  const entries = waiting.map(({ leaf, cpu, ...rest }, i): QueueEntry => {
    const ask = all.cluster.requestVector(new Map([['cpu', cpu * 1000]]));
    return { key: `jobs/g${i}`, queue: all.tree.leaf(leaf), ask, ...rest };
  });
  for (const entry of entries) queues.put(entry);
  return { all, queues, entries };
}

const told: fc.Arbitrary<Told> = fc.record({
  queues: specs,
  rules: fairness,
  held: fc.array(fc.tuple(fc.constantFrom(...LEAVES), cores, fc.constantFrom(...USERS)), { maxLength: 6 }),
  waiting: fc.array(gang, { minLength: 1, maxLength: 12, size: 'max' }),
});

/** The next gang, looked for from scratch: among all that are left, from the root down. */
function nextOf(all: SharedCluster, left: readonly QueueEntry[], gone: readonly QueueEntry[]): QueueEntry | undefined {
  const started = (test: (entry: QueueEntry) => boolean) => {
    const sum = new Float64Array(all.cluster.columns.size);
    for (const entry of gone.filter(test)) entry.ask.forEach((amount, c) => (sum[c]! += amount));
    return sum;
  };
  const best = <One>(ones: readonly One[], compare: (a: One, b: One) => number) =>
    ones.reduce<One | undefined>((first, one) => (first && compare(first, one) <= 0 ? first : one), undefined);
  const inLeaf = (leaf: QueueNode): QueueEntry | undefined => {
    const own = left.filter(({ queue }) => queue === leaf);
    if (leaf.spec.order !== 'fair') return best(own, orderings.priority);
    const heads = USERS.flatMap(
      (user) =>
        best(
          own.filter((entry) => entry.user === user),
          orderings.priority,
        ) ?? [],
    );
    const of = ({ user, ask }: QueueEntry) =>
      all.shares.saturationOfUser(
        leaf,
        user,
        ask,
        started((one) => one.queue === leaf && one.user === user),
      );
    return best(heads, (x, y) => y.priority - x.priority || of(x) - of(y) || orderings.fifo(x, y));
  };
  const below = (node: QueueNode): QueueEntry | undefined => {
    if (node.isLeaf) return inLeaf(node);
    const order = turnOrders[all.tree.tenancy.fairness.turns];
    const contenders = [...node.children].flatMap((child) => {
      const next = below(child);
      if (!next) return [];
      const more = started(({ queue }) => child.hasBelow(queue));
      return [{ next, ...order(all.shares, child, next.ask, more) }];
    });
    const isSystem = (entry: QueueEntry) => entry.priority > 1_000_000_000;
    return best(contenders, (x, y) => {
      const byPriority = y.next.priority - x.next.priority;
      const counts = node.priority === 'first' || isSystem(x.next) || isSystem(y.next);
      const across = node.priority === 'across' ? byPriority : 0;
      const byShare = x.tier - y.tier || across || x.saturation - y.saturation;
      return (counts && byPriority) || byShare || orderings.fifo(x.next, y.next);
    })?.next;
  };
  return below(all.tree.root);
}

test('the admission order is that of turns taken one after the other', () => {
  fc.assert(
    fc.property(told, (one) => {
      const { all, queues, entries } = worldOf(one);
      const [left, gone]: [QueueEntry[], QueueEntry[]] = [[...entries], []];
      for (let next = nextOf(all, left, gone); next; next = nextOf(all, left, gone)) {
        gone.push(next);
        left.splice(left.indexOf(next), 1);
      }
      const keys = gone.map(({ key }) => key);
      expect(queues.inAdmissionOrder().map(({ key }) => key)).toEqual(keys);
      for (const entry of entries)
        expect(queues.aheadInAllQueues(entry).map(({ key }) => key)).toEqual(keys.slice(0, keys.indexOf(entry.key)));
      // Whatever came and went before.
      for (const entry of [...entries].reverse()) queues.put({ ...entry, priority: 1 });
      for (const entry of [...entries].reverse()) queues.put(entry);
      expect(queues.inAdmissionOrder().map(({ key }) => key)).toEqual(keys);
    }),
    RUNS,
  );
});

test('while gangs start, a gang that was refused does not count against its queue, and one that started does', () => {
  fc.assert(
    fc.property(told, fc.infiniteStream(fc.boolean()), (one, starts) => {
      const { all, queues, entries } = worldOf(one);
      const left = [...entries];
      for (const entry of queues.inTurns()) {
        expect(entry.key).toBe(nextOf(all, left, [])?.key);
        left.splice(left.indexOf(entry), 1);
        if (starts.next().value) {
          queues.remove(entry.key);
          all.usage.assign(entry.key, { leaf: entry.queue, user: entry.user });
          all.usage.hold(entry.key, entry.ask, 'n');
        }
      }
      expect(left).toEqual([]);
    }),
    RUNS,
  );
});

test('of two gangs of different leaves it is the turn of one before that of the other', () => {
  fc.assert(
    fc.property(told, (one) => {
      const { all, queues, entries } = worldOf(one);
      for (const a of entries)
        for (const b of entries) {
          if (a.queue === b.queue) continue;
          expect(queues.hasTurnBefore(a, b)).toBe(nextOf(all, [a, b], []) === a);
        }
    }),
    { ...RUNS, numRuns: propertyRuns(200) },
  );
});
