import { join } from 'node:path';
import type { ControlPlane } from '../../test/e2e/harness/control-plane.ts';
import type { KubeSchedulerOptions } from '../../test/e2e/harness/kube-scheduler.ts';
import { MusterProcess } from '../../test/e2e/harness/muster.ts';
import { freePort, start, waitFor } from '../../test/e2e/harness/process.ts';
import { inProject } from '../../test/e2e/harness/root.ts';
import type { Kind } from './load.ts';

interface Extender {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** A side of the comparison: an extender or none, kube-scheduler's settings, and the kind of the pods. */
export interface Side {
  readonly name: string;
  readonly kind: Kind;
  /** Beside scheduler-config/dedicated.yaml, which holds unless `isDefault`. */
  readonly scheduler?: Pick<KubeSchedulerOptions, 'isDefault' | 'inProfile'>;
  readonly startExtender?: (plane: ControlPlane) => Promise<Extender>;
}

/** Starts an extender that decides nothing; see bench/processes/bare-extender.ts. */
export const startBare = (mode: 'pass-through' | 'one-name') => async (plane: ControlPlane) => {
  const port = await freePort();
  const args = [inProject('dist/bench/processes/bare-extender.js'), mode, String(port)];
  const started = start(process.execPath, args, join(plane.folder, `${mode}.log`));
  const url = `http://127.0.0.1:${port}`;
  await waitFor(mode, async () => (await fetch(`${url}/prioritize`, { method: 'POST' })).ok, started);
  return { url, pid: started.child.pid!, stop: () => started.stop() };
};

/** Starts muster as installed, with its service account and the default config except for `env`. */
export const startMuster =
  (env: Readonly<Record<string, string>> = {}) =>
  async (plane: ControlPlane) => {
    const ports = { port: await freePort(), extenderPort: await freePort() };
    const muster = new MusterProcess(plane, { name: 'muster', ...ports, env });
    muster.start();
    await muster.ready();
    return { url: muster.extenderUrl, pid: muster.pid, stop: () => muster.kill('SIGTERM') };
  };
