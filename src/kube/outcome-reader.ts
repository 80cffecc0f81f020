import type { PodRef } from '../core/model.ts';
import type { PodEnd } from '../intake/outcome.ts';
import type { PodsApi } from './pods-api.ts';

export interface OutcomeReaderDeps {
  readonly api: Pick<PodsApi, 'readEnd'>;
  /** How the pod ended; undefined: nobody knows any more. */
  readonly onEnd: (pod: PodRef, end: PodEnd | undefined) => void;
  readonly count: (outcome: 'done' | 'unknown' | 'failed' | 'limited') => void;
}

const PARALLEL = 4;
/** More than that have ended at once: the run times of the rest are not worth the API server's time. */
const MOST_WAITING = 1000;

/**
 * Reads how leaders ended: muster's watch leaves finished pods out, and tells of their end without a word about it.
 * Each is read once. Operators and the garbage collector may be faster; then the outcome stays unknown.
 */
export class OutcomeReader {
  readonly #deps: OutcomeReaderDeps;
  readonly #waiting: PodRef[] = [];
  #running = 0;

  constructor(deps: OutcomeReaderDeps) {
    this.#deps = deps;
  }

  /** Reads how the pod ended; `onEnd` is always called, never before this returns. */
  read(pod: PodRef): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#deps.count('limited');
      queueMicrotask(() => this.#deps.onEnd(pod, undefined));
      return;
    }
    this.#waiting.push(pod);
    queueMicrotask(() => this.#next());
  }

  stop(): void {
    this.#waiting.length = 0;
  }

  #next(): void {
    while (this.#running < PARALLEL) {
      const pod = this.#waiting.shift();
      if (!pod) return;
      this.#running++;
      void this.#read(pod).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #read(pod: PodRef): Promise<void> {
    const { api, onEnd, count } = this.#deps;
    let end: PodEnd | undefined;
    try {
      end = await api.readEnd(pod);
      count(end ? 'done' : 'unknown');
    } catch {
      count('failed');
    }
    onEnd(pod, end);
  }
}
