import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Config, envName } from '../../../src/config.ts';
import { parseWebhookConfig } from '../../../src/webhook/rules.ts';
import { hasKubectl, kustomize, kustomizeFolder, ROOT, STACKS, type Manifest } from '../../support/kustomize.ts';
import { deploymentsOf, staticPod, type Container, type Deployment, type PodSpec } from '../../support/pod-specs.ts';

if (!hasKubectl) console.log('SKIPPED: there is no kubectl, which builds what deploy/ says');

const flagOf = (field: string) => `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const FLAGS = Object.keys(Config.shape).map(flagOf);
const VARIABLES = ['NODE_OPTIONS', ...Object.keys(Config.shape).map(envName)];

/** Certificates that cert-manager or the user makes. */
const SECRETS = ['muster-tls', 'muster-client-tls', 'muster-webhook-tls'];

/** What must hold for a container, as lines; none where all is well. */
function breaches({ name, image, ports, env = [], args = [], ...container }: Container): string[] {
  const { livenessProbe, readinessProbe, securityContext, resources } = container;
  const known = new Set(ports.map((port) => port.name));
  const probes = [livenessProbe, ...(name === 'muster' ? [readinessProbe] : [])];
  const wrong = [
    !/.+:v?\d+\.\d+\.\d+$/.test(image) && `image ${image} has no version`,
    ...probes.map((probe) => {
      const port = (probe?.httpGet ?? probe?.tcpSocket)?.port;
      return !known.has(String(port)) && `probe of port ${port}`;
    }),
    securityContext['allowPrivilegeEscalation'] !== false && 'may gain privileges',
    securityContext['readOnlyRootFilesystem'] !== true && 'may write to its root',
    JSON.stringify(securityContext['capabilities']) !== '{"drop":["ALL"]}' && 'keeps capabilities',
    'privileged' in securityContext && 'is privileged',
    (!resources.requests['cpu'] || !resources.requests['memory']) && 'asks for no resources',
    ...(container.volumeMounts ?? []).map((mount) => mount.readOnly !== true && `may write to ${mount.mountPath}`),
    ...(name === 'muster' ? args : []).map(
      (arg) => arg.startsWith('--') && !FLAGS.includes(arg.split('=')[0]!) && `unknown flag ${arg}`,
    ),
    ...env.map((one) => !VARIABLES.includes(one.name) && `unknown variable ${one.name}`),
  ];
  return wrong.filter((line) => line !== false).map((line) => `${name}: ${line}`);
}

function podBreaches(spec: PodSpec, objects: readonly Manifest[]): string[] {
  const names = (kind: string) => objects.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
  const volumes = new Set(spec.volumes.map(({ name }) => name));
  const mounted = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  const wrong = [
    ...mounted.map((name) => !volumes.has(name) && `no volume ${name}`),
    ...[...volumes].map((name) => !mounted.includes(name) && `volume ${name} is mounted nowhere`),
    ...spec.volumes.map(({ configMap }) => {
      return configMap && !names('ConfigMap').includes(configMap.name) && `no ConfigMap ${configMap.name}`;
    }),
    ...spec.volumes.map(
      ({ secret }) => secret && !SECRETS.includes(secret.secretName) && `Secret ${secret.secretName}`,
    ),
    spec.securityContext['runAsNonRoot'] !== true && 'may run as root',
    JSON.stringify(spec.securityContext['seccompProfile']) !== '{"type":"RuntimeDefault"}' && 'no seccomp profile',
    spec.terminationGracePeriodSeconds !== 30 && 'no grace period',
    !/^system-(cluster|node)-critical$/.test(spec.priorityClassName ?? '') && 'may be evicted',
  ];
  return [...wrong.filter((line) => typeof line === 'string'), ...spec.containers.flatMap(breaches)];
}

describe.skipIf(!hasKubectl)('kubectl kustomize', () => {
  describe.each(Object.keys(STACKS))('%s', (stack) => {
    const all = kustomize(STACKS[stack]!);
    const deployments = deploymentsOf(all);
    const accounts = all.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name);

    test('pods are locked down, and mount what there is', () => {
      for (const { spec } of deployments) expect(podBreaches(spec.template.spec, all)).toEqual([]);
    });

    test('accounts are there, and the cluster scheduler places what schedules for others', () => {
      for (const { spec } of deployments) {
        expect(accounts).toContain(spec.template.spec.serviceAccountName);
        expect(spec.template.spec.schedulerName).toBe('default-scheduler');
      }
    });

    test('selectors find pods', () => {
      const labels = deployments.map(({ spec }) => spec.template.metadata.labels);
      const finds = (selector: Readonly<Record<string, string>>) =>
        labels.some((have) => Object.entries(selector).every(([key, value]) => have[key] === value));
      for (const { spec } of deployments) {
        expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      }
      type Selecting = { selector: Record<string, string> & { matchLabels: Record<string, string> } };
      for (const { kind, spec } of all as readonly (Manifest & { spec: Selecting })[]) {
        if (kind === 'Service') expect(finds(spec.selector)).toBe(true);
        if (kind === 'PodDisruptionBudget') expect(finds(spec.selector.matchLabels)).toBe(true);
        if (kind === 'NetworkPolicy') {
          expect(finds((spec as unknown as { podSelector: Selecting['selector'] }).podSelector.matchLabels)).toBe(true);
        }
      }
    });

    test('ports of Services have names that the pods have', () => {
      const named = deployments.flatMap(({ spec }) => spec.template.spec.containers.flatMap(({ ports }) => ports));
      type Ports = { ports: { targetPort: string }[] };
      for (const { kind, spec } of all as readonly (Manifest & { spec: Ports })[]) {
        if (kind !== 'Service') continue;
        for (const { targetPort } of spec.ports) expect(named.map(({ name }) => name)).toContain(targetPort);
      }
    });

    test('objects that the API server keeps by one name are not there twice', () => {
      const keys = all.map(({ kind, metadata: { namespace = '', name } }) => `${kind} ${namespace}/${name}`);
      expect(new Set(keys).size).toBe(keys.length);
    });
  });

  test.each([
    ['deploy/overlays/dedicated', 'kube-scheduler-elsewhere'],
    ['deploy/overlays/main', 'webhook'],
  ])('%s with component %s, which is not for it, does not build', (base, component) => {
    expect(() => kustomize({ base, components: [component] })).toThrow(/no resource matches|no matches for/);
  });

  test('kube-scheduler before 1.35 gets no gate that it does not know', () => {
    const args = (stack: string) =>
      deploymentsOf(kustomize(STACKS[stack]!))
        .flatMap(({ spec }) => spec.template.spec.containers)
        .find(({ name }) => name === 'kube-scheduler')!.command!;
    for (const [before, after] of [
      ['dedicated', 'dedicated before 1.35'],
      ['service-mtls', 'service-mtls with every component'],
    ] as const) {
      const gate = '--feature-gates=OpportunisticBatching=false';
      expect(args(before)).toContain(gate);
      expect(args(after)).toEqual(args(before).filter((arg) => arg !== gate));
    }
  });
});

describe.skipIf(!hasKubectl)('docs/install.md', () => {
  const firstOf = (file: string) => /```yaml\n(.*?)```/s.exec(readFileSync(join(ROOT, file), 'utf8'))![1]!.trimEnd();
  const [own, webhook] = [firstOf('docs/install.md'), firstOf('docs/install-modes.md')];
  const stack = { base: 'deploy/overlays/dedicated', components: ['webhook'] };
  const valueOf = (all: readonly Manifest[], start: string) => {
    const { data } = all.find(({ metadata }) => metadata.name.startsWith(start)) as unknown as {
      data: Record<string, string>;
    };
    return Object.values(data).join();
  };

  test('with component webhook-user it hears of every pod of labelled namespaces, and cannot be evaded', () => {
    const all = kustomize(STACKS['dedicated with users from the webhook']!);
    const file = valueOf(all, 'muster-webhook-');
    expect(parseWebhookConfig(file, 'webhook-user').user).toBe(true);
    // What is shipped without it, and one line.
    const shipped = readFileSync(join(ROOT, 'deploy/components/webhook/webhook.yaml'), 'utf8');
    expect(parseWebhookConfig(file, 'webhook-user').rules).toEqual(parseWebhookConfig(shipped, 'webhook').rules);
    const [{ webhooks }] = all.filter(({ kind }) => kind === 'MutatingWebhookConfiguration') as unknown as [
      { webhooks: Record<string, unknown>[] },
    ];
    expect(webhooks).toHaveLength(1);
    expect(webhooks[0]).not.toHaveProperty('objectSelector');
    expect(webhooks[0]).toMatchObject({
      failurePolicy: 'Fail',
      namespaceSelector: { matchLabels: { 'muster.dev/webhook': 'enabled' } },
      rules: [{ operations: ['CREATE', 'UPDATE'], resources: ['pods'] }],
    });
  });

  test("the webhook's rules that it shows take the place of those that are shipped, and are read", () => {
    const all = kustomize(stack, [webhook]);
    const { rules } = parseWebhookConfig(valueOf(all, 'muster-webhook-'), 'docs/install-modes.md');
    expect(rules[0]).toMatchObject({
      schedulerName: 'muster',
      driver: { gate: true, priorityClassName: 'spark-driver' },
    });
    const [{ spec }] = deploymentsOf(all) as [Deployment];
    const names = spec.template.spec.volumes.map(({ configMap }) => configMap?.name);
    expect(names).toContain(all.find(({ metadata }) => metadata.name.startsWith('muster-webhook-'))!.metadata.name);
  });

  test('the kustomization that it shows sets both images and the policies', () => {
    const folder = mkdtempSync(join(ROOT, 'deploy', '.kustomize-'));
    try {
      const text = own.replaceAll('../muster/deploy/', '../').replace('newTag: 0.1.0', 'newTag: 9.9.9');
      writeFileSync(join(folder, 'kustomization.yaml'), text.replace('v1.36.3', 'v1.99.0'));
      writeFileSync(join(folder, 'policies.yaml'), 'policies of mine');
      const all = kustomizeFolder(folder);
      const images = deploymentsOf(all).flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image));
      expect(images).toEqual(['registry.example.com/muster:9.9.9', 'registry.k8s.io/kube-scheduler:v1.99.0']);
      expect(valueOf(all, 'muster-policies')).toBe('policies of mine');
      expect(all.map(({ kind }) => kind)).toContain('ServiceMonitor');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the extender verbs', () => {
  /** The settings of muster's container, by field. */
  const settingsOf = ({ args = [], env = [] }: Container) => {
    const flags = args.flatMap((arg) => /^--([a-z-]+)=(.*)$/.exec(arg)?.slice(1, 3).join('=') ?? []);
    const variables = env.map(
      ({ name, value }) => `${name.slice('MUSTER_'.length).toLowerCase().replaceAll('_', '-')}=${value}`,
    );
    return new Map([...flags, ...variables].map((line) => line.split(/=(.*)/s) as [string, string]));
  };

  test.skipIf(!hasKubectl).each(Object.keys(STACKS).filter((stack) => !stack.startsWith('main')))(
    '%s: are on the loopback beside kube-scheduler, and elsewhere ask for its certificate',
    (stack) => {
      const all = kustomize(STACKS[stack]!);
      const pod = deploymentsOf(all).find(({ metadata }) => metadata.name === 'muster')!.spec.template.spec;
      const settings = settingsOf(pod.containers.find(({ name }) => name === 'muster')!);
      const hasScheduler = pod.containers.some(({ name }) => name === 'kube-scheduler');
      const service = all.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'muster')!;
      const open = (service['spec'] as { ports: { port: number }[] }).ports.map(({ port }) => String(port));
      expect(settings.get('extender-port')).not.toBe(settings.get('port'));
      expect(settings.get('extender-host')).toBe(hasScheduler ? '127.0.0.1' : '0.0.0.0');
      if (hasScheduler) expect(open).not.toContain(settings.get('extender-port'));
      else expect(settings.get('tls-client-names')).toBe(nameOf(all, 'muster-client') ?? 'none');
    },
  );

  const nameOf = (all: readonly Manifest[], certificate: string) =>
    (
      all.find(({ kind, metadata }) => kind === 'Certificate' && metadata.name === certificate)?.['spec'] as
        { commonName: string } | undefined
    )?.commonName;

  test.skipIf(!hasKubectl)('Prometheus has a certificate that they do not accept', () => {
    const all = kustomize(STACKS['service-mtls with every component']!);
    expect(nameOf(all, 'muster-metrics')).toBe('muster-metrics');
    const monitor = JSON.stringify(all.find(({ kind }) => kind === 'ServiceMonitor'));
    expect(monitor).toContain('muster-metrics-tls');
    expect(monitor).not.toContain('muster-client-tls');
  });
});

test('the static pod is locked down, and opens no port to other hosts', () => {
  const { spec, metadata } = staticPod();
  expect(podBreaches(spec, [])).toEqual([]);
  expect(metadata.namespace).toBe('kube-system');
  expect(spec).toMatchObject({ hostNetwork: true, automountServiceAccountToken: false });
  expect(spec.containers[0]!.args).toContain('--host=127.0.0.1');
  expect(spec.containers[0]!.args).toContain('--extender-host=127.0.0.1');
});
