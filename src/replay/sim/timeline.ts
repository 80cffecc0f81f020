import TinyQueue from 'tinyqueue';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
  /** Whether the world changes by itself at this time: an arrival, an end. Else it is a retry or a look. */
  readonly isWork: boolean;
}

/** Simulated time: what happens next, in order of time and then of scheduling. */
export class Timeline {
  readonly #entries = new TinyQueue<Entry>([], (a, b) => a.atMs - b.atMs || a.order - b.order);
  #order = 0;
  #work = 0;
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many entries are left that change the world by themselves. */
  get workLeft(): number {
    return this.#work;
  }

  at(atMs: number, run: Entry['run'], isWork = true): void {
    this.#entries.push({ atMs: Math.max(atMs, this.#nowMs), order: this.#order++, run, isWork });
    if (isWork) this.#work++;
  }

  /** Runs the next entry. @returns false where there is none */
  step(): boolean | Promise<boolean> {
    const entry = this.#entries.pop();
    if (!entry) return false;
    this.#nowMs = entry.atMs;
    if (entry.isWork) this.#work--;
    const running = entry.run();
    return running ? running.then(() => true) : true;
  }
}
