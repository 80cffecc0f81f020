import { asObject, objectAt, textAt, type Json } from '../intake/field.ts';
import { BackOff, sleep } from './back-off.ts';
import type { Page, Resource, WatchEvent } from './decode/envelope.ts';
import { Encoding } from './encoding.ts';
import { inSlices } from './slices.ts';
import { ApiError, type ApiStream, type Transport } from './transport.ts';

/** A collection that a reflector mirrors. */
export interface Mirror<T> {
  /** For logs and metrics, such as `pods`. */
  readonly kind: string;
  /** The path of the collection with its selectors, such as `/api/v1/pods?fieldSelector=...`. */
  readonly path: string;
  /** How its objects are read from protobuf; absent: they come as JSON. */
  readonly resource?: Resource;
  /** Whether the cluster may lack or forbid the resource. It then counts as empty and is retried now and then. */
  readonly isOptional?: boolean;
  /** The key of an object. A name that is used again may have another key, such as the UID. */
  readonly keyOf: (object: Json) => string;
  /** The record to keep of an object. An error skips the object and is noted. */
  readonly project: (object: Json) => T;
  readonly onPut: (key: string, record: T) => void;
  readonly onGone: (key: string) => void;
  /** A list is complete, or the optional resource turned out to be absent or forbidden. */
  readonly onListed?: (isPresent: boolean) => void;
}

export interface ReflectorOptions {
  readonly transport: Transport;
  readonly nowMs: () => number;
  readonly onNote: (note: ReflectorNote) => void;
  /**
   * How long a watch lasts at most; it is then renewed from the last version. So the server has to answer that often,
   * and what a broken watch does not tell is heard after all.
   */
  readonly watchMs?: number;
  readonly pageSize?: number;
  readonly backOff?: BackOff;
  /** json: the server is asked for JSON alone. */
  readonly apiEncoding?: 'protobuf' | 'json';
}

/** For logs and metrics. */
export interface ReflectorNote {
  readonly kind: string;
  readonly what: 'listed' | 'relist' | 'reconnect' | 'absent' | 'skipped' | 'failed' | 'unencoded';
  readonly detail: string;
}

const WATCH_MS = 20_000;
/** A random lifetime between this part of `watchMs` and the whole is requested, so that renewals are spread. */
const SHORTEST = 0.7;
/** The server ends a watch in time. One that it has not ended this part of `watchMs` later is broken. */
const LATE = 0.2;
const PAGE_SIZE = 500;
/** How soon an absent optional resource is listed again if nobody calls `retryNow`. */
const ABSENT_MS = 120_000;
/** The longest wait that a server may ask for: what it asks before it restarts must not outlast the restart. */
const LONGEST_MS = 4000;

/**
 * Mirrors one collection of the API server. It lists the collection in pages, then watches from the version of the
 * list. It resumes a broken watch from the last version it has seen, and lists again if the server no longer has that
 * version (410). Between list and watch no event is lost or repeated. After a new list, objects that are gone are
 * reported as gone.
 *
 * It makes the same promises as client-go's reflector (tools/cache/reflector.go, 0.36).
 */
export class Reflector<T> {
  readonly #mirror: Mirror<T>;
  readonly #options: ReflectorOptions;
  readonly #stop = new AbortController();
  readonly #backOff: BackOff;
  readonly #encoding: Encoding;
  #known = new Set<string>();
  #version = '';
  #isSynced = false;
  #stream: ApiStream | undefined;
  #mustRelist = false;
  #nap = new AbortController();
  /** Whether the resource was listed since it was last found to be absent. */
  #wasListed = false;
  #isMissing = false;
  #isWatching = false;
  /** When the server last told what there is: by an event, a bookmark, or the start of a watch. */
  #heardMs: number;

  constructor(mirror: Mirror<T>, options: ReflectorOptions) {
    this.#mirror = mirror;
    this.#options = options;
    this.#backOff = options.backOff ?? new BackOff();
    this.#encoding = new Encoding(options.apiEncoding === 'json' ? undefined : mirror.resource);
    this.#heardMs = options.nowMs();
  }

  get kind(): string {
    return this.#mirror.kind;
  }

  /** Whether the first list is complete (or the optional resource is known to be absent). */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Whether the server does not have the (optional) resource, as far as it was asked. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  get path(): string {
    return this.#mirror.path;
  }

  /** Whether there is a watch, or one is being renewed. */
  get isWatching(): boolean {
    return this.#isWatching;
  }

  /** How old the records may be, in ms: the time since the server last told what there is. */
  ageMs(): number {
    return this.#options.nowMs() - this.#heardMs;
  }

  /** Reads every object again. */
  relist(): void {
    this.#mustRelist = true;
    this.#stream?.abort();
  }

  /** Tries again now if it waits for its next try. */
  retryNow(): void {
    this.#backOff.reset();
    this.#nap.abort();
  }

  stop(): void {
    this.#stop.abort();
    this.#nap.abort();
    this.#stream?.abort();
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let waitMs = 0;
      try {
        while (!signal.aborted && (this.#version === '' || this.#mustRelist)) await this.#list();
        await this.#watch();
      } catch (error) {
        waitMs = await this.#onFailure(error);
      }
      await this.#pause(waitMs);
    }
  }

  /** @returns how long to wait before the next try */
  async #onFailure(error: unknown): Promise<number> {
    if (this.#stop.signal.aborted) return 0;
    this.#isWatching = false;
    if (this.#mustRelist && this.#version !== '') return 0;
    const status = error instanceof ApiError ? error.status : 0;
    const text = error instanceof Error ? error.message : String(error);
    if (this.#encoding.givesUp(error)) {
      this.#note('unencoded', text);
      return 0;
    }
    if (status === 410) {
      this.#version = '';
      this.#note('relist', text);
      return this.#backOff.nextMs();
    }
    // While it starts, an API server forbids what it allows later: what could be read stays.
    const isAbsent = status === 404 || (status === 403 && !this.#wasListed);
    if (this.#mirror.isOptional && isAbsent) return this.#onAbsent(text, status === 404);
    this.#note('failed', text);
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(Math.min(asked, LONGEST_MS), this.#backOff.nextMs());
  }

  async #onAbsent(why: string, isMissing: boolean): Promise<number> {
    this.#mirror.onListed?.(false);
    await this.#replace(new Map());
    this.#version = '';
    this.#wasListed = false;
    this.#isMissing = isMissing;
    this.#heardMs = this.#options.nowMs();
    if (!this.#isSynced) this.#note('absent', why);
    this.#isSynced = true;
    return ABSENT_MS;
  }

  async #list(): Promise<void> {
    this.#mustRelist = false;
    this.#version = '';
    // Only a list that replaces another is gathered: in a first one nothing can be gone, and gathering takes memory.
    const found = this.#known.size > 0 ? new Map<string, T>() : undefined;
    const put = found ? (key: string, record: T) => found.set(key, record) : this.#put;
    const unreadable = new Set<string>();
    let version = '';
    // The next page is fetched while this one is read.
    for (let next: Promise<Page> | undefined = this.#page(''); next && !this.#stop.signal.aborted;) {
      const page: Page = await next;
      version = page.version;
      next = page.token === '' ? undefined : this.#page(page.token);
      // It may fail before it is awaited, or after this reflector was stopped.
      next?.catch(() => undefined);
      await inSlices(page.items, this.#stop.signal, (item) => this.#take(item, put, unreadable));
    }
    if (this.#stop.signal.aborted) return;
    if (found) await this.#replace(found, unreadable);
    if (this.#stop.signal.aborted) return;
    this.#mirror.onListed?.(true);
    this.#version = version;
    this.#wasListed = true;
    this.#isMissing = false;
    this.#isSynced = true;
    this.#note('listed', `${this.#known.size} objects at ${version}`);
  }

  async #page(token: string): Promise<Page> {
    const { pageSize = PAGE_SIZE, transport } = this.#options;
    const more = token === '' ? '' : `&continue=${encodeURIComponent(token)}`;
    const answer = await transport.requestBytes(this.#path(`limit=${pageSize}${more}`), this.#encoding.accept);
    return this.#encoding.page(answer);
  }

  /**
   * Replaces the known objects by those of a list. Objects that are not in the list are gone, and this is reported
   * first, since a name may have been used again. Listed but unreadable objects stay as they were.
   */
  async #replace(found: ReadonlyMap<string, T>, unreadable: ReadonlySet<string> = new Set()): Promise<void> {
    const { signal } = this.#stop;
    const before = this.#known;
    this.#known = new Set([...found.keys(), ...[...before].filter((key) => unreadable.has(key))]);
    const gone = [...before].filter((key) => !this.#known.has(key));
    await inSlices(gone, signal, (key) => this.#mirror.onGone(key));
    await inSlices(found, signal, ([key, record]) => this.#mirror.onPut(key, record));
  }

  async #watch(): Promise<void> {
    const { watchMs = WATCH_MS } = this.#options;
    const lastsMs = watchMs * (SHORTEST + Math.random() * (1 - SHORTEST));
    const seconds = Math.max(1, Math.round(lastsMs / 1000));
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${this.#version}&timeoutSeconds=${seconds}`;
    const stream = (this.#stream = await this.#options.transport.stream(this.#path(query), this.#encoding.accept));
    this.#heardMs = this.#options.nowMs();
    const openedMs = this.#heardMs;
    this.#isWatching = true;
    let isOverdue = false;
    const overdue = setTimeout(
      () => {
        isOverdue = true;
        stream.abort();
      },
      lastsMs + LATE * watchMs,
    );
    try {
      if (this.#stop.signal.aborted || this.#mustRelist) stream.abort();
      for await (const event of this.#encoding.events(stream)) this.#onEvent(event);
    } catch (error) {
      throw isOverdue ? new Error('the server did not end the watch in time', { cause: error }) : error;
    } finally {
      clearTimeout(overdue);
      stream.abort();
      this.#stream = undefined;
    }
    this.#note('reconnect', 'the server ended the watch');
    // Pauses where a server ends every watch at once.
    if (this.#heardMs > openedMs || this.#options.nowMs() - openedMs > lastsMs / 2) this.#backOff.reset();
    else await this.#pause(this.#backOff.nextMs());
  }

  /** Waits, until `retryNow` or `stop` at the latest. */
  async #pause(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (!this.#stop.signal.aborted) await sleep(ms, this.#nap.signal);
  }

  #onEvent({ type, object }: WatchEvent): void {
    this.#heardMs = this.#options.nowMs();
    if (type === 'ERROR') throw statusError(object);
    this.#backOff.reset();
    if (type === 'ADDED' || type === 'MODIFIED') {
      this.#take(object, this.#put);
    } else if (type === 'DELETED') {
      const key = this.#mirror.keyOf(object);
      if (this.#known.delete(key)) this.#mirror.onGone(key);
    }
    const version = textAt(objectAt(object, 'metadata', 'watch event') ?? {}, 'resourceVersion', 'watch event');
    if (version) this.#version = version;
  }

  readonly #put = (key: string, record: T): void => {
    this.#known.add(key);
    this.#mirror.onPut(key, record);
  };

  /** Reads one object. An unreadable object is skipped and noted, and does not affect the others. */
  #take(item: unknown, put: (key: string, record: T) => void, unreadable?: Set<string>): void {
    let key = '';
    let record: T;
    try {
      const object = asObject(item, this.kind);
      key = this.#mirror.keyOf(object);
      record = this.#mirror.project(object);
    } catch (error) {
      unreadable?.add(key);
      this.#note('skipped', `${key}: ${(error as Error).message}`);
      return;
    }
    put(key, record);
  }

  #path(query: string): string {
    const { path } = this.#mirror;
    return `${path}${path.includes('?') ? '&' : '?'}${query}`;
  }

  #note(what: ReflectorNote['what'], detail: string): void {
    this.#options.onNote({ kind: this.kind, what, detail });
  }
}

/** An ERROR event carries a Status object. */
function statusError(status: Json): ApiError {
  const code = typeof status['code'] === 'number' ? status['code'] : 500;
  return new ApiError(code, textAt(status, 'reason', 'status') ?? '', textAt(status, 'message', 'status') ?? '');
}
