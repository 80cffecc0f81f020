import type { Transport } from '../../kube/transport.ts';
import { ApiError } from '../../kube/transport.ts';
import { MusterError } from '../../core/errors.ts';
import { listed } from '../../core/wording.ts';
import { asObject, objectAt, objectsAt, textAt, type Json } from '../../intake/field.ts';
import { MUSTER_PORT } from './address.ts';

/** A muster that runs in a cluster, as its pod says. */
export interface MusterPod {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly isTls: boolean;
  /** What the holder identity of the lease begins with: the pod's name, or the host's. */
  readonly identities: readonly string[];
  /** namespace/name of the lease that says which one decides; absent: there is none. */
  readonly lease: string | undefined;
}

/** deploy/ labels every pod of muster so. */
const LABEL = 'app.kubernetes.io/name=muster';
/** overlays/main runs static pods beside the cluster's own kube-scheduler. */
const NAMESPACES = ['muster-system', 'kube-system'] as const;

/**
 * The pods of muster that are ready, those of the first namespace that has some.
 * @throws MusterError MUSTER_ASK_FAILED where there are none, or they may not be listed
 */
export async function musterPods(transport: Transport, namespace: string | undefined): Promise<readonly MusterPod[]> {
  const asked = namespace === undefined ? NAMESPACES : [namespace];
  const unready: string[] = [];
  const refused: string[] = [];
  for (const space of asked) {
    const path = `/api/v1/namespaces/${encodeURIComponent(space)}/pods?labelSelector=${encodeURIComponent(LABEL)}&limit=100`;
    const answer = await transport.request({ method: 'GET', path }).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 403) throw unreachable(transport.server, error);
      refused.push(space);
      return { items: [] };
    });
    const pods = objectsAt(asObject(answer, 'pods'), 'items', 'pods').filter(hasPort);
    const ready = pods.filter(isReady).map(musterPod);
    if (ready.length > 0) return ready;
    unready.push(...pods.map((pod) => nameOf(pod).pod));
  }
  const where = `${listed(asked)} of ${transport.server}`;
  if (unready.length > 0)
    throw failed(`No muster is ready in ${where}: see why with kubectl describe pod ${unready.join(' ')}.`);
  if (refused.length === asked.length)
    throw failed(`You may not list pods in ${where}: ask for that right and pods/portforward, or give --server.`);
  throw failed(`No pod with label ${LABEL} runs in ${where}: give --muster-namespace, --context or --server.`);
}

/**
 * The pod that decides, by the holder of the lease.
 * @returns undefined: the lease cannot be read, or names none of them
 */
export async function holderAmong(transport: Transport, pods: readonly MusterPod[]): Promise<MusterPod | undefined> {
  const lease = pods.find((pod) => pod.lease !== undefined)?.lease;
  const [namespace, name] = lease?.split('/').map(encodeURIComponent) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
  try {
    const spec = objectAt(asObject(await transport.request({ method: 'GET', path }), 'Lease'), 'spec', 'Lease') ?? {};
    const holder = textAt(spec, 'holderIdentity', 'Lease.spec') ?? '';
    return pods.find(({ identities }) => identities.some((one) => holder === one || holder.startsWith(`${one}_`)));
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw unreachable(transport.server, error);
  }
}

const musterOf = (pod: Json) => {
  const containers = objectsAt(objectAt(pod, 'spec', 'Pod') ?? {}, 'containers', 'Pod.spec');
  return containers.find((one) => one['name'] === 'muster') ?? containers[0] ?? {};
};

/** The pods of a kube-scheduler elsewhere have the label, too, and no muster in them. */
const hasPort = (pod: Json) => objectsAt(musterOf(pod), 'ports', 'container').some((port) => port['name'] === 'http');

function isReady(pod: Json): boolean {
  if (objectAt(pod, 'metadata', 'Pod')?.['deletionTimestamp'] !== undefined) return false;
  const conditions = objectsAt(objectAt(pod, 'status', 'Pod') ?? {}, 'conditions', 'Pod.status');
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

const nameOf = (pod: Json) => {
  const metadata = objectAt(pod, 'metadata', 'Pod') ?? {};
  return {
    namespace: textAt(metadata, 'namespace', 'Pod.metadata') ?? '',
    pod: textAt(metadata, 'name', 'Pod.metadata') ?? '',
  };
};

function musterPod(object: Json): MusterPod {
  const container = musterOf(object);
  const spec = objectAt(object, 'spec', 'Pod') ?? {};
  const http = objectsAt(container, 'ports', 'container').find((port) => port['name'] === 'http');
  const probe = objectAt(objectAt(container, 'readinessProbe', 'container') ?? {}, 'httpGet', 'readinessProbe') ?? {};
  const host = spec['hostNetwork'] === true ? textAt(spec, 'nodeName', 'Pod.spec') : undefined;
  const names = nameOf(object);
  const told = settingOf(container, 'identity', 'MUSTER_IDENTITY');
  return {
    ...names,
    port: typeof http?.['containerPort'] === 'number' ? http['containerPort'] : MUSTER_PORT,
    isTls: probe['scheme'] === 'HTTPS',
    identities: [names.pod, host, told].filter((one) => one !== undefined),
    lease: settingOf(container, 'scheduler-lease', 'MUSTER_SCHEDULER_LEASE'),
  };
}

/** A setting of the container, from its arguments or its environment. */
function settingOf(container: Json, flag: string, variable: string): string | undefined {
  const args = [container['command'], container['args']].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  for (const [i, arg] of args.entries()) {
    if (arg === `--${flag}` && typeof args[i + 1] === 'string') return String(args[i + 1]);
    if (typeof arg === 'string' && arg.startsWith(`--${flag}=`)) return arg.slice(flag.length + 3);
  }
  const env = objectsAt(container, 'env', 'container').find(({ name }) => name === variable);
  return env && textAt(env, 'value', 'env');
}

function unreachable(server: string, error: unknown): MusterError {
  const { message, code } = error as NodeJS.ErrnoException;
  const what = `The API server ${server} does not answer: ${message || code}`;
  return failed(`${what}. Try kubectl get pods with the same context, or give --server.`, error);
}

const failed = (text: string, cause?: unknown) =>
  new MusterError('MUSTER_ASK_FAILED', text, cause === undefined ? undefined : { cause });
