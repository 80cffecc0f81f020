import http from 'node:http';
import https from 'node:https';
import { objectAt, objectsAt, textAt, type Json } from '../intake/field.ts';
import type { KubeConfig } from '@kubernetes/client-node';
import { MusterError } from '../core/errors.ts';
import { shown } from '../intake/wording.ts';
import { PROTOBUF, statusOf } from './decode/envelope.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With the query, such as `/api/v1/pods?limit=500`. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

/** A body as it came. */
export interface Answer {
  /** Its content type. */
  readonly type: string;
  readonly bytes: Buffer;
}

export interface ApiStream {
  /** The content type. */
  readonly type: string;
  /** Chunks as they come; ends when the server closes, throws where the connection breaks. */
  readonly chunks: AsyncIterable<Buffer>;
  readonly abort: () => void;
}

type Sent = Omit<ApiRequest, 'timeoutMs'> & { readonly headers?: http.OutgoingHttpHeaders };

interface Changed {
  readonly body: unknown;
  /** Empty if the server has none. */
  readonly etag: string;
}

interface ApiErrorDetails {
  readonly retryAfterMs?: number | undefined;
  readonly causes?: readonly string[];
}

/** An error status of the API server. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The reason of its Status object, such as NotFound, Conflict, Expired. */
  readonly reason: string;
  /** The wait that the header Retry-After asks for. */
  readonly retryAfterMs: number | undefined;
  /** The reasons of its causes, such as DisruptionBudget. */
  readonly causes: readonly string[];

  constructor(status: number, reason: string, message: string, more: ApiErrorDetails = {}) {
    super(`${status} ${reason}: ${message}`);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = more.retryAfterMs;
    this.causes = more.causes ?? [];
  }
}

const JSON_TYPE = 'application/json';
const TIMEOUT_MS = 30_000;
/** A watch answers at once, unless the server is overloaded. */
const WATCH_TIMEOUT_MS = 10_000;
/** The largest expected answer is a page of 500 pods, 5 MB. */
const MAX_BODY_BYTES = 256 * 2 ** 20;
const MAX_SOCKETS = 32;
/** How long credentials are used before they are looked up again: tokens and certificates are renewed. */
const CREDENTIALS_MS = 1000;
/** A proxy may ask for weeks. Nothing waits so long, and a timer of more than 24 days fires at once. */
const LONGEST_RETRY_MS = 60_000;

type Connection = Pick<https.RequestOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized'> & {
  servername?: string;
  headers?: http.OutgoingHttpHeaders;
  auth?: string;
};

/** What goes with every request. */
interface Credentials extends Pick<Connection, 'headers' | 'auth'> {
  readonly agent: http.Agent;
}

/**
 * Talks to the API server over kept-alive connections, with the credentials of a KubeConfig (kubeconfig file, exec or
 * OIDC plugin, service account). The client library's own calls open a TLS connection each.
 */
export class Transport {
  readonly #config: KubeConfig;
  readonly #server: URL;
  #agent: http.Agent | undefined;
  /** The TLS options of the agent. Renewed certificates change them, and the agent is made again. */
  #agentOf = '';
  #credentials: Credentials | undefined;
  #lookedUpMs = -Infinity;

  /** @throws MusterError MUSTER_KUBE_CONFIG if the config has no valid server */
  constructor(config: KubeConfig) {
    const server = config.getCurrentCluster()?.server;
    if (!server) throw new MusterError('MUSTER_KUBE_CONFIG', `The kubeconfig's current context has no server.`);
    this.#config = config;
    try {
      this.#server = new URL(server);
    } catch (cause) {
      throw new MusterError('MUSTER_KUBE_CONFIG', `The kubeconfig's server ${shown(server)} is not a URL.`, { cause });
    }
  }

  get server(): string {
    return this.#server.origin;
  }

  /** Sends a request and discards the body of the answer. @throws as `request` */
  async send({ timeoutMs = TIMEOUT_MS, ...request }: ApiRequest): Promise<void> {
    const response = await this.#send(request, AbortSignal.timeout(timeoutMs));
    await new Promise<void>((resolve, reject) => {
      response.on('error', reject);
      response.once('close', () => (response.complete ? resolve() : reject(new Error('the answer broke off'))));
      response.resume();
    });
  }

  /** @throws ApiError for a status of 300 and above; a system error if there is no answer */
  async request({ timeoutMs = TIMEOUT_MS, ...request }: ApiRequest): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await this.#send(request, signal);
    const text = await textOf(response);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  /** Reads a resource in one of the content types that `accept` names. @throws as `request` */
  async requestBytes(path: string, accept: string): Promise<Answer> {
    const response = await this.#send({ method: 'GET', path, headers: { accept } }, AbortSignal.timeout(TIMEOUT_MS));
    return { type: typeOf(response), bytes: await bytesOf(response) };
  }

  /**
   * Reads a resource if it has changed since it had this ETag.
   * @returns undefined: it has not
   * @throws as `request`
   */
  async requestChanged(path: string, accept: string, etag = ''): Promise<Changed | undefined> {
    const headers = { accept, ...(etag === '' ? {} : { 'if-none-match': etag }) };
    try {
      const response = await this.#send({ method: 'GET', path, headers }, AbortSignal.timeout(TIMEOUT_MS));
      const body = JSON.parse(await textOf(response)) as unknown;
      return { body, etag: response.headers.etag ?? '' };
    } catch (error) {
      if (error instanceof ApiError && error.status === 304) return undefined;
      throw error;
    }
  }

  /** Opens a watch. Resolves when the headers have arrived. @param accept the content types to choose from */
  async stream(path: string, accept = JSON_TYPE): Promise<ApiStream> {
    const controller = new AbortController();
    const patience = setTimeout(() => controller.abort(new Error('no answer in time')), WATCH_TIMEOUT_MS);
    try {
      const chunks = await this.#send({ method: 'GET', path, headers: { accept } }, controller.signal);
      return { type: typeOf(chunks), chunks, abort: () => controller.abort() };
    } finally {
      clearTimeout(patience);
    }
  }

  close(): void {
    this.#agent?.destroy();
  }

  async #send(
    { method, path, body, contentType, headers: more }: Sent,
    signal: AbortSignal,
  ): Promise<http.IncomingMessage> {
    const { agent, ...credentials } = await this.#lookUp();
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      accept: JSON_TYPE,
      'user-agent': 'muster',
      ...credentials.headers,
      ...more,
      ...(payload ? { 'content-type': contentType ?? JSON_TYPE, 'content-length': payload.length } : {}),
    };
    const base = this.#server.pathname.replace(/\/$/, '');
    const { protocol, hostname, port } = this.#server;
    const target = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port, path: base + path };
    const auth = credentials.auth === undefined ? {} : { auth: credentials.auth };
    const call = { ...target, method, headers, ...auth, agent, signal };
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = (protocol === 'https:' ? https : http).request(call, resolve);
      request.on('error', reject);
      request.end(payload);
    });
    if (response.statusCode === 401) this.#credentials = undefined;
    if ((response.statusCode ?? 0) >= 300) throw await errorOf(response);
    return response;
  }

  /** Looks credentials up at most once a second: the client library reads files and makes an agent each time. */
  async #lookUp(): Promise<Credentials> {
    if (this.#credentials && performance.now() - this.#lookedUpMs < CREDENTIALS_MS) return this.#credentials;
    const options: Connection = {};
    await this.#config.applyToHTTPSOptions(options);
    const { headers, auth } = options;
    this.#lookedUpMs = performance.now();
    this.#credentials = {
      ...(headers ? { headers } : {}),
      ...(auth === undefined ? {} : { auth }),
      agent: this.#agentFor(options),
    };
    return this.#credentials;
  }

  #agentFor({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }: Connection): http.Agent {
    const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
    const set = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
    const identity = JSON.stringify(set, (_key, value: unknown) =>
      Buffer.isBuffer(value) ? value.toString('base64') : value,
    );
    if (this.#agent && identity === this.#agentOf) return this.#agent;
    // The old agent's connections end by themselves: watches are renewed every few minutes.
    const limits = { keepAlive: true, maxSockets: MAX_SOCKETS };
    this.#agent = this.#server.protocol === 'https:' ? new https.Agent({ ...set, ...limits }) : new http.Agent(limits);
    this.#agentOf = identity;
    return this.#agent;
  }
}

const typeOf = (response: http.IncomingMessage): string => response.headers['content-type'] ?? '';

const textOf = async (response: http.IncomingMessage): Promise<string> => (await bytesOf(response)).toString('utf8');

async function bytesOf(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The error of an answer. Its body is a Status object, unless a proxy in front of the API server wrote it. */
async function errorOf(response: http.IncomingMessage): Promise<ApiError> {
  const status = response.statusCode ?? 0;
  const bytes = await bytesOf(response).catch(() => Buffer.alloc(0));
  const seconds = Number(response.headers['retry-after']);
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(seconds * 1000, LONGEST_RETRY_MS) : undefined;
  let { reason, message } = { reason: response.statusMessage ?? '', message: bytes.toString('utf8', 0, 300) };
  let causes: string[] = [];
  try {
    const body = typeOf(response).startsWith(PROTOBUF) ? statusOf(bytes) : (JSON.parse(bytes.toString('utf8')) as Json);
    reason = textAt(body, 'reason', 'Status') ?? reason;
    message = textAt(body, 'message', 'Status') ?? message;
    const details = objectAt(body, 'details', 'Status') ?? {};
    causes = objectsAt(details, 'causes', 'details').map((cause) => textAt(cause, 'reason', 'causes') ?? '');
  } catch {
    // Not a Status: keep the text as the message.
  }
  return new ApiError(status, reason, message, { retryAfterMs, causes });
}
