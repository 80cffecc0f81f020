import { effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ApiError } from '../api/client.ts';
import { connection, tick } from '../api/connection.ts';
import type { Tick } from '../api/contract.ts';

/** Which version of a tick says that something has changed. */
type VersionName = 'gangs' | 'nodes' | 'queues' | 'policies';

export interface Live<T> {
  readonly data: ReadonlySignal<T | undefined>;
  readonly error: ReadonlySignal<ApiError | undefined>;
}

interface Rules<T> {
  readonly version: VersionName;
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** It is read no more often than this, in ms. */
  readonly gapMs?: number;
}

/** Whether anybody looks at the page. */
const isVisible = signal(!document.hidden);
document.addEventListener('visibilitychange', () => (isVisible.value = !document.hidden));

/** Reads something now, and again when a tick names a newer version: one request at a time, none while nobody looks. */
export class LiveRead<T> implements Live<T> {
  readonly data: Signal<T | undefined> = signal(undefined);
  readonly error: Signal<ApiError | undefined> = signal(undefined);
  readonly #rules: Rules<T>;
  readonly #stop = new AbortController();
  readonly #unwatch: () => void;
  #isReading = false;
  #isWanted = false;
  #read: string | undefined;
  #timer = 0;

  constructor(rules: Rules<T>) {
    this.#rules = rules;
    this.#unwatch = effect(() => this.#look(tick.value, isVisible.value, connection.value));
    // Without a tick it is read once: the page need not wait for the stream.
    if (tick.peek() === undefined) void this.#reading('none');
  }

  end(): void {
    this.#stop.abort();
    this.#unwatch();
    clearTimeout(this.#timer);
  }

  /** Reads again, whatever the version. */
  again(): void {
    if (this.#isReading) this.#isWanted = true;
    else void this.#reading(this.#read ?? 'none');
  }

  #look(now: Tick | undefined, visible: boolean, state: string): void {
    if (!now || !visible || state !== 'live') return;
    const version = String(now[this.#rules.version]);
    if (version === this.#read) return;
    if (this.#isReading || this.#timer !== 0) this.#isWanted = true;
    else void this.#reading(version);
  }

  async #reading(version: string): Promise<void> {
    this.#isReading = true;
    this.#isWanted = false;
    this.#read = version;
    try {
      this.data.value = await this.#rules.load(this.#stop.signal);
      this.error.value = undefined;
    } catch (error) {
      // The next tick, even one that brings no news, is the next try; what is not there may come with news.
      if (!(error instanceof ApiError && error.status === 404)) this.#read = undefined;
      if (!this.#stop.signal.aborted)
        this.error.value = error instanceof ApiError ? error : new ApiError(0, String(error));
    }
    this.#isReading = false;
    if (!this.#stop.signal.aborted) this.#rest();
  }

  #rest(): void {
    const { gapMs = 0 } = this.#rules;
    if (gapMs === 0) return this.#next();
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#next();
    }, gapMs);
  }

  #next(): void {
    if (!this.#isWanted || document.hidden) return;
    const now = tick.peek();
    void this.#reading(now ? String(now[this.#rules.version]) : 'none');
  }
}

/** A LiveRead for as long as the component is there and the key stays the same. */
export function useLive<T>(key: string, rules: Rules<T>): Live<T> {
  const live = useMemo(() => new LiveRead(rules), [key]);
  useEffect(() => () => live.end(), [live]);
  return live;
}
