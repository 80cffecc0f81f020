import { flag, fraction, mebibytes, type SparkConf } from './sizes.ts';

const DEFAULT_MEMORY_MIB = 1024;
const LEAST_OVERHEAD_MIB = 384;
const JVM_FACTOR = 0.1;
/** Python and R: the memory outside the JVM is the larger part (Constants.NON_JVM_MEMORY_OVERHEAD_FACTOR). */
const OTHER_FACTOR = 0.4;

/** `3.5.1` -> [3, 5]. Spark sets the label spark-version since 3.3. */
export type SparkVersion = readonly [major: number, minor: number];

export function sparkVersion(label: string | undefined): SparkVersion {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})/.exec(label ?? '') ?? [];
  return major === undefined ? [3, 1] : [Number(major), Number(minor)];
}

export const isFrom = ([major, minor]: SparkVersion, [m, n]: SparkVersion) => major > m || (major === m && minor >= n);

/**
 * The memory request of an executor of the default resource profile, in MiB: heap + overhead + off-heap + PySpark.
 * @throws MusterError MUSTER_OBJECT_INVALID naming the key and the value
 * @see BasicExecutorFeatureStep (3.1.3, 3.3.1, 3.5), ResourceProfile.calculateOverHeadMemory (4.x)
 */
export function executorMemoryMib(conf: SparkConf, version: SparkVersion): number {
  const heap = mebibytes(conf, 'spark.executor.memory') ?? DEFAULT_MEMORY_MIB;
  const isPython = conf.get('spark.kubernetes.resource.type') === 'python';
  const python = isPython ? (mebibytes(conf, 'spark.executor.pyspark.memory') ?? 0) : 0;
  return heap + overheadMib(conf, version, heap) + offHeapMib(conf) + python;
}

function overheadMib(conf: SparkConf, version: SparkVersion, heap: number): number {
  const explicit = mebibytes(conf, 'spark.executor.memoryOverhead');
  if (explicit !== undefined) return explicit;
  const own = isFrom(version, [3, 3]) ? fraction(conf, 'spark.executor.memoryOverheadFactor') : undefined;
  const factor = own ?? fraction(conf, 'spark.kubernetes.memoryOverheadFactor') ?? defaultFactor(conf);
  const set = isFrom(version, [4, 0]) ? mebibytes(conf, 'spark.executor.minMemoryOverhead') : undefined;
  return Math.max(Math.trunc(factor * heap), set ?? LEAST_OVERHEAD_MIB);
}

/** The driver's ConfigMap has the resolved factor. With only a SparkApplication it depends on the language. */
function defaultFactor(conf: SparkConf): number {
  const type = conf.get('spark.kubernetes.resource.type');
  return type === 'python' || type === 'r' ? OTHER_FACTOR : JVM_FACTOR;
}

function offHeapMib(conf: SparkConf): number {
  if (!flag(conf, 'spark.memory.offHeap.enabled')) return 0;
  return mebibytes(conf, 'spark.memory.offHeap.size', 'b') ?? 0;
}
