/**
 * The rows that changed, in order, so that whoever keeps something derived from rows can catch up by touching
 * only those. A fixed ring: a reader too far behind is told so and starts anew.
 */
export class ChangeLog {
  readonly #rows: Int32Array;
  #next = 0;

  /** @param capacity how many changes are remembered */
  constructor(capacity = 4096) {
    this.#rows = new Int32Array(capacity);
  }

  /** The position after the last change; changes before it have happened. */
  get position(): number {
    return this.#next;
  }

  push(row: number): void {
    this.#rows[this.#next++ % this.#rows.length] = row;
  }

  /** Whether all changes since `position` are still remembered. */
  remembers(position: number): boolean {
    return this.#next - position <= this.#rows.length;
  }

  /** The row of the change at `position`; the caller has checked `remembers`. */
  at(position: number): number {
    return this.#rows[position % this.#rows.length]!;
  }
}
