import type { OutgoingHttpHeaders } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { MusterError } from '../../core/errors.ts';
import { nearestOf } from '../../core/nearest.ts';
import { Transport } from '../../kube/transport.ts';
import { kubeConfig } from '../../server/kube-config.ts';
import { AboutView } from '../../server/api/board-schemas.ts';
import { MusterServer, type Reach } from './client.ts';
import type { ServerFlags } from './flags.ts';
import { forward } from './forward.ts';
import { holderAmong, musterPods, type MusterPod } from './pods.ts';

/** As `kubeConfig`, in the context that was named. @throws MusterError MUSTER_KUBE_CONFIG, MUSTER_USAGE */
export function configFor({ kubeconfig, context }: ServerFlags): KubeConfig {
  const config = kubeConfig(kubeconfig);
  if (context === undefined) return config;
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context)) {
    const near = nearestOf(context, names);
    const did = near === undefined ? '' : `; did you mean ${near}?`;
    throw new MusterError(
      'MUSTER_USAGE',
      `--context ${context}: the kubeconfig has ${names.join(', ') || 'none'}${did}.`,
    );
  }
  config.setCurrentContext(context);
  return config;
}

/** The bearer token of the kubeconfig's user, renewed by its plugin; undefined: it has another credential. */
export function tokenOf(config: KubeConfig): () => Promise<string | undefined> {
  return async () => {
    const options: { headers?: OutgoingHttpHeaders } = {};
    await config.applyToHTTPSOptions(options);
    const header = Object.entries(options.headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization');
    return /^Bearer (.+)$/.exec(typeof header?.[1] === 'string' ? header[1] : '')?.[1];
  };
}

/**
 * The muster that decides in the cluster of the kubeconfig, over a connection through its API server.
 * @param tls what the flags say; the name is that of the Service where they name none
 * @throws MusterError MUSTER_ASK_FAILED, MUSTER_KUBE_CONFIG, MUSTER_USAGE
 */
export async function reachInCluster(flags: ServerFlags, tls: Reach['tls']): Promise<Reach> {
  const config = configFor(flags);
  const transport = new Transport(config);
  try {
    const pods = await musterPods(transport, flags.musterNamespace);
    const reach = (pod: MusterPod) => reachOf(config, pod, tls);
    if (pods.length === 1) return reach(pods[0]!);
    const holder = await holderAmong(transport, pods);
    if (holder) return reach(holder);
    return (await decidingAmong(pods.map(reach))) ?? reach(pods[0]!);
  } finally {
    transport.close();
  }
}

function reachOf(config: KubeConfig, { namespace, pod, port, isTls }: MusterPod, tls: Reach['tls']): Reach {
  const name = `pod ${namespace}/${pod}`;
  const socket = async () => {
    try {
      return await forward(config, { namespace, pod, port });
    } catch (error) {
      throw refused(name, namespace, error);
    }
  };
  return {
    name,
    // The Host header of a forwarded connection: muster takes it for one from its own machine.
    base: new URL(`${isTls ? 'https' : 'http'}://localhost:${port}/`),
    tls: { servername: `muster.${namespace}.svc`, ...tls },
    token: tokenOf(config),
    isTokenKept: true,
    socket,
    hint: `See kubectl -n ${namespace} logs ${pod} -c muster.`,
  };
}

function refused(name: string, namespace: string, error: unknown): MusterError {
  const { message = '' } = error as Partial<Error>;
  const status = /Unexpected server response: (\d+)/.exec(message)?.[1];
  const what = `Cannot forward a port of ${name}`;
  const text =
    status === '403'
      ? `${what}: you may not. Ask for the verbs get and create on pods/portforward in namespace ${namespace}, or give --server.`
      : `${what}: ${message || 'the API server closed the connection'}. Try kubectl -n ${namespace} port-forward ${name.replace(/.*\//, '')} 8888.`;
  return new MusterError('MUSTER_ASK_FAILED', text, { cause: error });
}

/** Asks each whether it decides; of those that do not answer nothing is known. */
async function decidingAmong(all: readonly Reach[]): Promise<Reach | undefined> {
  for (const reach of all) {
    const server = new MusterServer(reach);
    try {
      if (AboutView.parse(await server.get('/v1/about')).isDeciding) return reach;
    } catch {
      // It may end just now: the next one is asked.
    } finally {
      server.close();
    }
  }
  return undefined;
}
