import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { builtCli } from '../../support/cli.ts';
import { hasKubectl, kustomize, ROOT, type Manifest } from '../../support/kustomize.ts';
import type { PodSpec } from '../../support/pod-specs.ts';

if (!hasKubectl) console.log('SKIPPED: there is no kubectl, which builds what deploy/ says');

type Job = Manifest & {
  readonly spec: { readonly completions: number; readonly template: { readonly spec: PodSpec } };
};
const { muster } = builtCli();
const built = (base: string) => kustomize({ base, components: [] });
const jobOf = (all: readonly Manifest[]) => all.find(({ kind }) => kind === 'Job') as Job;

describe.skipIf(!hasKubectl)('deploy/replay-job', () => {
  const sweep = hasKubectl ? built('deploy/replay-job') : [];
  const merge = hasKubectl ? built('deploy/replay-job/merge') : [];
  const argsOf = (all: readonly Manifest[]) => jobOf(all).spec.template.spec.containers[0]!.args!;

  test.each([
    ['the sweep', sweep],
    ['the merge', merge],
  ])('%s is not root, writes nowhere but to the volume, and asks for resources', (_, all) => {
    const { securityContext, containers, volumes, ...spec } = jobOf(all).spec.template.spec;
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(spec).toMatchObject({ automountServiceAccountToken: false, restartPolicy: 'Never' });
    const [{ image, securityContext: own, resources, volumeMounts }] = containers as [(typeof containers)[0]];
    expect(image).toBe('registry.example.com/muster:0.1.0');
    expect(own).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(Object.keys(resources.requests).sort()).toEqual(['cpu', 'memory']);
    expect(volumeMounts!.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
    const writable = volumeMounts!.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath);
    expect(writable).toEqual(all === sweep ? ['/results'] : []);
  });

  test('its volumes are there', () => {
    const names = sweep.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toContain('PersistentVolumeClaim muster-replay-results');
    const { configMap } = jobOf(sweep).spec.template.spec.volumes[0]!;
    expect(names).toContain(`ConfigMap ${configMap!.name}`);
    expect(sweep.every(({ kind, metadata }) => kind === 'Namespace' || metadata.namespace === 'muster-replay')).toBe(
      true,
    );
  });

  test('it has a pod for each cell, and the last is the last', async () => {
    const { completions } = jobOf(sweep).spec;
    const args = argsOf(sweep).map((arg) => arg.replace('$(JOB_COMPLETION_INDEX)', String(completions)));
    expect(args.join(' ')).toContain(`--cell=${completions}`);
    expect((await muster(...args)).err).toContain(`--cell: expected 0 to ${completions - 1}, got`);
  });

  test('what the sweep writes is what the merge reads', () => {
    expect(argsOf(sweep)).toContain('--out=/results');
    expect(argsOf(merge)).toEqual(['merge', '/results']);
  });
});

test("its policies are a copy of Spark's", () => {
  const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
  expect(text('deploy/replay-job/config/policies.yaml')).toBe(text('scheduler-config/policies/spark.yaml'));
});
