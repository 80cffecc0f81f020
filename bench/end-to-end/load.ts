import type { Transport } from '../../src/kube/transport.ts';
import { nodeName, persist } from '../../test/e2e/harness/cluster.ts';
import type { Pod } from '../../test/e2e/harness/objects.ts';
import { driverConf, driverPod, executorPod, type SparkObjectOptions } from '../../test/e2e/harness/spark-objects.ts';

const PODS = '/api/v1/namespaces/default/pods';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
const EXECUTORS = 49;
const PARALLEL = 16;
/** Pods that are bound before the measurement, since a server that has just started runs slow code. */
const WARM_UP = 300;
/** The profile of every side, so that pods are the same everywhere. */
export const PROFILE = 'muster';

/**
 * Executors of Spark apps whose drivers are bound before, or as many pods of the same size that are in no gang.
 * `pinned` executors name their node themselves, as the pods of a DaemonSet do.
 */
export type Kind = 'spark' | 'plain' | 'pinned';

/** Pods to bind, in two parts. */
export interface Load {
  /** Pods that are bound before the measurement: drivers and the warm-up. */
  readonly first: { readonly pods: number; readonly create: () => Promise<void> };
  /** The measured pods; they are created as fast as the API server allows. */
  readonly rest: { readonly create: () => Promise<void> };
}

export function loadOf(admin: Transport, kind: Kind, { pods, nodes }: { pods: number; nodes: number }): Load {
  const count = WARM_UP + pods;
  if (kind === 'plain') return plainLoad(admin, count);
  const apps = Array.from({ length: Math.ceil(count / EXECUTORS) }, (_, i) => appOf(i));
  const drivers: Pod[] = [];
  const executors = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => {
      const [app, number] = [Math.floor((from + i) / EXECUTORS), ((from + i) % EXECUTORS) + 1];
      const pod = executorPod(apps[app]!, drivers[app]!.metadata.uid, number);
      return kind === 'pinned' ? pinned(pod, (from + i) % nodes) : pod;
    });
  const createFirst = async () => {
    await createAll(admin, CONFIG_MAPS, apps.map(driverConf));
    drivers.push(...(await createAll(admin, PODS, apps.map(driverPod))));
    await createAll(admin, PODS, executors(0, WARM_UP));
  };
  const createRest = () => createAll(admin, PODS, executors(WARM_UP, count));
  return {
    first: { pods: apps.length + WARM_UP, create: createFirst },
    rest: { create: async () => void (await createRest()) },
  };
}

function plainLoad(admin: Transport, count: number): Load {
  const create = async (from: number, to: number) => {
    const bodies = Array.from({ length: to - from }, (_, i) => plainPod(from + i));
    await createAll(admin, PODS, bodies);
  };
  return {
    first: { pods: WARM_UP, create: () => create(0, WARM_UP) },
    rest: { create: () => create(WARM_UP, count) },
  };
}

/** Deletes all pods, bound or not, their ConfigMaps and their Events. */
export async function clear(admin: Transport): Promise<void> {
  const now = { gracePeriodSeconds: 0 };
  for (const path of [PODS, CONFIG_MAPS, EVENTS]) {
    await persist(admin, { method: 'DELETE', path, body: now, timeoutMs: 120_000 });
  }
}

function appOf(i: number): SparkObjectOptions {
  const number = String(i).padStart(4, '0');
  return { name: `app-${number}`, id: `spark-${number.padEnd(32, '0')}`, executors: EXECUTORS, schedulerName: PROFILE };
}

function pinned(pod: object, node: number): object {
  const { spec, ...rest } = pod as { spec: object };
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName(node)] }] };
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } };
  return { ...rest, spec: { ...spec, affinity: { nodeAffinity: required } } };
}

/** As large as an executor, but in no gang. */
function plainPod(i: number): object {
  const { metadata, spec } = executorPod(appOf(0), '0', i) as Pod;
  return { metadata: { name: metadata.name, labels: { app: 'web', tier: 'front' } }, spec };
}

async function createAll(admin: Transport, path: string, bodies: readonly object[]): Promise<Pod[]> {
  const created: Pod[] = [];
  let next = 0;
  const work = async () => {
    while (next < bodies.length) {
      const i = next++;
      created[i] = (await persist(admin, { method: 'POST', path, body: bodies[i] })) as Pod;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return created;
}
