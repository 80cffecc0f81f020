import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Viewer } from './viewer.ts';

/** An event `decisions`; `id`: of its last one. */
export interface StreamEvent {
  readonly id: number;
  readonly json: string;
}

/** What a stream tells of, as the routes know it. */
export interface StreamSource {
  /** What to read again, as JSON; made once for all streams. */
  readonly tick: () => Promise<string>;
  /** Decisions after this number that the viewer may see, the oldest first, in some events as JSON; and the last number. */
  readonly decisionsAfter: (
    id: number,
    viewer: Viewer,
  ) => { readonly events: readonly StreamEvent[]; readonly lastId: number };
  /** The number of the last decision. */
  readonly lastId: () => number;
  /** A tick could not be made. */
  readonly onProblem: (error: unknown) => void;
}

export interface StreamTimes {
  /** A tick is told at most so often. */
  readonly everyMs: number;
  /** And at least so often, though nothing changed. */
  readonly heartbeatMs: number;
  /** A reader that takes nothing for so long is dropped. */
  readonly stuckMs: number;
}

export const STREAM_TIMES: StreamTimes = {
  everyMs: 1000,
  heartbeatMs: 15_000,
  stuckMs: 30_000,
};

/** More readers at once are refused. */
export const MOST_STREAMS = 100;

interface Reader {
  readonly response: ServerResponse;
  readonly viewer: Viewer;
  /** The last decision that it was told. */
  lastId: number;
  /** The tick that it was told last, without its time. */
  told: string;
  toldMs: number;
  /** What it had not taken yet at the last tick, in bytes, and since when it takes nothing; undefined: it does. */
  left: number;
  stuckSinceMs: number | undefined;
}

/**
 * The readers of GET /v1/stream. What a slow one misses is not kept for it: it is told the next tick, and the decisions
 * that are still known, when it reads again. The timer runs only while somebody reads.
 */
export class Streams {
  readonly #source: StreamSource;
  readonly #times: StreamTimes;
  readonly #readers = new Set<Reader>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #isTicking = false;

  constructor(source: StreamSource, times: StreamTimes = STREAM_TIMES) {
    [this.#source, this.#times] = [source, times];
  }

  get size(): number {
    return this.#readers.size;
  }

  get isFull(): boolean {
    return this.#isClosed || this.#readers.size >= MOST_STREAMS;
  }

  /** Answers the request with the stream; it ends when the reader goes or `close` is called. */
  open(request: FastifyRequest, reply: FastifyReply): void {
    const { raw: response } = reply;
    reply.hijack();
    // Who went while it was asked who they are: their `close` has been.
    if (response.destroyed) return;
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) response.setHeader(name, value);
    response.writeHead(200, HEADERS);
    const reader: Reader = {
      response,
      viewer: request.viewer,
      lastId: lastIdOf(request) ?? this.#source.lastId(),
      told: '',
      toldMs: -Infinity,
      left: 0,
      stuckSinceMs: undefined,
    };
    // Of a replica whose clock was ahead, or of one that has decided nothing yet: it is told all that is known.
    if (reader.lastId > this.#source.lastId()) reader.lastId = 0;
    this.#readers.add(reader);
    const leave = () => this.#leave(reader);
    response.on('close', leave).on('error', leave);
    response.write('retry: 2000\n\n');
    this.#timer ??= setInterval(() => void this.#tick(), this.#times.everyMs);
    void this.#tick();
  }

  /** Ends all streams; no other begins. */
  close(): void {
    this.#isClosed = true;
    // What a slow reader has not taken yet, it does not get: the server would wait for it.
    for (const { response } of this.#readers) if (response.writableLength > 0) response.destroy();
    for (const { response } of this.#readers) response.end();
    this.#stopIfIdle(true);
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    this.#stopIfIdle();
  }

  #stopIfIdle(anyway = false): void {
    if (this.#readers.size > 0 && !anyway) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    // Where one takes longer than the time between them, the next is left out.
    if (this.#isTicking) return;
    this.#isTicking = true;
    try {
      const json = await this.#source.tick();
      const tick = { json, what: json.replace(WITHOUT_AGE, '') };
      for (const reader of [...this.#readers]) {
        if (this.#isClosed) return;
        if (this.#readers.has(reader)) this.#tell(reader, tick);
        // A reader that comes again is told up to 2,000 decisions: questions of kube-scheduler are answered in between.
        await setImmediate();
      }
    } catch (error) {
      this.#source.onProblem(error);
    } finally {
      this.#isTicking = false;
    }
  }

  #tell(reader: Reader, { json: tick, what }: { readonly json: string; readonly what: string }): void {
    const { response, viewer } = reader;
    const nowMs = performance.now();
    if (response.writableNeedDrain) return this.#wait(reader, nowMs);
    reader.stuckSinceMs = undefined;
    const { events, lastId } = this.#source.decisionsAfter(reader.lastId, viewer);
    reader.lastId = lastId;
    for (const { id, json } of events) response.write(`event: decisions\nid: ${id}\ndata: ${json}\n\n`);
    if (what === reader.told && nowMs - reader.toldMs < this.#times.heartbeatMs) return;
    response.write(`event: tick\ndata: ${tick}\n\n`);
    [reader.told, reader.toldMs] = [what, nowMs];
  }

  /** It has not taken all that it was told: drops it if it has taken nothing for long. */
  #wait(reader: Reader, nowMs: number): void {
    const { writableLength } = reader.response;
    if (reader.stuckSinceMs === undefined || writableLength !== reader.left) reader.stuckSinceMs = nowMs;
    reader.left = writableLength;
    if (nowMs - reader.stuckSinceMs >= this.#times.stuckMs) reader.response.destroy();
  }
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that gather answers would keep it back.
  'x-accel-buffering': 'no',
  connection: 'close',
};

/** What changes in a tick although nothing happened. */
const WITHOUT_AGE = /"at":"[^"]*"|"snapshot":\{[^}]*\}/g;

/** The last decision that the reader was told before it came again. */
function lastIdOf({ headers }: FastifyRequest): number | undefined {
  const said = headers['last-event-id'];
  return typeof said === 'string' && /^\d{1,15}$/.test(said) ? Number(said) : undefined;
}
