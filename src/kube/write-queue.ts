import { BackOff, sleep } from './back-off.ts';
import { ApiError } from './transport.ts';

export type WriteOutcome = 'done' | 'dropped' | 'failed';

interface Write {
  readonly run: () => Promise<void>;
  readonly onEnd: (outcome: WriteOutcome, error?: unknown) => void;
}

const PARALLEL = 8;
const TRIES = 8;

/**
 * Writes to the API server, off the path of every decision: a few at once, one at a time per key (a later write of a
 * key replaces one that still waits), with retries where trying again may help.
 */
export class WriteQueue {
  readonly #waiting = new Map<string, Write>();
  readonly #running = new Set<string>();
  readonly #stop = new AbortController();
  readonly #firstMs: number;

  /** @param firstMs the first wait before a retry */
  constructor(firstMs = 200) {
    this.#firstMs = firstMs;
  }

  get length(): number {
    return this.#waiting.size + this.#running.size;
  }

  push(key: string, run: Write['run'], onEnd: Write['onEnd'] = () => undefined): void {
    if (this.#stop.signal.aborted) return;
    this.#waiting.get(key)?.onEnd('dropped');
    this.#waiting.set(key, { run, onEnd });
    this.#next();
  }

  /** Gives up what has not been written; resolves when what is being written has ended, or after `patienceMs`. */
  async stop(patienceMs = 2000): Promise<void> {
    const giveUp = Date.now() + patienceMs;
    while (this.length > 0 && Date.now() < giveUp) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#stop.abort();
    this.#waiting.clear();
  }

  #next(): void {
    for (const [key, write] of this.#waiting) {
      if (this.#running.size >= PARALLEL) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(write).finally(() => {
        this.#running.delete(key);
        this.#next();
      });
    }
  }

  async #run({ run, onEnd }: Write): Promise<void> {
    const backOff = new BackOff(this.#firstMs, 10_000);
    for (let tries = 1; ; tries++) {
      try {
        await run();
        onEnd('done');
        return;
      } catch (error) {
        const isHopeless = error instanceof ApiError && !isWorthRetrying(error);
        if (isHopeless || tries === TRIES || this.#stop.signal.aborted) {
          onEnd(error instanceof ApiError && error.status === 404 ? 'dropped' : 'failed', error);
          return;
        }
        const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
        await sleep(Math.max(asked, backOff.nextMs()), this.#stop.signal);
        if (this.#stop.signal.aborted) return onEnd('failed', error);
      }
    }
  }
}

/** A busy server says 429, and so does a disruption budget, which will not be done with in seconds. */
const isWorthRetrying = ({ status, causes }: ApiError) =>
  status === 409 || (status === 429 && !causes.includes('DisruptionBudget')) || status >= 500;
