/** Waits that double with each failure, with jitter, as in client-go's reflector (800 ms to 30 s). */
export class BackOff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  #failures = 0;

  constructor(firstMs = 800, mostMs = 30_000) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** The next wait: between half of the current step and the whole step. */
  nextMs(): number {
    const step = Math.min(this.#mostMs, this.#firstMs * 2 ** this.#failures++);
    return step * (0.5 + Math.random() / 2);
  }
}

/** The longest timer of Node.js. A longer one fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Resolves after `ms`, 24 days at most, or at once when the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, Math.min(ms, LONGEST_MS));
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
