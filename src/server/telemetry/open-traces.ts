import { hostname } from 'node:os';
import type { FastifyBaseLogger } from 'fastify';
import type { Config } from '../../config.ts';
import { VERSION } from '../../version.ts';
import { Traces, type TracesDeps } from './traces.ts';

interface Parts extends Pick<TracesDeps, 'scheduler' | 'clock'> {
  readonly config: Config;
  readonly logger: FastifyBaseLogger;
}

/** Opens the traces that the config asks for. Loads OpenTelemetry only then. */
export async function withTraces<P extends Parts>(parts: P): Promise<P & { readonly traces?: Traces }> {
  const { scheduler, clock, logger, config } = parts;
  const { traces: endpoint, identity = hostname() } = config;
  if (endpoint === undefined) return parts;
  const about = { 'service.name': 'muster', 'service.version': VERSION, 'service.instance.id': identity };
  const onError = (error: unknown) => logger.error(error, 'traces of gangs fail; decisions go on');
  return { ...parts, traces: await Traces.open(endpoint, about, { scheduler, clock, onError }) };
}
