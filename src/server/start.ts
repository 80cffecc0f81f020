import { hasQueues } from '../core/policy/tenancy.ts';
import type { Logger } from 'pino';
import type { AccessReviews } from '../kube/access-reviews.ts';
import { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { DEFAULT_POLICY } from '../core/policy/policy.ts';
import { openRules, type Rules } from '../core/policy/rules.ts';
import { Scheduler } from '../core/scheduler.ts';
import type { SchedulerOptions } from '../core/state.ts';
import { openAccess } from './access/open-access.ts';
import { warnOfReaders } from './access/advice.ts';
import { buildServer, closeServers, serversOf, type LiveParts, type MusterServer } from './app.ts';
import { readRules, watchPolicies } from './policy-source.ts';
import { openLog } from './log.ts';
import { closeOnSignal } from './shutdown.ts';
import { readTls, tlsFiles, watchTls, type TlsFiles } from './tls.ts';
import { isLoopback, listen } from './listen.ts';
import { ServedHistory } from './kept-history.ts';
import { startWebhook } from './webhook.ts';
import type { Traces } from './telemetry/traces.ts';

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
  readonly clock: Time;
  readonly history: ServedHistory;
  /** Where the traces of gangs go; absent: nowhere. */
  readonly traces?: Traces;
  /** What people are told that is served; absent: it follows from the rest. */
  readonly cluster?: string;
}

/** The clock as the server needs it. */
export type Time = Pick<Clock, 'nowMs' | 'toWall' | 'fromWall' | 'check'>;

/** What a served simulation has of its own. */
export interface OwnParts<S extends Scheduler, C extends Time> {
  readonly clock: C;
  readonly schedulerOf: (options: SchedulerOptions & Rules) => S;
  /** In force where the config names no policy file. */
  readonly rules: Rules;
  /** What people are told that is served. */
  readonly cluster?: string;
}

/** @throws MusterError for invalid policies, and for a history file or a key that cannot be used */
export const prepare = (config: Config): Prepared & { readonly clock: Clock } =>
  prepareWith(config, {
    clock: new Clock(),
    schedulerOf: (options) => new Scheduler(options),
    rules: openRules([DEFAULT_POLICY]),
  });

/** @throws MusterError as `prepare` does */
export function prepareWith<S extends Scheduler, C extends Time>(
  config: Config,
  { clock, schedulerOf, rules: usual, ...told }: OwnParts<S, C>,
): Prepared & { readonly scheduler: S; readonly clock: C } {
  const log = openLog({ level: config.logLevel, format: config.logFormat });
  const rules = config.policy === undefined ? usual : readRules(config.policy);
  const { schedulerNames, ignoredResources, history: file, historyKeyFile: keyFile } = config;
  const history = new ServedHistory(() => clock.toWall(clock.nowMs()), { file, keyFile });
  const scheduler = schedulerOf({ ...rules, schedulerNames, ignoredResources, runTimes: history.runTimes });
  return { config, ...log, scheduler, clock, history, ...told };
}

/**
 * @param reviews of a live cluster, for readAccess kubernetes
 * @throws MusterError MUSTER_FILE_UNREADABLE, and as openAccess
 */
export function buildFor(prepared: Prepared, live?: LiveParts, reviews?: AccessReviews): MusterServer {
  const { config, logger, scheduler, clock } = prepared;
  const tls = tlsOf(config);
  const { reasons, maxBodyBytes, tlsClientNames: clientNames } = config;
  const told = prepared.cluster === undefined ? {} : { cluster: prepared.cluster };
  const tracing = prepared.traces ? { traces: prepared.traces } : {};
  const extras = { ...(live ? { live } : {}), ...(tls ? { tls: readTls(tls) } : {}), ...told, ...tracing };
  const { nowMs, toWall } = clock;
  const access = openAccess(config, { logger, reviews, gangs: () => scheduler.gangs() });
  const options = { scheduler, nowMs, toWall, logger, reasons, maxBodyBytes, clientNames, access };
  const server = buildServer({ ...options, ...extras });
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
  warnOfReaders(config, logger);
  const withQueues = () => hasQueues(scheduler.rules.tenancy);
  const webhook = await startWebhook(config, metrics.registry, logger, withQueues);
  return { url, extenderUrl, webhook };
}

function watch(file: string, { scheduler, clock, logger }: Prepared, { metrics }: MusterServer): () => void {
  return watchPolicies(file, {
    onRules(rules) {
      for (const { from, to, gangs, isGone } of scheduler.setRules(rules, clock.nowMs()))
        logger.warn({ from, to, gangs, isGone }, 'what these gangs hold counts in another queue now');
      metrics.onPolicies(clock.toWall(clock.nowMs()));
      logger.info({ file, policies: rules.policies.map(({ name }) => name) }, 'policies reloaded');
    },
    onProblem(error) {
      metrics.onPolicies(undefined);
      logger.error({ file, error: error.message }, 'policy file rejected; the old policies stay in force');
    },
  });
}

function tlsOf({ tlsCertFile: cert, tlsKeyFile: key, tlsClientCaFile: ca }: Config): TlsFiles | undefined {
  return tlsFiles({ cert, key, ca }, { cert: 'tlsCertFile', key: 'tlsKeyFile', ca: 'tlsClientCaFile' });
}
