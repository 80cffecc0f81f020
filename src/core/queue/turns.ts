import { isOfSystem } from '../policy/system-priority.ts';
import { plus, type Vector } from '../resources.ts';
import { fifo } from './orderings/fifo.ts';
import type { QueueEntry } from './orderings/ordering.ts';
import type { Shares } from './shares.ts';
import { pathTo, type QueueNode } from './tree.ts';
import { turnOrders } from './turn-orders/registry.ts';
import type { Standing } from './turn-orders/turn-order.ts';

/** A queue, or a user of one, with its next gang. */
interface Contender<Entry extends QueueEntry> extends Standing {
  readonly next: Entry;
}

type Compare = (a: Contender<QueueEntry>, b: Contender<QueueEntry>) => number;

/** Whose turn it is among the queues below this one: a total order of contenders with different gangs. */
const amongBelow =
  ({ priority: reach }: QueueNode): Compare =>
  (a, b) => {
    const [x, y] = [a.next, b.next];
    const byPriority = y.priority - x.priority;
    const isFirst = reach === 'first' || isOfSystem(Math.max(x.priority, y.priority));
    if (isFirst && byPriority !== 0) return byPriority;
    return a.tier - b.tier || (reach === 'across' && byPriority) || a.saturation - b.saturation || fifo(x, y);
  };

/** Whose turn it is among the users of a queue. */
const amongUsers: Compare = (a, b) =>
  b.next.priority - a.next.priority || a.saturation - b.saturation || fifo(a.next, b.next);

/** Gangs of which one comes after the other. */
interface Source<Entry> {
  /** undefined: none is left */
  readonly next: Entry | undefined;
  pop(): void;
}

class Line<Entry> implements Source<Entry> {
  readonly #entries: readonly Entry[];
  #at = 0;

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  get next(): Entry | undefined {
    return this.#entries[this.#at];
  }

  pop(): void {
    this.#at++;
  }
}

const NOTHING: Vector = new Float64Array(0);

/** What a contender stands at with a gang, if it holds so much more than it does. */
type Measure = (next: QueueEntry, more: Vector | undefined) => Standing;

class Competitor<Entry extends QueueEntry> implements Contender<Entry> {
  readonly source: Source<Entry>;
  readonly #measure: Measure;
  #more: Vector | undefined;
  next!: Entry;
  tier = 0;
  saturation = 0;

  constructor(source: Source<Entry>, measure: Measure) {
    this.source = source;
    this.#measure = measure;
  }

  /** @returns whether it still has a gang */
  measure(): boolean {
    const { next } = this.source;
    if (!next) return false;
    this.next = next;
    ({ tier: this.tier, saturation: this.saturation } = this.#measure(next, this.#more));
    return true;
  }

  take(ask: Vector): void {
    this.#more = plus(this.#more ?? NOTHING, ask, 1);
  }
}

/** Several sources of which the one goes on whose turn it is: a heap. */
class Contest<Entry extends QueueEntry> implements Source<Entry> {
  readonly #compare: Compare;
  readonly #isVirtual: boolean;
  readonly #heap: Competitor<Entry>[];
  /** The first has had its turn: it must be measured again. */
  #isStale = false;

  constructor(all: readonly Competitor<Entry>[], compare: Compare, isVirtual: boolean) {
    [this.#compare, this.#isVirtual] = [compare, isVirtual];
    this.#heap = all.filter((one) => one.measure());
    for (let i = (this.#heap.length >>> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  get next(): Entry | undefined {
    if (this.#isStale) this.#settle();
    return this.#heap[0]?.next;
  }

  pop(): void {
    if (this.#isStale) this.#settle();
    const [first] = this.#heap;
    if (!first) return;
    first.source.pop();
    if (this.#isVirtual) first.take(first.next.ask);
    this.#isStale = true;
  }

  #settle(): void {
    this.#isStale = false;
    const heap = this.#heap;
    if (!heap[0]!.measure()) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    this.#sink(0);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let i = from; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && this.#compare(heap[child]!, heap[least]!) < 0) least = child;
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }
}

export interface TurnRules {
  /** Whether each gang counts as if it had started when it had its turn; else only what queues really hold counts. */
  readonly isVirtual: boolean;
  /** Whether users take turns where the file says so; else only the order within each line counts. */
  readonly hasUsers: boolean;
}

/**
 * The gangs of all lines in the order in which they have their turn: from the root down, the queue whose turn it is
 * among its siblings, each with its next gang. A step costs O(depth x log queues). What queues hold may change between
 * steps, that of the queue of the last gang alone.
 * @param lines the waiting gangs of each leaf, in its order
 */
export function* turns<Entry extends QueueEntry>(
  lines: ReadonlyMap<QueueNode, readonly Entry[]>,
  shares: Shares,
  rules: TurnRules,
): Generator<Entry> {
  const source = sourceOf(lines, shares, rules);
  for (let { next } = source; next; { next } = source) {
    yield next;
    source.pop();
  }
}

function sourceOf<Entry extends QueueEntry>(
  lines: ReadonlyMap<QueueNode, readonly Entry[]>,
  shares: Shares,
  rules: TurnRules,
): Source<Entry> {
  const below = new Map<QueueNode, QueueNode[]>();
  for (const leaf of lines.keys()) {
    for (let node: QueueNode = leaf; node.parent; node = node.parent) {
      const siblings = below.get(node.parent);
      siblings?.push(node);
      if (siblings) break;
      below.set(node.parent, [node]);
    }
  }
  const of = (node: QueueNode): Source<Entry> => {
    const line = lines.get(node);
    if (line) return node.spec.order === 'fair' && rules.hasUsers ? usersOf(node, line, shares, rules) : new Line(line);
    const order = turnOrders[node.turns];
    const all = (below.get(node) ?? []).map(
      (child) => new Competitor(of(child), ({ ask }, more) => order(shares, child, ask, more)),
    );
    return new Contest(all, amongBelow(node), rules.isVirtual);
  };
  const [first] = lines.keys();
  return first ? of(rootOf(first)) : new Line([]);
}

function usersOf<Entry extends QueueEntry>(
  leaf: QueueNode,
  line: readonly Entry[],
  shares: Shares,
  { isVirtual }: TurnRules,
): Source<Entry> {
  const byUser = new Map<string, Entry[]>();
  for (const entry of line) {
    const own = byUser.get(entry.user);
    if (own) own.push(entry);
    else byUser.set(entry.user, [entry]);
  }
  const all = Array.from(byUser, ([user, own]) => {
    const measure: Measure = ({ ask }, more) => ({
      tier: 0,
      saturation: shares.saturationOfUser(leaf, user, ask, more),
    });
    return new Competitor(new Line(own), measure);
  });
  return new Contest(all, amongUsers, isVirtual);
}

function rootOf(node: QueueNode): QueueNode {
  let root = node;
  while (root.parent) root = root.parent;
  return root;
}

/** The queues in which two leaves are, below the last one that both are in; undefined: it is the same leaf. */
export function apart(a: QueueNode, b: QueueNode): readonly [QueueNode, QueueNode] | undefined {
  if (a === b) return undefined;
  if (a.parent === b.parent) return [a, b];
  const [x, y] = [pathTo(a), pathTo(b)];
  const at = x.findIndex((node, i) => node !== y[i]);
  return [x[at]!, y[at]!];
}

/** Whether it would be the turn of the first of two gangs of different leaves, for what queues hold now. */
export function hasTurnBefore(shares: Shares, a: QueueEntry, b: QueueEntry): boolean {
  const both = apart(a.queue, b.queue);
  if (!both) return false;
  const above = both[0].parent!;
  const order = turnOrders[above.turns];
  const [x, y] = [a, b].map((next, i) => ({ next, ...order(shares, both[i]!, next.ask) }));
  return amongBelow(above)(x!, y!) < 0;
}
