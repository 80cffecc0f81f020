import { MusterError } from '../core/errors.ts';
import type { NodeInfo } from '../core/model.ts';
import { asObject, listAt, objectAt, textAt } from '../intake/field.ts';
import { toNodeInfo } from '../intake/node.ts';

/**
 * The nodes of a live cluster.
 * @param kubeconfig undefined: found as kubectl does
 * @throws MusterError MUSTER_KUBE_CONFIG, MUSTER_FILE_UNREADABLE if the API server does not answer
 */
export async function clusterNodes(kubeconfig: string | undefined): Promise<readonly NodeInfo[]> {
  // The client library takes 0.3 s to load.
  const { kubeConfig } = await import('../server/kube-config.ts');
  const { Transport } = await import('../kube/transport.ts');
  const transport = new Transport(kubeConfig(kubeconfig));
  const out: NodeInfo[] = [];
  try {
    for (let token: string | undefined = ''; token !== undefined;) {
      const more = token === '' ? '' : `&continue=${encodeURIComponent(token)}`;
      const page = asObject(
        await transport.request({ method: 'GET', path: `/api/v1/nodes?limit=500${more}` }),
        'nodes',
      );
      listAt(page, 'items', 'nodes').forEach((item, i) => out.push(toNodeInfo(item, `nodes.items[${i}]`)));
      token = textAt(objectAt(page, 'metadata', 'nodes') ?? {}, 'continue', 'nodes.metadata') || undefined;
    }
    return out;
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw new MusterError('MUSTER_FILE_UNREADABLE', `Nodes of ${transport.server}: ${(error as Error).message}.`, {
      cause: error,
    });
  } finally {
    transport.close();
  }
}
