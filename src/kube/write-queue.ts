import { BackOff, sleep } from './back-off.ts';
import { isForGood, Refusals } from './refusals.ts';
import { ApiError } from './transport.ts';

/** `held`: not sent, because the API server has refused the last write of the key for good. */
export type WriteOutcome = 'done' | 'dropped' | 'failed' | 'held';

export interface WriteQueueOptions {
  /** The first wait before a retry, in ms. */
  readonly firstMs?: number;
  readonly nowMs?: () => number;
  /** The API server refused a write for good: a right is missing, or the object is not what it was. */
  readonly onRefused?: (key: string, error: ApiError) => void;
}

interface Write {
  readonly run: () => Promise<void>;
  readonly onEnd: (outcome: WriteOutcome, error?: unknown) => void;
}

const PARALLEL = 8;
const TRIES = 8;

/**
 * Writes to the API server outside the path of decisions. Several writes run at once, but only one per key, and a later
 * write of a key replaces one that still waits. Writes are retried if a retry may help. After a refusal for good, the
 * next write of the same key is held back, ever longer.
 */
export class WriteQueue {
  readonly #waiting = new Map<string, Write>();
  readonly #running = new Set<string>();
  readonly #stop = new AbortController();
  readonly #refusals = new Refusals();
  readonly #options: Required<WriteQueueOptions>;

  constructor(options: WriteQueueOptions = {}) {
    this.#options = { firstMs: 200, nowMs: () => performance.now(), onRefused: () => undefined, ...options };
  }

  get length(): number {
    return this.#waiting.size + this.#running.size;
  }

  push(key: string, run: Write['run'], onEnd: Write['onEnd'] = () => undefined): void {
    if (this.#stop.signal.aborted) return;
    const refusal = this.#refusals.heldBack(key, this.#options.nowMs());
    if (refusal) {
      // Never before `push` returns, as with other outcomes.
      queueMicrotask(() => onEnd('held', refusal));
      return;
    }
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
      void this.#run(key, write).finally(() => {
        this.#running.delete(key);
        this.#next();
      });
    }
  }

  async #run(key: string, { run, onEnd }: Write): Promise<void> {
    const backOff = new BackOff(this.#options.firstMs, 10_000);
    for (let tries = 1; ; tries++) {
      try {
        await run();
        this.#refusals.remove(key);
        onEnd('done');
        return;
      } catch (error) {
        if (error instanceof ApiError && isForGood(error)) this.#refuse(key, error);
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

  #refuse(key: string, error: ApiError): void {
    const { nowMs, onRefused } = this.#options;
    this.#refusals.add(key, error, nowMs());
    onRefused(key, error);
  }
}

/** A busy server answers 429. So does a disruption budget, which will not change within seconds. */
const isWorthRetrying = ({ status, causes }: ApiError) =>
  status === 409 || (status === 429 && !causes.includes('DisruptionBudget')) || status >= 500;
