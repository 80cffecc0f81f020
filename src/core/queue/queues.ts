import type { Ordering, QueueEntry } from './orderings/ordering.ts';
import { orderings } from './orderings/registry.ts';
import { Queue } from './queue.ts';
import { Shares } from './shares.ts';
import type { QueueNode } from './tree.ts';
import { hasTurnBefore, turns, type TurnRules } from './turns.ts';

/** So many gangs of a queue are looked at for the first that passes a test. */
const LOOKS = 4;
/** As if each gang started when it has its turn. */
const ONE_AFTER_THE_OTHER: TurnRules = { isVirtual: true, hasUsers: true };

/** All queues with their waiting gangs. A queue is there as long as a gang waits in it. */
export class Queues<Entry extends QueueEntry> {
  readonly #shares: Shares;
  readonly #orderingOf: (queue: QueueNode) => Ordering;
  readonly #queues = new Map<QueueNode, Queue<Entry>>();
  readonly #byKey = new Map<string, { readonly entry: Entry; readonly queue: Queue<Entry> }>();

  #first: { readonly atMs: number; readonly entries: readonly Entry[] } = { atMs: -Infinity, entries: [] };

  /** @param orderingOf the ordering of that queue */
  constructor(shares = new Shares(), orderingOf: (queue: QueueNode) => Ordering = () => orderings.priority) {
    this.#shares = shares;
    this.#orderingOf = orderingOf;
  }

  /** The waiting gang of that key. */
  get(key: string): Entry | undefined {
    return this.#byKey.get(key)?.entry;
  }

  /** Adds a gang, or puts it in its place again after its priority or queue changed. */
  put(entry: Entry): void {
    this.remove(entry.key);
    const { queue: leaf } = entry;
    let queue = this.#queues.get(leaf);
    if (!queue) this.#queues.set(leaf, (queue = new Queue(leaf, this.#orderingOf(leaf))));
    queue.put(entry);
    this.#byKey.set(entry.key, { entry, queue });
  }

  remove(key: string): void {
    const known = this.#byKey.get(key);
    if (!known) return;
    this.#byKey.delete(key);
    const { queue, entry } = known;
    queue.remove(entry);
    if (queue.waiting.length === 0) this.#queues.delete(queue.leaf);
  }

  /** All waiting gangs, queue by queue. */
  *waiting(): Generator<Entry> {
    for (const { waiting } of this.#queues.values()) yield* waiting;
  }

  /** How many queues have a waiting gang. */
  get size(): number {
    return this.#queues.size;
  }

  /**
   * All waiting gangs in the order in which admission and preemption look at them, if each started when it has its turn:
   * between queues as their turns are, within a queue as its ordering says. A copy: the queues may change while it is
   * walked. O(gangs x depth x log queues).
   */
  inAdmissionOrder(): readonly Entry[] {
    return [...this.#inOrder(this.#lines(), ONE_AFTER_THE_OTHER)];
  }

  /**
   * inAdmissionOrder, one after the other: others may be served in between. A gang that comes meanwhile is not met, and one whose
   * queue got more or less meanwhile may be met where it stood before.
   */
  *eachInAdmissionOrder(): Generator<Entry> {
    const lines = this.#lines();
    for (const [leaf, line] of lines) lines.set(leaf, [...line]);
    yield* this.#inOrder(lines, ONE_AFTER_THE_OTHER);
  }

  /** inAdmissionOrder while some of them start: what queues hold when a gang is taken decides which is the next. */
  *inTurns(): Generator<Entry> {
    const lines = this.#lines();
    for (const [leaf, line] of lines) lines.set(leaf, [...line]);
    yield* this.#inOrder(lines, { isVirtual: false, hasUsers: true });
  }

  /** The gangs that pass the test, in admission order; within a queue as its ordering says, whoever their users are. */
  standing(test: (entry: Entry) => boolean): readonly Entry[] {
    const lines = new Map<QueueNode, readonly Entry[]>();
    for (const { leaf, waiting } of this.#queues.values()) {
      const line = waiting.filter(test);
      if (line.length > 0) lines.set(leaf, line);
    }
    return [...this.#inOrder(lines, { isVirtual: true, hasUsers: false })];
  }

  /** Those of all queues that are ahead of this gang in admission order; it may be one that does not wait yet. */
  aheadInAllQueues(entry: Entry): readonly Entry[] {
    const lines = this.#lines();
    lines.set(entry.queue, this.#queues.get(entry.queue)?.with(entry) ?? [entry]);
    const all = [...this.#inOrder(lines, ONE_AFTER_THE_OTHER)];
    return all.slice(0, all.indexOf(entry));
  }

  /**
   * Of the queues whose turn it was first at the last refresh of shares, the first gang of each that passed the test
   * then; it may have started since. O(queues) once for each refresh. @param most how many at most
   */
  firstInTurn(most: number, test: (entry: Entry) => boolean): readonly Entry[] {
    const { madeMs } = this.#shares;
    if (this.#first.atMs !== madeMs) this.#first = { atMs: madeMs, entries: this.#findFirst(most, test) };
    return this.#first.entries;
  }

  /** Whether it would be the turn of `a`, of another queue, before that of `b`, for what queues hold now. */
  hasTurnBefore(a: Entry, b: Entry): boolean {
    return hasTurnBefore(this.#shares, a, b);
  }

  #findFirst(most: number, test: (entry: Entry) => boolean): readonly Entry[] {
    const lines = new Map<QueueNode, readonly Entry[]>();
    for (const { leaf, waiting } of this.#queues.values()) {
      const first = waiting.slice(0, LOOKS).find(test);
      if (first) lines.set(leaf, [first]);
    }
    const out: Entry[] = [];
    for (const entry of turns(lines, this.#shares, { isVirtual: false, hasUsers: false })) {
      if (out.push(entry) === most) break;
    }
    return out;
  }

  #lines(): Map<QueueNode, readonly Entry[]> {
    const lines = new Map<QueueNode, readonly Entry[]>();
    for (const { leaf, waiting } of this.#queues.values()) lines.set(leaf, waiting);
    return lines;
  }

  /** Where only one queue has gangs, nothing is measured. */
  #inOrder(lines: ReadonlyMap<QueueNode, readonly Entry[]>, rules: TurnRules): Iterable<Entry> {
    const [only] = lines;
    if (!only) return [];
    const [leaf, line] = only;
    const isPlain = lines.size === 1 && !(leaf.spec.order === 'fair' && rules.hasUsers);
    return isPlain ? line : turns(lines, this.#shares, rules);
  }

  /** The gangs ahead of this one in its queue, in order. */
  aheadOf(entry: Entry): readonly Entry[] {
    const waiting = this.#waitingWith(entry);
    return waiting.slice(0, Math.max(0, waiting.indexOf(entry)));
  }

  /** The first gang ahead of this one in its queue that passes the test. */
  firstAhead(entry: Entry, test: (other: Entry) => boolean): Entry | undefined {
    for (const other of this.#waitingWith(entry)) {
      if (other === entry) return undefined;
      if (test(other)) return other;
    }
    return undefined;
  }

  #waitingWith({ queue }: Entry): readonly Entry[] {
    return this.#queues.get(queue)?.waiting ?? [];
  }
}
