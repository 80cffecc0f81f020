import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { persist } from './cluster.ts';
import type { ControlPlane } from './control-plane.ts';
import { freePort } from './process.ts';
import { startKubeScheduler, type KubeSchedulerOptions } from './kube-scheduler.ts';
import { MusterProcess, type MusterOptions } from './muster.ts';
import type { Started } from './process.ts';
import { inProject } from './root.ts';

interface Access {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Gives muster the rights of deploy/access with their limits, and no other. */
export async function applyAccess(plane: ControlPlane): Promise<void> {
  for (const file of ['namespace.yaml', 'rbac.yaml', 'history.yaml', 'admission-policies.yaml']) {
    for (const document of parseAllDocuments(readFileSync(inProject(`deploy/access/${file}`), 'utf8'))) {
      const object = document.toJS() as Access;
      const { namespace } = object.metadata;
      const space = namespace === undefined ? '' : `/namespaces/${namespace}`;
      const group = object.apiVersion === 'v1' ? '/api/v1' : `/apis/${object.apiVersion}`;
      const plural = `${object.kind.toLowerCase()}s`.replace(/ys$/, 'ies');
      await persist(plane.admin, {
        method: 'POST',
        path: `${group}${space}/${plural}`,
        body: object,
      });
    }
  }
}

export interface Pair {
  readonly muster: MusterProcess;
  scheduler: Started;
}

/** A muster and the kube-scheduler that asks it. */
export async function startPair(
  plane: ControlPlane,
  options: { name: string } & Pick<KubeSchedulerOptions, 'lease' | 'hostname' | 'logging' | 'qps' | 'inProfile'> &
    Pick<MusterOptions, 'env'>,
): Promise<Pair> {
  const { name, lease, hostname, logging = [], env, qps, inProfile = {} } = options;
  // docs/install.md: before 1.31, a node that an answer leaves out does not count as refused.
  const reasons: Record<string, string> = plane.binaries.schedulerMinor < 31 ? { MUSTER_REASONS: 'all' } : {};
  const musterOptions = {
    name: hostname ?? name,
    port: await freePort(),
    extenderPort: await freePort(),
    env: { ...reasons, ...env },
  };
  const muster = new MusterProcess(
    plane,
    lease ? { ...musterOptions, lease: 'kube-system/muster-scheduler' } : musterOptions,
  );
  muster.start();
  await muster.ready();
  const rest = {
    inProfile,
    ...(lease ? { lease } : {}),
    ...(hostname === undefined ? {} : { hostname }),
    ...(qps === undefined ? {} : { qps }),
  };
  const scheduler = await startKubeScheduler(plane, {
    extender: muster.extenderUrl,
    name: `${name}-scheduler`,
    logging,
    ...rest,
  });
  return { muster, scheduler };
}
