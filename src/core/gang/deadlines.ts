import type { Slot } from './slot.ts';

interface Entry {
  readonly slot: Slot;
  readonly deadlineMs: number;
}

/**
 * Reserved slots by deadline, as a binary heap. An entry whose slot has changed since (another deadline, another state)
 * is stale; it is dropped when its time comes, so that there are never more entries than deadlines were set within the
 * longest one.
 */
export class Deadlines {
  readonly #heap: Entry[] = [];

  /** Adds the slot with its present deadline. O(log n). */
  add(slot: Slot): void {
    const { deadlineMs } = slot;
    if (deadlineMs === Infinity) return;
    const heap = this.#heap;
    let hole = heap.length;
    for (; hole > 0;) {
      const parent = (hole - 1) >>> 1;
      if (heap[parent]!.deadlineMs <= deadlineMs) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = { slot, deadlineMs };
  }

  /** Takes the slots that are reserved and whose deadline has come. O(log n) for each entry that is due. */
  takeDue(nowMs: number): ReadonlySet<Slot> {
    const due = new Set<Slot>();
    for (let top = this.#heap[0]; top && top.deadlineMs <= nowMs; top = this.#heap[0]) {
      const { slot, deadlineMs } = top;
      if (slot.state === 'reserved' && slot.deadlineMs === deadlineMs) due.add(slot);
      this.#pop();
    }
    return due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.deadlineMs < heap[child]!.deadlineMs) child++;
      if (heap[child]!.deadlineMs >= last.deadlineMs) break;
      heap[hole] = heap[child]!;
      hole = child;
    }
    heap[hole] = last;
  }
}
