import type { Ordering, QueueEntry } from './orderings/ordering.ts';
import { orderings } from './orderings/registry.ts';
import { Queue } from './queue.ts';
import type { QueueNode } from './tree.ts';

/** All queues with their waiting gangs. A queue is there as long as a gang waits in it. */
export class Queues<Entry extends QueueEntry> {
  readonly #orderingOf: (queue: QueueNode) => Ordering;
  readonly #queues = new Map<QueueNode, Queue<Entry>>();
  readonly #byKey = new Map<string, { readonly entry: Entry; readonly queue: Queue<Entry> }>();

  /** @param orderingOf the ordering of that queue */
  constructor(orderingOf: (queue: QueueNode) => Ordering = () => orderings.priority) {
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

  /**
   * All waiting gangs in the order in which admission and preemption look at them. Between queues, the head of higher
   * priority comes first, then the head that has waited longest; within a queue its own ordering holds. A copy: the queues
   * may change while it is walked. O(gangs x log queues).
   */
  inAdmissionOrder(): readonly Entry[] {
    return mergeAll([...this.#queues.values()].map(({ waiting }) => waiting));
  }

  /** Those of all queues that are ahead of this gang in admission order; it may be one that does not wait yet. */
  aheadInAllQueues(entry: Entry): readonly Entry[] {
    const { queue: own } = entry;
    const others = [...this.#queues.values()].filter(({ leaf }) => leaf !== own).map(({ waiting }) => waiting);
    const all = mergeAll([...others, this.#queues.get(own)?.with(entry) ?? [entry]]);
    return all.slice(0, all.indexOf(entry));
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

/** One list of several, by their heads; each list keeps its order. */
function mergeAll<Entry extends QueueEntry>(lists: readonly (readonly Entry[])[]): readonly Entry[] {
  if (lists.length < 2) return [...(lists[0] ?? [])];
  const middle = lists.length >>> 1;
  return merge(mergeAll(lists.slice(0, middle)), mergeAll(lists.slice(middle)));
}

function merge<Entry extends QueueEntry>(a: readonly Entry[], b: readonly Entry[]): readonly Entry[] {
  const out: Entry[] = [];
  let [i, j] = [0, 0];
  for (let [x, y] = [a[i], b[j]]; x && y; [x, y] = [a[i], b[j]]) {
    const isFirst = orderings.priority(x, y) <= 0;
    out.push(isFirst ? x : y);
    if (isFirst) i++;
    else j++;
  }
  return out.concat(a.slice(i), b.slice(j));
}
