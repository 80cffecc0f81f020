import { driverConf, driverPod, executorPod, type SparkObjectOptions } from '../../test/e2e/harness/spark-objects.ts';

/** An object and the path to which it is posted. */
type Post = readonly [path: string, body: object];

/** A gang: a driver, which is member 0, and its executors. */
export interface Gang {
  readonly name: string;
  readonly executors: number;
}

/** The objects that a scheduler reads of a gang. */
export interface GangObjects {
  /** Made before the gang's pods. */
  readonly before: (gang: Gang) => readonly Post[];
  /** @param driverUid empty for the driver, member 0 */
  readonly pod: (gang: Gang, member: number, driverUid: string) => object;
  /** Collections, beside pods, to delete after a measurement. */
  readonly collections: readonly string[];
}

interface PodObject {
  readonly metadata: { readonly name: string; readonly labels: object };
  readonly spec: { readonly containers: readonly { readonly volumeMounts?: object }[]; readonly volumes?: object };
}

interface More {
  readonly labels?: object;
  readonly annotations?: object;
  readonly spec?: object;
}

/** What a driver and an executor ask. */
const EACH = { cpu: 1, memoryMi: 1408 };
export const PODS = '/api/v1/namespaces/default/pods';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

/** The gang that a pod of this name is in; undefined for a pod that is in none, such as a placeholder. */
export const gangOf = (pod: string): string | undefined => /^(r\d+-\d+)-/.exec(pod)?.[1];
/** Other names in each round: no scheduler takes a pod for one that it has seen. */
export const gangNamed = (round: number, number: number) =>
  `r${String(round).padStart(2, '0')}-${String(number).padStart(4, '0')}`;

const appOf = ({ name, executors }: Gang, schedulerName: string): SparkObjectOptions => ({
  name,
  id: `spark-${name.padEnd(32, '0')}`,
  executors,
  schedulerName,
});

/** Spark's own objects, with nothing added. */
export const sparkObjects = (schedulerName: string): GangObjects => ({
  before: (gang) => [[CONFIG_MAPS, driverConf(appOf(gang, schedulerName))]],
  pod: (gang, member, driverUid) => {
    const app = appOf(gang, schedulerName);
    return member === 0 ? driverPod(app) : executorPod(app, driverUid, member);
  },
  collections: [CONFIG_MAPS],
});

/** Pods with Spark's labels and amounts, and what else a scheduler reads of them. */
function labelledObjects(schedulerName: string, more: (gang: Gang, member: number) => More = () => ({})): GangObjects {
  const pod = (gang: Gang, member: number) => {
    const app = appOf(gang, schedulerName);
    const { metadata, spec } = (member === 0 ? driverPod(app) : executorPod(app, '', member)) as PodObject;
    const { labels, annotations = {}, spec: inSpec } = more(gang, member);
    // Without the ConfigMap, and without an owner: the uid of the driver is for Spark's dialect alone.
    const containers = spec.containers.map((container) => ({ ...container, volumeMounts: undefined }));
    return {
      metadata: { name: metadata.name, labels: { ...metadata.labels, ...labels }, annotations },
      spec: { ...spec, volumes: undefined, containers, ...inSpec },
    };
  };
  return { before: () => [], pod, collections: [] };
}

/** The same pods in no gang. */
export const plainObjects = (schedulerName: string): GangObjects => labelledObjects(schedulerName);

/** A gang as an object of its own, to which pods refer. */
function groupObjects(
  pods: GangObjects,
  { version, plural = 'podgroups', spec }: { version: string; plural?: string; spec: (gang: Gang) => object },
): GangObjects {
  const collection = `/apis/${version}/namespaces/default/${plural}`;
  const group = (gang: Gang) => ({
    apiVersion: version,
    kind: 'PodGroup',
    metadata: { name: gang.name },
    spec: spec(gang),
  });
  return { ...pods, before: (gang) => [[collection, group(gang)]], collections: [collection] };
}

const sizeOf = ({ executors }: Gang) => executors + 1;
const amountsOf = (pods: number) => ({ cpu: String(pods * EACH.cpu), memory: `${pods * EACH.memoryMi}Mi` });

export const nativeObjects = (schedulerName: string): GangObjects =>
  groupObjects(
    labelledObjects(schedulerName, ({ name }) => ({ spec: { schedulingGroup: { podGroupName: name } } })),
    {
      version: 'scheduling.k8s.io/v1alpha2',
      spec: (gang) => ({ schedulingPolicy: { gang: { minCount: sizeOf(gang) } } }),
    },
  );

export const coschedulingObjects = (schedulerName: string): GangObjects =>
  groupObjects(
    labelledObjects(schedulerName, ({ name }) => ({ labels: { 'scheduling.x-k8s.io/pod-group': name } })),
    {
      version: 'scheduling.x-k8s.io/v1alpha1',
      spec: (gang) => ({ minMember: sizeOf(gang), scheduleTimeoutSeconds: 60 }),
    },
  );

export const volcanoObjects = (): GangObjects =>
  groupObjects(
    labelledObjects('volcano', ({ name }) => ({ annotations: { 'scheduling.k8s.io/group-name': name } })),
    {
      version: 'scheduling.volcano.sh/v1beta1',
      spec: (gang) => ({ minMember: sizeOf(gang), queue: 'default', minResources: amountsOf(sizeOf(gang)) }),
    },
  );

const yunikornLabels = ({ name }: Gang) => ({ applicationId: name, queue: 'root.batch' });

/** Applications without gangs. */
export const yunikornObjects = (): GangObjects =>
  labelledObjects('yunikorn', (gang) => ({ labels: yunikornLabels(gang) }));

/** Gangs by placeholder pods, which YuniKorn makes and replaces. */
export const yunikornGangObjects = (): GangObjects =>
  labelledObjects('yunikorn', (gang, member) => {
    const group = (name: string, minMember: number) => ({ name, minMember, minResource: amountsOf(1) });
    const groups = [group('driver', 1), group('executor', gang.executors)];
    const ofDriver = {
      'yunikorn.apache.org/task-group-name': 'driver',
      'yunikorn.apache.org/task-groups': JSON.stringify(groups),
      'yunikorn.apache.org/schedulingPolicyParameters': 'placeholderTimeoutInSeconds=120 gangSchedulingStyle=Hard',
    };
    const annotations = member === 0 ? ofDriver : { 'yunikorn.apache.org/task-group-name': 'executor' };
    return { labels: yunikornLabels(gang), annotations };
  });
