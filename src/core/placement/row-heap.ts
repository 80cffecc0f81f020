/** A max-heap of rows by key; equal keys: the lower row first, so that the order is total. Arrays are reused. */
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

  /** Adds without ordering; call `heapify` after the last. O(n) for all. */
  append(row: number, key: number): void {
    if (this.#size === this.#rows.length) this.#grow();
    this.#rows[this.#size] = row;
    this.#keys[this.#size++] = key;
  }

  /** Adds in its place. */
  push(row: number, key: number): void {
    this.append(row, key);
    for (let i = this.#size - 1; i > 0;) {
      const parent = (i - 1) >>> 1;
      if (!this.#before(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
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

  /** Gives the top another key. */
  rekeyTop(key: number): void {
    this.#keys[0] = key;
    this.#sink(0);
  }

  #before(a: number, b: number): boolean {
    const [keyA, keyB] = [this.#keys[a]!, this.#keys[b]!];
    return keyA > keyB || (keyA === keyB && this.#rows[a]! < this.#rows[b]!);
  }

  #sink(from: number): void {
    let i = from;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= this.#size) return;
      const right = left + 1;
      const child = right < this.#size && this.#before(right, left) ? right : left;
      if (!this.#before(child, i)) return;
      this.#swap(i, child);
      i = child;
    }
  }

  #swap(a: number, b: number): void {
    const [row, key] = [this.#rows[a]!, this.#keys[a]!];
    this.#rows[a] = this.#rows[b]!;
    this.#keys[a] = this.#keys[b]!;
    this.#rows[b] = row;
    this.#keys[b] = key;
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
