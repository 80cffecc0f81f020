import { randomBytes } from 'node:crypto';
import { ApiError, type Transport } from '../../../src/kube/transport.ts';
import { deletePod, finish, persist } from './cluster.ts';
import { isOver, type Pod } from './objects.ts';
import type { PodWatch } from './pods.ts';

export interface AppOptions {
  readonly name: string;
  readonly executors: number;
  /** With dynamic allocation: how many it starts with, and how many it may have; `executors` is what it wants. */
  readonly dynamic?: { readonly min: number; readonly max: number };
  readonly schedulerName: string;
  /** How long all the executors it needs must have run together. */
  readonly workMs: number;
  readonly conf?: Readonly<Record<string, string>>;
  readonly priority?: number;
}

/** spark.executor.cores=1, spark.executor.memory=1g: 1024 + 384 MiB. */
const CORES = '1';
const EXECUTOR_MEMORY = '1408Mi';
const BATCH = 5;
const ROUND_MS = 1000;

/**
 * Plays spark-submit and the driver of Spark 3.5: the driver pod, then its ConfigMap; once the driver runs, executors
 * in batches of 5 a second; a lost executor is replaced in the next round; when the work is done, all pods succeed.
 */
export class SparkApp {
  readonly options: AppOptions;
  readonly id = `spark-${randomBytes(16).toString('hex')}`;
  readonly #transport: Transport;
  readonly #watch: PodWatch;
  #created = 0;
  #workedMs = 0;
  #lastMs = 0;
  #isBusy = false;
  state: 'submitted' | 'running' | 'done' = 'submitted';
  /** The longest time that the driver ran while an executor that it needs had no node, in ms. */
  partialMs = 0;
  /** The most executors that ran at once. */
  peak = 0;

  constructor(transport: Transport, watch: PodWatch, options: AppOptions) {
    this.#transport = transport;
    this.#watch = watch;
    this.options = options;
  }

  get driverName(): string {
    return `${this.options.name}-driver`;
  }

  /** How many executors it cannot do without. */
  get needed(): number {
    return this.options.dynamic?.min ?? this.options.executors;
  }

  get driver(): Pod | undefined {
    return [...this.#watch.pods.values()].find((pod) => pod.metadata.name === this.driverName);
  }

  get executors(): Pod[] {
    return [...this.#watch.pods.values()].filter(({ metadata: { labels } }) => {
      return labels?.['spark-app-selector'] === this.id && labels['spark-role'] === 'executor';
    });
  }

  /** As spark-submit does: the pod first, the ConfigMap after it. */
  async submit(): Promise<void> {
    const { name, schedulerName } = this.options;
    const configMap = `spark-drv-${this.id.slice(6, 20)}-conf-map`;
    const labels = {
      'spark-app-selector': this.id,
      'spark-app-name': name,
      'spark-role': 'driver',
      'spark-version': '3.5.1',
    };
    const resources = { requests: { cpu: '1', memory: EXECUTOR_MEMORY }, limits: { memory: EXECUTOR_MEMORY } };
    const args = [
      'driver',
      '--properties-file',
      '/opt/spark/conf/spark.properties',
      '--class',
      'com.example.Etl',
      'local:///opt/app/etl.jar',
    ];
    const mounts = [{ name: 'spark-conf-volume-driver', mountPath: '/opt/spark/conf' }];
    const container = {
      name: 'spark-kubernetes-driver',
      image: 'registry.example.com/spark:3.5.1',
      args,
      resources,
      volumeMounts: mounts,
    };
    const items = [{ key: 'spark.properties', mode: 420, path: 'spark.properties' }];
    const volumes = [{ name: 'spark-conf-volume-driver', configMap: { name: configMap, items } }];
    const spec = { schedulerName, restartPolicy: 'Never', containers: [container], volumes };
    await this.#create('pods', { metadata: { name: this.driverName, labels }, spec });
    const data = { 'spark.kubernetes.namespace': 'default', 'spark.properties': this.#properties() };
    await this.#create('configmaps', { metadata: { name: configMap }, immutable: true, data });
  }

  #properties(): string {
    const { name, executors, dynamic, schedulerName, conf } = this.options;
    const size: Record<string, string> = dynamic
      ? {
          'spark.dynamicAllocation.enabled': 'true',
          'spark.dynamicAllocation.shuffleTracking.enabled': 'true',
          'spark.dynamicAllocation.minExecutors': String(dynamic.min),
          'spark.dynamicAllocation.maxExecutors': String(dynamic.max),
        }
      : { 'spark.executor.instances': String(executors) };
    const all = {
      'spark.app.id': this.id,
      'spark.app.name': name,
      'spark.master': 'k8s\\://https\\://10.0.0.1\\:443',
      'spark.submit.deployMode': 'cluster',
      'spark.executor.cores': CORES,
      'spark.executor.memory': '1g',
      'spark.kubernetes.memoryOverheadFactor': '0.1',
      'spark.kubernetes.resource.type': 'java',
      'spark.kubernetes.driver.pod.name': this.driverName,
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

  /** One round of the driver; call it about every second. */
  async round(nowMs: number): Promise<void> {
    if (this.state === 'done' || this.#isBusy) return;
    const { driver } = this;
    if (driver?.status.phase !== 'Running') return;
    this.state = 'running';
    this.#isBusy = true;
    try {
      await this.#work(nowMs, driver);
    } finally {
      this.#isBusy = false;
    }
  }

  async #work(nowMs: number, driver: Pod): Promise<void> {
    const living = this.executors.filter((pod) => !isOver(pod) && pod.metadata.deletionTimestamp === undefined);
    const running = living.filter(({ status }) => status.phase === 'Running').length;
    this.peak = Math.max(this.peak, running);
    const pending = living.filter(({ spec }) => spec.nodeName === undefined);
    const placed = living.length - pending.length;
    if (placed < this.needed) {
      const oldest = Math.min(...pending.map(({ metadata }) => Date.parse(metadata.creationTimestamp)));
      if (pending.length > 0) this.partialMs = Math.max(this.partialMs, nowMs - oldest);
    }
    if (running >= this.needed) this.#workedMs += this.#lastMs === 0 ? 0 : nowMs - this.#lastMs;
    this.#lastMs = running >= this.needed ? nowMs : 0;
    if (this.#workedMs >= this.options.workMs) return this.#complete(driver);
    const missing = this.options.executors - living.length;
    for (let i = 0; i < Math.min(BATCH, missing); i++) await this.#createExecutor(driver);
  }

  async #complete(driver: Pod): Promise<void> {
    this.state = 'done';
    for (const pod of this.executors) {
      if (pod.spec.nodeName === undefined) await deletePod(this.#transport, pod);
      else if (!isOver(pod)) await finish(this.#transport, pod, 'Succeeded');
    }
    await finish(this.#transport, driver, 'Succeeded');
  }

  async #createExecutor({ metadata: { name, uid } }: Pod): Promise<void> {
    const exec = String(++this.#created);
    const labels = {
      'spark-app-selector': this.id,
      'spark-app-name': this.options.name,
      'spark-role': 'executor',
      'spark-exec-id': exec,
    };
    const profile = { 'spark-exec-resourceprofile-id': '0', 'spark-version': '3.5.1' };
    const owner = { apiVersion: 'v1', kind: 'Pod', name, uid, controller: true };
    const resources = { requests: { cpu: CORES, memory: EXECUTOR_MEMORY }, limits: { memory: EXECUTOR_MEMORY } };
    const container = {
      name: 'spark-kubernetes-executor',
      image: 'registry.example.com/spark:3.5.1',
      args: ['executor'],
      resources,
    };
    const spec = { schedulerName: this.options.schedulerName, restartPolicy: 'Never', containers: [container] };
    // The prefix is made in the driver: it is not that of the driver's pod.
    const metadata = {
      name: `${this.options.name}-x-exec-${exec}`,
      labels: { ...labels, ...profile },
      ownerReferences: [owner],
    };
    await this.#create('pods', { metadata, spec });
  }

  /** A request that the API server carried out and did not live to answer is repeated: then the object is there. */
  #create(resource: string, body: object): Promise<unknown> {
    const ignoreThere = (error: unknown) => {
      if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    };
    return persist(this.#transport, { method: 'POST', path: `/api/v1/namespaces/default/${resource}`, body }).catch(
      ignoreThere,
    );
  }
}

/** Lets the drivers work until all apps are done, or the time is over. @returns the apps that are not done */
export async function runApps(
  apps: readonly SparkApp[],
  patienceMs: number,
  onRound: () => void = () => undefined,
): Promise<SparkApp[]> {
  const giveUp = Date.now() + patienceMs;
  let left = [...apps];
  while (left.length > 0 && Date.now() < giveUp) {
    await Promise.all(left.map((app) => app.round(Date.now())));
    left = left.filter(({ state }) => state !== 'done');
    onRound();
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  return left;
}
