import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { importQueues } from '../../../src/cli/import/import-queues.ts';
import { objectsIn } from '../../../src/cli/import/objects.ts';
import { builtCli } from '../../support/cli.ts';

const imported = (text: string) => {
  const { text: file, notes } = importQueues(objectsIn(text, 'f'));
  return { file: parse(file) as object, notes, text: file };
};

const YUNIKORN = `
partitions:
  - name: default
    placementrules:
      - { name: provided }
      - { name: tag, value: namespace, create: true, parent: { name: fixed, value: root.adhoc } }
      - { name: fixed, value: root.missing }
      - { name: fixed, value: root.prod.etl }
    queues:
      - name: root
        submitacl: '*'
        queues:
          - name: prod
            resources: { guaranteed: { vcore: 400, memory: 1600Gi }, max: { vcore: 500500m, nvidia.com/gpu: 8 } }
            submitacl: 'alice,bob admins'
            queues:
              - { name: etl, properties: { application.sort.policy: fifo, preemption.delay: 10s } }
              - { name: ML_team, properties: { application.sort.policy: fair } }
          - name: adhoc
            parent: true
            maxapplications: 200
            childtemplate: { maxapplications: 10, resources: { max: { vcore: 64, memory: 100G } } }
            limits:
              - { limit: all, users: ['*'], maxapplications: 3 }
              - { limit: one, users: [sue], maxresources: { vcore: 2 } }
              - { limit: some, groups: [dev], maxapplications: 1 }
`;

test('YuniKorn: root is the cluster, vcores are cores, and what has no counterpart is noted', () => {
  const { file, notes, text } = imported(YUNIKORN);
  expect(file).toEqual({
    queues: [
      {
        name: 'prod',
        guaranteed: { cpu: 400, memory: '1600Gi' },
        max: { cpu: '500500m', 'nvidia.com/gpu': 8 },
        queues: [
          { name: 'etl', order: 'fifo' },
          { name: 'ml-team', order: 'fair' },
        ],
      },
      {
        name: 'adhoc',
        running: { gangs: 200 },
        users: { gangs: 3, of: { sue: { max: { cpu: 2 } } } },
        each: { max: { cpu: 64, memory: 100_000_000_000 }, running: { gangs: 10 } },
      },
    ],
    queueRules: [{ queue: 'adhoc.{namespace}' }, { queue: 'prod.etl' }],
  });
  expect(notes).toEqual([
    'prod: submitacl names users and groups; muster goes by namespace: set namespaces',
    'prod.etl: property preemption.delay has no counterpart; left out',
    'prod.ML_team: sort policy fair: users take turns in muster, not applications',
    'adhoc: limits of groups have no counterpart; left out',
    'placementrules: missing is below no queue of the file; left out',
    'ML_team: is called ml-team: names are DNS labels in muster',
    'queueRules[1]: is never reached: queueRules[0] comes first and holds wherever this one does, got "prod.etl"',
  ]);
  expect(text).toContain('# prod: submitacl names users and groups');
});

test('YuniKorn in a ConfigMap, as kubectl prints it', () => {
  const map = { kind: 'ConfigMap', metadata: { name: 'yunikorn-configs' }, data: { 'queues.yaml': YUNIKORN } };
  expect(imported(JSON.stringify({ kind: 'List', items: [map] })).file).toEqual(imported(YUNIKORN).file);
});

test('Volcano: deserved is guaranteed, and what is guaranteed there is not lent', () => {
  const queue = (name: string, spec: object) => ({
    ...{ apiVersion: 'scheduling.volcano.sh/v1beta1', kind: 'Queue', metadata: { name } },
    spec,
  });
  const items = [
    queue('root', { weight: 1 }),
    queue('prod', {
      ...{ parent: 'root', weight: 4, deserved: { cpu: '8', memory: '8Gi' } },
      ...{ guarantee: { resource: { cpu: '2' } }, capability: { cpu: '16' }, reclaimable: false },
    }),
    queue('etl', { parent: 'prod', weight: 1 }),
    queue('lost', { parent: 'gone' }),
    queue('x', { parent: 'y' }),
    queue('y', { parent: 'x' }),
  ];
  const { file, notes } = imported(JSON.stringify({ kind: 'List', items }));
  expect(file).toEqual({
    queues: [
      {
        name: 'prod',
        ...{ guaranteed: { cpu: 8, memory: '8Gi' }, max: { cpu: 16 }, lend: { cpu: 6, memory: '8Gi' }, weight: 4 },
        queues: [{ name: 'etl' }],
      },
      { name: 'lost' },
      { name: 'x' },
      { name: 'y' },
    ],
  });
  expect(notes).toEqual([
    'Queue prod: reclaimable: false has no counterpart; leave the queue out of reclaim.from of the others',
    'lost: its parent gone is in none of the files; it stands at the top',
    'x: it is its own parent; it stands at the top',
    'y: it is its own parent; it stands at the top',
  ]);
});

const KUEUE = `
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: { name: team-a }
spec:
  cohortName: all
  fairSharing: { weight: 500m }
  namespaceSelector: { matchExpressions: [{ key: kubernetes.io/metadata.name, operator: In, values: [a1, a2] }] }
  preemption: { reclaimWithinCohort: Any }
  admissionChecks: [x]
  resourceGroups:
    - coveredResources: [cpu, memory]
      flavors:
        - name: spot
          resources:
            - { name: cpu, nominalQuota: 9, borrowingLimit: 3 }
            - { name: memory, nominalQuota: 36Gi, lendingLimit: 6Gi }
        - name: demand
          resources: [{ name: cpu, nominalQuota: 1, borrowingLimit: 1 }]
---
apiVersion: kueue.x-k8s.io/v1beta1
kind: ClusterQueue
metadata: { name: alone }
spec:
  stopPolicy: Hold
  namespaceSelector: { matchLabels: { team: x } }
  resourceGroups:
    - coveredResources: [cpu]
      flavors: [{ name: spot, resources: [{ name: cpu, nominalQuota: 4 }] }]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: Cohort
metadata: { name: all }
spec:
  resourceGroups: [{ coveredResources: [cpu], flavors: [{ name: spot, resources: [{ name: cpu, nominalQuota: 5 }] }] }]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: { name: spot }
spec: { nodeLabels: { pool: spot } }
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueueList
items:
  - { metadata: { name: default, namespace: a1 }, spec: { clusterQueue: team-a } }
  - { metadata: { name: other, namespace: a2 }, spec: { clusterQueue: gone } }
`;

test('Kueue: quotas of flavors are added, cohorts are queues, LocalQueues are rules', () => {
  const { file, notes } = imported(KUEUE);
  expect(file).toEqual({
    queues: [
      {
        name: 'all',
        guaranteed: { cpu: 15, memory: '36Gi' },
        max: { cpu: 15, memory: '36Gi' },
        queues: [
          {
            name: 'team-a',
            guaranteed: { cpu: 10, memory: '36Gi' },
            max: { cpu: 14 },
            lend: { cpu: 10, memory: '6Gi' },
            weight: 0.5,
            namespaces: ['a1', 'a2'],
          },
        ],
      },
      {
        name: 'alone',
        guaranteed: { cpu: 4 },
        max: { cpu: 4 },
        running: { gangs: 0 },
        nodes: { pool: 'spot' },
        reclaim: { mode: 'off' },
      },
    ],
    queueRules: [
      { namespaces: ['a1'], labels: { 'kueue.x-k8s.io/queue-name': 'default' }, queue: 'all.team-a', force: true },
      { namespaces: ['a1'], queue: 'all.team-a' },
    ],
  });
  expect(notes).toEqual([
    'ClusterQueue team-a: admissionChecks has no counterpart; left out',
    'ClusterQueue team-a: the quotas of flavors spot, demand were added; make a queue with nodes for each to keep them apart',
    'ClusterQueue team-a: reclaim only advises: set reclaim.mode to enforce to let it evict',
    'ClusterQueue alone: namespaceSelector goes by labels of namespaces; say their names in namespaces',
    'Cohort all: max is what its queues have together, as in Kueue: remove it to let them use all that the nodes have',
    'LocalQueue other: ClusterQueue gone is in none of the files; no rule was made',
  ]);
});

test('ElasticQuotas of scheduler-plugins are queues of namespaces', () => {
  const { file } = imported(`
apiVersion: scheduling.x-k8s.io/v1alpha1
kind: ElasticQuota
metadata: { name: quota1, namespace: team1 }
spec: { min: { cpu: 4 }, max: { cpu: 6 } }`);
  expect(file).toEqual({
    queues: [{ name: 'team1', guaranteed: { cpu: 4 }, max: { cpu: 6 } }],
    queueRules: [{ namespaces: ['team1'], queue: 'team1' }],
  });
});

test('ElasticQuotas of Koordinator are a tree; endless amounts are no limit', () => {
  const prefix = 'quota.scheduling.koordinator.sh';
  const { file, notes } = imported(`
apiVersion: scheduling.sigs.k8s.io/v1alpha1
kind: ElasticQuota
metadata: { name: parent, namespace: kube-system, labels: { ${prefix}/is-parent: 'true', ${prefix}/parent: koordinator-root-quota } }
spec: { min: { cpu: 40 }, max: { cpu: 9223372036854775807 } }
---
apiVersion: scheduling.sigs.k8s.io/v1alpha1
kind: ElasticQuota
metadata:
  name: child
  namespace: kube-system
  labels: { ${prefix}/parent: parent, ${prefix}/allow-lent-resource: 'false' }
  annotations: { ${prefix}/namespaces: '["n1", "n2"]', ${prefix}/shared-weight: '{"cpu": 3}' }
spec: { min: { cpu: 10 } }`);
  expect(file).toEqual({
    queues: [
      {
        name: 'parent',
        guaranteed: { cpu: 40 },
        queues: [{ name: 'child', guaranteed: { cpu: 10 }, lend: { cpu: 0 } }],
      },
    ],
    queueRules: [{ namespaces: ['n1', 'n2'], queue: 'parent.child' }],
  });
  expect(notes).toHaveLength(2);
});

const { folder, muster } = builtCli();

test('muster import queues prints a file that muster check accepts, and says what is left out', async () => {
  const from = join(folder, 'queues.yaml');
  writeFileSync(from, YUNIKORN);
  const { code, out, err } = await muster('import', 'queues', from);
  expect(code).toBe(0);
  expect(err).toContain('muster: note: prod: submitacl');
  const to = join(folder, 'policy.yaml');
  writeFileSync(to, out);
  expect((await muster('check', to)).code).toBe(0);
  const none = await muster('import', 'queues', to);
  expect([none.code, none.out]).toEqual([1, '']);
  expect(none.err).toContain('The files hold no queues');
});
