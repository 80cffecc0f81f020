import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { persist } from './cluster.ts';
import type { ControlPlane } from './control-plane.ts';
import { freePort } from './process.ts';
import { startKubeScheduler, type KubeSchedulerOptions } from './kube-scheduler.ts';
import { MusterProcess, type MusterOptions } from './muster.ts';
import type { Started } from './process.ts';
import { inProject } from './root.ts';

interface Rbac {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Gives muster the rights of deploy/access, and no other. */
export async function applyRbac(plane: ControlPlane): Promise<void> {
  for (const document of parseAllDocuments(readFileSync(inProject('deploy/access/rbac.yaml'), 'utf8'))) {
    const object = document.toJS() as Rbac;
    const { namespace } = object.metadata;
    const space = namespace === undefined ? '' : `/namespaces/${namespace}`;
    const path = `/apis/rbac.authorization.k8s.io/v1${space}/${object.kind.toLowerCase()}s`;
    await persist(plane.admin, { method: 'POST', path, body: object });
  }
}

export interface Pair {
  readonly muster: MusterProcess;
  scheduler: Started;
}

/** A muster and the kube-scheduler that asks it. */
export async function startPair(
  plane: ControlPlane,
  options: { name: string } & Pick<KubeSchedulerOptions, 'lease' | 'hostname'> & Pick<MusterOptions, 'env'>,
): Promise<Pair> {
  const { name, lease, hostname, env } = options;
  const musterOptions = { name: hostname ?? name, port: await freePort(), ...(env ? { env } : {}) };
  const muster = new MusterProcess(
    plane,
    lease ? { ...musterOptions, lease: 'kube-system/muster-scheduler' } : musterOptions,
  );
  muster.start();
  await muster.ready();
  const rest = { ...(lease ? { lease } : {}), ...(hostname === undefined ? {} : { hostname }) };
  const scheduler = await startKubeScheduler(plane, { extender: muster.url, name: `${name}-scheduler`, ...rest });
  return { muster, scheduler };
}
