/**
 * The rows that changed, in order, so that an index over rows catches up by looking only at those. A ring of fixed
 * size: a reader that is too far behind finds out (`remembers`) and starts from scratch.
 */
export class ChangeLog {
  readonly #rows: Int32Array;
  #next = 0;

  /** @param capacity the number of changes that it remembers */
  constructor(capacity = 4096) {
    this.#rows = new Int32Array(capacity);
  }

  /** The position after the last change. */
  get position(): number {
    return this.#next;
  }

  push(row: number): void {
    this.#rows[this.#next++ % this.#rows.length] = row;
  }

  /** Whether it still remembers all changes since `position`. */
  remembers(position: number): boolean {
    return this.#next - position <= this.#rows.length;
  }

  /** The row of the change at `position`; the caller has checked `remembers`. */
  at(position: number): number {
    return this.#rows[position % this.#rows.length]!;
  }
}
