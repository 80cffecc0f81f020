import { describe, expect, test } from 'vitest';
import { LABEL } from '../../../src/kube/provisioning/request-object.ts';
import { hasKubectl, kustomize, type Manifest, type Stack } from '../../support/kustomize.ts';

if (!hasKubectl) console.log('SKIPPED: there is no kubectl, which builds what deploy/ says');

const ACCOUNT = 'system:serviceaccount:muster-system:muster';
const STACKS: readonly (Stack & { readonly user: string })[] = [
  { base: 'deploy/base', components: ['provisioning'], user: ACCOUNT },
  { base: 'deploy/overlays/dedicated', components: ['provisioning'], user: ACCOUNT },
  { base: 'deploy/overlays/service-mtls', components: ['provisioning'], user: ACCOUNT },
  { base: 'deploy/overlays/main', components: ['provisioning', 'provisioning-main'], user: 'muster' },
];

interface Policy extends Manifest {
  readonly spec: {
    readonly matchConditions: readonly { readonly expression: string }[];
    readonly validations: readonly { readonly expression: string }[];
  };
}
interface Binding extends Manifest {
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

describe.skipIf(!hasKubectl)('component provisioning', () => {
  test.each(STACKS)('$base: rights and policies are those of the user that muster is', ({ user, ...stack }) => {
    const all = kustomize(stack);
    const named = (kind: string, name: string) =>
      all.find((one) => one.kind === kind && one.metadata.name === name) as unknown;
    const [subject] = (named('ClusterRoleBinding', 'muster-provisioning') as Binding).subjects;
    const { kind, name, namespace } = subject!;
    expect(kind === 'User' ? name : `system:serviceaccount:${namespace}:${name}`).toBe(user);
    const expressions = (policy: string) =>
      (named('ValidatingAdmissionPolicy', policy) as Policy).spec.matchConditions.map(({ expression }) => expression);
    expect(expressions('muster-room-requests')).toEqual([`request.userInfo.username != '${user}'`]);
    expect(expressions('muster-room-request-writes')).toEqual([`request.userInfo.username == '${user}'`]);
    for (const policy of ['muster-room-requests', 'muster-room-request-writes'])
      expect((named('ValidatingAdmissionPolicy', policy) as Policy).spec.validations[0]!.expression).toContain(LABEL);
  });

  test('muster changes no object that it has made, and lists no pod templates', () => {
    const role = kustomize(STACKS[0]!).find(({ kind, metadata }) => {
      return kind === 'ClusterRole' && metadata.name === 'muster-provisioning';
    });
    expect(role).toMatchObject({
      rules: [
        { resources: ['provisioningrequests'], verbs: ['list', 'watch', 'get', 'create', 'delete'] },
        { resources: ['podtemplates'], verbs: ['get', 'create', 'delete'] },
      ],
    });
  });

  test.each(STACKS.slice(0, 3))('$base: it switches asking on, and nothing else does', ({ base, components }) => {
    const texts = (stack: Stack) =>
      JSON.stringify(
        kustomize(stack).filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'muster'),
      );
    expect(texts({ base, components })).toContain('"name":"MUSTER_PROVISIONING","value":"best-effort-atomic"');
    expect(texts({ base, components: [] })).not.toContain('PROVISIONING');
  });
});
