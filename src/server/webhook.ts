import { readFileSync } from 'node:fs';
import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { Config } from '../config.ts';
import { MusterError } from '../core/errors.ts';
import { parseWebhookConfig, type WebhookConfig } from '../webhook/rules.ts';
import { webhookRoutes, type WebhookOutcome } from '../webhook/routes.ts';
import { VERSION } from '../version.ts';
import { httpServer } from './http.ts';
import { listen } from './listen.ts';
import { readTls, tlsFiles, watchTls } from './tls.ts';
import { webhookMetrics } from './webhook-metrics.ts';

/** A review of a new pod holds it once, and etcd's limit for one object is 1.5 MiB. */
const MAX_BODY_BYTES = 3 * 2 ** 20;

export interface WebhookServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Serves /mutate over HTTPS on a port of its own, since the API server connects from outside the pod and the extender's
 * port is only for kube-scheduler.
 * @returns undefined if it is not configured
 * @throws MusterError for an invalid file or a missing certificate
 */
export async function startWebhook(
  config: Config,
  registry: Registry,
  logger: FastifyBaseLogger,
  hasQueues: () => boolean,
): Promise<WebhookServer | undefined> {
  if (config.webhook === undefined) return undefined;
  const { webhookCertFile: cert, webhookKeyFile: key } = config;
  const files = tlsFiles({ cert, key, ca: undefined }, { cert: 'webhookCertFile', key: 'webhookKeyFile', ca: '' });
  if (!files)
    throw new MusterError(
      'MUSTER_USAGE',
      'webhook needs webhookCertFile and webhookKeyFile: the API server calls over HTTPS.',
    );
  const rules = readRules(config.webhook);
  const app = httpServer(logger, { bodyLimit: MAX_BODY_BYTES, tls: readTls(files) });
  await app.register(webhookRoutes, { config: () => rules, hasQueues, onOutcome: outcomes(registry, logger) });
  const url = await listen(app, { host: '0.0.0.0', port: config.webhookPort });
  logger.info({ version: VERSION, url }, 'muster serves the webhook');
  const unwatch = watchTls(app, files);
  return {
    url,
    close: async () => {
      unwatch();
      await app.close();
    },
  };
}

function outcomes(registry: Registry, logger: FastifyBaseLogger): (outcome: WebhookOutcome, detail: string) => void {
  const count = webhookMetrics(registry);
  return (outcome, detail) => {
    count(outcome);
    if (outcome === 'failed') logger.warn({ detail }, 'the webhook could not read a pod and left it unchanged');
  };
}

function readRules(file: string): WebhookConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
  return parseWebhookConfig(text, file);
}
