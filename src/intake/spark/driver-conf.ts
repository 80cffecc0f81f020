import { parse } from 'yaml';
import { objectAt, textAt, type Json } from '../field.ts';
import { parseProperties } from './properties.ts';
import type { SparkConf } from './sizes.ts';

/** The only keys that are kept of a driver's conf, which may hold credentials as well. */
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
 * The properties in a Spark driver's ConfigMap that its gang depends on.
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
 * The executors' pod template, which spark-submit puts into a separate ConfigMap for the driver.
 * @returns undefined for any other ConfigMap; an empty object for an unreadable template, since Spark reports that
 *   itself
 */
export function sparkTemplateOf(configMap: Json): Json | undefined {
  const text = dataOf(configMap, 'podspec-configmap-key');
  if (text === undefined) return undefined;
  try {
    // An alias that contains itself fails here in JSON.stringify, and not in code that walks the template later.
    const value: unknown = JSON.parse(JSON.stringify(parse(text, { maxAliasCount: 100 })));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
  } catch {
    return {};
  }
}

function dataOf(configMap: Json, key: string): string | undefined {
  return textAt(objectAt(configMap, 'data', 'ConfigMap') ?? {}, key, 'ConfigMap.data');
}
