import { batch, signal } from '@preact/signals';
import { noteServerTime } from '../clock/now.ts';
import { addressOf, ApiError, ask, request } from './client.ts';
import type { About, Decisions, Tick } from './contract.ts';
import { addDecisions, decisions, forgetDecisions } from './decisions.ts';
import { signIn } from './session.ts';
import { SseParser, type SseEvent } from './sse.ts';

/** The one stream of the page: it says what changed. It is opened again whenever it ends. */

/** What muster said of itself last. */
export const about = signal<About | undefined>(undefined);
/** The newest event `tick`. */
export const tick = signal<Tick | undefined>(undefined);
/** `refused`: what the reader may not see, or cannot before a sign-in. */
export const connection = signal<'connecting' | 'live' | 'lost' | 'refused'>('connecting');
/** Why the stream is not there. */
export const problem = signal('');
/** When it is opened again, by this machine's clock; 0: now. */
export const retryAtMs = signal(0);

/** muster sends an event at least every 15 s. */
const SILENCE_MS = 40_000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

let attempts = 0;
let stop = new AbortController();
let wake: () => void = () => undefined;

/** Opens the stream, and opens it again for as long as the page is there. */
export async function connect(): Promise<never> {
  for (;;) {
    await once().catch(onEnd);
    await pause();
  }
}

/** Opens the stream now: after a sign-in, or because the reader asks for it. */
export function reconnect(): void {
  attempts = 0;
  stop.abort();
  wake();
}

async function once(): Promise<void> {
  stop = new AbortController();
  const { signal: aborted } = stop;
  about.value = await ask<About>('v1/about', {}, aborted);
  const last = decisions.peek()[0]?.id;
  const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': String(last) }) };
  const answer = await request(addressOf('v1/stream'), aborted, headers);
  signIn.value = 'none';
  const recent = await ask<Decisions>('v1/decisions', { limit: 200 }, aborted);
  if ((recent.items[0]?.id ?? 0) < (last ?? 0)) forgetDecisions();
  addDecisions(recent.items);
  await read(answer.body!.getReader());
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  const parser = new SseParser();
  const silence = new Watchdog(() => stop.abort());
  try {
    for (;;) {
      silence.restart();
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) take(event);
    }
  } finally {
    silence.end();
    void reader.cancel().catch(() => undefined);
  }
}

function take({ event, data }: SseEvent): void {
  if (event === 'decisions') addDecisions((JSON.parse(data) as Decisions).items);
  if (event !== 'tick') return;
  const told = JSON.parse(data) as Tick;
  attempts = 0;
  batch(() => {
    noteServerTime(told.at);
    tick.value = told;
    connection.value = 'live';
    problem.value = '';
  });
}

function onEnd(error: unknown): void {
  if (error instanceof ApiError && error.status > 0) {
    problem.value = error.message;
    if (error.status === 401 || error.status === 403) connection.value = 'refused';
    return;
  }
  problem.value = '';
}

/** Waits longer each time, and a little more or less, so that many pages do not come back at once. */
async function pause(): Promise<void> {
  const isSigningIn = signIn.peek() !== 'none';
  const waitMs = isSigningIn ? 0x7fffffff : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts++) * jitter();
  if (connection.peek() !== 'refused') connection.value = 'lost';
  retryAtMs.value = performance.now() + waitMs;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, waitMs);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  retryAtMs.value = 0;
}

const jitter = () => 0.75 + Math.random() / 2;

/** Barks when it was not restarted for so long. */
class Watchdog {
  readonly #bark: () => void;
  #timer = 0;
  constructor(bark: () => void) {
    this.#bark = bark;
  }
  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.#bark, SILENCE_MS);
  }
  end(): void {
    clearTimeout(this.#timer);
  }
}
