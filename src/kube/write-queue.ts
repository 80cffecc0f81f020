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
 * Writes to the API server outside the path of decisions. Several writes run at once, but only one per key, and a later
 * write of a key replaces one that still waits. Writes are retried if a retry may help.
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

  /** Waits at most `patienceMs` for the queued writes to end, then drops the rest. */
  async stop(patienceMs = 2000): Promise<void> {
    const giveUp = performance.now() + patienceMs;
    while (this.length > 0 && performance.now() < giveUp) await new Promise((resolve) => setTimeout(resolve, 20));
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
        const isFinal = error instanceof ApiError && !isWorthRetrying(error);
        if (isFinal || tries === TRIES || this.#stop.signal.aborted) {
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

/** A busy server answers 429. So does a disruption budget, which will not change within seconds. */
const isWorthRetrying = ({ status, causes }: ApiError) =>
  status === 409 || (status === 429 && !causes.includes('DisruptionBudget')) || status >= 500;
