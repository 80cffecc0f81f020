import type { GangSpec } from '../../core/model.ts';
import type { SparkConf } from './sizes.ts';

const USUAL_PORT = 4040;

/** Where the driver's REST API is to be had; nothing where its UI is off, or on a port that nobody can know. */
export function reportOf(conf: SparkConf, app: string): Pick<GangSpec, 'reportsAt'> {
  if (conf.get('spark.ui.enabled')?.trim() === 'false') return {};
  const text = conf.get('spark.ui.port')?.trim();
  const port = text === undefined ? USUAL_PORT : /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? { reportsAt: { port, app } } : {};
}
