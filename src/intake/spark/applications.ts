import type { SparkApplication } from '../gang-objects.ts';
import { flagAt, integerAt, listAt, objectAt, own, textAt, textMapAt, type Json } from '../field.ts';

const LANGUAGES: Readonly<Record<string, string>> = { Python: 'python', R: 'r', Java: 'java', Scala: 'java' };

/**
 * SparkApplication of the kubeflow operator (sparkoperator.k8s.io/v1beta2). Typed fields override spec.sparkConf.
 * `executorPod` holds the fields that the operator's webhook adds to executors without Spark's knowledge.
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function kubeflowAppOf(object: Json): SparkApplication {
  const at = 'SparkApplication.spec';
  const spec = objectAt(object, 'spec', 'SparkApplication') ?? {};
  const executor = objectAt(spec, 'executor', at) ?? {};
  const dynamic = objectAt(spec, 'dynamicAllocation', at) ?? {};
  const conf = new Map(textMapAt(spec, 'sparkConf', at));
  const set = (key: string, value: string | number | boolean | undefined) => {
    if (value !== undefined) conf.set(key, String(value));
  };
  set('spark.kubernetes.resource.type', LANGUAGES[textAt(spec, 'type', at) ?? '']);
  set('spark.kubernetes.memoryOverheadFactor', textAt(spec, 'memoryOverheadFactor', at));
  set('spark.executor.cores', integerAt(executor, 'cores', `${at}.executor`));
  set('spark.kubernetes.executor.request.cores', textAt(executor, 'coreRequest', `${at}.executor`));
  set('spark.executor.memory', textAt(executor, 'memory', `${at}.executor`));
  set('spark.executor.memoryOverhead', textAt(executor, 'memoryOverhead', `${at}.executor`));
  set('spark.executor.instances', integerAt(executor, 'instances', `${at}.executor`));
  if (flagAt(dynamic, 'enabled', `${at}.dynamicAllocation`)) {
    set('spark.dynamicAllocation.enabled', true);
    for (const field of ['minExecutors', 'initialExecutors', 'maxExecutors']) {
      set(`spark.dynamicAllocation.${field}`, integerAt(dynamic, field, `${at}.dynamicAllocation`));
    }
  }
  gpu(executor, set);
  // The operator's default, unlike Spark's, is one executor.
  const isDynamic = conf.get('spark.dynamicAllocation.enabled') === 'true';
  if (!isDynamic && !conf.has('spark.executor.instances')) conf.set('spark.executor.instances', '1');
  return { conf, executorPod: kubeflowExecutorPod(spec, executor) };
}

function gpu(executor: Json, set: (key: string, value: string | number | undefined) => void): void {
  const asked = objectAt(executor, 'gpu', 'SparkApplication.spec.executor');
  if (!asked) return;
  const at = 'SparkApplication.spec.executor.gpu';
  const [vendor, name] = (textAt(asked, 'name', at) ?? '').split('/');
  if (!vendor || !name) return;
  set(`spark.executor.resource.${name}.amount`, integerAt(asked, 'quantity', at));
  set(`spark.executor.resource.${name}.vendor`, vendor);
}

function kubeflowExecutorPod(spec: Json, executor: Json): Json {
  const at = 'SparkApplication.spec';
  return {
    nodeSelector: {
      ...objectAt(spec, 'nodeSelector', at),
      ...objectAt(executor, 'nodeSelector', `${at}.executor`),
    },
    tolerations: listAt(executor, 'tolerations', `${at}.executor`),
    affinity: own(executor, 'affinity') ?? null,
    priorityClassName: own(executor, 'priorityClassName') ?? null,
    containers: listAt(executor, 'sidecars', `${at}.executor`),
    initContainers: listAt(executor, 'initContainers', `${at}.executor`),
  };
}

/**
 * SparkApplication of the Apache operator (spark.apache.org/v1): the conf is in spec.sparkConf, the executors' template
 * in spec.executorSpec.podTemplateSpec, and instanceConfig has the number of executors that make the app viable.
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function apacheAppOf(object: Json): SparkApplication {
  const at = 'SparkApplication.spec';
  const spec = objectAt(object, 'spec', 'SparkApplication') ?? {};
  const conf = new Map(textMapAt(spec, 'sparkConf', at));
  const type = textAt(spec, 'pyFiles', at) ? 'python' : textAt(spec, 'sparkRFiles', at) ? 'r' : 'java';
  if (!conf.has('spark.kubernetes.resource.type')) conf.set('spark.kubernetes.resource.type', type);
  const executor = objectAt(spec, 'executorSpec', at) ?? {};
  const template = objectAt(executor, 'podTemplateSpec', `${at}.executorSpec`) ?? {};
  const tolerations = objectAt(spec, 'applicationTolerations', at) ?? {};
  const viable = objectAt(tolerations, 'instanceConfig', `${at}.applicationTolerations`) ?? {};
  const start = integerAt(viable, 'initExecutors', `${at}.applicationTolerations.instanceConfig`) ?? 0;
  return { conf, executorPod: {}, template, ...(start > 0 ? { start } : {}) };
}
