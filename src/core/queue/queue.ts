import type { Ordering, QueueEntry } from './orderings/ordering.ts';
import type { QueueNode } from './tree.ts';

/** One queue: its waiting gangs, in the order in which they may start. */
export class Queue<Entry extends QueueEntry> {
  readonly leaf: QueueNode;
  readonly #ordering: Ordering;
  readonly #waiting: Entry[] = [];

  constructor(leaf: QueueNode, ordering: Ordering) {
    this.leaf = leaf;
    this.#ordering = ordering;
  }

  /** In order; the first is the head. */
  get waiting(): readonly Entry[] {
    return this.#waiting;
  }

  /** O(log gangs) comparisons. */
  put(entry: Entry): void {
    this.#waiting.splice(this.#placeOf(entry), 0, entry);
  }

  /** As `waiting`, if this entry were in the queue as well. */
  with(entry: Entry): readonly Entry[] {
    const at = this.#placeOf(entry);
    return this.#waiting[at - 1] === entry ? this.#waiting : this.#waiting.toSpliced(at, 0, entry);
  }

  remove(entry: Entry): void {
    const near = this.#placeOf(entry) - 1;
    // One whose priority or turn has changed since it was put is anywhere.
    const at = this.#waiting[near] === entry ? near : this.#waiting.indexOf(entry);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** The place behind the last that goes before this entry, or is it. */
  #placeOf(entry: Entry): number {
    let [from, to] = [0, this.#waiting.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#ordering(entry, this.#waiting[middle]!) < 0) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}
