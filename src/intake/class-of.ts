import { WORK_CLASSES, type Membership, type PodInfo, type WorkClass } from '../core/model.ts';
import { listAt, objectAt, objectsAt, type Json } from './field.ts';

const CLASS = 'muster.dev/class';
const ENDLESS = 'muster.dev/endless';
/** More arguments than that, no spark-submit writes before the class. */
const MAX_ARGS = 50;

/** Main classes of Spark apps that serve many users or jobs until somebody ends them. */
const SERVERS = new Set([
  'org.apache.spark.sql.connect.service.SparkConnectServer',
  'org.apache.spark.sql.hive.thriftserver.HiveThriftServer2',
  'org.apache.kyuubi.engine.spark.SparkSQLEngine',
  'org.apache.livy.rsc.driver.RSCDriverBootstrapper',
]);

/** A pod that leads a gang, or one of no gang. */
interface Source {
  readonly pod: PodInfo;
  readonly object: Json;
  readonly annotations: ReadonlyMap<string, string>;
  readonly membership: Membership | undefined;
}

/**
 * What kind of work the pod says that it leads, or is; undefined: batch, or nothing that is known. A conf is not asked: a
 * cluster may set it for all apps.
 * @throws MusterError MUSTER_OBJECT_INVALID for values of the wrong type, which no API server sends
 */
export function workClassOf({ pod, object, annotations, membership }: Source): WorkClass | undefined {
  const said = saidIn(pod, annotations, CLASS);
  const known = WORK_CLASSES.find((one) => one === said);
  if (known) return known;
  const spec = objectAt(object, 'spec', 'Pod') ?? {};
  if (pod.labels.get('spark-role') === 'connect-server' || SERVERS.has(mainClassOf(spec) ?? '')) return 'shared';
  if (saidIn(pod, annotations, ENDLESS) === 'true') return 'endless';
  // Executors lead where the driver is in no pod, or in one that Spark has not made: in client mode, as of a notebook.
  return membership?.spec && pod.labels.get('spark-role') === 'executor' ? 'interactive' : undefined;
}

/** Whether work of that class runs until somebody ends it. The owner may say otherwise. */
export function isEndless(workClass: WorkClass | undefined, pod: PodInfo, annotations: Source['annotations']): boolean {
  const said = saidIn(pod, annotations, ENDLESS);
  return said === undefined ? workClass === 'shared' || workClass === 'endless' : said === 'true';
}

const saidIn = ({ labels }: PodInfo, annotations: Source['annotations'], key: string): string | undefined =>
  labels.get(key) ?? annotations.get(key);

/** `driver --properties-file ... --class org.example.Main ...`, as spark-submit starts a driver. */
function mainClassOf(spec: Json): string | undefined {
  for (const container of objectsAt(spec, 'containers', 'Pod.spec')) {
    const args = listAt(container, 'args', 'Pod.spec.containers').slice(0, MAX_ARGS);
    const main = args[args.indexOf('--class') + 1];
    if (args.includes('--class') && typeof main === 'string') return main;
  }
  return undefined;
}
