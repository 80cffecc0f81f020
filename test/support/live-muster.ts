import type { NominateMode } from '../../src/kube/nominator.ts';
import { pino } from 'pino';
import { expect } from 'vitest';
import { Clock } from '../../src/clock.ts';
import type { Effect } from '../../src/core/effects.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import type { RunTimes } from '../../src/core/history/run-times.ts';
import type { KeptHistory } from '../../src/kube/history-keeper.ts';
import type { ProvisioningRules } from '../../src/kube/provisioning/provisioner.ts';
import { LiveCluster } from '../../src/kube/live-cluster.ts';
import { Transport } from '../../src/kube/transport.ts';
import { buildServer, closeServers, type MusterServer } from '../../src/server/app.ts';
import { provisioningMetrics } from '../../src/server/provisioning-metrics.ts';
import { liveMetrics } from '../../src/server/live-metrics.ts';
import type { FakeApiServer, K8sObject } from './fake-api-server.ts';
import { kubeConfigFor } from './live.ts';

export const PODS = '/api/v1/pods';
const NODES = '/api/v1/nodes';

/** Questions about a pod that the API server has and muster has not heard of; muster waits 100 ms before each answer. */
const ASKED_AGAIN = 50;
const isUnheard = (body: string) => body.includes('has not told muster of it yet');

/** The nodes that `addNodes` makes, of 4 cores each. */
export const nodes = ['n1', 'n2', 'n3'];

export function addNodes(api: FakeApiServer): void {
  for (const name of nodes) {
    api.put(NODES, { metadata: { name }, status: { allocatable: { cpu: '4', memory: '16Gi', pods: '110' } } });
  }
}

export interface LiveMusterOptions {
  readonly lease?: string;
  readonly identity?: string;
  readonly settleMs?: number;
  readonly maxGangMembers?: number;
  readonly staleAfterMs?: number;
  readonly policy?: Policy;
  readonly driverFiguresMs?: number;
  readonly apiEncoding?: 'protobuf' | 'json';
  readonly nominate?: NominateMode;
  readonly clock?: Clock;
  /** Kept in ConfigMaps of namespace muster-system. */
  readonly history?: KeptHistory & { readonly runTimes: RunTimes };
  /** How the autoscaler is asked for nodes. */
  readonly provisioning?: ProvisioningRules;
  readonly log?: (level: string, fields: object, message: string) => void;
}

/** A muster beside its kube-scheduler, whose questions `ask` puts; in this process, on the fake API server. */
export class LiveMuster {
  readonly #api: FakeApiServer;
  readonly cluster: LiveCluster;
  readonly scheduler: Scheduler;
  readonly server: MusterServer;
  readonly effects: Effect[] = [];

  constructor(api: FakeApiServer, options: LiveMusterOptions = {}) {
    const {
      lease,
      identity = 'muster-a',
      settleMs = 0,
      maxGangMembers = 10_000,
      staleAfterMs = 30_000,
      policy = DEFAULT_POLICY,
      driverFiguresMs = 0,
      apiEncoding = 'protobuf',
      nominate = 'never',
      clock = new Clock(),
      history,
      log = () => undefined,
      provisioning,
    } = options;
    this.#api = api;
    const learning = history ? { runTimes: history.runTimes } : {};
    this.scheduler = new Scheduler({ policies: [policy], schedulerNames: ['muster'], ...learning });
    const { nowMs, toWall } = clock;
    this.cluster = new LiveCluster({
      transport: new Transport(kubeConfigFor(api.url)),
      scheduler: this.scheduler,
      clock,
      schedulerNames: ['muster'],
      lease,
      identity,
      limits: {
        staleAfterMs,
        settleMs,
        maxGangMembers,
        wakesPerSecond: 100,
        eventsPerSecond: 100,
        driverFiguresMs,
        apiEncoding,
        nominate,
      },
      onEffects: (effects) => this.server.onEffects(effects),
      ...(history ? { history: { file: history, namespace: 'muster-system' } } : {}),
      ...(provisioning ? { provisioning } : {}),
      log,
      count: (what, label) => metrics.count(what, label),
    });
    const { context, identify, onAsked } = this.cluster;
    const onEffects = (effects: readonly Effect[]) => {
      this.effects.push(...effects);
      this.cluster.onEffects(effects);
    };
    const logger = pino({ level: 'silent' });
    const snapshot = () => ({ ageMs: this.cluster.ageMs(), isStale: this.cluster.isStale() });
    const live = { context, identify, onAsked, onEffects, health: this.cluster, snapshot };
    this.server = buildServer({
      scheduler: this.scheduler,
      nowMs,
      toWall,
      logger,
      reasons: 'one',
      maxBodyBytes: 2 ** 20,
      live,
    });
    const metrics = liveMetrics(this.server.metrics.registry, this.cluster);
    provisioningMetrics(this.server.metrics.registry, this.scheduler, this.cluster.provisioner);
  }

  async start(): Promise<this> {
    await this.cluster.start();
    return this;
  }

  /** The node answered, or the reason for none, or the status of an error. */
  async ask(pod: K8sObject): Promise<string> {
    const NodeNames = [...nodes];
    const stored = this.#api.get(PODS, pod.metadata.namespace, pod.metadata.name);
    const payload = { Pod: stored ?? pod, Nodes: null, NodeNames };
    const ask = () => this.server.extender.inject({ method: 'POST', url: '/filter', payload });
    let response = await ask();
    // kube-scheduler asks again, too. On a busy machine muster hears of a new pod later than it waits.
    for (let i = 0; i < ASKED_AGAIN && stored && isUnheard(response.body); i++) response = await ask();
    if (response.statusCode !== 200) return String(response.statusCode);
    const answer = response.json<{ NodeNames: string[] | null; FailedAndUnresolvableNodes?: Record<string, string> }>();
    const [refusal] = Object.values(answer.FailedAndUnresolvableNodes ?? {});
    return answer.NodeNames?.[0] ?? refusal?.replace('muster: ', '') ?? 'none';
  }

  /** Creates the pod, asks until there is a node, and binds it there. @returns the node */
  async run(pod: K8sObject): Promise<string> {
    this.#api.put(PODS, pod);
    const node = await this.ask(pod);
    expect(nodes).toContain(node);
    bind(this.#api, pod, node);
    return node;
  }

  async get(url: string): Promise<{ status: number; body: string }> {
    const { statusCode: status, body } = await this.server.app.inject({ url });
    return { status, body };
  }

  phase(gang: string): string | undefined {
    return this.scheduler.gangs().find((one) => one.gang === `jobs/${gang}`)?.phase;
  }

  /** As after kill -9: nothing is written any more. */
  async stop(): Promise<void> {
    await this.cluster.stop();
    await closeServers(this.server);
  }
}

/** Ends all that a test started; the books of each muster must be right. */
export async function stopAll(started: LiveMuster[], api: FakeApiServer): Promise<void> {
  for (const muster of started.splice(0)) {
    muster.scheduler.checkInvariants();
    await muster.stop();
  }
  await api.stop();
}

export function leader(
  name: string,
  executors: number,
  extra: { cpu?: string; gates?: object[]; priority?: number } = {},
): K8sObject {
  const roles = [{ name: 'driver' }, { name: 'executor', count: executors, requests: { cpu: '1' } }];
  return podObject(`${name}-driver`, {
    name,
    role: 'driver',
    annotations: { 'muster.dev/roles': JSON.stringify(roles) },
    ...extra,
  });
}

export const executor = (name: string, i: number, podName = `${name}-exec-${i}`) =>
  podObject(podName, { name, role: 'executor' });

interface PodShape {
  readonly name: string;
  readonly role: string;
  readonly annotations?: Record<string, string>;
  readonly cpu?: string;
  readonly gates?: object[];
  readonly priority?: number;
}

export function podObject(
  pod: string,
  { name, role, annotations = {}, cpu = '1', gates, priority }: PodShape,
): K8sObject {
  const labels = { 'muster.dev/gang': name, 'muster.dev/role': role };
  const containers = [{ name: 'main', resources: { requests: { cpu } } }];
  const spec = {
    schedulerName: 'muster',
    containers,
    ...(gates ? { schedulingGates: gates } : {}),
    ...(priority === undefined ? {} : { priority }),
  };
  return { metadata: { name: pod, namespace: 'jobs', labels, annotations }, spec, status: { phase: 'Pending' } };
}

export function bind(api: FakeApiServer, pod: K8sObject, node: string): void {
  const known = api.get(PODS, 'jobs', pod.metadata.name)!;
  api.put(PODS, { ...known, spec: { ...known.spec, nodeName: node } });
}
