import type { Role } from '../../core/model.ts';
import { flag, integer, invalidConf, type SparkConf } from './sizes.ts';

const MAX_EXECUTORS = 10_000;
/** Spark's default for spark.executor.instances. */
const DEFAULT_INSTANCES = 2;

/**
 * The number of executors that an app starts with (`min`) and may have (`count`).
 *
 * Static: spark.executor.instances. Dynamic: the largest of minExecutors, initialExecutors and instances. A driver of
 * `local[*]` has none. spark.kubernetes.allocation.maxPendingPods has no effect: places are reserved before the pods
 * exist.
 *
 * @param start the number of executors that make the app viable, if the operator's object has it
 * @throws MusterError MUSTER_OBJECT_INVALID
 * @see KubernetesClusterSchedulerBackend, Utils.getDynamicAllocationInitialExecutors (3.1 to 4.1)
 */
export function executorCount(conf: SparkConf, start?: number): Pick<Role, 'count' | 'min' | 'isDynamic'> {
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
  const count = Math.max(min, Math.min(integer(conf, 'spark.dynamicAllocation.maxExecutors') ?? most, most));
  return { min, count, isDynamic: true };
}
