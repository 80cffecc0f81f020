import type { GangSpec } from '../../core/model.ts';
import { isFrom, type SparkVersion } from './executor-memory.ts';
import type { SparkConf } from './sizes.ts';

/**
 * Spark's own shuffle managers, which keep output on the executor's disk. Others (Celeborn, Uniffle) keep it elsewhere.
 */
const LOCAL_MANAGERS = new Set(['sort', 'tungsten-sort', 'org.apache.spark.shuffle.sort.SortShuffleManager']);
const VOLUME_PLUGIN = 'org.apache.spark.shuffle.KubernetesLocalDiskShuffleDataIO';

const isTrue = (text: string | undefined, fallback = false) => (text === undefined ? fallback : text.trim() === 'true');

/**
 * The conf's part of an executor's eviction cost: where its output stays, and the label of decommissioned executors.
 */
export function lossOf(conf: SparkConf, version: SparkVersion): Pick<GangSpec, 'keeps' | 'givesUp'> {
  const keeps = keepsOn(conf, version);
  const label = conf.get('spark.kubernetes.executor.decommissionLabel');
  const value = conf.get('spark.kubernetes.executor.decommissionLabelValue') ?? '';
  return { ...(keeps ? { keeps } : {}), ...(label ? { givesUp: { label, value } } : {}) };
}

function keepsOn(conf: SparkConf, version: SparkVersion): GangSpec['keeps'] {
  if (!LOCAL_MANAGERS.has(conf.get('spark.shuffle.manager') ?? 'sort')) return 'store';
  const since34 = isFrom(version, [3, 4]);
  const reuses = (['own', 'reuse'] as const).every((what) =>
    isTrue(conf.get(`spark.kubernetes.driver.${what}PersistentVolumeClaim`), since34),
  );
  if (reuses && conf.get('spark.shuffle.sort.io.plugin.class') === VOLUME_PLUGIN) return 'volumes';
  const moves =
    isTrue(conf.get('spark.decommission.enabled')) &&
    isTrue(conf.get('spark.storage.decommission.enabled')) &&
    isTrue(conf.get('spark.storage.decommission.shuffleBlocks.enabled'), since34);
  return moves ? 'peers' : undefined;
}
