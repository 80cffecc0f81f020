import { KubeConfig } from '@kubernetes/client-node';
import { MusterError } from '../core/errors.ts';

/**
 * Finds the kubeconfig as kubectl does, and falls back to the pod's service account.
 * @throws MusterError MUSTER_KUBE_CONFIG
 */
export function kubeConfig(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file !== undefined) config.loadFromFile(file);
    else config.loadFromDefault();
  } catch (cause) {
    const what = `${file ?? 'kubeconfig'}: ${(cause as Error).message}.`;
    throw new MusterError('MUSTER_KUBE_CONFIG', what, { cause });
  }
  // The library's default if it finds no config at all.
  if (file === undefined && config.getCurrentCluster()?.server === 'http://localhost:8080')
    throw new MusterError(
      'MUSTER_KUBE_CONFIG',
      'No API server to connect to: there is neither a kubeconfig nor a service account.',
    );
  return config;
}
