import { hostname } from 'node:os';
import type { FastifyBaseLogger } from 'fastify';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import { VERSION } from '../../version.ts';
import { Traces } from './traces.ts';

interface Deps {
  readonly scheduler: Scheduler;
  readonly clock: Pick<Clock, 'nowMs' | 'toWall' | 'fromWall'>;
  readonly logger: Pick<FastifyBaseLogger, 'error'>;
}

/** The traces that the config asks for. Loads OpenTelemetry only where it does. */
export async function tracesFor(
  { traces: endpoint, identity = hostname() }: Config,
  { scheduler, clock, logger }: Deps,
): Promise<Traces | undefined> {
  if (endpoint === undefined) return undefined;
  const about = { 'service.name': 'muster', 'service.version': VERSION, 'service.instance.id': identity };
  const onError = (error: unknown) => logger.error(error, 'traces of gangs fail; decisions go on');
  return Traces.open(endpoint, about, { scheduler, clock, onError });
}
