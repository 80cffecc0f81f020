/** A max-heap of rows by key, with the lower row first among equal keys. Keeps its arrays. */
export class RowHeap {
  #rows = new Int32Array(64);
  #keys = new Float64Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get topRow(): number {
    return this.#rows[0]!;
  }

  get topKey(): number {
    return this.#keys[0]!;
  }

  clear(): void {
    this.#size = 0;
  }

  /** Adds an entry without ordering; call `heapify` after the last. O(n) for all. */
  append(row: number, key: number): void {
    if (this.#size === this.#rows.length) this.#grow();
    this.#rows[this.#size] = row;
    this.#keys[this.#size++] = key;
  }

  /** Adds an entry in order. O(log n). */
  push(row: number, key: number): void {
    this.append(row, key);
    const [rows, keys] = [this.#rows, this.#keys];
    let hole = this.#size - 1;
    for (; hole > 0;) {
      const parent = (hole - 1) >>> 1;
      if (!this.#isBefore(row, key, parent)) break;
      rows[hole] = rows[parent]!;
      keys[hole] = keys[parent]!;
      hole = parent;
    }
    rows[hole] = row;
    keys[hole] = key;
  }

  heapify(): void {
    for (let i = (this.#size >>> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  pop(): number {
    const row = this.#rows[0]!;
    this.#size--;
    if (this.#size > 0) {
      this.#rows[0] = this.#rows[this.#size]!;
      this.#keys[0] = this.#keys[this.#size]!;
      this.#sink(0);
    }
    return row;
  }

  /** Changes the key of the top. */
  rekeyTop(key: number): void {
    this.#keys[0] = key;
    this.#sink(0);
  }

  /** Whether the entry comes before the one at place `b`. */
  #isBefore(row: number, key: number, b: number): boolean {
    const other = this.#keys[b]!;
    return key > other || (key === other && row < this.#rows[b]!);
  }

  /** Moves a hole down and writes the entry once, at the end. */
  #sink(from: number): void {
    const [rows, keys, size] = [this.#rows, this.#keys, this.#size];
    const [row, key] = [rows[from]!, keys[from]!];
    let hole = from;
    for (let child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
      const right = child + 1;
      if (right < size && this.#isBefore(rows[right]!, keys[right]!, child)) child = right;
      if (this.#isBefore(row, key, child)) break;
      rows[hole] = rows[child]!;
      keys[hole] = keys[child]!;
      hole = child;
    }
    rows[hole] = row;
    keys[hole] = key;
  }

  #grow(): void {
    const rows = new Int32Array(this.#rows.length * 2);
    const keys = new Float64Array(this.#keys.length * 2);
    rows.set(this.#rows);
    keys.set(this.#keys);
    this.#rows = rows;
    this.#keys = keys;
  }
}
