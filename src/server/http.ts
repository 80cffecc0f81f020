import type { RequestListener } from 'node:http';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
} from 'fastify';
import type { Tls } from './tls.ts';

/** Go keeps idle connections for 90 s. If the server closes one first, a decision becomes a scheduling error. */
const KEEP_ALIVE_MS = 120_000;
/**
 * Connections whose request does not arrive within this time are closed. kube-scheduler waits 2 s for the answer
 * (httpTimeout in scheduler-config/), the API server for that of the webhook as well.
 */
const REQUEST_MS = 5000;
/** How often they are looked for. */
const CHECK_MS = 1000;

export interface HttpOptions {
  /** Largest body, in bytes. */
  readonly bodyLimit: number;
  readonly tls?: Tls | undefined;
  /**
   * Whom a server with `tls.ca` lets in. `certified`: only clients whose certificate it signed. `all`: also others; the
   * routes must look (requireCertificate).
   */
  readonly clients?: 'certified' | 'all';
}

/** An HTTP or HTTPS server without routes. It does not listen yet. */
export function httpServer(
  logger: FastifyBaseLogger,
  { bodyLimit, tls, clients = 'certified' }: HttpOptions,
): FastifyInstance {
  const options = {
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_MS,
    // Unknown keys are ignored, as in Go, and only own keys are read, so that a key such as __proto__ does no harm.
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
    forceCloseConnections: 'idle',
  } as const;
  const times = { headersTimeout: REQUEST_MS, connectionsCheckingInterval: CHECK_MS };
  if (!tls) return Fastify({ ...options, http: times });
  const asks = tls.ca !== undefined;
  const https = { ...tls, requestCert: asks, rejectUnauthorized: asks && clients === 'certified', ...times };
  // Fastify's types of HTTPS and HTTP servers differ only in the raw socket, which is not used here.
  return Fastify({ ...options, https } as FastifyServerOptions);
}

/** Lets `take` look at each request first; those that it does not take go to Fastify. */
export function offerFirst(
  { server }: FastifyInstance,
  take: (...asked: Parameters<RequestListener>) => boolean,
): void {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (!take(request, response)) for (const listener of listeners) void listener.call(server, request, response);
  });
}
