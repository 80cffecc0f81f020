import TinyQueue from 'tinyqueue';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
  /** Whether the entry changes the simulated world, such as an arrival or an end; false for retries and polls. */
  readonly isWork: boolean;
}

/** Simulated time: the entries run in order of time, then in the order in which they were added. */
export class Timeline {
  readonly #entries = new TinyQueue<Entry>([], (a, b) => a.atMs - b.atMs || a.order - b.order);
  #order = 0;
  #work = 0;
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The number of remaining entries that change the world. */
  get workLeft(): number {
    return this.#work;
  }

  at(atMs: number, run: Entry['run'], isWork = true): void {
    this.#entries.push({ atMs: Math.max(atMs, this.#nowMs), order: this.#order++, run, isWork });
    if (isWork) this.#work++;
  }

  /** Runs the next entry. @returns false if there is none */
  step(): boolean | Promise<boolean> {
    const entry = this.#entries.pop();
    if (!entry) return false;
    this.#nowMs = entry.atMs;
    if (entry.isWork) this.#work--;
    const running = entry.run();
    return running ? running.then(() => true) : true;
  }
}
