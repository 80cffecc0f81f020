import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ApiError } from '../../src/kube/transport.ts';
import { hasKubectl, kustomize, ROOT, STACKS, type Manifest } from '../support/kustomize.ts';
import { deploymentsOf, staticPod } from '../support/pod-specs.ts';
import { findBinaries } from './harness/binaries.ts';
import { ControlPlane } from './harness/control-plane.ts';

const binaries = await findBinaries((line) => console.log(line));
const why = typeof binaries === 'string' ? binaries : hasKubectl ? undefined : 'there is no kubectl';
if (why !== undefined) console.log(`SKIPPED: ${why}`);

/** Kinds of operators, which a bare API server does not know. */
const FOREIGN = ['monitoring.coreos.com', 'cert-manager.io', 'sparkoperator.k8s.io'];
const PLURALS: Readonly<Record<string, string>> = {
  NetworkPolicy: 'networkpolicies',
  PriorityClass: 'priorityclasses',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
};

describe.skipIf(why !== undefined)('the API server itself accepts', () => {
  let plane: ControlPlane;
  let namespaced: ReadonlySet<string>;

  beforeAll(async () => {
    if (typeof binaries === 'string' || why !== undefined) return;
    plane = await ControlPlane.start(binaries);
    const body = kustomize(STACKS['base']!).find(({ kind }) => kind === 'Namespace')!;
    await plane.admin.request({ method: 'POST', path: '/api/v1/namespaces', body });
    namespaced = new Set([
      'ServiceAccount',
      'Role',
      'RoleBinding',
      'Deployment',
      'DaemonSet',
      'Service',
      'ConfigMap',
      'PodDisruptionBudget',
      'NetworkPolicy',
      'Pod',
    ]);
  });
  afterAll(() => plane?.stop());

  /** Creates it for show, with unknown and doubled fields as errors. */
  async function accepts(object: Manifest): Promise<string> {
    const { apiVersion, kind, metadata } = object;
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const space = namespaced.has(kind) ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`;
    const path = `${group}${space}/${plural}?dryRun=All&fieldValidation=Strict`;
    try {
      await plane.admin.request({ method: 'POST', path, body: object });
      return 'accepted';
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'AlreadyExists') return 'accepted';
      return (error as Error).message;
    }
  }

  test.each(Object.keys(STACKS))('%s', async (stack) => {
    const all = kustomize(STACKS[stack]!);
    const known = all.filter(({ apiVersion }) => !FOREIGN.some((group) => apiVersion.startsWith(group)));
    expect(known.length).toBeGreaterThan(4);
    for (const object of known) {
      expect(`${object.kind} ${object.metadata.name}: ${await accepts(object)}`).toBe(
        `${object.kind} ${object.metadata.name}: accepted`,
      );
    }
  });

  test.each(['base', 'service-mtls', 'dedicated with every component'])(
    '%s: the pods, in a namespace that lets in only `restricted`',
    async (stack) => {
      for (const { metadata, spec } of deploymentsOf(kustomize(STACKS[stack]!))) {
        const pod = {
          ...spec.template,
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { ...spec.template.metadata, ...metadata },
        };
        expect(await accepts(pod)).toBe('accepted');
        const root = { ...pod, spec: { ...pod.spec, securityContext: {} } };
        expect(await accepts(root)).toContain('violates PodSecurity "restricted');
      }
    },
  );

  test('the static pod', async () => {
    expect(await accepts(staticPod())).toBe('accepted');
  });

  test('the PriorityClasses of the examples', async () => {
    for (const document of parseAllDocuments(
      readFileSync(join(ROOT, 'deploy/examples/priority-classes.yaml'), 'utf8'),
    )) {
      expect(await accepts(document.toJS() as Manifest)).toBe('accepted');
    }
  });

  test('a field that does not exist would be noticed', async () => {
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'x', namespace: 'default' },
      spec: { prots: [] },
    };
    expect(await accepts(object)).toContain('unknown field "spec.prots"');
  });
});
