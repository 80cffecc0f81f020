import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Clock } from '../../clock.ts';
import { MusterError } from '../../core/errors.ts';
import { eventsOf, type ServerEvent } from './events.ts';

/** How a muster is reached. */
export interface Reach {
  /** For people: `http://127.0.0.1:8888`, `pod muster-system/muster-0`. */
  readonly name: string;
  /** With a path that ends in a slash. */
  readonly base: URL;
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'>;
  /** Bearer token; looked up anew for each request, since it may be renewed. */
  readonly token?: () => Promise<string | undefined>;
  /** The token opens more than muster: it is sent only once the server has refused to answer without one. */
  readonly isTokenKept?: true;
  /** Opens a connection other than by TCP. */
  readonly socket?: () => Promise<Duplex>;
  /** What to do where nobody answers. */
  readonly hint: string;
}

interface Asked {
  readonly path: string;
  /** Absent: GET, else POST. */
  readonly body?: unknown;
  readonly headers?: http.OutgoingHttpHeaders;
}

const TIMEOUT_MS = 10_000;
/** The stream tells something every 15 s. */
const SILENT_MS = 45_000;
const MAX_BODY_BYTES = 128 * 2 ** 20;
const MAX_ERROR_CHARS = 300;

/** A muster that answers questions. Close it: its connections keep the process alive. */
export class MusterServer {
  readonly #reach: Reach;
  readonly #agent: http.Agent;
  /** What its last answer said of its clock, and when that came, by the steady clock of this process; in ms. */
  #told: { readonly wallMs: number; readonly atMs: number } | undefined;
  #sendsToken: boolean;

  constructor(reach: Reach) {
    this.#reach = reach;
    this.#agent = agentFor(reach);
    this.#sendsToken = !reach.isTokenKept;
  }

  get name(): string {
    return this.#reach.name;
  }

  /** The time by the server's clock, to about a second: that of the demo goes faster, and that of a laptop may be wrong. */
  now(): Date {
    return new Date(this.#told ? this.#told.wallMs + performance.now() - this.#told.atMs : new Clock().nowMs());
  }

  /** @throws MusterError MUSTER_ASK_FAILED; MUSTER_USAGE where the question is refused */
  get(path: string, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    return this.#json({ path }, timeoutMs);
  }

  /** @throws MusterError MUSTER_ASK_FAILED, MUSTER_USAGE; MUSTER_OBJECT_INVALID where the body is refused */
  post(path: string, body: unknown): Promise<unknown> {
    return this.#json({ path, body }, TIMEOUT_MS);
  }

  /**
   * Server-sent events, until the stream ends or is silent for 45 s.
   * @param lastId the id after which the stream goes on; empty: from now
   * @throws MusterError MUSTER_ASK_FAILED where there is no such stream, or it breaks
   */
  async *events(
    path: string,
    { lastId, signal }: { lastId: string; signal: AbortSignal },
  ): AsyncGenerator<ServerEvent> {
    const headers = { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) };
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(new DOMException('no answer in time', 'TimeoutError')), TIMEOUT_MS);
    const response = await this.#send({ path, headers }, AbortSignal.any([signal, patience.signal])).finally(() =>
      clearTimeout(timer),
    );
    response.socket.setTimeout(SILENT_MS, () => response.destroy(new Error('the stream is silent')));
    try {
      yield* eventsOf(response as AsyncIterable<Buffer>);
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json(asked: Asked, timeoutMs: number): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await this.#send(asked, signal);
    const text = await textOf(response).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw failed(`${this.name} answered ${asked.path} with no JSON: is it muster? Check --server.`, cause);
    }
  }

  async #send(asked: Asked, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { path, body, headers: more } = asked;
    const { base } = this.#reach;
    const token = this.#sendsToken ? await this.#reach.token?.() : undefined;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      accept: 'application/json',
      ...more,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {}),
    };
    const url = new URL(path.replace(/^\//, ''), base);
    const options = { method: payload ? 'POST' : 'GET', headers, agent: this.#agent, signal };
    let response: http.IncomingMessage;
    try {
      response = await new Promise<http.IncomingMessage>((resolve, reject) => {
        const request = (url.protocol === 'https:' ? https : http).request(url, options, resolve);
        request.on('error', reject);
        request.end(payload);
      });
    } catch (error) {
      throw this.#unreachable(error);
    }
    const wallMs = Date.parse(response.headers.date ?? '');
    if (Number.isFinite(wallMs)) this.#told = { wallMs, atMs: performance.now() };
    if (response.statusCode === 200) return response;
    if (response.statusCode === 401 && !this.#sendsToken) {
      this.#sendsToken = true;
      response.resume();
      return this.#send(asked, signal);
    }
    throw this.#refusal(response.statusCode ?? 0, path, {
      text: await textOf(response).catch(() => ''),
      isPost: !!payload,
    });
  }

  #unreachable(error: unknown): MusterError {
    if (error instanceof MusterError) return error;
    const { message, code, name } = error as NodeJS.ErrnoException;
    const isLate = name === 'TimeoutError' || code === 'ABORT_ERR';
    const why = isLate ? 'no answer in time' : message || (code ?? name);
    return failed(`Cannot reach ${this.name}: ${why}. ${tlsHint(code) ?? this.#reach.hint}`, error);
  }

  #refusal(status: number, path: string, { text, isPost }: { text: string; isPost: boolean }): MusterError {
    const error = errorIn(text);
    if (status === 400 && isPost && error !== undefined) return new MusterError('MUSTER_OBJECT_INVALID', error);
    const said = error ?? (text.replaceAll(/\s+/g, ' ').slice(0, MAX_ERROR_CHARS) || 'nothing');
    if (status === 401)
      return failed(
        `${this.name} wants to know who asks: ${sentence(said)} Give --token-file FILE or set MUSTER_TOKEN.`,
      );
    if (status === 403)
      return failed(
        `${this.name} lets you not see this: ${sentence(said)} readAccess in muster's config says who may look (docs/cli.md).`,
      );
    if (status === 404 && error !== undefined) return usage(error);
    if (status === 404)
      return failed(
        `${this.name} has no ${path.split('?')[0]}: it is an older muster, or none. Compare \`muster version\`.`,
      );
    if (error !== undefined && status < 500) return usage(error);
    return failed(`${this.name} answered ${path} with ${status}: ${sentence(said)}`);
  }
}

/** Keeps connections: `muster top` asks several times a second, and a forwarded connection is expensive. */
function agentFor({ base, tls, socket }: Reach): http.Agent {
  const isTls = base.protocol === 'https:';
  const limits = { keepAlive: true, maxSockets: 4 };
  const agent = isTls ? new https.Agent({ ...tls, ...limits }) : new http.Agent(limits);
  if (!socket) return agent;
  const open = async () => {
    const raw = await socket();
    return isTls ? connectTls({ ...tls, socket: raw }) : raw;
  };
  type Opened = (error: Error | null, stream?: Duplex) => void;
  const createConnection = (_options: unknown, opened: Opened) => {
    open().then(
      (stream) => opened(null, stream),
      (error: Error) => opened(error),
    );
  };
  return Object.assign(agent, { createConnection });
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if ((bytes += chunk.length) > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The sentence of `{ "error": ... }`; of other servers' errors nothing. */
function errorIn(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { error?: unknown; statusCode?: unknown };
    return typeof body.error === 'string' && body.statusCode === undefined ? body.error : undefined;
  } catch {
    return undefined;
  }
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

const CERTIFICATE = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY))/;

function tlsHint(code: string | undefined): string | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'Give --tls-server-name with a name that the certificate has.';
  if (code?.startsWith('ERR_SSL') || code === 'EPROTO')
    return 'It may want a client certificate (--client-cert and --client-key), or not speak TLS (http://).';
  return CERTIFICATE.test(code ?? '') ? 'Give --ca FILE, the CA that signed its certificate.' : undefined;
}

const usage = (text: string) => new MusterError('MUSTER_USAGE', sentence(text));

const failed = (text: string, cause?: unknown) =>
  new MusterError('MUSTER_ASK_FAILED', text, cause === undefined ? undefined : { cause });
