import { describe, expect, test } from 'vitest';
import { EVICTION } from '../../../src/intake/eviction-plan.ts';
import { GANG_OBJECT_SOURCES } from '../../../src/intake/gang-object-sources.ts';
import { GATE } from '../../../src/intake/pod.ts';
import { RESERVATION } from '../../../src/intake/reservation.ts';
import { MOST_PARTS, partName } from '../../../src/kube/history-parts.ts';
import { WAKE } from '../../../src/kube/pods-api.ts';
import { hasKubectl, kustomize, STACKS, type Manifest } from '../../support/kustomize.ts';
import { deploymentsOf } from '../../support/pod-specs.ts';

if (!hasKubectl) console.log('SKIPPED: there is no kubectl, which builds what deploy/ says');

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
type Role = Manifest & { readonly rules: readonly Rule[] };
type Binding = Manifest & {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
};
type Policy = Manifest & {
  readonly spec: {
    readonly failurePolicy: string;
    readonly matchConditions: readonly { readonly expression: string }[];
    readonly variables: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly { readonly expression: string }[];
  };
};

/** One line per right: `verb group/resource`, with the names where it is for some alone. */
function rightsOf({ rules }: Role): string[] {
  return rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => `${verb} ${group}/${resource}${resourceNames ? ` ${resourceNames.join()}` : ''}`),
      ),
    ),
  );
}

const roleBindingsIn = (all: readonly Manifest[]) =>
  all.filter(({ kind }) => kind.endsWith('RoleBinding')) as Binding[];

/** Who has which role: `role -> subject`. */
const boundIn = (all: readonly Manifest[]) =>
  roleBindingsIn(all)
    .flatMap(({ roleRef, subjects }) => subjects.map(({ kind, name }) => `${roleRef.name} -> ${kind} ${name}`))
    .sort();

const reads = (resource: string) => ['list', 'watch'].map((verb) => `${verb} ${resource}`);
const GANG_OBJECTS = GANG_OBJECT_SOURCES.flatMap(({ path }) => {
  const [, group = '', resource] = /^\/(?:api|apis\/([^/]+))\/[^/]+\/([a-z]+)$/.exec(path)!;
  return reads(`${group}/${resource}`);
});

const forKubeScheduler = (account: string) => [
  `extension-apiserver-authentication-reader -> ServiceAccount ${account}`,
  `muster-scheduler-lease -> ServiceAccount ${account}`,
  `system:kube-scheduler -> ServiceAccount ${account}`,
  `system:volume-scheduler -> ServiceAccount ${account}`,
];

describe.skipIf(!hasKubectl)('rights', () => {
  test.each(Object.keys(STACKS))('%s: muster reads what it mirrors, and writes to pods and Events alone', (stack) => {
    const role = kustomize(STACKS[stack]!).find(
      ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'muster',
    ) as Role;
    expect(rightsOf(role).sort()).toEqual(
      [
        ...['get', 'list', 'watch', 'patch'].map((verb) => `${verb} /pods`),
        ...reads('/nodes'),
        ...GANG_OBJECTS,
        ...reads('policy/poddisruptionbudgets'),
        ...reads('scheduling.k8s.io/priorityclasses'),
        ...reads('apps/daemonsets'),
        'create /pods/eviction',
        'patch /pods/status',
        'create events.k8s.io/events',
      ].sort(),
    );
  });

  test.each([
    {
      stack: 'base',
      want: [
        'muster -> ServiceAccount muster',
        'muster-history -> ServiceAccount muster',
        'muster-lease-reader -> ServiceAccount muster',
        ...forKubeScheduler('muster'),
      ],
      leases: ['list', 'watch', 'get', 'update'].map((verb) => `${verb} coordination.k8s.io/leases muster-scheduler`),
    },
    {
      stack: 'service-mtls', // each side has its own account
      want: [
        'muster -> ServiceAccount muster',
        'muster-history -> ServiceAccount muster',
        ...forKubeScheduler('muster-kube-scheduler'),
      ],
      leases: ['get', 'update'].map((verb) => `${verb} coordination.k8s.io/leases muster-scheduler`),
    },
    {
      stack: 'main', // kube-scheduler has its rights already
      want: ['muster -> User muster', 'muster-history -> User muster', 'muster-main-lease-reader -> User muster'],
      leases: ['list', 'watch'].map((verb) => `${verb} coordination.k8s.io/leases kube-scheduler`),
    },
  ])('$stack: who has which role, and which lease', ({ stack, want, leases }) => {
    const all = kustomize(STACKS[stack]!);
    expect(boundIn(all)).toEqual([...want].sort());
    const isOfHistory = ({ metadata }: Manifest) => metadata.name === 'muster-history';
    const roles = all.filter((one) => one.kind === 'Role' && !isOfHistory(one)) as Role[];
    const rights = roles.flatMap(rightsOf).filter((right) => right !== 'create coordination.k8s.io/leases');
    expect(rights.sort()).toEqual([...leases].sort());
    for (const { metadata } of roles) expect(metadata.namespace).toBe('kube-system');
  });

  test('readers by their rights: muster may ask the API server who they are and what they may list, no more', () => {
    const all = kustomize(STACKS['dedicated with readers by their rights']!);
    const role = all.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'muster-readers') as Role;
    expect(rightsOf(role)).toEqual([
      'create authentication.k8s.io/tokenreviews',
      'create authorization.k8s.io/subjectaccessreviews',
    ]);
    const without = boundIn(kustomize(STACKS['dedicated']!));
    expect(boundIn(all)).toEqual([...without, 'muster-readers -> ServiceAccount muster'].sort());
    const [muster] = deploymentsOf(all).flatMap(({ spec }) => spec.template.spec.containers);
    expect(muster!.env).toContainEqual({ name: 'MUSTER_READ_ACCESS', value: 'kubernetes' });
    expect(muster!.env!.map(({ name }) => name)).toContain('NODE_OPTIONS');
  });

  test.each(Object.keys(STACKS))('%s: of the ConfigMaps, muster writes those of the history alone', (stack) => {
    const all = kustomize(STACKS[stack]!);
    const names = Array.from({ length: MOST_PARTS }, (_, part) => partName(part));
    const role = all.find(({ kind, metadata }) => kind === 'Role' && metadata.name === 'muster-history') as Role;
    expect(role.metadata.namespace).toBe('muster-system');
    expect(rightsOf(role)).toEqual(['get', 'patch'].map((verb) => `${verb} /configmaps ${names.join()}`));
    const kept = all.filter(({ kind, metadata }) => kind === 'ConfigMap' && names.includes(metadata.name));
    // With data, `kubectl apply` would replace what muster wrote.
    expect(
      kept.map(({ metadata: { name, namespace }, ...rest }) => [name, namespace, Object.keys(rest).sort()]),
    ).toEqual(names.map((name) => [name, 'muster-system', ['apiVersion', 'kind']]));
  });

  describe.each(Object.keys(STACKS))('%s: the admission policies', (stack) => {
    const all = kustomize(STACKS[stack]!);
    const ofKind = (kind: string) => all.filter((one) => one.kind === kind);
    const policies = ofKind('ValidatingAdmissionPolicy') as Policy[];
    const [annotations, writes] = ['muster-annotations', 'muster-pod-writes'].map((name) =>
      policies.find(({ metadata }) => metadata.name === name),
    ) as [Policy, Policy];

    test('are in force, and refuse what they cannot judge', () => {
      expect(policies).toHaveLength(2);
      for (const { metadata, spec } of policies) {
        const binding = ofKind('ValidatingAdmissionPolicyBinding').find((one) => one.metadata.name === metadata.name);
        expect(binding).toMatchObject({ spec: { policyName: metadata.name, validationActions: ['Deny'] } });
        expect(spec.failurePolicy).toBe('Fail');
      }
    });

    test("name muster's user, as the rights do", () => {
      const binding = (ofKind('ClusterRoleBinding') as Binding[]).find(({ metadata }) => metadata.name === 'muster');
      const [{ kind, name, namespace }] = binding!.subjects as [Binding['subjects'][number]];
      const user = kind === 'User' ? name : `system:serviceaccount:${namespace}:${name}`;
      expect(annotations.spec.matchConditions.map(({ expression }) => expression)).toEqual([
        `request.userInfo.username != '${user}'`,
      ]);
      expect(writes.spec.matchConditions.map(({ expression }) => expression)).toEqual([
        `request.userInfo.username == '${user}'`,
      ]);
    });

    test('know the annotations and the gate that muster writes', () => {
      const own = `['${RESERVATION}', '${EVICTION}', '${WAKE}']`;
      expect(annotations.spec.validations[0]!.expression).toContain(own);
      expect(writes.spec.variables.find(({ name }) => name === 'own')?.expression).toBe(own);
      expect(writes.spec.validations.at(-1)!.expression).toContain(`gate.name != '${GATE}'`);
    });
  });

  test.each(Object.keys(STACKS))('%s: nothing is bound to a role or an account that is not there', (stack) => {
    const all = kustomize(STACKS[stack]!);
    const names = (kinds: readonly string[]) =>
      all.filter(({ kind }) => kinds.includes(kind)).map(({ metadata }) => metadata.name);
    const roles = [...names(['Role', 'ClusterRole']), 'system:kube-scheduler', 'system:volume-scheduler'];
    const accounts = names(['ServiceAccount']);
    for (const { roleRef, subjects } of roleBindingsIn(all)) {
      expect([...roles, 'extension-apiserver-authentication-reader']).toContain(roleRef.name);
      for (const { kind, name } of subjects) if (kind === 'ServiceAccount') expect(accounts).toContain(name);
    }
  });
});
