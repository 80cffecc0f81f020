import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cluster } from '../../src/core/cluster/cluster.ts';
import type { Quota, QueueSpec, Tenancy } from '../../src/core/policy/tenancy.ts';
import { plainQueue } from '../../src/core/policy/tenancy.ts';
import { Shares, type Waiting } from '../../src/core/queue/shares.ts';
import { QueueTree, type QueueNode } from '../../src/core/queue/tree.ts';
import { Usage } from '../../src/core/queue/usage.ts';
import { node } from '../support/builders.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { tenancyOf } from '../support/tenancies.ts';

const RUNS = { numRuns: propertyRuns(2000), seed: 20311 };
const FEWER = { ...RUNS, numRuns: propertyRuns(500) };

type Amounts = readonly [cpu: number, memory: number];
interface Leaf {
  readonly kind: 'leaf';
  readonly held: Amounts;
  readonly waits: readonly Amounts[];
}
interface Shape {
  readonly weight: number;
  readonly guaranteed: Amounts;
  readonly max: Amounts;
  readonly lend: Amounts;
  readonly below: Leaf | readonly Shape[];
}

const RESOURCES = ['cpu', 'memory'] as const;
const amount = fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(0, 0, 1, 2 ** 50, 2 ** 50 + 1));
const limit = fc.oneof(fc.constant(Infinity), fc.constant(Infinity), amount);
const both = (one: fc.Arbitrary<number>): fc.Arbitrary<Amounts> => fc.tuple(one, one);
const leaf: fc.Arbitrary<Leaf> = fc.record({
  kind: fc.constant('leaf' as const),
  held: both(fc.nat({ max: 20 })),
  waits: fc.array(both(amount), { maxLength: 3 }),
});
const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    weight: fc.constantFrom(1, 1, 2, 3, 0.5, 0.001, 1_000_000),
    guaranteed: both(fc.oneof(fc.constant(0), amount)),
    max: both(limit),
    lend: both(limit),
    below: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'tree', withCrossShrink: true },
      leaf,
      fc.array(tie('shape'), { minLength: 1, maxLength: 4, depthIdentifier: 'tree' }),
    ),
  }),
}));
const world = fc.record({
  queues: fc.array(shape, { minLength: 1, maxLength: 5, depthIdentifier: 'tree' }),
  capacity: both(fc.oneof(fc.nat({ max: 60 }), fc.constantFrom(0, 2 ** 45))),
});

const isLeaf = (below: Shape['below']): below is Leaf => 'kind' in below;

const quota = (amounts: Amounts): Quota => ({
  amounts: new Map(RESOURCES.flatMap((name, r) => (amounts[r] === Infinity ? [] : [[name, amounts[r]!] as const]))),
  shares: new Map(),
});

function specOf(one: Shape, i: number): QueueSpec {
  const { weight, guaranteed, max, lend, below } = one;
  return {
    ...plainQueue(`q${i}`),
    weight,
    guaranteed: quota(guaranteed),
    max: quota(max),
    lend: lend.every((amount) => amount === Infinity) ? undefined : quota(lend),
    queues: isLeaf(below) ? [] : below.map(specOf),
  };
}

interface Made {
  readonly tree: QueueTree;
  readonly shares: Shares;
  readonly columns: readonly number[];
}

/** @param moved whether all waiting gangs run instead */
function make({ queues, capacity }: { queues: readonly Shape[]; capacity: Amounts }, moved = false): Made {
  const usage = new Usage();
  const cluster = new Cluster(usage);
  const [cpu, memory] = capacity;
  cluster.putNode({
    ...node('n', { cpu: 1 }),
    allocatable: new Map([
      ['cpu', cpu],
      ['memory', memory],
    ]),
  });
  const tenancy: Tenancy = tenancyOf(queues.map(specOf));
  const tree = new QueueTree(tenancy);
  const waiting: Waiting[] = [];
  const vector = (amounts: Amounts) =>
    Float64Array.from(cluster.columns.names, (name) => amounts[RESOURCES.indexOf(name as 'cpu')] ?? 0);
  let gangs = 0;
  const hold = (queue: QueueNode, amounts: Amounts) => {
    const key = `jobs/g${gangs++}`;
    usage.assign(key, { leaf: queue, user: 'u' });
    usage.hold(key, vector(amounts), 'n');
  };
  const fill = (at: QueueNode, shapes: readonly Shape[]) => {
    shapes.forEach(({ below }, i) => {
      const queue = at.child(`q${i}`)!;
      if (!isLeaf(below)) return fill(queue, below);
      hold(queue, below.held);
      for (const ask of below.waits)
        if (moved) hold(queue, ask);
        else waiting.push({ queue, ask: vector(ask) });
    });
  };
  fill(tree.root, queues);
  const shares = new Shares();
  shares.refresh({ tree, usage, cluster }, waiting, 0);
  return { tree, shares, columns: RESOURCES.map((name) => cluster.columns.indexOf(name)!) };
}

/** What the definition says of one resource of a queue. */
interface Defined {
  readonly queue: QueueNode;
  readonly weight: number;
  readonly guaranteed: number;
  /** What it would use. */
  readonly demand: number;
  /** The same, and what it keeps idle. */
  readonly wants: number;
  readonly below: readonly Defined[];
}

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

function define(queue: QueueNode, one: Shape, r: 0 | 1): Defined {
  const { weight, max, lend, below } = one;
  const children = isLeaf(below) ? [] : below.map((child, i) => define(queue.child(`q${i}`)!, child, r));
  const raw = isLeaf(below)
    ? below.held[r] + sum(below.waits.map((ask) => ask[r]))
    : sum(children.map((c) => c.demand));
  const guaranteed = Math.max(one.guaranteed[r], sum(children.map((child) => child.guaranteed)));
  const demand = Math.min(raw, max[r]);
  // A resource that `lend` does not name is not lent where it names another.
  const isLent = lend.every((amount) => amount === Infinity);
  const kept = isLent ? 0 : Math.min(guaranteed, max[r]) - (lend[r] === Infinity ? 0 : lend[r]);
  const wants = Math.max(demand, Math.min(max[r], sum(children.map((child) => child.wants))), kept);
  return { queue, weight, guaranteed, demand, wants, below: children };
}

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6 + 1e-9 * Math.max(Math.abs(a), Math.abs(b));

/**
 * The definition of a weighted max-min fair division above guarantees: nobody can be given more without taking from one
 * who has, above its guarantee, no more per weight.
 */
function checkDivision(whole: number, all: readonly Defined[], got: (queue: QueueNode) => number): void {
  const floors = all.map(({ guaranteed, wants }) => Math.min(guaranteed, wants));
  const mine = all.map(({ queue }) => got(queue));
  const wanted = sum(all.map(({ wants }) => wants));
  if (!near(sum(mine), Math.min(whole, wanted))) throw new Error(`${mine.join()} of ${whole}, wanted ${wanted}`);
  const short = sum(floors) > whole;
  all.forEach(({ wants, weight }, i) => {
    if (mine[i]! > wants * (1 + 1e-9) + 1e-6) throw new Error(`${mine[i]}, wants ${wants}`);
    if (short) return expect(near(mine[i]!, floors[i]! * (whole / sum(floors)))).toBe(true);
    if (mine[i]! < floors[i]! * (1 - 1e-9) - 1e-6) throw new Error(`${mine[i]} is guaranteed ${floors[i]}`);
    if (near(mine[i]!, wants)) return;
    const level = (mine[i]! - floors[i]!) / weight;
    all.forEach((other, j) => {
      const above = mine[j]! - floors[j]!;
      // Whoever has more per weight has no more than it can have by rounding.
      const excess = above - level * other.weight;
      if (excess > 1e-6 + 1e-9 * Math.max(whole, above)) throw new Error(`${mine.join()} of ${whole}`);
    });
  });
  all.forEach(({ queue, below }) => {
    if (below.length > 0) checkDivision(got(queue), below, got);
  });
}

const everyQueue = (all: readonly Defined[]): readonly Defined[] =>
  all.flatMap((one) => [one, ...everyQueue(one.below)]);

describe('what queues are entitled to, on any tree', () => {
  test('is the max-min fair division at every queue, for each resource by itself', () => {
    fc.assert(
      fc.property(world, (one) => {
        const { tree, shares, columns } = make(one);
        for (const r of [0, 1] as const) {
          const c = columns[r]!;
          const got = (queue: QueueNode) => shares.of(queue).entitled[c]! + shares.of(queue).withheld[c]!;
          const top = one.queues.map((child, i) => define(tree.root.child(`q${i}`)!, child, r));
          checkDivision(one.capacity[r], top, got);
          for (const { queue, demand } of everyQueue(top)) {
            expect(shares.of(queue).demand[c]).toBe(demand);
            if (queue.isLeaf) expect(near(shares.of(queue).entitled[c]!, Math.min(got(queue), demand))).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  test('is within demand and max, and children have no more than their parent', () => {
    fc.assert(
      fc.property(world, (one) => {
        const { tree, shares, columns } = make(one);
        for (const c of columns) {
          for (const queue of tree.nodes()) {
            const { entitled, demand, max } = shares.of(queue);
            const below = sum([...queue.children].map((child) => shares.of(child).entitled[c]!));
            expect(entitled[c]).toBeGreaterThanOrEqual(0);
            expect(below).toBeLessThanOrEqual(entitled[c]! * (1 + 1e-12));
            if (queue === tree.root) continue;
            expect(entitled[c]).toBeLessThanOrEqual(demand[c]! * (1 + 1e-12));
            expect(entitled[c]).toBeLessThanOrEqual(max[c]!);
          }
        }
      }),
      FEWER,
    );
  });

  test('stays the same when waiting gangs start', () => {
    fc.assert(
      fc.property(world, (one) => {
        const [before, after] = [make(one), make(one, true)];
        const figures = ({ tree, shares, columns }: Made) =>
          [...tree.nodes()].map((queue) => columns.map((c) => shares.of(queue).entitled[c]));
        expect(figures(after)).toEqual(figures(before));
      }),
      FEWER,
    );
  });

  test('grows with the weight', () => {
    fc.assert(
      fc.property(world, fc.nat({ max: 4 }), fc.constantFrom(1.5, 10, 1e6), (one, at, times) => {
        const i = at % one.queues.length;
        const heavier = one.queues.with(i, { ...one.queues[i]!, weight: one.queues[i]!.weight * times });
        const [before, after] = [make(one), make({ ...one, queues: heavier })];
        const given = ({ tree, shares }: Made, c: number) => {
          const { entitled, withheld } = shares.of(tree.root.child(`q${i}`)!);
          return entitled[c]! + withheld[c]!;
        };
        for (const c of before.columns) {
          const slack = 1e-6 + 1e-9 * given(before, c);
          expect(given(after, c)).toBeGreaterThanOrEqual(given(before, c) - slack);
        }
      }),
      FEWER,
    );
  });
});
