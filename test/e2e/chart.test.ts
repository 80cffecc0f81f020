import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHOICES, nameOf, OPTION_NAMES, stackOf, valuesOf } from '../support/choices.ts';
import { CHART, comparable, findHelm, helm, helmObjects, type Values } from '../support/helm.ts';
import { hasKubectl, kustomize, ROOT, type Manifest } from '../support/kustomize.ts';
import { deploymentsOf } from '../support/pod-specs.ts';

const found = findHelm((line) => console.log(line));
const why = typeof found === 'string' ? found : hasKubectl ? undefined : 'there is no kubectl';
if (why !== undefined) console.log(`SKIPPED: ${why}`);
const path = typeof found === 'string' ? '' : found.path;

const template = (values: Values) =>
  helm(path, ['template', 'muster', CHART, '--kube-version', '1.36.3', '--values', '-'], values);

describe.skipIf(why !== undefined)('the chart', () => {
  test('offers every component of deploy/', () => {
    expect(readdirSync(join(ROOT, 'deploy/components')).sort()).toEqual([...OPTION_NAMES].sort());
  });

  test.each(CHOICES.map((choice) => ({ choice, name: nameOf(choice) })))(
    'makes what kustomize makes: $name',
    ({ choice }) => {
      // Image and version are set in the kustomizations; a component says only that the version is another.
      const version = choice.components.includes('before-1-35') ? 'v1.34.4' : 'v1.36.3';
      const images = ['images:', '  - name: registry.k8s.io/kube-scheduler', `    newTag: ${version}`];
      const built = comparable(kustomize(stackOf(choice), images));
      expect(comparable(helmObjects(path, valuesOf(choice)))).toEqual(built);
      expect(Object.keys(built).length).toBeGreaterThan(14);
    },
  );

  test('passes helm lint', () => {
    const { status, out } = helm(path, ['lint', '--strict', CHART, '--kube-version', '1.36.3']);
    expect(out).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(status).toBe(0);
  });

  const textOf = (values: Values, namespace?: string) => JSON.stringify(helmObjects(path, values, namespace));

  test.each(['dedicated', 'main', 'service-mtls'])('names its own namespace everywhere: %s', (mode) => {
    const some = mode === 'main' ? {} : { webhook: { enabled: true }, serviceMonitor: { enabled: true } };
    const values = { mode, createNamespace: true, alerts: { enabled: true }, dashboard: { enabled: true }, ...some };
    expect(textOf(values)).toContain('muster-system');
    expect(textOf(values, 'batch')).not.toContain('muster-system');
    expect(textOf(values, 'batch').replaceAll('"batch"', '"muster-system"').length).toBeGreaterThan(0);
  });

  const container = (values: Values, name = 'muster') =>
    deploymentsOf(helmObjects(path, values))
      .flatMap(({ spec }) => spec.template.spec.containers)
      .find((one) => one.name === name)!;

  test('takes images by digest, and the version of the API server', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const image = { repository: 'registry.example.com/x', tag: '1', digest };
    expect(container({ image }).image).toBe(`registry.example.com/x@${digest}`);
    expect(container({ image: { ...image, digest: '' } }).image).toBe('registry.example.com/x:1');
    const at = (version: string) => {
      const { out, err } = helm(path, ['template', 'muster', CHART, '--kube-version', version]);
      return /image: (\S*kube-scheduler\S*)/.exec(out)?.[1] ?? err;
    };
    expect(at('v1.33.2-gke.1100')).toBe('registry.k8s.io/kube-scheduler:v1.33.2');
    expect(at('v1.29.9')).toContain('chart requires kubeVersion: >=1.30.0-0');
    expect(container({ kubeScheduler: { image: { digest } } }, 'kube-scheduler').image).toBe(
      `registry.k8s.io/kube-scheduler@${digest}`,
    );
  });

  test.each([
    ['1.34.9', false],
    ['1.35.0', true],
  ])('kube-scheduler %s gets the gate that it knows: %s', (version, isThere) => {
    const { command = [] } = container({ kubeScheduler: { version } }, 'kube-scheduler');
    expect(command.includes('--feature-gates=OpportunisticBatching=false')).toBe(isThere);
  });

  test('names every node to kube-scheduler before 1.31', () => {
    const reasons = (values: Values) => container(values).env!.find(({ name }) => name === 'MUSTER_REASONS')?.value;
    expect(reasons({ kubeScheduler: { version: '1.30.14' } })).toBe('all');
    expect(reasons({ kubeScheduler: { version: '1.30.14' }, config: { reasons: 'one' } })).toBe('one');
    expect(reasons({ kubeScheduler: { version: '1.31.0' } })).toBeUndefined();
  });

  test('hands muster its settings', () => {
    const { env = [], args = [] } = container({
      config: { logLevel: 'debug', maxBodyBytes: 16_777_216, schedulerNames: ['a', 'b'] },
      history: { enabled: false },
      policyPreset: 'muster-fair',
      provisioning: { enabled: true, class: 'check-capacity' },
      heapMebibytes: 5000,
    });
    const named = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    expect(named).toEqual({
      NODE_OPTIONS: '--max-old-space-size=5000',
      MUSTER_KEEP_HISTORY: 'false',
      MUSTER_PROVISIONING: 'check-capacity',
      MUSTER_LOG_LEVEL: 'debug',
      MUSTER_MAX_BODY_BYTES: '16777216',
      MUSTER_SCHEDULER_NAMES: 'a,b',
    });
    expect(args).toContain('--policy=muster-fair');
  });

  const configMap = (values: Values, name: string) =>
    (helmObjects(path, values).find((object) => object.kind === 'ConfigMap' && object.metadata.name === name) as
      (Manifest & { data: Record<string, string> }) | undefined)!.data;

  test('takes policies as a text and as a map, and rules of the webhook', () => {
    expect(configMap({ policies: '# mine\npolicies: []\n' }, 'muster-policies')).toEqual({
      'policies.yaml': '# mine\npolicies: []\n',
    });
    expect(configMap({ policies: { policies: [{ name: 'a' }] } }, 'muster-policies')).toEqual({
      'policies.yaml': 'policies:\n- name: a\n',
    });
    const webhook = { enabled: true, rules: 'rules: []\n' };
    expect(configMap({ webhook }, 'muster-webhook')).toEqual({ 'webhook.yaml': 'rules: []\n' });
  });

  test('sets percentageOfNodesToScore, and replaces the pods by that', () => {
    const set = { kubeScheduler: { percentageOfNodesToScore: 100 } };
    const text = configMap(set, 'muster-scheduler-config')['dedicated.yaml']!;
    expect(text).toMatch(/^ {4}percentageOfNodesToScore: 100$/m);
    const sum = (values: Values) => /"checksum\/config":"(\w+)"/.exec(textOf(values))![1];
    expect(sum(set)).not.toBe(sum({}));
    // muster reads its policies again by itself.
    expect(sum({ policies: 'policies: []' })).toBe(sum({}));
  });

  test('leaves out what a cluster need not have', () => {
    const names = (values: Values) => Object.keys(comparable(helmObjects(path, values))).join('\n');
    expect(names({})).toContain('muster-history');
    expect(names({ history: { enabled: false } })).not.toContain('muster-history');
    expect(names({ mode: 'service-mtls' })).toContain('Certificate');
    expect(names({ mode: 'service-mtls', tls: { certManager: false } })).not.toMatch(/Certificate|Issuer/);
    expect(names({})).not.toContain('Namespace');
  });

  test('lets Prometheus find it', () => {
    const labels = { release: 'prometheus' };
    const values = { serviceMonitor: { enabled: true, labels, interval: '5s' }, alerts: { enabled: true, labels } };
    for (const kind of ['ServiceMonitor', 'PrometheusRule']) {
      const object = helmObjects(path, values).find((one) => one.kind === kind)!;
      expect((object.metadata as unknown as { labels: unknown }).labels).toMatchObject(labels);
    }
    expect(textOf(values)).toContain('"interval":"5s"');
    const policy = { networkPolicy: { monitoringNamespace: 'observability' } };
    expect(textOf(policy)).toContain('"kubernetes.io/metadata.name":"observability"');
  });

  test.each([
    { values: { mode: 'mian' }, says: "at '/mode': value must be one of 'dedicated', 'main', 'service-mtls'" },
    { values: { replicas: 0 }, says: "at '/replicas': minimum: got 0, want 1" },
    { values: { mode: 'service-mtls', replicas: 2 }, says: "at '/replicas': value must be one of <nil>, 1" },
    { values: { replica: 2 }, says: "additional properties 'replica' not allowed" },
    { values: { image: { digest: 'sha256:1' } }, says: "at '/image/digest': 'sha256:1' does not match pattern" },
    { values: { config: { logLevel: 'loud' } }, says: "at '/config/logLevel': value must be one of 'trace'" },
    { values: { config: { settleMs: '5' } }, says: "at '/config/settleMs': got string, want integer" },
    { values: { config: { host: '::' } }, says: "at '/config': additional properties 'host' not allowed" },
    { values: { mode: 'main', webhook: { enabled: true } }, says: "at '/webhook/enabled': value must be false" },
    { values: { mode: 'main', consoleRbac: { enabled: true } }, says: "at '/mode': value must be 'dedicated'" },
    {
      values: { consoleRbac: { enabled: true }, config: { readAccess: 'anyone' } },
      says: "at '/config/readAccess': false schema",
    },
    { values: { kubeScheduler: { enabled: false } }, says: "at '/kubeScheduler/enabled': value must be true" },
    { values: { kubeScheduler: { version: '1.34' } }, says: "at '/kubeScheduler/version': '1.34' does not match" },
  ])('refuses $values', ({ values, says }) => {
    const { status, err } = template(values);
    expect(err).toContain(says);
    expect(status).toBe(1);
  });

  test('is packed without what only the project needs', () => {
    const out = execFileSync(path, ['show', 'readme', CHART], { encoding: 'utf8' });
    expect(out).toContain('| `kubeScheduler.percentageOfNodesToScore` |');
  });
});
