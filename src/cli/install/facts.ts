import { homedir } from 'node:os';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MusterError } from '../../core/errors.ts';
import type { Transport } from '../../kube/transport.ts';
import { OLDEST } from './choice.ts';
import type { Manifest } from './objects.ts';

/** What a cluster says of itself. */
export interface Facts {
  readonly server: string;
  /** Such as 1.36.3, without what a vendor adds. */
  readonly version: string;
  /** As the server has it, such as v1.33.2-gke.1100. */
  readonly gitVersion: string;
  readonly nodes: number;
  readonly hasPrometheusOperator: boolean;
  readonly hasCertManager: boolean;
  readonly hasProvisioningRequests: boolean;
}

export interface Cluster {
  readonly facts: Facts;
  /** The object as the cluster has it; undefined: it has none. */
  readonly live: (object: Manifest) => Promise<Manifest | undefined>;
  readonly close: () => void;
}

/** Where kubectl would look; undefined: nowhere, so that there is no cluster to look at. */
export function hasKubeconfig(env: NodeJS.ProcessEnv): boolean {
  return (env['KUBECONFIG'] ?? '') !== '' || existsSync(join(env['HOME'] ?? homedir(), '.kube', 'config'));
}

/**
 * Asks a cluster what matters for muster: three requests, one node.
 * @param kubeconfig undefined: found as kubectl does
 * @throws MusterError MUSTER_KUBE_CONFIG, MUSTER_USAGE if it is too old
 */
export async function lookAt(kubeconfig: string | undefined): Promise<Cluster> {
  // The client library takes 0.3 s to load.
  const { kubeConfig } = await import('../../server/kube-config.ts');
  const { Transport } = await import('../../kube/transport.ts');
  const transport = new Transport(kubeConfig(kubeconfig));
  try {
    const facts = await factsOf(transport);
    return { facts, live: (object) => liveObject(transport, object), close: () => transport.close() };
  } catch (cause) {
    transport.close();
    if (cause instanceof MusterError) throw cause;
    throw new MusterError('MUSTER_KUBE_CONFIG', `${transport.server}: ${(cause as Error).message}.`, { cause });
  }
}

async function factsOf(transport: Transport): Promise<Facts> {
  const get = (path: string) => transport.request({ method: 'GET', path, timeoutMs: 10_000 });
  const { gitVersion = '' } = (await get('/version')) as { gitVersion?: string };
  const [version, minor] = /\d+\.(\d+)\.\d+/.exec(gitVersion) ?? [];
  if (version === undefined || Number(minor) < OLDEST) {
    const what = `${transport.server}: /version: ${JSON.stringify(gitVersion)}: muster needs Kubernetes 1.${OLDEST} or later.`;
    throw new MusterError('MUSTER_USAGE', what);
  }
  const { groups = [] } = (await get('/apis')) as { groups?: readonly { readonly name: string }[] };
  const has = (name: string) => groups.some((group) => group.name === name);
  const { items = [], metadata } = (await get('/api/v1/nodes?limit=1')) as {
    items?: readonly unknown[];
    metadata?: { readonly remainingItemCount?: number };
  };
  return {
    server: transport.server,
    version,
    gitVersion,
    nodes: items.length + (metadata?.remainingItemCount ?? 0),
    hasPrometheusOperator: has('monitoring.coreos.com'),
    hasCertManager: has('cert-manager.io'),
    hasProvisioningRequests: has('autoscaling.x-k8s.io'),
  };
}

/** Where the plural of a kind is not the kind with an s. */
const PLURALS: Readonly<Record<string, string>> = {
  NetworkPolicy: 'networkpolicies',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
};

/** The path of an object in the API. */
export function pathOf({ apiVersion, kind, metadata: { name, namespace } }: Manifest): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const space = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${group}${space}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}/${name}`;
}

async function liveObject(transport: Transport, object: Manifest): Promise<Manifest | undefined> {
  const { ApiError } = await import('../../kube/transport.ts');
  try {
    return (await transport.request({ method: 'GET', path: pathOf(object), timeoutMs: 10_000 })) as Manifest;
  } catch (error) {
    // Without its CRD there is none either.
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw new MusterError('MUSTER_KUBE_CONFIG', `${pathOf(object)}: ${(error as Error).message}.`, { cause: error });
  }
}
