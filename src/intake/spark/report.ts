import type { GangSpec } from '../../core/model.ts';
import type { SparkConf } from './sizes.ts';

const DEFAULT_PORT = 4040;

/** The address of the driver's REST API; nothing if its UI is off or on a port chosen at random. */
export function reportOf(conf: SparkConf, app: string): Pick<GangSpec, 'reportsAt'> {
  if (conf.get('spark.ui.enabled')?.trim() === 'false') return {};
  const text = conf.get('spark.ui.port')?.trim();
  const port = text === undefined ? DEFAULT_PORT : /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? { reportsAt: { port, app } } : {};
}
