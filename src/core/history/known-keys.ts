import { LRUCache } from 'lru-cache';
import { ENOUGH_RUNS, KnownRuns, ROUNDING } from './known-runs.ts';

/** Keys of which enough runs have been seen, and the others. */
const MOST_PROVEN = 15_000;
const MOST_YOUNG = 5000;
export const MOST_KEYS = MOST_PROVEN + MOST_YOUNG;

/**
 * What is known by key. Of too many keys those are forgotten that were learned of longest ago: among those that have come
 * again, and apart from these among those that have not. However many apps run once, they displace none that recurs.
 */
export class KnownKeys {
  readonly #proven = new LRUCache<string, KnownRuns>({ max: MOST_PROVEN });
  readonly #young = new LRUCache<string, KnownRuns>({ max: MOST_YOUNG });

  get size(): number {
    return this.#proven.size + this.#young.size;
  }

  /** Changes nothing. */
  get(key: string): KnownRuns | undefined {
    return this.#proven.peek(key) ?? this.#young.peek(key);
  }

  /** A run of the key has ended. */
  learn(key: string, ranMs: number, isCut: boolean): void {
    const runs = this.get(key) ?? new KnownRuns();
    runs.learn(ranMs, isCut);
    this.put(key, runs);
  }

  /** Puts the key first in its place. */
  put(key: string, runs: KnownRuns): void {
    const { times } = runs;
    const isProven = this.#proven.has(key) || times.count + times.cutAfter(0) > ENOUGH_RUNS - ROUNDING;
    if (isProven) this.#young.delete(key);
    (isProven ? this.#proven : this.#young).set(key, runs);
  }

  /** Those that have come again first, and of these the one that was learned of last. */
  *entries(): Generator<readonly [key: string, runs: KnownRuns]> {
    yield* this.#proven.entries();
    yield* this.#young.entries();
  }

  clear(): void {
    this.#proven.clear();
    this.#young.clear();
  }
}
