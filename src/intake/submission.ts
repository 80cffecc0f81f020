import { MusterError } from '../core/errors.ts';
import type { PodInfo } from '../core/model.ts';
import { asObject, listAt, objectAt, own, textAt, type Json } from './field.ts';
import {
  DEFAULT_CONTEXT,
  type GangObjectKind,
  type GangObjectRecords,
  type GangObjects,
  type IntakeContext,
} from './gang-objects.ts';
import { GANG_OBJECT_SOURCES } from './gang-object-sources.ts';
import { toPodInfo } from './pod.ts';
import { submittedDriver } from './spark/submitted-driver.ts';
import { shown } from './wording.ts';

/** More objects are not one app. */
export const MOST_OBJECTS = 100;

/** The kinds whose pods are known before they are submitted. */
const LEADING = ['Pod', 'Job', 'SparkApplication'] as const;
/** Kinds that add to the declaration of a gang. */
const DECLARING = ['PodGroup', 'ConfigMap'] as const;

/**
 * The pod that decides when an app starts, from the objects that its owner would submit: a Pod, a Job or a
 * SparkApplication, with the PodGroups and ConfigMaps that belong to it. It waits for muster's scheduler where it names
 * none.
 * @param where names the objects for errors: `app.yaml`
 * @param context what the cluster has already
 * @throws MusterError MUSTER_OBJECT_INVALID, MUSTER_QUANTITY_INVALID naming object, field and value
 */
export function submissionOf(
  objects: readonly unknown[],
  where: string,
  context: IntakeContext = DEFAULT_CONTEXT,
): PodInfo {
  try {
    return read(objects, where, context);
  } catch (error) {
    if (!(error instanceof MusterError) || error.what.startsWith(where)) throw error;
    throw new MusterError(error.code, `${where}: ${error.what}`, { cause: error });
  }
}

function read(objects: readonly unknown[], where: string, context: IntakeContext): PodInfo {
  const all = objects.flatMap((object, i) =>
    itemsOf(object, objects.length > 1 ? `${where}: document ${i + 1}` : where),
  );
  if (all.length > MOST_OBJECTS)
    throw invalid(`${where}: expected the objects of one app, ${MOST_OBJECTS} at most, got ${all.length}`);
  const submitted = new SubmittedObjects(context.gangObjects);
  for (const { object, at } of all) submitted.add(object, at);
  const pods = all.flatMap(({ object, at }) => podOf(object, at, submitted));
  const infos = pods.map(({ pod, at }, i) => readPod(pod, at, i, { ...context, gangObjects: submitted }));
  const pod = infos.find(({ membership }) => membership?.spec) ?? infos[0];
  if (!pod) throw invalid(`${where}: expected one of ${LEADING.join(', ')}, got none of them`);
  return pod;
}

interface Item {
  readonly object: Json;
  readonly at: string;
}

function itemsOf(value: unknown, at: string): readonly Item[] {
  const object = asObject(value, at);
  if (textAt(object, 'kind', at) !== 'List') return [{ object, at }];
  return listAt(object, 'items', at).map((item, i) => ({
    object: asObject(item, `${at}: items[${i}]`),
    at: `${at}: items[${i}]`,
  }));
}

/** The pods that are created for the object. */
function podOf(object: Json, at: string, submitted: SubmittedObjects): { pod: Json; at: string }[] {
  const kind = textAt(object, 'kind', at) ?? '';
  switch (kind) {
    case 'Pod':
      return [{ pod: object, at }];
    case 'Job':
      return [{ pod: podOfJob(object, at), at: `${at}.spec.template` }];
    case 'SparkApplication':
      return [{ pod: driverOf(object, submitted), at: `${at}: its driver` }];
    default:
      if (DECLARING.some((one) => one === kind)) return [];
      throw invalid(`${at}.kind: expected one of ${[...LEADING, ...DECLARING, 'List'].join(', ')}, got ${shown(kind)}`);
  }
}

function driverOf(object: Json, submitted: SubmittedObjects): Json {
  const operator = own(object, 'apiVersion') === 'spark.apache.org/v1' ? 'apache' : 'kubeflow';
  const { namespace, name } = nameOf(object);
  return submittedDriver(object, operator, submitted.get(`${operator}-app`, namespace, name)!);
}

function podOfJob(object: Json, at: string): Json {
  const spec = objectAt(object, 'spec', at) ?? {};
  const template = objectAt(spec, 'template', `${at}.spec`) ?? {};
  const { namespace, name } = nameOf(object);
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, controller: true };
  const metadata = objectAt(template, 'metadata', `${at}.spec.template`) ?? {};
  return { ...template, metadata: { ...metadata, namespace, name: `${name}-0`, ownerReferences: [owner] } };
}

/** With what the API server adds, and what muster's webhook does. */
function readPod(pod: Json, at: string, i: number, context: IntakeContext): PodInfo {
  const metadata = objectAt(pod, 'metadata', at) ?? {};
  const spec = objectAt(pod, 'spec', at) ?? {};
  const [scheduler] = context.schedulerNames;
  const name = textAt(metadata, 'name', `${at}.metadata`) ?? textAt(metadata, 'generateName', `${at}.metadata`) ?? '';
  const schedulerName = own(spec, 'schedulerName') ?? scheduler;
  if (typeof schedulerName === 'string' && !context.schedulerNames.has(schedulerName)) {
    const names = [...context.schedulerNames].join(' or ');
    throw invalid(
      `${at}.spec.schedulerName: expected ${names}, got ${shown(schedulerName)}: muster does not decide on it`,
    );
  }
  const completed = {
    ...pod,
    metadata: { ...metadata, name: name || 'pod', uid: `submitted-${i}` },
    spec: { ...spec, schedulerName },
    status: {},
  };
  const read = toPodInfo(completed, at, context);
  if (read.membership?.problem !== undefined) throw invalid(`${at}: ${read.membership.problem}`);
  return read;
}

const nameOf = (object: Json): { namespace: string; name: string } => {
  const metadata = objectAt(object, 'metadata', 'object') ?? {};
  const text = (key: string, otherwise: string) => textAt(metadata, key, 'metadata') ?? otherwise;
  return { namespace: text('namespace', 'default'), name: text('name', text('generateName', 'submitted')) };
};

/** What is submitted, over what the cluster has. */
class SubmittedObjects implements GangObjects {
  readonly #under: GangObjects;
  readonly #records = new Map<string, unknown>();

  constructor(under: GangObjects) {
    this.#under = under;
  }

  add(object: Json, at: string): void {
    const [kind, version] = [textAt(object, 'kind', at) ?? '', textAt(object, 'apiVersion', at) ?? ''];
    const { namespace, name } = nameOf(object);
    for (const { path, read } of GANG_OBJECT_SOURCES) {
      if (!isAt(path, version, kind)) continue;
      for (const [of, record] of Object.entries(read(object))) this.#records.set(`${of} ${namespace}/${name}`, record);
    }
  }

  get<K extends GangObjectKind>(kind: K, namespace: string, name: string): GangObjectRecords[K] | undefined {
    const submitted = this.#records.get(`${kind} ${namespace}/${name}`) as GangObjectRecords[K] | undefined;
    return submitted ?? this.#under.get(kind, namespace, name);
  }
}

/** Whether objects of the kind are in the collection: `/apis/batch/v1/jobs` has those of batch/v1 and kind Job. */
const isAt = (path: string, version: string, kind: string) =>
  path === `/${version.includes('/') ? 'apis' : 'api'}/${version}/${kind.toLowerCase()}s`;

const invalid = (what: string) => new MusterError('MUSTER_OBJECT_INVALID', `${what}.`);
