import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../../../src/kube/transport.ts';
import { finish, persist } from './cluster.ts';
import type { Pod } from './objects.ts';
import type { PodWatch } from './pods.ts';

export interface TimedAppOptions {
  /** Unique: its pods are called `NAME-driver` and `NAME-exec-1`, `NAME-exec-2` ... */
  readonly name: string;
  /** The name under which it comes again (`muster.dev/app`). */
  readonly app: string;
  /** Besides the driver. All of them are needed. */
  readonly executors: number;
  /** Of each pod, such as `500m`. */
  readonly cpu: string;
  /** How long it runs from the moment when all its pods run. */
  readonly runMs: number;
}

/** An app with what befell it, in ms of the wall clock; undefined: not yet. */
export interface TimedApp {
  readonly options: TimedAppOptions;
  /** When the API server had its driver. */
  submittedMs: number | undefined;
  /** When its driver was bound. */
  startedMs: number | undefined;
  /** When all its pods ran. */
  ranMs: number | undefined;
  endedMs: number | undefined;
  /** The nodes of its pods. */
  readonly nodes: Set<string>;
}

/** The driver pod, as it is submitted. All its pods ask for the same. */
export function driverOf({ name, app, executors, cpu }: TimedAppOptions): object {
  const roles = [{ name: 'driver' }, { name: 'executor', count: executors, requests: { cpu } }];
  const annotations = { 'muster.dev/app': app, 'muster.dev/roles': JSON.stringify(roles) };
  return podOf({ gang: name, role: 'driver', cpu }, { name: `${name}-driver`, annotations });
}

function podOf({ gang, role, cpu }: { gang: string; role: string; cpu: string }, metadata: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, namespace: 'default', labels: { 'muster.dev/gang': gang, 'muster.dev/role': role } },
    spec: {
      schedulerName: 'muster',
      restartPolicy: 'Never',
      containers: [{ name: 'work', image: 'registry.example.com/work:1', resources: { requests: { cpu } } }],
    },
  };
}

/**
 * Plays apps with a driver and executors, by events alone: a running driver makes its executors, and when all of them
 * run, the app works for its time. Then all its pods succeed. A kubelet must be played by somebody else.
 */
export class TimedApps {
  readonly #transport: Transport;
  readonly #byGang = new Map<string, TimedApp>();
  /** Its pods that run, by name. */
  readonly #running = new Map<TimedApp, Map<string, Pod>>();
  readonly #onChange = new Set<() => void>();

  constructor(transport: Transport, watch: PodWatch) {
    this.#transport = transport;
    watch.on((pod, isGone) => {
      const app = this.#byGang.get(pod.metadata.labels?.['muster.dev/gang'] ?? '');
      if (app && !isGone) this.#seen(app, pod);
    });
  }

  async submit(options: TimedAppOptions): Promise<TimedApp> {
    const none = { submittedMs: undefined, startedMs: undefined, ranMs: undefined, endedMs: undefined };
    const app: TimedApp = { options, ...none, nodes: new Set() };
    this.#byGang.set(options.name, app);
    this.#running.set(app, new Map());
    await this.#create(driverOf(options));
    app.submittedMs = Date.now();
    return app;
  }

  /** Waits until something holds of the apps. @throws if it does not within this time */
  async until(what: string, holds: () => boolean, patienceMs = 180_000): Promise<void> {
    const giveUp = new AbortController();
    const late = sleep(patienceMs, 'late', { signal: giveUp.signal });
    const held = new Promise<string>((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#onChange.delete(look);
        resolve('held');
      };
      this.#onChange.add(look);
      look();
    });
    const first = await Promise.race([held, late.catch(() => 'held')]);
    giveUp.abort();
    if (first === 'late') throw new Error(`${what}: not within ${patienceMs} ms`);
  }

  /** Waits until all of them have ended. */
  ended(apps: readonly TimedApp[]): Promise<void> {
    return this.until('all apps end', () => apps.every(({ endedMs }) => endedMs !== undefined));
  }

  #seen(app: TimedApp, pod: Pod): void {
    const { name } = pod.metadata;
    const { nodeName } = pod.spec;
    const isDriver = name === `${app.options.name}-driver`;
    if (nodeName !== undefined) app.nodes.add(nodeName);
    if (isDriver && nodeName !== undefined) app.startedMs ??= Date.now();
    const running = this.#running.get(app);
    if (pod.status.phase === 'Running' && running && !running.has(name)) {
      running.set(name, pod);
      if (isDriver) this.#createExecutors(app);
      if (running.size === 1 + app.options.executors) this.#work(app, [...running.values()]);
    }
    for (const look of this.#onChange) look();
  }

  #createExecutors({ options: { name, executors, cpu } }: TimedApp): void {
    for (let i = 1; i <= executors; i++)
      void this.#create(podOf({ gang: name, role: 'executor', cpu }, { name: `${name}-exec-${i}` }));
  }

  #work(app: TimedApp, pods: readonly Pod[]): void {
    app.ranMs = Date.now();
    this.#running.delete(app);
    setTimeout(() => void this.#end(app, pods), app.options.runMs);
  }

  async #end(app: TimedApp, pods: readonly Pod[]): Promise<void> {
    await Promise.all(pods.map((pod) => finish(this.#transport, pod, 'Succeeded')));
    app.endedMs = Date.now();
    for (const look of this.#onChange) look();
  }

  #create(body: object): Promise<unknown> {
    return persist(this.#transport, { method: 'POST', path: '/api/v1/namespaces/default/pods', body });
  }
}
