import { BrokenHistory, partName } from './history-parts.ts';
import type { HistoryStore } from './history-store.ts';
import { ApiError } from './transport.ts';

/** What is kept: the history of run times, as a file. */
export interface KeptHistory {
  /** Grows with everything that it learns: then it is written again. */
  readonly changes: number;
  /** The history as a file. */
  text(): string;
  /** Replaces the history by that of a file. @throws Error saying why not; the history is as before then */
  replace(text: string): void;
}

export interface HistoryKeeperDeps {
  readonly store: Pick<HistoryStore, 'read' | 'write'>;
  readonly history: KeptHistory;
  readonly isLeading: () => boolean;
  readonly nowMs: () => number;
  readonly log: (level: 'info' | 'warn', fields: object, message: string) => void;
  readonly count: (what: 'read' | 'write', outcome: 'done' | 'failed') => void;
}

const WRITE_EVERY_MS = 600_000;
/** kube-scheduler beside it gives the lease back when both are told to end: who decided within this time still writes. */
const DECIDED_MS = 30_000;

/** A stop takes no longer. */
const STOP_MS = 5000;

const NAME = `ConfigMap ${partName(0)}`;
const UNUSABLE = `what ${NAME} holds cannot be used: run times are learned anew, and replace it within 10 minutes; to keep it, copy it before that`;
const UNREADABLE = `${NAME} cannot be read: run times are learned anew until it can; deploy/access/history.yaml has it, and the right to it`;
const UNWRITABLE = `${NAME} cannot be written: a restart forgets what was learned since; deploy/access/history.yaml has it, and the right to it`;

/**
 * Keeps the history across restarts: reads it at a start and at a take-over, and writes it every ten minutes and at the
 * end, if this replica decides and has learned something. No failure reaches anybody: muster then knows less, or loses
 * what it learned last.
 */
export class HistoryKeeper {
  readonly #deps: HistoryKeeperDeps;
  /** One thing at a time. */
  #last: Promise<void> = Promise.resolve();
  #isRead = false;
  /** `changes` when it was read or written. */
  #written = 0;
  #dueMs: number;
  #decidedMs = -Infinity;
  #writtenMs: number | undefined;
  #bytes = 0;
  /** Each trouble is told once until it is over. */
  #told = '';

  constructor(deps: HistoryKeeperDeps) {
    this.#deps = deps;
    this.#dueMs = deps.nowMs() + WRITE_EVERY_MS;
  }

  /** When it was written last, by `nowMs`; undefined: not since the start. */
  get writtenMs(): number | undefined {
    return this.#writtenMs;
  }

  /** Written since the start. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when nothing is being read or written. */
  get settled(): Promise<void> {
    return this.#last;
  }

  /** Takes over what is stored, if another hand wrote it. Call at a start and at a take-over. */
  load(): Promise<void> {
    return this.#then(() => this.#load());
  }

  /** Call about once a second. */
  tick(): void {
    const { isLeading, nowMs } = this.#deps;
    if (!isLeading()) return;
    this.#decidedMs = nowMs();
    if (nowMs() < this.#dueMs) return;
    this.#dueMs = nowMs() + WRITE_EVERY_MS;
    void this.#then(() => this.#save());
  }

  /** Writes what was learned last, if this replica decides or has just decided. */
  stop(): Promise<void> {
    const { isLeading, nowMs } = this.#deps;
    if (!isLeading() && nowMs() - this.#decidedMs > DECIDED_MS) return this.#last;
    const patience = new Promise<void>((resolve) => void setTimeout(resolve, STOP_MS).unref());
    return Promise.race([this.#then(() => this.#save()), patience]);
  }

  #then(act: () => Promise<void>): Promise<void> {
    return (this.#last = this.#last.then(act));
  }

  async #load(): Promise<void> {
    const { store, history, log, count } = this.#deps;
    this.#isRead = false;
    try {
      const found = await store.read();
      this.#isRead = true;
      if (found === 'unchanged') return;
      if (found.text !== undefined) {
        history.replace(found.text);
        this.#written = history.changes;
        log('info', {}, 'read the history of run times');
      }
      this.#told = '';
      count('read', 'done');
    } catch (error) {
      count('read', 'failed');
      // What cannot be used is replaced by what is learned from now on; what could not be read is read before that.
      this.#isRead ||= error instanceof BrokenHistory;
      this.#tell(error, this.#isRead ? UNUSABLE : UNREADABLE);
    }
  }

  async #save(): Promise<void> {
    const { store, history, nowMs, count } = this.#deps;
    if (history.changes === this.#written) return;
    if (!this.#isRead) await this.#load();
    if (!this.#isRead || history.changes === this.#written) return;
    const { changes } = history;
    try {
      this.#bytes += await store.write(history.text());
      [this.#written, this.#writtenMs, this.#told] = [changes, nowMs(), ''];
      count('write', 'done');
    } catch (error) {
      // Another hand has written: what it wrote counts, so that an import needs no restart.
      if (error instanceof ApiError && error.status === 409) return this.#load();
      count('write', 'failed');
      this.#tell(error, UNWRITABLE);
    }
  }

  #tell(error: unknown, message: string): void {
    const detail = (error as Error).message;
    if (this.#told === `${message} ${detail}`) return;
    this.#told = `${message} ${detail}`;
    this.#deps.log('warn', { detail }, message);
  }
}
