import { asObject, listAt, objectAt, textAt, type Json } from '../intake/field.ts';
import { BackOff, sleep } from './back-off.ts';
import { readLines } from './read-lines.ts';
import { inSlices } from './slices.ts';
import { ApiError, type ApiStream, type Transport } from './transport.ts';

/** A collection that a reflector mirrors. */
export interface Mirror<T> {
  /** For logs and metrics, such as `pods`. */
  readonly kind: string;
  /** The path of the collection with its selectors, such as `/api/v1/pods?fieldSelector=...`. */
  readonly path: string;
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
  /** A watch that is silent for this long, without even a bookmark (one a minute), is closed. */
  readonly silenceMs?: number;
  readonly pageSize?: number;
  readonly backOff?: BackOff;
}

/** For logs and metrics. */
export interface ReflectorNote {
  readonly kind: string;
  readonly what: 'listed' | 'relist' | 'reconnect' | 'absent' | 'skipped' | 'failed';
  readonly detail: string;
}

const SILENCE_MS = 100_000;
const PAGE_SIZE = 500;
/** The range of a watch's lifetime; a random one is requested, so that watches are not all renewed at once. */
const WATCH_SECONDS = [300, 600] as const;
/** How soon an absent optional resource is listed again. */
const ABSENT_MS = 120_000;

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
  #known = new Set<string>();
  #version = '';
  #isSynced = false;
  #stream: ApiStream | undefined;
  #mustRelist = false;
  /** The time of the last event or bookmark, and the time since which there is no watch (undefined: there is one). */
  #heardMs: number;
  #lostMs: number | undefined;

  constructor(mirror: Mirror<T>, options: ReflectorOptions) {
    this.#mirror = mirror;
    this.#options = options;
    this.#backOff = options.backOff ?? new BackOff();
    this.#heardMs = options.nowMs();
    this.#lostMs = this.#heardMs;
  }

  get kind(): string {
    return this.#mirror.kind;
  }

  /** Whether the first list is complete (or the optional resource is known to be absent). */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** How long there has been no watch, in ms; 0: there is one. */
  behindMs(): number {
    return this.#lostMs === undefined ? 0 : this.#options.nowMs() - this.#lostMs;
  }

  /** Time since the last event or bookmark, in ms. */
  silentMs(): number {
    return this.#options.nowMs() - this.#heardMs;
  }

  /** Reads every object again. */
  relist(): void {
    this.#mustRelist = true;
    this.#stream?.abort();
  }

  stop(): void {
    this.#stop.abort();
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
      await sleep(waitMs, signal);
    }
  }

  /** @returns how long to wait before the next try */
  async #onFailure(error: unknown): Promise<number> {
    if (this.#stop.signal.aborted) return 0;
    this.#lostMs ??= this.#options.nowMs();
    if (this.#mustRelist && this.#version !== '') return 0;
    const status = error instanceof ApiError ? error.status : 0;
    const text = error instanceof Error ? error.message : String(error);
    if (status === 410) {
      this.#version = '';
      this.#note('relist', text);
      return this.#backOff.nextMs();
    }
    if (this.#mirror.isOptional && (status === 404 || status === 403)) return this.#onAbsent(text);
    this.#note('failed', text);
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, this.#backOff.nextMs());
  }

  async #onAbsent(why: string): Promise<number> {
    this.#mirror.onListed?.(false);
    await this.#replace(new Map());
    this.#version = '';
    this.#heardMs = this.#options.nowMs();
    this.#lostMs = undefined;
    if (!this.#isSynced) this.#note('absent', why);
    this.#isSynced = true;
    return ABSENT_MS;
  }

  async #list(): Promise<void> {
    this.#mustRelist = false;
    const found = new Map<string, T>();
    const unreadable = new Set<string>();
    let version = '';
    // The next page is fetched while this one is read.
    for (let next: Promise<unknown> | undefined = this.#page(''); next && !this.#stop.signal.aborted;) {
      const page = asObject(await next, 'list');
      const metadata = objectAt(page, 'metadata', 'list') ?? {};
      version = textAt(metadata, 'resourceVersion', 'list.metadata') ?? '';
      const token = textAt(metadata, 'continue', 'list.metadata') ?? '';
      next = token === '' ? undefined : this.#page(token);
      // It may fail before it is awaited, or after this reflector was stopped.
      next?.catch(() => undefined);
      await inSlices(listAt(page, 'items', 'list'), this.#stop.signal, (item) =>
        this.#take(item, (key, record) => found.set(key, record), unreadable),
      );
      this.#heardMs = this.#options.nowMs();
    }
    if (this.#stop.signal.aborted) return;
    await this.#replace(found, unreadable);
    if (this.#stop.signal.aborted) return;
    this.#mirror.onListed?.(true);
    this.#version = version;
    this.#isSynced = true;
    this.#note('listed', `${found.size} objects at ${version}`);
  }

  #page(token: string): Promise<unknown> {
    const { pageSize = PAGE_SIZE, transport } = this.#options;
    const more = token === '' ? '' : `&continue=${encodeURIComponent(token)}`;
    return transport.request({ method: 'GET', path: this.#path(`limit=${pageSize}${more}`) });
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
    const [least, most] = WATCH_SECONDS;
    const seconds = Math.round(least + Math.random() * (most - least));
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${this.#version}&timeoutSeconds=${seconds}`;
    const stream = (this.#stream = await this.#options.transport.stream(this.#path(query)));
    this.#lostMs = undefined;
    this.#heardMs = this.#options.nowMs();
    const { silenceMs = SILENCE_MS } = this.#options;
    let isSilent = false;
    const silence = setInterval(() => {
      isSilent = this.silentMs() > silenceMs;
      if (isSilent) stream.abort();
    }, silenceMs / 10);
    let lines = 0;
    try {
      if (this.#stop.signal.aborted || this.#mustRelist) stream.abort();
      for await (const line of readLines(stream.chunks)) {
        this.#onLine(line);
        lines++;
      }
      this.#note('reconnect', 'the server ended the watch');
    } finally {
      clearInterval(silence);
      stream.abort();
      this.#stream = undefined;
      this.#lostMs = isSilent ? this.#heardMs : this.#options.nowMs();
    }
    // Pauses between watches, in case a server ends every watch at once.
    await sleep(lines > 0 ? 0 : this.#backOff.nextMs(), this.#stop.signal);
  }

  #onLine(line: string): void {
    if (line === '') return;
    this.#heardMs = this.#options.nowMs();
    const event = asObject(JSON.parse(line), 'watch event');
    const object = objectAt(event, 'object', 'watch event') ?? {};
    const type = textAt(event, 'type', 'watch event');
    if (type === 'ERROR') throw statusError(object);
    this.#backOff.reset();
    if (type === 'ADDED' || type === 'MODIFIED') {
      this.#take(object, (key, record) => {
        this.#known.add(key);
        this.#mirror.onPut(key, record);
      });
    } else if (type === 'DELETED') {
      const key = this.#mirror.keyOf(object);
      if (this.#known.delete(key)) this.#mirror.onGone(key);
    }
    const version = textAt(objectAt(object, 'metadata', 'watch event') ?? {}, 'resourceVersion', 'watch event');
    if (version) this.#version = version;
  }

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
