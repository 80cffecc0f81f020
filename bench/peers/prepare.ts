import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { ApiError, type Transport } from '../../src/kube/transport.ts';
import { persist } from '../../test/e2e/harness/cluster.ts';
import type { ControlPlane } from '../../test/e2e/harness/control-plane.ts';
import type { StartContext } from './start.ts';

/** Makes, once for a control plane, what a scheduler needs. */
export type Prepare = (context: StartContext) => Promise<void>;

/** What kube-apiserver must have on for kube-scheduler's own gangs. */
export const NATIVE_FLAGS = {
  'feature-gates': 'GenericWorkload=true',
  'runtime-config': 'scheduling.k8s.io/v1alpha2=true',
};

/** All schedulers may do all, so that their rights are one difference less. */
export async function letSchedulersDoAll({ admin }: ControlPlane): Promise<void> {
  const body = {
    metadata: { name: 'schedulers-do-all' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'system:kube-scheduler', apiGroup: 'rbac.authorization.k8s.io' }],
  };
  await persist(admin, { method: 'POST', path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', body });
}

interface Crd {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Makes the CustomResourceDefinitions in a file, or in the files of a folder, and waits until they are served. */
export const prepareCrds = (at: number): Prepare => {
  return async ({ plane: { admin }, paths }) => {
    const path = paths[at]!;
    const files = statSync(path).isDirectory() ? readdirSync(path).map((file) => join(path, file)) : [path];
    const crds = files.flatMap((file) =>
      parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Crd | null),
    );
    const all = crds.filter((crd) => crd?.kind === 'CustomResourceDefinition') as Crd[];
    if (all.length === 0) throw new Error(`${path}: there is no CustomResourceDefinition in it.`);
    for (const crd of all) await create(admin, crd);
    for (const { metadata } of all) await isServed(admin, metadata.name);
  };
};

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const create = (admin: Transport, body: object) => persist(admin, { method: 'POST', path: CRDS, body }).catch(ifThere);

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function isServed(admin: Transport, name: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const { status } = (await persist(admin, { method: 'GET', path: `${CRDS}/${name}` })) as Conditioned;
    if (status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True')) return;
    await sleep(100);
  }
  throw new Error(`The API server does not establish the CustomResourceDefinition ${name}.`);
}

const QUEUES = `partitions:
  - name: default
    placementrules:
      - name: provided
        create: true
    queues:
      - name: root
        submitacl: "*"
`;

/** YuniKorn's settings: one queue for all, and the client rate of every side. */
export const prepareYunikorn: Prepare = async ({ plane: { admin }, qps }) => {
  const data = { 'queues.yaml': QUEUES, 'kubernetes.qps': String(qps), 'kubernetes.burst': String(2 * qps) };
  const body = { metadata: { name: 'yunikorn-configs' }, data };
  const path = '/api/v1/namespaces/kube-system/configmaps';
  await persist(admin, { method: 'POST', path, body }).catch(ifThere);
};

function ifThere(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 409) throw error;
}
