import { setImmediate } from 'node:timers/promises';
import type { Slices } from '../../core/work.ts';

/** Made again at most so often, in ms. */
const EVERY_MS = 1000;
/** Made again after so long although nothing was told: order and ends change as time goes by. */
const AT_LEAST_MS = 10_000;

interface Options<T> {
  /** @param before what was made last; the same object again: nothing changed */
  readonly make: (before: T | undefined) => Slices<T>;
  /** Grows whenever another result is possible. */
  readonly changes: () => number;
  /** A clock that never goes back, in ms. */
  readonly monotonicMs: () => number;
  /** The first version is the next number; absent: 1. */
  readonly versionsAfter?: number | undefined;
}

/**
 * What many ask for and few need to make: made again only when somebody asks, something changed, and a second has passed.
 * All who ask meanwhile share one making, in slices.
 */
export class Made<T> {
  readonly #options: Options<T>;
  #last: { readonly value: T; readonly atMs: number; readonly changes: number } | undefined;
  #making: Promise<T> | undefined;
  #version: number;

  constructor(options: Options<T>) {
    this.#options = options;
    this.#version = options.versionsAfter ?? 0;
  }

  /** Grows by one when another result was made. */
  get version(): number {
    return this.#version;
  }

  /** As `version`, and one more while something has changed since it was made: for those who do not ask for the result. */
  get nextVersion(): number {
    return this.#last?.changes === this.#options.changes() ? this.#version : this.#version + 1;
  }

  /** The last result, without making another; undefined: there is none yet. */
  get known(): T | undefined {
    return this.#last?.value;
  }

  latest(): Promise<T> {
    const last = this.#last;
    if (last && !this.#isDue(last)) return Promise.resolve(last.value);
    return (this.#making ??= this.#make().finally(() => (this.#making = undefined)));
  }

  #isDue({ atMs, changes }: { readonly atMs: number; readonly changes: number }): boolean {
    const age = this.#options.monotonicMs() - atMs;
    return age >= AT_LEAST_MS || (age >= EVERY_MS && changes !== this.#options.changes());
  }

  async #make(): Promise<T> {
    const [atMs, changes] = [this.#options.monotonicMs(), this.#options.changes()];
    const value = await inSlices(this.#options.make(this.#last?.value));
    if (value !== this.#last?.value) this.#version++;
    this.#last = { value, atMs, changes };
    return value;
  }
}

async function inSlices<T>(slices: Slices<T>): Promise<T> {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    await setImmediate();
  }
}
