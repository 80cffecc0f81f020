import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { hotPath } from '../extender/hot-path.ts';
import { extenderRoutes } from '../extender/routes.ts';
import type { ExtenderDeps } from '../extender/verbs.ts';
import type { Reasons } from '../extender/answer.ts';
import type { Effect } from '../core/effects.ts';
import type { PodRef } from '../core/model.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { IntakeContext } from '../intake/gang-objects.ts';
import type { Identity } from '../intake/identity.ts';
import { NOTHING, type ReadAccess } from './access/read-access.ts';
import type { AboutServer } from './api/about-route.ts';
import { apiRoutes, type ApiDeps } from './api/routes.ts';
import type { StreamTimes } from './api/stream.ts';
import type { SnapshotAge } from './api/views.ts';
import { nameCheck, requireCertificate, requireName } from './clients.ts';
import { ears } from './ears.ts';
import { forPeople } from './for-people.ts';
import { health, type LiveHealth } from './health.ts';
import { httpServer, offerFirst } from './http.ts';
import type { Tls } from './tls.ts';
import { costMetrics } from './cost-metrics.ts';
import { buildMetrics, type Metrics } from './metrics.ts';
import { protectionMetrics } from './protection-metrics.ts';
import { rateMetrics } from './rate-metrics.ts';
import type { Traces } from './telemetry/traces.ts';

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
  /** Where the traces of gangs go; absent: nowhere. */
  readonly traces?: Traces;
  /** HTTPS; with `ca`, only for clients whose certificate it signed. */
  readonly tls?: Tls;
  /** With `tls.ca`: the certificate names of clients that may ask the extender. */
  readonly clientNames?: readonly string[];
  /** Who may read /v1; absent: this machine. */
  readonly access?: ReadAccess;
  /** What is served, for people; absent: `live` or `files`. */
  readonly cluster?: string;
  /** How streams are timed; absent: STREAM_TIMES. */
  readonly streamTimes?: StreamTimes;
}

export interface LiveParts {
  readonly context: IntakeContext;
  /** What the API server says about a pod. */
  readonly identify: (ref: PodRef) => Identity | Promise<Identity>;
  /** Called before every decision that kube-scheduler asks for. */
  readonly onAsked: () => void;
  /** For /readyz?verbose. */
  readonly health?: LiveHealth;
  /** Receives the effects of decisions and of events. */
  readonly onEffects: (effects: readonly Effect[]) => void;
  /** How old the snapshot may be, in ms, and whether it is too old to admit gangs. */
  readonly snapshot: () => SnapshotAge;
}

export interface MusterServer {
  /** The read API, health and metrics. */
  readonly app: FastifyInstance;
  /**
   * The verbs. On a live cluster a server of its own: who may read metrics may not ask for decisions. Otherwise the same
   * as `app`.
   */
  readonly extender: FastifyInstance;
  readonly metrics: Metrics;
  /** Makes /readyz answer 503 from now on. */
  readonly drain: () => void;
  /** Logs and counts the effects of a decision or an event. */
  readonly onEffects: (effects: readonly Effect[]) => void;
}

export const serversOf = ({ app, extender }: MusterServer) => [...new Set([app, extender])];

/** Finishes running requests and closes idle connections. */
export async function closeServers(server: MusterServer): Promise<void> {
  await Promise.all(serversOf(server).map((one) => one.close()));
}

/** Reads have no body. */
const NO_BODY = 1024;

/** Builds the servers of the extender verbs and of the read API, /healthz, /readyz, /metrics. They do not listen yet. */
export function buildServer(options: ServerOptions): MusterServer {
  const { scheduler, nowMs, toWall = (ms: number) => ms, live, access } = options;
  const { app, extender } = emptyServers(options);
  const metrics = buildMetrics(() => scheduler.stats(), nowMs);
  protectionMetrics(metrics.registry, () => scheduler.protectedPods());
  rateMetrics(metrics.registry, () => scheduler.rates(nowMs()));
  costMetrics(metrics.registry, () => scheduler.costs(nowMs()));
  const { timelines, decisions, onEffects, onDecision } = ears(options, metrics);
  serveVerbs(extender, options, { onEffects, onDecision });
  forPeople(app, { access, registry: metrics.registry, wallMs: () => toWall(nowMs()) }, (reads) =>
    reads.register(apiRoutes, apiDeps(options, { decisions, timelines })),
  );
  let isDraining = false;
  health(app, {
    unready: () =>
      isDraining ? 'shutting down' : scheduler.isSynced ? undefined : 'the cluster has not been read yet',
    blocked: () => scheduler.blocked,
    lastEventMs: () => scheduler.sinceEvent(nowMs()),
    live: live?.health,
  });
  metricsRoute(app, metrics);
  return { app, extender, metrics, onEffects, drain: () => (isDraining = true) };
}

function apiDeps(options: ServerOptions, memories: Pick<ApiDeps, 'decisions' | 'timelines'>): ApiDeps {
  const { scheduler, nowMs, toWall, streamTimes, live } = options;
  const ofCluster = { snapshot: live?.snapshot, context: live?.context };
  return { scheduler, nowMs, toWall, streamTimes, ...ofCluster, about: aboutOf(options), ...memories };
}

function metricsRoute(app: FastifyInstance, { registry }: Metrics): void {
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
}

const aboutOf = ({ live, access, cluster = live ? 'live' : 'files' }: ServerOptions): AboutServer => ({
  access: access?.needsToken ? 'token' : 'open',
  cluster,
  sees: (viewer) => (viewer.seesAll ? 'all' : viewer === NOTHING ? 'nothing' : 'some'),
  isDeciding: () => live?.health?.isLeading ?? true,
});

/** On a live cluster two servers, otherwise one. */
function emptyServers({ logger, maxBodyBytes, live, tls }: ServerOptions): Pick<MusterServer, 'app' | 'extender'> {
  const extender = httpServer(logger, { bodyLimit: maxBodyBytes, tls });
  extender.removeContentTypeParser('text/plain');
  if (!live) return { app: extender, extender };
  const app = httpServer(logger, { bodyLimit: NO_BODY, tls, clients: 'all' });
  if (tls?.ca) requireCertificate(app);
  return { app, extender };
}

function serveVerbs(
  extender: FastifyInstance,
  { scheduler, nowMs, reasons, live, tls, clientNames, maxBodyBytes }: ServerOptions,
  sinks: Pick<ExtenderDeps, 'onEffects' | 'onDecision'>,
): void {
  const liveDeps = live ? { context: live.context, identify: live.identify, onAsked: live.onAsked } : {};
  const deps = { scheduler, nowMs, reasons, ...sinks, ...liveDeps };
  const names = tls?.ca ? clientNames : undefined;
  void extender.register((verbs, _options, done) => {
    if (names) requireName(verbs, names);
    void verbs.register(extenderRoutes, deps);
    done();
  });
  const isAllowed = names ? nameCheck(names) : () => true;
  offerFirst(extender, hotPath(extender, deps, { bodyLimit: maxBodyBytes, isAllowed }));
}
