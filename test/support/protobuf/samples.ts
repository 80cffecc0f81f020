import fc from 'fast-check';

type Json = Record<string, unknown>;

const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
const word = fc.constantFrom('', 'a', 'true', 'x-1', 'ä', '日本', '__proto__', 'constructor', '7', 'a b');
const quantity = fc.constantFrom('0', '1', '100m', '1500m', '1Gi', '128974848', '3e3', '2.5', '1n');
const resource = fc.constantFrom('cpu', 'memory', 'ephemeral-storage', 'nvidia.com/gpu', 'example.com/a');
const quantities = fc.dictionary(resource, quantity, { maxKeys: 3 });
const resources = fc.record({ requests: quantities, limits: quantities }, { requiredKeys: [] });
const time = fc.integer({ min: -1e9, max: 4e9 }).map((s) => new Date(s * 1000).toISOString().replace('.000', ''));
const flag = fc.boolean();
const some = <T>(one: fc.Arbitrary<T>, most = 3) => fc.array(one, { maxLength: most });
const optional = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(fields, { requiredKeys: [] });

/** Labels and annotations that mean something to muster, and others. */
const keys = fc.oneof(
  fc.constantFrom(
    'muster.dev/gang',
    'muster.dev/role',
    'muster.dev/priority',
    'muster.dev/deadline',
    'muster.dev/expected-duration',
    'muster.dev/queue',
    'spark-role',
    'spark-app-selector',
    'scheduling.x-k8s.io/pod-group',
    'scheduling.volcano.sh/group-name',
    'jobset.sigs.k8s.io/jobset-name',
    'jobset.sigs.k8s.io/replicatedjob-name',
    'kueue.x-k8s.io/pod-group-name',
    'muster.dev/gang-job',
    'controller.kubernetes.io/pod-deletion-cost',
    'kubernetes.io/config.mirror',
  ),
  word,
);
const values = fc.oneof(word, fc.constantFrom('driver', 'executor', '5', '2026-12-31T18:00:00Z', '90m'), name);
const texts = fc.dictionary(keys, values, { maxKeys: 5 });
const annotations = fc.oneof(
  texts,
  fc
    .constantFrom(
      '[{"name":"driver","count":1,"requests":{"cpu":"1"}},{"name":"executor","count":3,"requests":{"cpu":"2"}}]',
      '{',
    )
    .map((roles) => ({ 'muster.dev/roles': roles })),
);

const owner = optional({
  apiVersion: fc.constantFrom('v1', 'apps/v1', 'batch/v1'),
  kind: fc.constantFrom('Pod', 'DaemonSet', 'Node', 'Job', 'CronJob'),
  name,
  uid: name,
  controller: flag,
  blockOwnerDeletion: flag,
});
const managedFields = fc.constant([
  { manager: 'm', operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:a': {} } },
]);

const container = optional({
  name,
  image: name,
  args: some(fc.constantFrom('--class', 'org.example.Main', '')),
  command: some(name),
  env: some(
    fc.record({ name: fc.constantFrom('SPARK_USER', 'A', 'X_SPARK_USER'), value: fc.constantFrom('u', 'v', '7') }),
  ),
  resources,
  restartPolicy: fc.constantFrom('Always', 'OnFailure'),
  volumeMounts: some(fc.record({ name, mountPath: name, readOnly: flag })),
  livenessProbe: fc.constant({ httpGet: { path: '/', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 }),
});
const requirement = fc.record({
  key: name,
  operator: fc.constantFrom('In', 'NotIn', 'Exists', 'Gt', 'Odd'),
  values: some(word),
});
const term = optional({ matchExpressions: some(requirement, 2), matchFields: some(requirement, 1) });
const affinity = optional({
  nodeAffinity: optional({
    requiredDuringSchedulingIgnoredDuringExecution: fc.record({ nodeSelectorTerms: some(term, 2) }),
    preferredDuringSchedulingIgnoredDuringExecution: some(fc.record({ weight: fc.nat(100), preference: term }), 1),
  }),
  podAntiAffinity: fc.constant({
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { a: 'b' } } },
    ],
  }),
});
const toleration = optional({
  key: name,
  operator: fc.constantFrom('Exists', 'Equal', 'Gt'),
  value: name,
  effect: fc.constantFrom('NoSchedule', 'NoExecute'),
  tolerationSeconds: fc.integer({ min: -5, max: 300 }),
});
const volume = fc.oneof(
  fc.record({ name: fc.constantFrom('spark-conf-volume-driver', 'a'), configMap: fc.record({ name }) }),
  fc.record({ name, emptyDir: fc.constant({}) }),
  fc.record({
    name,
    projected: fc.constant({
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'root-ca' } },
      ],
    }),
  }),
);
const spec = optional({
  volumes: some(volume),
  containers: some(container, 3),
  initContainers: some(container, 2),
  terminationGracePeriodSeconds: fc.constantFrom(0, 30, 90, -1, 2 ** 40, 2 ** 53 - 1),
  activeDeadlineSeconds: fc.constantFrom(1, 3600),
  nodeSelector: texts,
  nodeName: fc.constantFrom('n1', 'n2'),
  hostNetwork: flag,
  affinity,
  schedulerName: fc.constantFrom('muster', 'default-scheduler'),
  tolerations: some(toleration),
  priorityClassName: name,
  priority: fc.constantFrom(0, 5, -10, 2_000_001_000, -(2 ** 31)),
  preemptionPolicy: fc.constantFrom('Never', 'PreemptLowerPriority'),
  overhead: quantities,
  schedulingGates: some(fc.record({ name: fc.constantFrom('muster.dev/gang', 'other') }), 2),
  resources,
  schedulingGroup: fc.constant({ podGroupName: 'g' }),
  workloadRef: fc.constant({ name: 'w', podGroup: 'g' }),
  serviceAccountName: name,
  securityContext: fc.constant({ runAsUser: 185 }),
});
const condition = optional({
  type: fc.constantFrom('PodScheduled', 'Ready', 'PodResizePending'),
  status: fc.constantFrom('True', 'False'),
  reason: fc.constantFrom('Unschedulable', 'SchedulingGated', 'Infeasible'),
  message: fc.constantFrom('0/3 nodes are available: 3 Insufficient cpu.', 'no', 'ß'),
  lastTransitionTime: time,
});
const containerStatus = optional({
  name,
  restartCount: fc.constantFrom(0, 1, 300),
  allocatedResources: quantities,
  resources,
  state: fc.constant({ running: { startedAt: '2026-01-01T00:00:00Z' } }),
  image: name,
  ready: flag,
});
const status = optional({
  phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed'),
  conditions: some(condition),
  podIP: fc.constantFrom('10.0.0.1', 'fd00::1', 'no'),
  startTime: time,
  containerStatuses: some(containerStatus, 2),
  initContainerStatuses: some(containerStatus, 1),
});
const metadata = fc.record(
  {
    name,
    uid: name,
    namespace: fc.constantFrom('jobs', 'default', ''),
    resourceVersion: fc.nat().map(String),
    creationTimestamp: time,
    deletionTimestamp: time,
    labels: texts,
    annotations,
    ownerReferences: some(owner, 2),
    managedFields,
    finalizers: some(name, 1),
  },
  { requiredKeys: ['name', 'uid'] },
);

/** A core/v1 Pod as JSON, of what the API server sends and somewhat beyond. */
export const samplePod: fc.Arbitrary<Json> = fc.record({ metadata, spec, status }, { requiredKeys: ['metadata'] });

/** A core/v1 Node as JSON. */
export const sampleNode: fc.Arbitrary<Json> = fc.record(
  {
    metadata,
    spec: optional({
      unschedulable: flag,
      podCIDR: name,
      taints: some(optional({ key: name, value: word, effect: fc.constantFrom('NoSchedule', ''), timeAdded: time })),
    }),
    status: optional({
      allocatable: quantities,
      capacity: quantities,
      images: some(fc.record({ names: some(name), sizeBytes: fc.nat() })),
      addresses: some(fc.record({ type: fc.constant('InternalIP'), address: name })),
    }),
  },
  { requiredKeys: ['metadata'] },
);
