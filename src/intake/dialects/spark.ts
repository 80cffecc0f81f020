import { MusterError } from '../../core/errors.ts';
import type { GangSpec, Membership, Role } from '../../core/model.ts';
import { gangObjectKey, livingPodKey, type GangObjectRecords, type SparkApplication } from '../gang-objects.ts';
import { objectAt, objectsAt, own, type Json } from '../field.ts';
import { sparkReplicaSets } from '../records/spark-replicas.ts';
import { executorCount } from '../spark/executor-count.ts';
import { sparkVersion } from '../spark/executor-memory.ts';
import { isSparkDriver, volumeOf } from '../spark/driver-pod.ts';
import { executorShape } from '../spark/executor-pod.ts';
import { lossOf } from '../spark/loss.ts';
import { reportOf } from '../spark/report.ts';
import type { SparkConf } from '../spark/sizes.ts';
import type { Dialect, DialectInput } from './dialect.ts';
import { MAX_MEMBERS, problemOf, ownQueue } from './dialect-helpers.ts';

/**
 * Spark's own labels, `spark-role` and `spark-app-selector`, which Spark 3.1 to 4.x sets. The gang is declared by the
 * conf that spark-submit leaves in the driver's ConfigMap, or by an operator's SparkApplication, which takes
 * precedence. In client mode Spark has made no driver pod, and each executor may start alone.
 */
export const spark: Dialect = (input) => {
  const { labels, namespace } = input.pod;
  const app = labels.get('spark-app-selector');
  if (!app || labels.get('spark-exec-inactive') === 'true') return undefined;
  const gang = `${namespace}/${app}`;
  if (labels.get('spark-role') === 'executor') return isOurs(input) ? executor(input, gang, app) : undefined;
  return isSparkDriver(labels, input.object) ? driver(input, gang, app) : undefined;
};

const isOurs = ({ pod, context }: DialectInput) => context.schedulerNames.has(pod.schedulerName);

function driver(input: DialectInput, gang: string, app: string): Membership | undefined {
  const { namespace } = input.pod;
  try {
    const found = declared(input);
    if ('awaits' in found) return isOurs(input) ? { gang, role: 'driver', ...found } : undefined;
    // A driver that another scheduler places may still send its executors to muster (in Spark 3.1 it is the only way).
    if (!isOurs(input) && !sendsExecutorsHere(input, found.conf)) return undefined;
    const roles = rolesOf(input, found);
    const loss = lossOf(found.conf, sparkVersion(input.pod.labels.get('spark-version')));
    const report = reportOf(found.conf, app);
    const spec: GangSpec = { key: gang, namespace, name: app, roles, queue: queueOf(input), ...loss, ...report };
    return { gang, role: 'driver', spec };
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    return isOurs(input) ? { gang, role: 'driver', problem: problemOf(error) } : undefined;
  }
}

interface Declared {
  readonly conf: SparkConf;
  readonly application: SparkApplication | undefined;
  readonly template: Json | undefined;
}

interface Awaited {
  readonly problem: string;
  readonly awaits: string;
}

/** The conf in force: the SparkApplication's over the ConfigMap's. One of them must exist. */
function declared(input: DialectInput): Declared | Awaited {
  const { pod, context, object } = input;
  const { namespace } = pod;
  const application = applicationOf(input);
  const configMap = volumeOf(object, 'spark-conf-volume-driver');
  const conf = configMap === undefined ? undefined : context.gangObjects.get('spark-conf', namespace, configMap);
  if (!conf && !application) return configMap === undefined ? noConf() : awaiting('spark-conf', namespace, configMap);
  const merged = new Map([...(conf ?? []), ...(application?.conf ?? [])]);
  const templateMap = volumeOf(object, 'pod-template-volume');
  if (templateMap === undefined) return { conf: merged, application, template: application?.template };
  const template = context.gangObjects.get('spark-template', namespace, templateMap);
  if (!template) return awaiting('spark-template', namespace, templateMap);
  return { conf: merged, application, template };
}

function awaiting(kind: keyof GangObjectRecords, namespace: string, name: string): Awaited {
  return {
    problem: `ConfigMap ${name} of the driver does not exist yet`,
    awaits: gangObjectKey(kind, namespace, name),
  };
}

function noConf(): never {
  const what =
    'the driver has neither a volume spark-conf-volume-driver nor a SparkApplication: declare the gang with annotation muster.dev/roles';
  throw new MusterError('MUSTER_OBJECT_INVALID', `${what}.`);
}

function applicationOf({
  pod: { labels, namespace },
  context: { gangObjects },
}: DialectInput): SparkApplication | undefined {
  const kubeflow = labels.get('sparkoperator.k8s.io/app-name');
  const apache = labels.get('spark.operator/spark-app-name');
  return (
    (kubeflow === undefined ? undefined : gangObjects.get('kubeflow-app', namespace, kubeflow)) ??
    (apache === undefined ? undefined : gangObjects.get('apache-app', namespace, apache))
  );
}

function rolesOf(input: DialectInput, { conf, application, template }: Declared): Role[] {
  const { pod } = input;
  const version = sparkVersion(pod.labels.get('spark-version'));
  const shape = executorShape({ conf, version, template, added: application?.executorPod });
  const leader = { name: 'driver', count: 1, min: 1, request: pod.request, constraints: pod.constraints };
  return [leader, { name: 'executor', ...countOf(input, { conf, application, template }), ...shape }];
}

/** Takes the replicas that Spark has set, if there is such a StatefulSet or Deployment; else the counts of the conf. */
function countOf(
  { pod, context }: DialectInput,
  { conf, application }: Declared,
): Pick<Role, 'min' | 'count' | 'isDynamic'> {
  const declaredCount = executorCount(conf, application?.start);
  const sets = sparkReplicaSets(pod.labels.get('spark-app-selector')!);
  const live = sets
    .map((name) => context.gangObjects.get('spark-replicas', pod.namespace, name))
    .find((n) => n !== undefined);
  if (live === undefined || live < 0 || live > MAX_MEMBERS) return declaredCount;
  return { min: live, count: Math.max(live, declaredCount.count) };
}

function sendsExecutorsHere({ context }: DialectInput, conf: SparkConf): boolean {
  const name = conf.get('spark.kubernetes.executor.scheduler.name') ?? conf.get('spark.kubernetes.scheduler.name');
  return name !== undefined && context.schedulerNames.has(name);
}

function executor(input: DialectInput, gang: string, app: string): Membership {
  const { pod, context, object } = input;
  // User code makes the other resource profiles. Their shape is unknown in advance, so nothing is held for them.
  const isElastic = (pod.labels.get('spark-exec-resourceprofile-id') ?? '0') !== '0';
  const membership = { gang, role: 'executor', ...(isElastic ? { isElastic } : {}) } as const;
  const owners = podOwners(object).map((uid) => ({ uid, is: context.livingPod?.(uid) }));
  if (owners.some(({ is }) => is === 'spark-driver')) return membership;
  if (context.gangObjects.get('spark-driver', pod.namespace, app)) return membership;
  const unknown = owners.find(({ is }) => is === undefined);
  if (unknown) return { ...membership, awaits: livingPodKey(unknown.uid) };
  const { request, constraints, namespace } = pod;
  // Client mode: nothing says how many executors there will be.
  const role = { name: 'executor', count: MAX_MEMBERS, min: 1, request, constraints };
  return { gang, role: 'executor', spec: { key: gang, namespace, name: app, roles: [role], queue: queueOf(input) } };
}

/**
 * The UIDs of the pods that own this one, by its own word: a driver owns its executors, unless a StatefulSet or
 * Deployment allocator made them. So does the pod that a driver in client mode runs in, such as a notebook's, if Spark
 * was told its name.
 */
function podOwners(object: Json): readonly string[] {
  const metadata = objectAt(object, 'metadata', 'Pod') ?? {};
  const pods = objectsAt(metadata, 'ownerReferences', 'Pod.metadata').filter((owner) => own(owner, 'kind') === 'Pod');
  return pods.map((owner) => String(own(owner, 'uid')));
}

const queueOf = (input: DialectInput) => ownQueue(input) ?? 'default';
