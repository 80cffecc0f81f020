import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import type { Config } from '../config.ts';
import { MusterError } from '../core/errors.ts';
import { DEFAULT_POLICY } from '../core/policy/policy.ts';
import { Scheduler } from '../core/scheduler.ts';
import { parseManifests, type Manifests } from '../intake/manifests.ts';
import { buildServer, type MusterServer } from './app.ts';
import { readPolicies, watchPolicies } from './policy-source.ts';
import { closeOnSignal } from './shutdown.ts';

const TICK_MS = 1000;

export interface Serving {
  readonly url: string;
  readonly server: MusterServer;
  readonly close: () => Promise<void>;
}

/**
 * Starts the extender on the cluster that the config's files describe.
 * @param cluster nodes and pods to serve instead of files
 * @throws MusterError for files and policies that cannot be used
 */
export async function serve(config: Config, cluster: Manifests = readCluster(config)): Promise<Serving> {
  const logger = pino({ level: config.logLevel });
  const nowMs = () => Date.now();
  const policies = config.policy === undefined ? [DEFAULT_POLICY] : readPolicies(config.policy);
  const scheduler = new Scheduler({ policies, schedulerNames: config.schedulerNames });
  const server = buildServer({ scheduler, nowMs, logger, reasons: config.reasons, maxBodyBytes: config.maxBodyBytes });
  server.metrics.onPolicies(nowMs());
  const events = [
    ...cluster.nodes.map((node) => ({ kind: 'node', node }) as const),
    ...cluster.pods.map((pod) => ({ kind: 'pod', pod }) as const),
    { kind: 'synced' } as const,
  ];
  for (const event of events) server.onEffects(scheduler.observe(event, nowMs()));
  // Before anything that repeats: where the port is taken, the process must end.
  const url = await listen(server, config);
  const ticker = setInterval(() => server.onEffects(scheduler.tick(nowMs())), TICK_MS);
  const unwatch = config.policy === undefined ? () => undefined : watch(config.policy, { scheduler, server, nowMs });
  const stop = () => {
    clearInterval(ticker);
    unwatch();
  };
  closeOnSignal(server, logger, stop);
  logger.info(
    { url, nodes: cluster.nodes.length, pods: cluster.pods.length, policies: policies.map(({ name }) => name) },
    'muster serves',
  );
  return { url, server, close: () => server.app.close().then(stop) };
}

async function listen({ app }: MusterServer, { host, port }: Config): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw new MusterError('MUSTER_USAGE', `Cannot listen on ${host}:${port}: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

function watch(
  file: string,
  { scheduler, server, nowMs }: { scheduler: Scheduler; server: MusterServer; nowMs: () => number },
): () => void {
  const { app, metrics } = server;
  return watchPolicies(file, {
    onPolicies(policies) {
      scheduler.setPolicies(policies);
      metrics.onPolicies(nowMs());
      app.log.info({ file, policies: policies.map(({ name }) => name) }, 'policies reloaded');
    },
    onProblem(error) {
      metrics.onPolicies(undefined);
      app.log.error({ file, error: error.message }, 'policy file refused; the old policies go on');
    },
  });
}

function readCluster({ nodes, pods }: Config): Manifests {
  const files = [nodes, pods].filter((file) => file !== undefined);
  if (files.length === 0) {
    throw new MusterError(
      'MUSTER_USAGE',
      'There is no cluster to serve: give --nodes FILE (and --pods FILE), or --demo.',
    );
  }
  const read = files.map((file) => {
    try {
      return parseManifests(readFileSync(file, 'utf8'), file);
    } catch (error) {
      if (error instanceof MusterError) throw error;
      throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
    }
  });
  return { nodes: read.flatMap((one) => one.nodes), pods: read.flatMap((one) => one.pods) };
}
