import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { MusterError } from '../core/errors.ts';
import { parseManifests, type Manifests } from '../intake/manifests.ts';
import { VERSION } from '../version.ts';
import { buildFor, prepare, start, type Serving } from './start.ts';

/**
 * Starts the extender on the cluster that the config's files describe.
 * @param cluster nodes and pods to serve instead of files
 * @throws MusterError for invalid files and policies
 */
export async function serve(config: Config, cluster: Manifests = readCluster(config)): Promise<Serving> {
  const prepared = await prepare(config);
  const { scheduler, clock, logger } = prepared;
  const server = buildFor(prepared);
  const events = [
    ...cluster.nodes.map((node) => ({ kind: 'node', node }) as const),
    ...cluster.pods.map((pod) => ({ kind: 'pod', pod }) as const),
    { kind: 'synced' } as const,
  ];
  for (const event of events) server.onEffects(scheduler.observe(event, clock.nowMs()));
  const serving = await start(prepared, server);
  const policies = scheduler.policies.map(({ name }) => name);
  const read = { nodes: cluster.nodes.length, pods: cluster.pods.length };
  logger.info({ version: VERSION, url: serving.url, ...read, policies }, 'muster serves');
  return serving;
}

function readCluster({ nodes, pods }: Config): Manifests {
  const files = [nodes, pods].filter((file) => file !== undefined);
  if (files.length === 0) {
    throw new MusterError(
      'MUSTER_USAGE',
      'No cluster to serve: give --live, --demo, or --nodes FILE (and --pods FILE).',
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
