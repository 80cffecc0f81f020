import { KubeConfig } from '@kubernetes/client-node';

/** For a server on plain HTTP. */
export function kubeConfigFor(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'test', server, skipTLSVerify: true }],
    users: [{ name: 'test', token: 'secret' }],
    contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
    currentContext: 'test',
  });
  return config;
}

/** Waits until it holds; fails with the condition's text after 10 s. */
export async function until(holds: () => boolean, patienceMs = 10_000): Promise<void> {
  const giveUpMs = Date.now() + patienceMs;
  while (!holds()) {
    if (Date.now() > giveUpMs) throw new Error(`never came true: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
