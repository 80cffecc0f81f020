import { describe, expect, test } from 'vitest';
import type { QueueSpec } from '../../../../src/core/policy/tenancy.ts';
import type { Share } from '../../../../src/core/queue/share-table.ts';
import { QueueTree, type QueueNode } from '../../../../src/core/queue/tree.ts';
import { treatedUnfairly, Unfairness } from '../../../../src/core/queue/unfairness.ts';
import { queue, tenancyOf } from '../../../support/tenancies.ts';

/** By path: what it holds and what it is entitled to, of cpu and memory. */
type Figures = Readonly<Record<string, { held: readonly [number, number]; entitled: readonly [number, number] }>>;

/** A cluster of 100 and 100. */
function unfairly(specs: readonly QueueSpec[], figures: Figures, gangs: Readonly<Record<string, readonly number[]>>) {
  const tree = new QueueTree(tenancyOf(specs));
  const of = ({ path }: QueueNode) => figures[path] ?? { held: [0, 0], entitled: [0, 0] };
  const shares = {
    columns: [0, 1],
    capacity: Float64Array.of(100, 100),
    usedOf: (node: QueueNode, c: number) => of(node).held[c] ?? 0,
    of: (node: QueueNode) => ({ entitled: Float64Array.from(of(node).entitled) }) as unknown as Share,
  };
  const waiting = Object.entries(gangs).map(([path, ask]) => ({ queue: tree.leaf(path), ask: Float64Array.from(ask) }));
  return [...treatedUnfairly({ tree, shares }, waiting)].map(({ path }) => path).sort();
}

const FLAT = [queue('a'), queue('b'), queue('c')];
const half = { held: [10, 10], entitled: [50, 50] } as const;
const over = { held: [90, 10], entitled: [50, 50] } as const;
const all = (cpu: number, memory = 20) => ({ held: [cpu, memory], entitled: [100, 100] }) as const;

describe('who is treated unfairly', () => {
  test('a gang within the entitlement of its queue waits for room that another holds beyond its own', () => {
    expect(unfairly(FLAT, { '': all(100), a: half, b: over }, { a: [40, 0] })).toEqual(['a']);
  });

  test('nobody, where the gang would bring its queue beyond its entitlement', () => {
    expect(unfairly(FLAT, { '': all(100), a: half, b: over }, { a: [42, 0] })).toEqual([]);
    expect(unfairly(FLAT, { '': all(100), a: half, b: over }, { a: [40, 0], b: [5, 0] })).toEqual(['a']);
  });

  test('nobody, where nobody holds more than its entitlement', () => {
    expect(unfairly(FLAT, { '': all(60), a: half, b: { held: [50, 10], entitled: [50, 50] } }, { a: [40, 0] })).toEqual(
      [],
    );
  });

  test('nobody, where what others hold beyond theirs and what is free is too little', () => {
    const little = { held: [55, 10], entitled: [50, 50] } as const;
    expect(unfairly(FLAT, { '': all(100), a: half, b: little, c: half }, { a: [10, 0] })).toEqual([]);
    expect(unfairly(FLAT, { '': all(90), a: half, b: little, c: half }, { a: [10, 0] })).toEqual(['a']);
  });

  test('nobody, where others hold too much of something that the gang does not need', () => {
    const memory = { held: [10, 90], entitled: [50, 50] } as const;
    expect(unfairly(FLAT, { '': all(20, 100), a: half, b: memory }, { a: [40, 0] })).toEqual([]);
  });

  test('every resource must be enough', () => {
    expect(unfairly(FLAT, { '': all(100, 100), a: half, b: over, c: half }, { a: [40, 40] })).toEqual([]);
    expect(unfairly(FLAT, { '': all(100, 60), a: half, b: over, c: half }, { a: [40, 40] })).toEqual(['a']);
  });

  const TREE = [queue('p', { queues: [queue('x'), queue('y')] }), queue('q', { queues: FLAT })];

  test('in a tree every queue above the leaf must be within its entitlement, too', () => {
    const figures = { '': all(100), 'p.x': half, q: over, 'q.a': over };
    expect(unfairly(TREE, { ...figures, p: { held: [10, 10], entitled: [50, 50] } }, { 'p.x': [40, 0] })).toEqual([
      'p.x',
    ]);
    expect(unfairly(TREE, { ...figures, p: { held: [20, 10], entitled: [50, 50] } }, { 'p.x': [40, 0] })).toEqual([]);
  });

  test('a leaf that is over in a queue that is not takes nothing from other queues, but from its siblings', () => {
    const figures = {
      '': all(100),
      p: { held: [10, 0], entitled: [50, 50] },
      'p.x': { held: [10, 0], entitled: [50, 50] },
      q: { held: [50, 0], entitled: [50, 50] },
      'q.a': { held: [50, 0], entitled: [25, 25] },
      'q.b': { held: [0, 0], entitled: [25, 25] },
    } as const;
    expect(unfairly(TREE, figures, { 'p.x': [20, 0], 'q.b': [20, 0] })).toEqual([]);
    // With 20 of the siblings' room it stays within q.
    const within = { ...figures, q: { held: [50, 0], entitled: [70, 50] } } as const;
    expect(unfairly(TREE, within, { 'p.x': [20, 0], 'q.b': [20, 0] })).toEqual(['q.b']);
  });

  test('a queue is over by no more than those below it are', () => {
    const figures = {
      '': all(100),
      p: { held: [0, 0], entitled: [50, 50] },
      'p.x': { held: [0, 0], entitled: [50, 50] },
      q: { held: [90, 0], entitled: [50, 50] },
      'q.a': { held: [60, 0], entitled: [50, 50] },
      'q.b': { held: [30, 0], entitled: [40, 50] },
    } as const;
    expect(unfairly(TREE, figures, { 'p.x': [10, 0] })).toEqual(['p.x']);
    expect(unfairly(TREE, figures, { 'p.x': [12, 0] })).toEqual([]);
  });
});

describe('for how long', () => {
  const tree = new QueueTree(tenancyOf(FLAT));
  const [a, b] = [tree.leaf('a'), tree.leaf('b')];

  test('between two looks at which it is treated so', () => {
    const unfairness = new Unfairness();
    unfairness.look(new Set([a]), 1000);
    unfairness.look(new Set([a, b]), 3000);
    unfairness.look(new Set(), 4000);
    unfairness.look(new Set([a]), 5000);
    unfairness.look(new Set([a]), 5500);
    expect([a, b].map((queue) => unfairness.ofQueue(queue))).toEqual([2500, 0]);
  });

  test('queues that are gone are forgotten once there are many', () => {
    const unfairness = new Unfairness();
    const open = new QueueTree({ ...tree.tenancy, queues: [] });
    const many = new Set(Array.from({ length: 1990 }, (_, i) => open.leaf(`q${i}`)));
    const other = new QueueTree({ ...tree.tenancy, queues: [] });
    const more = new Set(Array.from({ length: 100 }, (_, i) => other.leaf(`r${i}`)));
    for (const [at, set] of [many, many, more, more].entries()) unfairness.look(set, at * 1000);
    const ofBoth = () => [[...many][0]!, [...more][0]!].map((queue) => unfairness.ofQueue(queue));
    unfairness.tidy(other);
    expect(ofBoth()).toEqual([0, 1000]);
  });
});
