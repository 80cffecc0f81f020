import { hasQueues } from '../core/policy/tenancy.ts';
import type { Logger } from 'pino';
import { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { DEFAULT_POLICY } from '../core/policy/policy.ts';
import { openRules } from '../core/policy/rules.ts';
import { Scheduler } from '../core/scheduler.ts';
import { buildServer, closeServers, serversOf, type LiveParts, type MusterServer } from './app.ts';
import { readRules, watchPolicies } from './policy-source.ts';
import { openLog } from './log.ts';
import { closeOnSignal } from './shutdown.ts';
import { readTls, tlsFiles, watchTls, type TlsFiles } from './tls.ts';
import { listen } from './listen.ts';
import { ServedHistory } from './kept-history.ts';
import { startWebhook } from './webhook.ts';
import { Traces } from './telemetry/traces.ts';
import { hostname } from 'node:os';
import { VERSION } from '../version.ts';

const TICK_MS = 1000;

export interface Serving {
  readonly url: string;
  /** Where the verbs are; on a live cluster not at `url`. */
  readonly extenderUrl: string;
  readonly server: MusterServer;
  readonly close: () => Promise<void>;
}

/** The parts of every server, before it listens. */
export interface Prepared {
  readonly config: Config;
  readonly logger: Logger;
  /** Resolves when all lines of the log have been written. */
  readonly flush: () => Promise<void>;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly history: ServedHistory;
  readonly traces: Traces | undefined;
}

/** @throws MusterError for invalid policies, and for a history file or a key that cannot be used */
export async function prepare(config: Config): Promise<Prepared> {
  const log = openLog(config.logLevel);
  const rules = config.policy === undefined ? openRules([DEFAULT_POLICY]) : readRules(config.policy);
  const { schedulerNames, ignoredResources, history: file, historyKeyFile: keyFile } = config;
  const clock = new Clock();
  const history = new ServedHistory(() => clock.toWall(clock.nowMs()), { file, keyFile });
  const scheduler = new Scheduler({ ...rules, schedulerNames, ignoredResources, runTimes: history.runTimes });
  const traces = await tracesFor(config, { scheduler, clock, logger: log.logger });
  return { config, ...log, scheduler, clock, history, traces };
}

/** Loads OpenTelemetry only where it is asked for. */
async function tracesFor(
  { traces: endpoint, identity = hostname() }: Config,
  { scheduler, clock, logger }: Pick<Prepared, 'scheduler' | 'clock' | 'logger'>,
): Promise<Traces | undefined> {
  if (endpoint === undefined) return undefined;
  const about = { 'service.name': 'muster', 'service.version': VERSION, 'service.instance.id': identity };
  const onError = (error: unknown) => logger.error(error, 'traces of gangs fail; decisions go on');
  return Traces.open(endpoint, about, { scheduler, clock, onError });
}

/** @throws MusterError MUSTER_FILE_UNREADABLE */
export function buildFor({ config, logger, scheduler, clock, traces }: Prepared, live?: LiveParts): MusterServer {
  const tls = tlsOf(config);
  const { reasons, maxBodyBytes, tlsClientNames: clientNames } = config;
  const extras = { ...(live ? { live } : {}), ...(tls ? { tls: readTls(tls) } : {}), ...(traces ? { traces } : {}) };
  const { nowMs, toWall } = clock;
  const server = buildServer({ scheduler, nowMs, toWall, logger, reasons, maxBodyBytes, clientNames, ...extras });
  server.metrics.onPolicies(toWall(nowMs()));
  return server;
}

export interface StartHooks {
  /** Runs when the server closes. */
  readonly onClosing?: () => Promise<void>;
  /** Called when the wall clock was set. */
  readonly onClockSet?: () => void;
}

/**
 * Listens, ticks, watches the wall clock, reloads policies when they change, and closes on a signal.
 * @throws MusterError MUSTER_USAGE if the port is taken
 */
export async function start(prepared: Prepared, server: MusterServer, hooks: StartHooks = {}): Promise<Serving> {
  const { config, logger, flush, scheduler, clock } = prepared;
  // Before any timer starts: if the port is taken, the process must end.
  const { url, extenderUrl, webhook } = await listenAll(prepared, server).catch(async (error: unknown) => {
    await closeServers(server);
    throw error;
  });
  const unwatchTls = serversOf(server).map((one) => watchTls(one, tlsOf(config)));
  const ticker = setInterval(() => {
    watchClock(prepared, server, hooks);
    server.onEffects(scheduler.tick(clock.nowMs()));
  }, TICK_MS);
  const unwatch = config.policy === undefined ? () => undefined : watch(config.policy, prepared, server);
  const stop = async () => {
    clearInterval(ticker);
    unwatch();
    for (const stopWatching of unwatchTls) stopWatching();
    await webhook?.close();
    await hooks.onClosing?.();
    await prepared.traces?.close();
  };
  closeOnSignal(server, { logger, flush }, stop);
  return { url, extenderUrl, server, close: () => closeServers(server).then(stop) };
}

function watchClock({ clock, logger }: Prepared, { metrics }: MusterServer, { onClockSet }: StartHooks): void {
  const jumpMs = clock.check();
  if (jumpMs === 0) return;
  metrics.onClockSet(jumpMs);
  logger.warn({ seconds: jumpMs / 1000 }, 'the wall clock was set; durations are not affected');
  onClockSet?.();
}

/** @throws MusterError MUSTER_USAGE if a port is taken */
async function listenAll({ config, logger, scheduler }: Prepared, { app, extender, metrics }: MusterServer) {
  const url = await listen(app, config);
  const { extenderHost: host, extenderPort: port } = config;
  const extenderUrl = extender === app ? url : await listen(extender, { host, port });
  if (config.live && !isLoopback(host) && config.tlsClientCaFile === undefined)
    logger.warn({ host }, 'anyone who reaches the extender may ask it: use the loopback, or tlsClientCaFile');
  const withQueues = () => hasQueues(scheduler.rules.tenancy);
  const webhook = await startWebhook(config, metrics.registry, logger, withQueues);
  return { url, extenderUrl, webhook };
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

function watch(file: string, { scheduler, clock }: Prepared, { app, metrics }: MusterServer): () => void {
  return watchPolicies(file, {
    onRules(rules) {
      for (const { from, to, gangs, isGone } of scheduler.setRules(rules, clock.nowMs()))
        app.log.warn({ from, to, gangs, isGone }, 'what these gangs hold counts in another queue now');
      metrics.onPolicies(clock.toWall(clock.nowMs()));
      app.log.info({ file, policies: rules.policies.map(({ name }) => name) }, 'policies reloaded');
    },
    onProblem(error) {
      metrics.onPolicies(undefined);
      app.log.error({ file, error: error.message }, 'policy file rejected; the old policies stay in force');
    },
  });
}

function tlsOf({ tlsCertFile: cert, tlsKeyFile: key, tlsClientCaFile: ca }: Config): TlsFiles | undefined {
  return tlsFiles({ cert, key, ca }, { cert: 'tlsCertFile', key: 'tlsKeyFile', ca: 'tlsClientCaFile' });
}
