import type { Ordering, QueueEntry } from './orderings/ordering.ts';
import { orderings } from './orderings/registry.ts';
import { Queue } from './queue.ts';

/** All queues with their waiting gangs. A queue is there as long as a gang waits in it. */
export class Queues<Entry extends QueueEntry> {
  readonly #orderingOf: (queue: string) => Ordering;
  readonly #queues = new Map<string, Queue<Entry>>();
  readonly #byKey = new Map<string, { readonly entry: Entry; readonly queue: Queue<Entry> }>();

  /** @param orderingOf the ordering of the queue of that name */
  constructor(orderingOf: (queue: string) => Ordering = () => orderings.priority) {
    this.#orderingOf = orderingOf;
  }

  /** The waiting gang of that key. */
  get(key: string): Entry | undefined {
    return this.#byKey.get(key)?.entry;
  }

  /** Adds a gang, or puts it in its place again after its priority or queue changed. */
  put(entry: Entry): void {
    this.remove(entry.key);
    const name = entry.spec.queue;
    let queue = this.#queues.get(name);
    if (!queue) this.#queues.set(name, (queue = new Queue(name, this.#orderingOf(name))));
    queue.put(entry);
    this.#byKey.set(entry.key, { entry, queue });
  }

  remove(key: string): void {
    const known = this.#byKey.get(key);
    if (!known) return;
    this.#byKey.delete(key);
    const { queue, entry } = known;
    queue.remove(entry);
    if (queue.waiting.length === 0) this.#queues.delete(queue.name);
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
    const { queue: name } = entry.spec;
    const others = [...this.#queues.values()].filter((queue) => queue.name !== name).map(({ waiting }) => waiting);
    const all = mergeAll([...others, this.#queues.get(name)?.with(entry) ?? [entry]]);
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

  #waitingWith({ spec }: Entry): readonly Entry[] {
    return this.#queues.get(spec.queue)?.waiting ?? [];
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
