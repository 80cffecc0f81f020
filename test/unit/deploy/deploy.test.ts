import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMPANION_SOURCES } from '../../../src/intake/companion-sources.ts';
import { Config } from '../../../src/config.ts';
import { hasKubectl, kustomize, ROOT, STACKS, type Manifest } from '../../support/kustomize.ts';

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Container {
  name: string;
  image: string;
  args?: string[];
  env?: { name: string }[];
  ports: { name: string; containerPort: number }[];
  volumeMounts?: { name: string }[];
  securityContext: {
    allowPrivilegeEscalation: boolean;
    readOnlyRootFilesystem: boolean;
    capabilities: { drop: string[] };
  };
  resources: { requests: Record<string, string> };
  livenessProbe: Record<string, { port: string }>;
}

interface Workload extends Manifest {
  spec: {
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        containers: Container[];
        volumes: { name: string; configMap?: { name: string } }[];
        securityContext: { runAsNonRoot: boolean; seccompProfile: { type: string } };
      };
    };
  };
}

test.each([
  ['deploy/base/config/dedicated.yaml', 'scheduler-config/dedicated.yaml'],
  ['deploy/base/config/policies.yaml', 'scheduler-config/policies/spark.yaml'],
  ['deploy/overlays/main/policies.yaml', 'scheduler-config/policies/spark.yaml'],
  ['deploy/components/webhook/webhook.yaml', 'scheduler-config/webhook.example.yaml'],
])('%s is a copy of %s', (copy, original) => {
  expect(text(copy)).toBe(text(original));
});

test('every metric that alerts and the dashboard ask for is documented', () => {
  const asked = `${text('deploy/components/alerts/prometheus-rule.yaml')} ${text('deploy/components/dashboard/muster.json')}`;
  const names = new Set(
    [...asked.matchAll(/muster_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, '')),
  );
  expect(names.size).toBeGreaterThan(8);
  for (const name of names) expect(text('docs/config.md')).toContain(name);
});

test('every alert has its part in docs/operations.md', () => {
  const alerts = [...text('deploy/components/alerts/prometheus-rule.yaml').matchAll(/alert: (\w+)/g)].map(
    ([, name]) => name!,
  );
  expect(alerts.length).toBeGreaterThan(5);
  for (const name of alerts) expect(text('docs/operations.md')).toContain(`### ${name}\n`);
});

describe.skipIf(!hasKubectl)('kubectl kustomize', () => {
  describe.each(Object.keys(STACKS))('%s', (stack) => {
    const all = kustomize(stack);
    const workloads = all.filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet') as Workload[];

    test('one workload, locked down, that mounts what there is', () => {
      expect(workloads).toHaveLength(1);
      const [{ spec }] = workloads as [Workload];
      const { containers, volumes, securityContext } = spec.template.spec;
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      const configMaps = all.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name);
      for (const { configMap } of volumes) if (configMap) expect(configMaps).toContain(configMap.name);
      for (const { image, securityContext: own, resources, volumeMounts = [], ports, livenessProbe } of containers) {
        expect(image).toMatch(/.+:v?\d/);
        expect(own).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(resources.requests).toHaveProperty('cpu');
        expect(resources.requests).toHaveProperty('memory');
        expect(volumes.map(({ name }) => name)).toEqual(expect.arrayContaining(volumeMounts.map(({ name }) => name)));
        const probe = livenessProbe['httpGet'] ?? livenessProbe['tcpSocket'];
        expect(ports.map(({ name }) => name)).toContain(probe!.port);
      }
    });

    test("muster's flags and variables exist", () => {
      const { args = [], env = [] } = workloads[0]!.spec.template.spec.containers.find(
        ({ name }) => name === 'muster',
      )!;
      const fields = Object.keys(Config.shape);
      const camel = (name: string) => name.replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
      for (const arg of args.filter((one) => one.startsWith('--')))
        expect(fields).toContain(camel(arg.slice(2).split('=')[0]!));
      for (const { name } of env.filter((one) => one.name.startsWith('MUSTER_'))) {
        expect(fields).toContain(camel(name.slice('MUSTER_'.length).toLowerCase().replaceAll('_', '-')));
      }
    });

    test('muster may read what it mirrors, and write nothing but pods and Events', () => {
      const role = all.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'muster')!;
      const rules = role['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
      const allowed = (group: string, resource: string) =>
        rules
          .filter((rule) => rule.apiGroups.includes(group) && rule.resources.includes(resource))
          .flatMap(({ verbs }) => verbs);
      for (const { path } of COMPANION_SOURCES) {
        const [, group = '', resource] = /^\/(?:api|apis\/([^/]+))\/[^/]+\/([a-z]+)$/.exec(path)!;
        expect(allowed(group, resource!)).toEqual(expect.arrayContaining(['list', 'watch']));
      }
      expect(allowed('', 'pods')).toEqual(['get', 'list', 'watch', 'patch']);
      expect(allowed('', 'nodes')).toEqual(['get', 'list', 'watch']);
      const writes = rules.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
      expect(writes.map(({ resources, verbs }) => `${resources.join()}: ${verbs.join()}`)).toEqual([
        'pods: patch',
        'events: create',
      ]);
    });
  });
});
