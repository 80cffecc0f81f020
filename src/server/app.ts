import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
} from 'fastify';
import { extenderRoutes, type DecisionRecord } from '../extender/routes.ts';
import type { Reasons } from '../extender/answer.ts';
import type { Effect } from '../core/effects.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { IntakeContext } from '../intake/gang-objects.ts';
import { apiRoutes } from './api/routes.ts';
import type { Tls } from './tls.ts';
import { buildMetrics, type Metrics } from './metrics.ts';

export interface ServerOptions {
  readonly scheduler: Scheduler;
  readonly nowMs: () => number;
  readonly logger: FastifyBaseLogger;
  readonly reasons: Reasons;
  /** Largest body, in bytes. 5,000 names are 67 kB, 1,000 whole nodes 2 to 10 MB. */
  readonly maxBodyBytes: number;
  /** A live cluster behind the scheduler. */
  readonly live?: LiveParts;
  /** HTTPS; with `ca`, only for clients whose certificate it signed. */
  readonly tls?: Tls;
}

export interface LiveParts {
  readonly context: IntakeContext;
  /** kube-scheduler asks: called before every decision. */
  readonly onAsked: () => void;
  /** Sees the effects of decisions as well as those of events. */
  readonly onEffects: (effects: readonly Effect[]) => void;
}

export interface MusterServer {
  readonly app: FastifyInstance;
  readonly metrics: Metrics;
  /** From now on /readyz says no. */
  readonly drain: () => void;
  /** Logs and counts what a decision or an event brought about. */
  readonly onEffects: (effects: readonly Effect[]) => void;
}

/** Go keeps idle connections for 90 s; a server that closes first turns a decision into a scheduling error. */
const KEEP_ALIVE_MS = 120_000;
/** A body that does not arrive in this time is given up. */
const REQUEST_MS = 30_000;

/** The HTTP server: extender verbs, the read API, /healthz, /readyz, /metrics. Listens to nothing yet. */
export function buildServer(options: ServerOptions): MusterServer {
  const { scheduler, nowMs, logger, reasons, maxBodyBytes, live, tls } = options;
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
  const liveDeps = live ? { context: live.context, onAsked: live.onAsked } : {};
  void app.register(extenderRoutes, { scheduler, nowMs, reasons, onEffects, onDecision, ...liveDeps });
  void app.register(apiRoutes, { scheduler, nowMs });
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
    // Unknown keys are ignored, as Go does, and all own keys are read by name: a key such as __proto__ harms nothing.
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
    forceCloseConnections: 'idle',
  } as const;
  const headersTimeout = KEEP_ALIVE_MS + 1000;
  if (!tls) return Fastify({ ...options, http: { headersTimeout } });
  const mutual = tls.ca !== undefined;
  const https = { ...tls, requestCert: mutual, rejectUnauthorized: mutual, headersTimeout };
  // Fastify's type of an HTTPS server differs from that of an HTTP one in the raw socket alone, which nobody uses here.
  return Fastify({ ...options, https } as FastifyServerOptions);
}

/** @param unready why not, or undefined */
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
