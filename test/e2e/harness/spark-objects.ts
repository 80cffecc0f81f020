export interface SparkObjectOptions {
  readonly name: string;
  /** spark.app.id, the value of the label spark-app-selector. */
  readonly id: string;
  readonly executors: number;
  /** With dynamic allocation: how many it starts with, and how many it may have; `executors` is what it wants. */
  readonly dynamic?: { readonly min: number; readonly max: number };
  readonly schedulerName: string;
  /** The names of their PriorityClasses. */
  readonly classes?: { readonly driver: string; readonly executor: string };
  readonly conf?: Readonly<Record<string, string>>;
  /** The queue that the driver names. */
  readonly queue?: string;
}

/** spark.executor.cores=1, spark.executor.memory=1g: 1024 + 384 MiB. */
const CORES = '1';
const EXECUTOR_MEMORY = '1408Mi';
const RESOURCES = { requests: { cpu: CORES, memory: EXECUTOR_MEMORY }, limits: { memory: EXECUTOR_MEMORY } };
const IMAGE = 'registry.example.com/spark:3.5.1';
const VERSION = '3.5.1';

export const driverName = ({ name }: Pick<SparkObjectOptions, 'name'>) => `${name}-driver`;
const configMapName = ({ id }: SparkObjectOptions) => `spark-drv-${id.slice(6, 20)}-conf-map`;

function commonSpec({ schedulerName }: SparkObjectOptions, priorityClassName: string | undefined): object {
  const spec = { schedulerName, restartPolicy: 'Never', terminationGracePeriodSeconds: 2 };
  return priorityClassName === undefined ? spec : { ...spec, priorityClassName };
}

/** The driver pod as spark-submit of Spark 3.5 makes it in cluster mode. */
export function driverPod(app: SparkObjectOptions): object {
  const labels = {
    'spark-app-selector': app.id,
    'spark-app-name': app.name,
    'spark-role': 'driver',
    'spark-version': VERSION,
    ...(app.queue === undefined ? {} : { 'muster.dev/queue': app.queue }),
  };
  const args = [
    'driver',
    '--properties-file',
    '/opt/spark/conf/spark.properties',
    '--class',
    'com.example.Etl',
    'local:///opt/app/etl.jar',
  ];
  const volumeMounts = [{ name: 'spark-conf-volume-driver', mountPath: '/opt/spark/conf' }];
  const container = { name: 'spark-kubernetes-driver', image: IMAGE, args, resources: RESOURCES, volumeMounts };
  const items = [{ key: 'spark.properties', mode: 420, path: 'spark.properties' }];
  const volumes = [{ name: 'spark-conf-volume-driver', configMap: { name: configMapName(app), items } }];
  const spec = { ...commonSpec(app, app.classes?.driver), containers: [container], volumes };
  return { metadata: { name: driverName(app), labels }, spec };
}

/** The ConfigMap that spark-submit makes after the driver pod. */
export function driverConf(app: SparkObjectOptions): object {
  const data = { 'spark.kubernetes.namespace': 'default', 'spark.properties': properties(app) };
  return { metadata: { name: configMapName(app) }, immutable: true, data };
}

function properties(app: SparkObjectOptions): string {
  const { name, id, executors, dynamic, schedulerName, conf } = app;
  const size: Record<string, string> = dynamic
    ? {
        'spark.dynamicAllocation.enabled': 'true',
        'spark.dynamicAllocation.shuffleTracking.enabled': 'true',
        'spark.dynamicAllocation.minExecutors': String(dynamic.min),
        'spark.dynamicAllocation.maxExecutors': String(dynamic.max),
      }
    : { 'spark.executor.instances': String(executors) };
  const all = {
    'spark.app.id': id,
    'spark.app.name': name,
    'spark.master': 'k8s\\://https\\://10.0.0.1\\:443',
    'spark.submit.deployMode': 'cluster',
    'spark.executor.cores': CORES,
    'spark.executor.memory': '1g',
    'spark.kubernetes.memoryOverheadFactor': '0.1',
    'spark.kubernetes.resource.type': 'java',
    'spark.kubernetes.driver.pod.name': driverName(app),
    'spark.kubernetes.scheduler.name': schedulerName,
    'spark.kubernetes.submitInDriver': 'true',
    ...size,
    ...conf,
  };
  const lines = Object.entries(all).map(([key, value]) => `${key}=${value}`);
  return ['#Java properties built from Kubernetes config map', '#Mon Sep 21 14:13:20 UTC 2026', ...lines, ''].join(
    '\n',
  );
}

/** An executor pod as the driver makes it; its name's prefix is made in the driver: it is not that of the driver's pod. */
export function executorPod(app: SparkObjectOptions, driverUid: string, number: number): object {
  const labels = {
    'spark-app-selector': app.id,
    'spark-app-name': app.name,
    'spark-role': 'executor',
    'spark-exec-id': String(number),
    'spark-exec-resourceprofile-id': '0',
    'spark-version': VERSION,
  };
  const owner = { apiVersion: 'v1', kind: 'Pod', name: driverName(app), uid: driverUid, controller: true };
  const container = { name: 'spark-kubernetes-executor', image: IMAGE, args: ['executor'], resources: RESOURCES };
  const spec = { ...commonSpec(app, app.classes?.executor), containers: [container] };
  return { metadata: { name: `${app.name}-x-exec-${number}`, labels, ownerReferences: [owner] }, spec };
}
