import type { Role } from '../../core/model.ts';
import { flag, integer, invalidConf, type SparkConf } from './sizes.ts';

const MAX_EXECUTORS = 10_000;
/** Spark's default for spark.executor.instances. */
const DEFAULT_INSTANCES = 2;

/**
 * How many executors an app starts with (`min`) and may have (`count`).
 *
 * Static: spark.executor.instances. Dynamic: it starts with the most of minExecutors, initialExecutors and instances.
 * A driver of `local[*]` makes none. spark.kubernetes.allocation.maxPendingPods plays no part: places are held without
 * waiting for pods, so that no executor waits for the next to be created.
 *
 * @param start an operator's own statement of how many it takes for the app to be viable
 * @throws MusterError MUSTER_OBJECT_INVALID
 * @see KubernetesClusterSchedulerBackend, Utils.getDynamicAllocationInitialExecutors (3.1 to 4.1)
 */
export function executorCount(conf: SparkConf, start?: number): Pick<Role, 'count' | 'min'> {
  if (conf.get('spark.kubernetes.driver.master')?.trim().startsWith('local')) return { count: 0, min: 0 };
  const instances = integer(conf, 'spark.executor.instances');
  const most = Math.min(MAX_EXECUTORS, integer(conf, 'spark.kubernetes.allocation.maximum') ?? MAX_EXECUTORS);
  if (!flag(conf, 'spark.dynamicAllocation.enabled')) {
    const wanted = instances ?? DEFAULT_INSTANCES;
    if (wanted > MAX_EXECUTORS)
      throw invalidConf('spark.executor.instances', String(wanted), `at most ${MAX_EXECUTORS}`);
    const count = Math.min(wanted, most);
    return { count, min: Math.min(start ?? count, count) };
  }
  const least = integer(conf, 'spark.dynamicAllocation.minExecutors') ?? 0;
  const initial = integer(conf, 'spark.dynamicAllocation.initialExecutors') ?? least;
  const wanted = start ?? Math.max(least, initial, instances ?? 0);
  if (wanted > MAX_EXECUTORS)
    throw invalidConf('spark.dynamicAllocation.initialExecutors', String(wanted), `at most ${MAX_EXECUTORS}`);
  const min = Math.min(wanted, most);
  return { min, count: Math.max(min, Math.min(integer(conf, 'spark.dynamicAllocation.maxExecutors') ?? most, most)) };
}
