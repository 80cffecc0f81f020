import { randomBytes } from 'node:crypto';
import { ApiError, type Transport } from '../../../src/kube/transport.ts';
import { deletePod, finish, persist } from './cluster.ts';
import { isOver, type Pod } from './objects.ts';
import type { PodWatch } from './pods.ts';
import { driverConf, driverName, driverPod, executorPod, type SparkObjectOptions } from './spark-objects.ts';

export interface AppOptions extends Omit<SparkObjectOptions, 'id'> {
  /** How long all the executors it needs must have run together. */
  readonly workMs: number;
  readonly priority?: number;
}

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
  /** Its work is done with the next round. */
  isFinishing = false;
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
    return driverName(this.options);
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
    await this.#create('pods', driverPod(this.#app));
    await this.#create('configmaps', driverConf(this.#app));
  }

  get #app(): SparkObjectOptions {
    return { ...this.options, id: this.id };
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
    if (this.isFinishing || this.#workedMs >= this.options.workMs) return this.#complete(driver);
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

  async #createExecutor({ metadata }: Pod): Promise<void> {
    await this.#create('pods', executorPod(this.#app, metadata.uid, ++this.#created));
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
