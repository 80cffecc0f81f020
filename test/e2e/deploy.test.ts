import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { installCommand } from '../../src/cli/install/command.ts';
import { pathOf } from '../../src/cli/install/facts.ts';
import { ApiError } from '../../src/kube/transport.ts';
import { findHelm, helmObjects, type Values } from '../support/helm.ts';
import { hasKubectl, kustomize, ROOT, STACKS, type Manifest } from '../support/kustomize.ts';
import { deploymentsOf, staticPod } from '../support/pod-specs.ts';
import { findBinaries } from './harness/binaries.ts';
import { ControlPlane } from './harness/control-plane.ts';

const binaries = await findBinaries((line) => console.log(line));
const why = typeof binaries === 'string' ? binaries : hasKubectl ? undefined : 'there is no kubectl';
if (why !== undefined) console.log(`SKIPPED: ${why}`);

const helm = findHelm((line) => console.log(line));
if (typeof helm === 'string') console.log(`SKIPPED: what Helm makes: ${helm}`);

const EVERYTHING: Values = {
  webhook: { enabled: true, user: true },
  serviceMonitor: { enabled: true },
  history: { enabled: true },
};
/** What the chart makes, with what a kustomization cannot say. */
const CHARTS: Readonly<Record<string, Values>> = {
  dedicated: {
    ...EVERYTHING,
    imagePullSecrets: [{ name: 'registry' }],
    nodeSelector: { 'example.com/pool': 'system' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
    podAnnotations: { a: 'b' },
    extraVolumes: [{ name: 'token', secret: { secretName: 'muster-token' } }],
    extraVolumeMounts: [{ name: 'token', mountPath: '/etc/muster-token', readOnly: true }],
    config: { logLevel: 'debug', schedulerNames: ['muster', 'b'], settleMs: 5 },
    kubeScheduler: { version: '1.30.14', percentageOfNodesToScore: 100 },
    alerts: { enabled: true, labels: { release: 'x' } },
    dashboard: { enabled: true, labels: { team: 'x' } },
  },
  main: { mode: 'main', dashboard: { enabled: true } },
  'service-mtls': {
    ...EVERYTHING,
    mode: 'service-mtls',
    tls: { certManager: false },
    webhook: { enabled: true, caBundle: 'QQ==' },
  },
};

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

  test.skipIf(typeof helm === 'string').each(Object.keys(CHARTS))('the chart: %s', async (name) => {
    if (typeof helm === 'string') return;
    const all = helmObjects(helm.path, CHARTS[name]!);
    const known = all.filter(({ apiVersion }) => !FOREIGN.some((group) => apiVersion.startsWith(group)));
    expect(known.length).toBeGreaterThan(10);
    for (const object of known)
      expect([object.kind, object.metadata.name, await accepts(object)]).toEqual([
        object.kind,
        object.metadata.name,
        'accepted',
      ]);
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

  /** What `muster install --dry-run` prints for this cluster, and says of it. */
  const printed = async (flags: { readonly webhook?: true; readonly image?: string }) => {
    const said = { out: '', note: '' };
    const streams = {
      out: (text: string) => (said.out += text),
      note: (text: string) => (said.note += text),
      terminal: undefined,
    };
    await installCommand({ dryRun: true, cluster: true, kubeconfig: plane.kubeconfig('admin'), ...flags }, streams);
    return { ...said, objects: parseAllDocuments(said.out).map((document) => document.toJS() as Manifest) };
  };

  test('muster install: looks at the cluster, and says what changes', async () => {
    const first = await printed({});
    expect(first.note).toMatch(/# https:\/\/\S+: Kubernetes v1\.36\.3, 0 nodes\n/);
    expect(first.note).toContain('# muster is not installed in this cluster\n');
    expect(first.note).toContain('# percentageOfNodesToScore: 100');
    // For good, and strictly.
    for (const body of first.objects) {
      const path = pathOf(body);
      const all = `${path.replace(/\/[^/]*$/, '')}?fieldValidation=Strict`;
      await plane.admin.request({ method: 'POST', path: all, body }).catch((error: unknown) => {
        // The namespace, and the rights that the test gives its own kube-scheduler.
        if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
        return plane.admin.request({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
      });
    }
    // What the server fills in is no change.
    expect((await printed({})).note).toContain(
      `# muster is installed: 0 objects of ${first.objects.length} would change\n`,
    );
    const other = await printed({ image: 'registry.example.com/muster:9' });
    expect(other.note).toContain(`# muster is installed: 1 object of ${first.objects.length} would change\n`);
    expect(other.note).toContain(
      '# changes: Deployment muster: spec.template.spec.containers[0].image: registry.example.com/muster:0.1.0 -> registry.example.com/muster:9\n',
    );
    expect((await printed({ webhook: true })).note).toContain('# the cluster lacks cert-manager, for the webhook\n');
  });
});
