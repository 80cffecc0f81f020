import { pino, type Logger } from 'pino';
import type { Config } from '../config.ts';
import { DEFAULT_POLICY } from '../core/policy/policy.ts';
import { Scheduler } from '../core/scheduler.ts';
import { buildServer, type LiveParts, type MusterServer } from './app.ts';
import { readPolicies, watchPolicies } from './policy-source.ts';
import { closeOnSignal } from './shutdown.ts';
import { readTls, tlsFiles, watchTls, type TlsFiles } from './tls.ts';
import { listen } from './listen.ts';
import { startWebhook } from './webhook.ts';

const TICK_MS = 1000;

export interface Serving {
  readonly url: string;
  readonly server: MusterServer;
  readonly close: () => Promise<void>;
}

/** The parts of every server, before it listens. */
export interface Prepared {
  readonly config: Config;
  readonly logger: Logger;
  readonly scheduler: Scheduler;
  readonly nowMs: () => number;
}

/** @throws MusterError for invalid policies */
export function prepare(config: Config): Prepared {
  const logger = pino({ level: config.logLevel });
  const policies = config.policy === undefined ? [DEFAULT_POLICY] : readPolicies(config.policy);
  const scheduler = new Scheduler({ policies, schedulerNames: config.schedulerNames });
  return { config, logger, scheduler, nowMs: () => Date.now() };
}

/** @throws MusterError MUSTER_FILE_UNREADABLE */
export function buildFor({ config, logger, scheduler, nowMs }: Prepared, live?: LiveParts): MusterServer {
  const tls = tlsOf(config);
  const { reasons, maxBodyBytes } = config;
  const extras = { ...(live ? { live } : {}), ...(tls ? { tls: readTls(tls) } : {}) };
  const server = buildServer({ scheduler, nowMs, logger, reasons, maxBodyBytes, ...extras });
  server.metrics.onPolicies(nowMs());
  return server;
}

/**
 * Listens, ticks, reloads policies when they change, and closes on a signal.
 * @param onClosing runs when the server closes
 * @throws MusterError MUSTER_USAGE if the port is taken
 */
export async function start(
  prepared: Prepared,
  server: MusterServer,
  onClosing?: () => Promise<void>,
): Promise<Serving> {
  const { config, logger, scheduler, nowMs } = prepared;
  // Before any timer starts: if the port is taken, the process must end.
  const url = await listen(server.app, config);
  const webhook = await startWebhook(config, server.metrics.registry, logger).catch(async (error: unknown) => {
    await server.app.close();
    throw error;
  });
  const unwatchTls = watchTls(server.app, tlsOf(config));
  const ticker = setInterval(() => server.onEffects(scheduler.tick(nowMs())), TICK_MS);
  const unwatch = config.policy === undefined ? () => undefined : watch(config.policy, prepared, server);
  const stop = async () => {
    clearInterval(ticker);
    unwatch();
    unwatchTls();
    await webhook?.close();
    await onClosing?.();
  };
  closeOnSignal(server, logger, stop);
  return { url, server, close: () => server.app.close().then(stop) };
}

function watch(file: string, { scheduler, nowMs }: Prepared, { app, metrics }: MusterServer): () => void {
  return watchPolicies(file, {
    onPolicies(policies) {
      scheduler.setPolicies(policies, nowMs());
      metrics.onPolicies(nowMs());
      app.log.info({ file, policies: policies.map(({ name }) => name) }, 'policies reloaded');
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
