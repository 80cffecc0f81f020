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

  put(entry: Entry): void {
    this.#waiting.splice(this.#placeOf(entry), 0, entry);
  }

  /** As `waiting`, if this entry were in the queue as well. */
  with(entry: Entry): readonly Entry[] {
    return this.#waiting.includes(entry) ? this.#waiting : this.#waiting.toSpliced(this.#placeOf(entry), 0, entry);
  }

  #placeOf(entry: Entry): number {
    const at = this.#waiting.findIndex((other) => this.#ordering(entry, other) < 0);
    return at < 0 ? this.#waiting.length : at;
  }

  remove(entry: Entry): void {
    const at = this.#waiting.indexOf(entry);
    if (at >= 0) this.#waiting.splice(at, 1);
  }
}
