import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
} from 'fastify';
import { extenderRoutes, type DecisionRecord } from '../extender/routes.ts';
import type { Reasons } from '../extender/answer.ts';
import type { Effect } from '../core/effects.ts';
import type { PodRef } from '../core/model.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { IntakeContext } from '../intake/gang-objects.ts';
import type { Identity } from '../intake/identity.ts';
import { apiRoutes } from './api/routes.ts';
import type { Tls } from './tls.ts';
import { buildMetrics, type Metrics } from './metrics.ts';

export interface ServerOptions {
  readonly scheduler: Scheduler;
  readonly nowMs: () => number;
  /** A time of `nowMs` as wall time; absent: they are the same. */
  readonly toWall?: (ms: number) => number;
  readonly logger: FastifyBaseLogger;
  readonly reasons: Reasons;
  /** Largest body, in bytes. 5,000 names are 67 kB, 1,000 whole nodes 2 to 10 MB. */
  readonly maxBodyBytes: number;
  /** The parts of a live cluster; absent: the cluster comes from files. */
  readonly live?: LiveParts;
  /** HTTPS; with `ca`, only for clients whose certificate it signed. */
  readonly tls?: Tls;
}

export interface LiveParts {
  readonly context: IntakeContext;
  /** What the API server says about a pod. */
  readonly identify: (ref: PodRef) => Identity | Promise<Identity>;
  /** Called before every decision that kube-scheduler asks for. */
  readonly onAsked: () => void;
  /** Receives the effects of decisions and of events. */
  readonly onEffects: (effects: readonly Effect[]) => void;
}

export interface MusterServer {
  readonly app: FastifyInstance;
  readonly metrics: Metrics;
  /** Makes /readyz answer 503 from now on. */
  readonly drain: () => void;
  /** Logs and counts the effects of a decision or an event. */
  readonly onEffects: (effects: readonly Effect[]) => void;
}

/** Go keeps idle connections for 90 s. If the server closes one first, a decision becomes a scheduling error. */
const KEEP_ALIVE_MS = 120_000;
/** Requests whose body does not arrive within this time are closed. */
const REQUEST_MS = 30_000;

/** Builds the HTTP server: extender verbs, the read API, /healthz, /readyz, /metrics. It does not listen yet. */
export function buildServer(options: ServerOptions): MusterServer {
  const { scheduler, nowMs, toWall = (ms: number) => ms, logger, reasons, maxBodyBytes, live, tls } = options;
  const app = fastifyFor(logger, maxBodyBytes, tls);
  app.removeContentTypeParser('text/plain');
  const metrics = buildMetrics(() => scheduler.stats(), nowMs);
  const onEffects = (effects: readonly Effect[]) => {
    metrics.onEffects(effects);
    live?.onEffects(effects);
    for (const { kind, ...rest } of effects) logger.info({ ...rest }, kind);
  };
  const onDecision = (record: DecisionRecord) => {
    metrics.onDecision(record);
    logDecision(logger, record);
  };
  const liveDeps = live ? { context: live.context, identify: live.identify, onAsked: live.onAsked } : {};
  void app.register(extenderRoutes, { scheduler, nowMs, reasons, onEffects, onDecision, ...liveDeps });
  void app.register(apiRoutes, { scheduler, nowMs, toWall });
  let isDraining = false;
  health(app, () =>
    isDraining ? 'shutting down' : scheduler.stats().synced ? undefined : 'the cluster has not been read yet',
  );
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  return { app, metrics, onEffects, drain: () => (isDraining = true) };
}

function fastifyFor(logger: FastifyBaseLogger, bodyLimit: number, tls: Tls | undefined): FastifyInstance {
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
  const headersTimeout = KEEP_ALIVE_MS + 1000;
  if (!tls) return Fastify({ ...options, http: { headersTimeout } });
  const mutual = tls.ca !== undefined;
  const https = { ...tls, requestCert: mutual, rejectUnauthorized: mutual, headersTimeout };
  // Fastify's types of HTTPS and HTTP servers differ only in the raw socket, which is not used here.
  return Fastify({ ...options, https } as FastifyServerOptions);
}

/** @param unready why the server is not ready; undefined: it is */
function health(app: FastifyInstance, unready: () => string | undefined): void {
  app.get('/healthz', () => 'ok\n');
  app.get('/readyz', (_request, reply) => {
    const why = unready();
    return why === undefined ? 'ok\n' : reply.code(503).send(`${why}\n`);
  });
}

function logDecision(
  logger: FastifyBaseLogger,
  { verb, outcome, seconds, pod, kept, offered, reason }: DecisionRecord,
): void {
  const failed = offered - kept;
  const ms = Math.round(seconds * 1e6) / 1000;
  const name = pod && `${pod.namespace}/${pod.name}`;
  logger.info({ gang: pod?.membership?.gang, pod: name, verb, kept, failed, reason, ms }, outcome);
}
