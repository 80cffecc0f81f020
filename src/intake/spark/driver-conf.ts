import { parse } from 'yaml';
import { objectAt, textAt, type Json } from '../field.ts';
import { parseProperties } from './properties.ts';
import type { SparkConf } from './sizes.ts';

/** All that is kept of a driver's conf, which may hold credentials as well. */
const KEPT = [
  /^spark\.(driver|executor)\.(cores|memory|memoryOverhead|memoryOverheadFactor|minMemoryOverhead|instances)$/,
  /^spark\.executor\.(pyspark\.memory|resource\.[^.]+\.(amount|vendor))$/,
  /^spark\.memory\.offHeap\.(enabled|size)$/,
  /^spark\.dynamicAllocation\.(enabled|minExecutors|initialExecutors|maxExecutors)$/,
  /^spark\.kubernetes\.(memoryOverheadFactor|resource\.type|driver\.master|allocation\.maximum)$/,
  /^spark\.kubernetes\.executor\.(request\.cores|podTemplateFile|podTemplateContainerName)$/,
  /^spark\.kubernetes\.(executor\.)?(scheduler\.name|node\.selector\..+)$/,
  /^spark\.kubernetes\.executor\.decommissionLabel(Value)?$/,
  /^spark\.kubernetes\.driver\.(own|reuse)PersistentVolumeClaim$/,
  /^spark\.shuffle\.(manager|sort\.io\.plugin\.class)$/,
  /^spark\.decommission\.enabled$/,
  /^spark\.storage\.decommission\.(enabled|shuffleBlocks\.enabled|fallbackStorage\.path)$/,
];

const MAX_VALUE = 1024;

/**
 * Of a Spark driver's ConfigMap, the properties that its gang depends on.
 * @returns undefined for any other ConfigMap
 */
export function sparkConfOf(configMap: Json): SparkConf | undefined {
  const text = dataOf(configMap, 'spark.properties');
  if (text === undefined) return undefined;
  return new Map(
    [...parseProperties(text)].filter(
      ([key, value]) => value.length <= MAX_VALUE && KEPT.some((kept) => kept.test(key)),
    ),
  );
}

/**
 * The executors' pod template, which spark-submit puts into a ConfigMap of its own for the driver.
 * @returns undefined for any other ConfigMap; an empty object where it cannot be read: Spark itself will say so
 */
export function sparkTemplateOf(configMap: Json): Json | undefined {
  const text = dataOf(configMap, 'podspec-configmap-key');
  if (text === undefined) return undefined;
  try {
    // Through JSON: an anchor that contains itself ends here, and not in whoever walks the template.
    const value: unknown = JSON.parse(JSON.stringify(parse(text, { maxAliasCount: 100 })));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
  } catch {
    return {};
  }
}

function dataOf(configMap: Json, key: string): string | undefined {
  return textAt(objectAt(configMap, 'data', 'ConfigMap') ?? {}, key, 'ConfigMap.data');
}
