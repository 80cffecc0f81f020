import { sleep } from './back-off.ts';
import type { Transport } from './transport.ts';

export interface ProbeOptions {
  readonly transport: Pick<Transport, 'send'>;
  readonly nowMs: () => number;
  /** The server answers again. */
  readonly onBack: () => void;
  readonly log: (level: 'info' | 'warn', fields: object, message: string) => void;
  /** How often the server is asked while it answers, and the time that it has for an answer. */
  readonly everyMs: number;
}

/** How often the server is asked while it does not answer. */
const RETRY_MS = 1000;
/** One object, read from etcd and not from a cache: a server that has lost etcd does not answer it. */
const CHEAP = '/api/v1/nodes?limit=1';

/**
 * Asks the API server for one node every few seconds. A connection that stands is no proof that anybody is there, and a
 * server that is back should be noticed before the next try of a watch that has backed off.
 */
export class Probe {
  readonly #options: ProbeOptions;
  readonly #stop = new AbortController();
  #answeredMs: number;
  #answers = true;

  constructor(options: ProbeOptions) {
    this.#options = options;
    this.#answeredMs = options.nowMs();
  }

  /** Time since the server was asked a question that it answered, in ms. */
  ageMs(): number {
    return this.#options.nowMs() - this.#answeredMs;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#ask();
      const step = this.#answers ? this.#options.everyMs : Math.min(RETRY_MS, this.#options.everyMs);
      await sleep(step * (0.75 + Math.random() / 4), signal);
    }
  }

  async #ask(): Promise<void> {
    const { transport, nowMs, everyMs, onBack, log } = this.#options;
    const askedMs = nowMs();
    try {
      await transport.send({ method: 'GET', path: CHEAP, timeoutMs: everyMs });
    } catch (error) {
      if (this.#answers && !this.#stop.signal.aborted)
        log('warn', { error: (error as Error).message }, 'the API server does not answer');
      this.#answers = false;
      return;
    }
    this.#answeredMs = askedMs;
    if (this.#answers) return;
    this.#answers = true;
    log('info', {}, 'the API server answers again');
    onBack();
  }
}
