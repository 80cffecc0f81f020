import type { PodInfo, Recurrence, WorkClass } from '../core/model.ts';
import { deadlineOf } from './active-deadline.ts';
import { appOf } from './app-of.ts';
import { isEndless } from './class-of.ts';
import { objectAt, objectsAt, own, type Json } from './field.ts';
import type { GangObjects } from './gang-objects.ts';
import { Interned } from './interning.ts';
import { ownersOf } from './owners.ts';

const USER = 'muster.dev/user';
const MAX_USER = 63;
/** The variable of a container's environment in which Spark says who submitted the app; no other is read. */
export const USER_VARIABLE = 'SPARK_USER';

/** A pod, as far as it has been read. */
interface Source {
  readonly pod: PodInfo;
  readonly object: Json;
  readonly annotations: ReadonlyMap<string, string>;
  /** The name of its gang; absent: it is in none. */
  readonly gang: string | undefined;
  readonly workClass: WorkClass | undefined;
}

const shared = new Interned<Recurrence>();

function sharedOf(recurrence: Recurrence): Recurrence | undefined {
  const text = JSON.stringify(recurrence);
  return text === '{}' ? undefined : shared.of(text, () => recurrence);
}

/**
 * By what the run of a leader or of a single pod may be compared with earlier ones; undefined: by nothing that it says.
 * @throws MusterError MUSTER_OBJECT_INVALID for values of the wrong type, which no API server sends
 */
export function recurrenceOf({ pod, object, annotations, gang, workClass }: Source): Recurrence | undefined {
  const { labels, name } = pod;
  const spec = objectAt(object, 'spec', 'Pod') ?? {};
  // The gang of a Spark app is named by a random id, its driver by the app.
  const isSpark = labels.has('spark-app-selector');
  const app = appOf({ object, labels, annotations, name: gang === undefined || isSpark ? name : gang });
  const user = userOf(spec, labels.get(USER) ?? annotations.get(USER));
  const capMs = deadlineOf(spec);
  const recurrence: Recurrence = {
    ...(app === undefined ? {} : { app }),
    ...(user === undefined ? {} : { user }),
    ...(capMs === undefined ? {} : { capMs }),
    ...(isEndless(workClass, pod, annotations) ? { isEndless: true } : {}),
  };
  return sharedOf(recurrence);
}

/**
 * What the label says, or Spark, whose driver knows who submitted it. An image without a user of that number has the
 * number in its place, which is the same for everybody.
 */
function userOf(spec: Json, said: string | undefined): string | undefined {
  const user = said ?? envOf(spec, USER_VARIABLE);
  return user && !/^\d+$/.test(user) ? user.slice(0, MAX_USER) : undefined;
}

function envOf(spec: Json, name: string): string | undefined {
  for (const container of objectsAt(spec, 'containers', 'Pod.spec'))
    for (const one of objectsAt(container, 'env', 'Pod.spec.containers')) {
      const value = own(one, 'name') === name ? own(one, 'value') : undefined;
      if (typeof value === 'string') return value;
    }
  return undefined;
}

/** What is known once the pod's Job is, which may be heard of later than the pod. */
export function withJob(
  recurrence: Recurrence | undefined,
  { pod: { namespace }, object, gangObjects }: { pod: PodInfo; object: Json; gangObjects: GangObjects },
): Recurrence | undefined {
  for (const { apiVersion, kind, name, isController } of ownersOf(object)) {
    const isJob = isController && kind === 'Job' && apiVersion.startsWith('batch/');
    const longestMs = isJob ? gangObjects.get('job', namespace, name)?.longestMs : undefined;
    if (longestMs === undefined) continue;
    return sharedOf({ ...recurrence, capMs: Math.min(longestMs, recurrence?.capMs ?? Infinity) });
  }
  return recurrence;
}
