import { readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { changeLines } from '../../../src/cli/install/changes.ts';
import type { Choice } from '../../../src/cli/install/choice.ts';
import { installCommand } from '../../../src/cli/install/command.ts';
import type { Facts } from '../../../src/cli/install/facts.ts';
import { choiceOf, type InstallFlags } from '../../../src/cli/install/flags.ts';
import { noteLines } from '../../../src/cli/install/notes.ts';
import { objectsOf } from '../../../src/cli/install/objects.ts';
import { ask } from '../../../src/cli/install/questions.ts';
import { CHOICES, nameOf, stackOf, type Choice as Stack } from '../../support/choices.ts';
import { comparable } from '../../support/helm.ts';
import { hasKubectl, kustomize, kustomizeFolder, ROOT, type Manifest } from '../../support/kustomize.ts';

const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const NO_FILE = () => {
  throw new Error('nothing is to be read');
};
const plain = (flags: Partial<InstallFlags> = {}, facts?: Facts) =>
  choiceOf({ cluster: false, ...flags }, facts, NO_FILE);

/** What `muster install` offers of what deploy/ has. */
const OFFERED = [
  ...['console-rbac', 'provisioning', 'provisioning-main'],
  ...['webhook', 'before-1-35', 'service-monitor', 'service-monitor-mtls', 'alerts', 'dashboard'],
];
const offered = CHOICES.filter(
  ({ components, withoutNetworkPolicy }) => !withoutNetworkPolicy && components.every((name) => OFFERED.includes(name)),
);

function choiceFor({ mode, components }: Stack): Choice {
  const has = (name: string) => components.includes(name);
  return plain({
    mode,
    webhook: has('webhook'),
    alerts: has('alerts'),
    dashboard: has('dashboard'),
    consoleRbac: has('console-rbac'),
    provisioning: has('provisioning') || has('provisioning-main'),
    serviceMonitor: has('service-monitor') || has('service-monitor-mtls'),
    ...(has('before-1-35') ? { kubeSchedulerVersion: '1.34.4' } : {}),
  });
}

const names = (objects: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();

describe.skipIf(!hasKubectl)('muster install prints what kustomize makes', () => {
  test.each(offered.map((choice) => ({ name: nameOf(choice), choice })))('$name', ({ choice }) => {
    const version = choice.components.includes('before-1-35') ? 'v1.34.4' : 'v1.36.3';
    const images = ['images:', '  - name: registry.k8s.io/kube-scheduler', `    newTag: ${version}`];
    const built = kustomize(stackOf(choice), images);
    const printed = objectsOf(choiceFor(choice)) as readonly Manifest[];
    expect(comparable(printed)).toEqual(comparable(built));
    // With the same hashes, which `comparable` leaves out.
    expect(names(printed)).toEqual(names(built));
  });

  test('with an image, replicas, policies and all nodes looked at', () => {
    const folder = mkdtempSync(join(ROOT, 'deploy', '.kustomize-'));
    try {
      const config = text('deploy/base/config/dedicated.yaml');
      writeFileSync(
        join(folder, 'dedicated.yaml'),
        config.replace('# percentageOfNodesToScore: 100', 'percentageOfNodesToScore: 100'),
      );
      const policies = text('scheduler-config/policies/queues.yaml');
      writeFileSync(join(folder, 'policies.yaml'), policies);
      const generator = (name: string, file: string) =>
        `  - { name: ${name}, namespace: muster-system, behavior: replace, files: [${file}] }`;
      const lines = [
        'resources: [../overlays/dedicated]',
        'configMapGenerator:',
        generator('muster-scheduler-config', 'dedicated.yaml'),
        generator('muster-policies', 'policies.yaml'),
        'images: [{ name: registry.example.com/muster, newName: example.org/m, newTag: "7" }]',
        'replicas: [{ name: muster, count: 3 }]',
      ];
      writeFileSync(join(folder, 'kustomization.yaml'), lines.join('\n'));
      const facts = { ...FACTS, hasPrometheusOperator: false, nodes: 1999 };
      const flags = { cluster: true, image: 'example.org/m:7', replicas: 3, policy: 'my.yaml' };
      const printed = objectsOf(choiceOf(flags, facts, () => policies)) as readonly Manifest[];
      const built = kustomizeFolder(folder);
      expect(comparable(printed)).toEqual(comparable(built));
      expect(names(printed)).toEqual(names(built));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const FACTS: Facts = {
  server: 'https://10.0.0.1:6443',
  version: '1.36.3',
  gitVersion: 'v1.36.3-gke.7',
  nodes: 2000,
  hasPrometheusOperator: true,
  hasCertManager: false,
  hasProvisioningRequests: false,
};
const yamlOf = (choice: Choice) => JSON.stringify(objectsOf(choice));

describe('what the cluster says', () => {
  test('goes into the manifests, and flags win', () => {
    const choice = plain({}, FACTS);
    expect(choice).toMatchObject({ version: '1.36.3', isSmall: false, alerts: true, serviceMonitor: true });
    expect(plain({ alerts: false, kubeSchedulerVersion: '1.35.1' }, FACTS)).toMatchObject({
      alerts: false,
      version: '1.35.1',
    });
    expect(plain({ mode: 'main' }, FACTS)).toMatchObject({ alerts: true, serviceMonitor: false });
    expect(plain({}, { ...FACTS, nodes: 1999 }).isSmall).toBe(true);
    expect(plain()).toMatchObject({ version: '1.36.3', isSmall: false, alerts: false });
  });

  test('below 2,000 nodes kube-scheduler looks at all of them', () => {
    const set = '    percentageOfNodesToScore: 100';
    expect(yamlOf(plain({}, { ...FACTS, nodes: 1999 }))).toContain(set);
    expect(yamlOf(plain({}, FACTS))).not.toContain(set);
  });

  test('kube-scheduler before 1.31 hears a reason for every node', () => {
    expect(yamlOf(plain({}, { ...FACTS, version: '1.30.14' }))).toContain('{"name":"MUSTER_REASONS","value":"all"}');
    expect(yamlOf(plain({}, { ...FACTS, version: '1.31.0' }))).not.toContain('MUSTER_REASONS');
  });

  test.each([
    [plain(), undefined, 'no cluster was looked at'],
    [plain({}, FACTS), FACTS, 'https://10.0.0.1:6443: Kubernetes v1.36.3-gke.7, 2,000 nodes'],
    [plain({ webhook: true }, FACTS), FACTS, 'the cluster lacks cert-manager, for the webhook'],
    [plain({ mode: 'service-mtls' }), undefined, 'the cluster needs cert-manager, for mode service-mtls'],
    [plain({ provisioning: true }, FACTS), FACTS, 'the cluster lacks ProvisioningRequests of cluster-autoscaler'],
    [plain({ alerts: true }), undefined, 'the cluster needs the Prometheus operator, for alerts'],
    [plain({ kubeSchedulerVersion: '1.30.1' }), undefined, 'with MUSTER_REASONS=all'],
    [plain({ kubeSchedulerVersion: '1.37.0' }), undefined, 'newer than what the tests of this muster run (1.36)'],
    [plain(), undefined, 'stands for an image of yours'],
    [plain({ mode: 'main' }), undefined, 'muster itself is a static pod'],
    [
      plain({ mode: 'main' }, { ...FACTS, nodes: 3 }),
      { ...FACTS, nodes: 3 },
      'main.yaml set percentageOfNodesToScore: 100',
    ],
  ])('is noted (%#)', (choice, facts, note) => {
    expect(noteLines(choice, facts).join('\n')).toContain(note);
  });

  test('nothing is noted that does not matter', () => {
    const image = `x@sha256:${'0'.repeat(64)}`;
    expect(noteLines(plain({ image }, FACTS), FACTS)).toEqual([
      'https://10.0.0.1:6443: Kubernetes v1.36.3-gke.7, 2,000 nodes',
      'percentageOfNodesToScore is left to kube-scheduler, which is faster with so many nodes',
      'then: kubectl -n muster-system rollout status deployment/muster',
    ]);
  });
});

test.each([
  [{ namespace: 'Batch' }, '--namespace: "Batch": expected small letters'],
  [{ image: 'a b' }, '--image: "a b": expected REGISTRY/NAME:TAG'],
  [{ image: 'x@sha256:1' }, '--image: "x@sha256:1": expected'],
  [{ kubeSchedulerVersion: '1.36' }, '--kube-scheduler-version: "1.36": expected such as 1.36.3'],
  [{ kubeSchedulerVersion: '1.29.6' }, '--kube-scheduler-version: "1.29.6": muster needs Kubernetes 1.30 or later'],
  [{ mode: 'service-mtls', replicas: 2 }, '--replicas: 2: with --mode service-mtls two replicas would both decide'],
  [{ mode: 'main', replicas: 1 }, '--replicas: 1: with --mode main muster is a static pod'],
  [{ mode: 'main', webhook: true }, '--webhook: true: not with --mode main'],
  [{ mode: 'service-mtls', consoleRbac: true }, '--console-rbac: true: not with --mode service-mtls'],
  [{ mode: 'main', serviceMonitor: true }, '--service-monitor: true: not with --mode main'],
] as [Partial<InstallFlags>, string][])('%o is refused', (flags, says) => {
  expect(() => plain(flags)).toThrow(says);
});

test('policies are a preset or a file, which is checked', () => {
  expect(yamlOf(plain({ policy: 'muster-fair' }))).toContain('"--policy=muster-fair"');
  expect(() => choiceOf({ cluster: false, policy: 'my.yaml' }, undefined, () => 'polices: []')).toThrow(
    /my\.yaml.*polices/s,
  );
});

test('another namespace is named everywhere', () => {
  const all = { webhook: true, serviceMonitor: true, alerts: true, dashboard: true };
  for (const mode of ['dedicated', 'service-mtls'] as const) {
    expect(yamlOf(plain({ ...all, mode }))).toContain('muster-system');
    expect(yamlOf(plain({ ...all, mode, namespace: 'batch' }))).not.toContain('muster-system');
  }
});

describe('the command', () => {
  const played = async (flags: Partial<InstallFlags>, answers?: string) => {
    const said = { out: '', note: '' };
    const input = new PassThrough();
    const output = new PassThrough();
    if (answers !== undefined) input.end(answers);
    const code = await installCommand(
      { cluster: false, dryRun: true, ...flags },
      {
        out: (line) => (said.out += line),
        note: (line) => (said.note += line),
        terminal: answers === undefined ? undefined : { input, output },
      },
    );
    return { code, ...said, asked: String(output.read() ?? '') };
  };

  test('prints YAML that is what the choice makes, and notes as comments elsewhere', async () => {
    const { code, out, note } = await played({ namespace: 'batch' });
    expect(code).toBe(0);
    const objects = parseAllDocuments(out).map((document) => document.toJS() as Manifest);
    expect(objects).toEqual(objectsOf(plain({ namespace: 'batch' })));
    for (const line of note.trimEnd().split('\n')) expect(line).toMatch(/^# /);
  });

  test('without --dry-run it applies nothing and says how', async () => {
    const flags = { cluster: false };
    const streams = { out: () => expect.unreachable(), note: () => undefined, terminal: undefined };
    await expect(installCommand(flags, streams)).rejects.toThrow(
      'muster install --dry-run | kubectl apply --server-side -f -',
    );
  });

  test('asks on a terminal for what no flag says, until it understands', async () => {
    const { out, asked } = await played({}, 'mian\nservice-mtls\nexample.org/m:1\ny\nno\n');
    expect(asked.match(/Which kube-scheduler asks muster\?/g)).toHaveLength(2);
    const kinds = names(parseAllDocuments(out).map((document) => document.toJS() as Manifest));
    expect(kinds).toContain('Certificate muster-client');
    expect(kinds).toContain('MutatingWebhookConfiguration muster');
    expect(kinds).not.toContain('PrometheusRule muster');
    expect(out).toContain('image: example.org/m:1');
  });

  test('empty answers, and the end of the input, take what stands in brackets', async () => {
    const { out: usual } = await played({});
    expect((await played({}, '\n\n\n\n')).out).toBe(usual);
    expect((await played({}, '')).out).toBe(usual);
  });

  test('asks nothing that a flag has said, and nothing with --yes', async () => {
    const { asked } = await played({ mode: 'main', alerts: false }, '');
    expect(asked).toBe('');
    expect((await played({ yes: true }, '')).asked).toBe('');
  });

  test('where the cluster has the Prometheus operator, yes is usual', async () => {
    const input = new PassThrough();
    input.end('\n\n\n\n');
    const flags = await ask({ cluster: true }, FACTS, { input, output: new PassThrough() });
    expect(flags).toMatchObject({ mode: 'dedicated', alerts: true, serviceMonitor: true, webhook: false });
  });
});

describe('what would change', () => {
  const service = (port: number, labels?: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'muster', namespace: 'x', ...(labels ? { labels } : {}) },
    spec: { ports: [{ port }] },
  });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'muster' } };
  const installed = { object: role, live: role };

  test('is not told of each object, where muster is not installed, but of what stands in the way', () => {
    const isNew = { object: role, live: undefined };
    const first = 'muster is not installed in this cluster';
    expect(changeLines([isNew, { object: namespace, live: namespace }])).toEqual([first]);
    expect(changeLines([isNew, { object: service(2), live: service(1) }])).toEqual([
      first,
      'changes: Service muster: spec.ports[0].port: 1 -> 2',
    ]);
  });

  test('is told field by field, without what the server adds', () => {
    const live = { ...service(1), spec: { ports: [{ port: 1, protocol: 'TCP' }], type: 'ClusterIP' } };
    const told = (object: typeof namespace, old?: typeof namespace) => changeLines([installed, { object, live: old }]);
    expect(told(service(1), live)).toEqual(['muster is installed: 0 objects of 2 would change']);
    expect(told(service(2), live)).toEqual([
      'muster is installed: 1 object of 2 would change',
      'changes: Service muster: spec.ports[0].port: 1 -> 2',
    ]);
    expect(told(namespace)[1]).toBe('new: Namespace x');
  });

  test('is not told at length', () => {
    const many = (value: string) => ({ ...service(1), data: { a: value, b: value, c: value, d: value, e: value } });
    const [, line] = changeLines([installed, { object: many('1\n'), live: many('2') }]);
    expect(line).toContain(
      'data.a: 2 -> another text; data.b: 2 -> another text; data.c: 2 -> another text; and 2 other fields',
    );
  });

  test('is not for kubectl where Helm has installed', () => {
    const live = service(1, { 'app.kubernetes.io/managed-by': 'Helm' });
    expect(changeLines([installed, { object: service(1), live }])).toContain(
      'Helm installed what is there: upgrade it with helm, or uninstall it first',
    );
  });
});
