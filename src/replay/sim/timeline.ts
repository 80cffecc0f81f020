import TinyQueue from 'tinyqueue';

/** An entry of the timeline: its holder can cancel it. */
export interface Entry {
  readonly atMs: number;
  readonly order: number;
  /** Undefined: it has been cancelled. */
  run: (() => void | Promise<void>) | undefined;
  /** Whether the entry changes the simulated world, such as an arrival or an end; false for retries and polls. */
  readonly isWork: boolean;
}

type Run = NonNullable<Entry['run']>;

const inOrder = (a: Entry, b: Entry) => a.atMs - b.atMs || a.order - b.order;

/** Simulated time: the entries run in order of time, then in the order in which they were added. */
export class Timeline {
  #entries = new TinyQueue<Entry>([], inOrder);
  #order = 0;
  #work = 0;
  #cancelled = 0;
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The time of the next entry; Infinity: there is none. */
  get nextMs(): number {
    return this.#next()?.atMs ?? Infinity;
  }

  /** The number of remaining entries that change the world. */
  get workLeft(): number {
    return this.#work;
  }

  /** The number of entries that are kept, cancelled ones among them. */
  get size(): number {
    return this.#entries.length;
  }

  at(atMs: number, run: Run, isWork = true): Entry {
    const entry = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, run, isWork };
    this.#entries.push(entry);
    if (isWork) this.#work++;
    return entry;
  }

  /** Cancels an entry that has not run. Half of those kept are live, so that this costs O(1) on average. */
  cancel(entry: Entry): void {
    if (!entry.run) return;
    entry.run = undefined;
    if (entry.isWork) this.#work--;
    if (++this.#cancelled * 2 <= this.#entries.length) return;
    this.#entries = new TinyQueue(
      this.#entries.data.filter(({ run }) => run),
      inOrder,
    );
    this.#cancelled = 0;
  }

  /** Runs the next entry. @returns false if there is none */
  step(): boolean | Promise<boolean> {
    const entry = this.#next();
    if (!entry?.run) return false;
    this.#entries.pop();
    const { run } = entry;
    entry.run = undefined;
    this.#nowMs = entry.atMs;
    if (entry.isWork) this.#work--;
    const running = run();
    return running ? running.then(() => true) : true;
  }

  /** Drops cancelled entries ahead of it. */
  #next(): Entry | undefined {
    for (;;) {
      const entry = this.#entries.peek();
      if (!entry || entry.run) return entry;
      this.#entries.pop();
      this.#cancelled--;
    }
  }
}
