import { MusterError } from '../../core/errors.ts';
import { integerAt, listAt, nameAt, objectAt, own, textAt, textMapAt, type Json } from '../field.ts';
import type { SparkApplication } from '../gang-objects.ts';
import { executorMemoryMib, sparkVersion } from './executor-memory.ts';

/** The label by which each operator names its SparkApplication on the driver. */
const APP_LABEL = { kubeflow: 'sparkoperator.k8s.io/app-name', apache: 'spark.operator/spark-app-name' } as const;

/**
 * The driver pod that the operator would create for a SparkApplication, with the fields that decide where it goes. Its
 * memory is what Spark requests: spark.driver.memory and the overhead.
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function submittedDriver(object: Json, operator: keyof typeof APP_LABEL, app: SparkApplication): Json {
  const spec = objectAt(object, 'spec', 'SparkApplication') ?? {};
  const driver = objectAt(spec, 'driver', 'SparkApplication.spec') ?? {};
  const version = textAt(spec, 'sparkVersion', 'SparkApplication.spec');
  return {
    metadata: metadataOf(object, { driver, version, label: APP_LABEL[operator] }),
    spec: {
      ...placement(spec, driver, app),
      containers: [
        { name: 'spark-kubernetes-driver', resources: { requests: requestsOf(driver, app, version) } },
        ...listAt(driver, 'sidecars', AT),
      ],
    },
  };
}

const AT = 'SparkApplication.spec.driver';

interface Described {
  readonly driver: Json;
  readonly version: string | undefined;
  readonly label: string;
}

function metadataOf(object: Json, { driver, version, label }: Described): Json {
  const metadata = objectAt(object, 'metadata', 'SparkApplication') ?? {};
  const name = nameAt(metadata, 'name', 'SparkApplication.metadata');
  const own = { [label]: name, 'spark-role': 'driver', 'spark-app-selector': name };
  return {
    name: `${name}-driver`,
    namespace: textAt(metadata, 'namespace', 'SparkApplication.metadata') ?? 'default',
    labels: {
      ...Object.fromEntries(textMapAt(driver, 'labels', AT)),
      ...own,
      ...(version === undefined ? {} : { 'spark-version': version }),
    },
    annotations: Object.fromEntries(textMapAt(driver, 'annotations', AT)),
  };
}

function placement(spec: Json, driver: Json, { conf }: SparkApplication): Json {
  const scheduler = textAt(driver, 'schedulerName', AT) ?? conf.get('spark.kubernetes.driver.scheduler.name');
  return {
    schedulerName: scheduler ?? conf.get('spark.kubernetes.scheduler.name') ?? null,
    priorityClassName: own(driver, 'priorityClassName') ?? null,
    nodeSelector: {
      ...objectAt(spec, 'nodeSelector', 'SparkApplication.spec'),
      ...objectAt(driver, 'nodeSelector', AT),
    },
    tolerations: listAt(driver, 'tolerations', AT),
    affinity: own(driver, 'affinity') ?? null,
  };
}

function requestsOf(driver: Json, app: SparkApplication, version: string | undefined): Record<string, string> {
  const { conf } = app;
  const cores = integerAt(driver, 'cores', AT) ?? conf.get('spark.driver.cores') ?? 1;
  const cpu = textAt(driver, 'coreRequest', AT) ?? conf.get('spark.kubernetes.driver.request.cores') ?? cores;
  return { cpu: String(cpu), memory: `${memoryMib(driver, app, version)}Mi` };
}

/** By the formula of executors, with the driver's values. */
function memoryMib(driver: Json, { conf }: SparkApplication, version: string | undefined): number {
  const values = new Map([...conf].filter(([key]) => key.startsWith('spark.kubernetes.')));
  for (const key of ['memory', 'memoryOverhead']) {
    const value = textAt(driver, key, AT) ?? conf.get(`spark.driver.${key}`);
    if (value !== undefined) values.set(`spark.executor.${key}`, value);
  }
  try {
    return executorMemoryMib(values, sparkVersion(version));
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    throw new MusterError(error.code, error.what.replace('spark.executor.', 'spark.driver.'), { cause: error });
  }
}
