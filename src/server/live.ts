import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Config } from '../config.ts';
import type { Effect } from '../core/effects.ts';
import { accessReviews } from '../kube/access-reviews.ts';
import { LiveCluster } from '../kube/live-cluster.ts';
import { Transport } from '../kube/transport.ts';
import { VERSION } from '../version.ts';
import { historyMetrics } from './history-metrics.ts';
import { kubeConfig } from './kube-config.ts';
import { liveMetrics } from './live-metrics.ts';
import { provisioningMetrics } from './provisioning-metrics.ts';
import { provisioningRules } from './provisioning.ts';
import { buildFor, prepare, start, type Prepared, type Serving } from './start.ts';
import { withTraces } from './telemetry/open-traces.ts';

/**
 * Starts the extender on a live cluster. It listens at once; /readyz answers 200 when the cluster has been read and
 * every reservation is in the ledger again.
 * @throws MusterError if there is no API server to connect to, or the port is taken
 */
export async function serveLive(config: Config): Promise<Serving> {
  const prepared = await withTraces(prepare(config));
  const { scheduler, clock, logger, history } = prepared;
  const transport = new Transport(kubeConfig(config.kubeconfig));
  const cluster: LiveCluster = new LiveCluster({
    transport,
    scheduler,
    clock,
    schedulerNames: config.schedulerNames,
    lease: config.schedulerLease,
    identity: config.identity ?? hostname(),
    ...(config.keepHistory ? { history: { file: history, namespace: historyNamespace(config) } } : {}),
    limits: config,
    ...provisioningRules(config),
    onEffects: (effects: readonly Effect[]) => server.onEffects(effects),
    log: (level, fields, message) => logger[level](fields, message),
    count: (what, label) => metrics.count(what, label),
  });
  const snapshot = () => ({ ageMs: cluster.ageMs(), isStale: cluster.isStale() });
  const { context, identify, onAsked, onEffects } = cluster;
  const live = { context, identify, onAsked, onEffects, health: cluster, snapshot };
  // Connections of their own: questions about readers must not hold up bindings and annotations.
  const reviewer = config.readAccess === 'kubernetes' ? new Transport(kubeConfig(config.kubeconfig)) : undefined;
  const server = buildFor(prepared, live, reviewer && accessReviews(reviewer));
  const metrics = liveMetrics(server.metrics.registry, cluster);
  provisioningMetrics(server.metrics.registry, scheduler, cluster.provisioner);
  historyMetrics(server.metrics.registry, history, { cluster, nowMs: clock.nowMs });
  const serving = await start(prepared, server, {
    onClosing: () => {
      reviewer?.close();
      return cluster.stop();
    },
    onClockSet: () => cluster.onClockSet(),
  });
  begin(cluster, prepared, { ...serving, apiServer: transport.server });
  return serving;
}

/** Begins to read the cluster, and says so. */
function begin(
  cluster: LiveCluster,
  { scheduler, logger }: Pick<Prepared, 'scheduler' | 'logger'>,
  { url, extenderUrl, apiServer }: Pick<Serving, 'url' | 'extenderUrl'> & { readonly apiServer: string },
): void {
  logger.info({ version: VERSION, url, extenderUrl, apiServer }, 'muster listens; reading the cluster');
  void cluster.start().then(() => {
    const { nodes, pods, gangs } = scheduler.stats();
    logger.info({ nodes, pods, gangs }, 'muster serves');
  });
}

/** The namespace of the pod, as its service account says. */
const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
/** Where deploy/access has the ConfigMaps of the history. */
const USUAL_NAMESPACE = 'muster-system';

function historyNamespace({ historyNamespace: told }: Config): string {
  if (told !== undefined) return told;
  try {
    return readFileSync(NAMESPACE_FILE, 'utf8').trim() || USUAL_NAMESPACE;
  } catch {
    return USUAL_NAMESPACE;
  }
}
