import type { JobSetRecord } from '../gang-objects.ts';
import { integerAt, nameAt, objectAt, objectsAt, own, textAt, type Json } from '../field.ts';
import { jobOf, podsAtOnce } from './job.ts';

/** The fields that requests, constraints and priority are read from. The rest of a template may be long and hold credentials. */
const OF_POD = ['schedulerName', 'nodeSelector', 'tolerations', 'overhead', 'resources', 'priorityClassName'];
const OF_CONTAINER = ['name', 'restartPolicy', 'resources'];

/**
 * A JobSet (jobset.x-k8s.io/v1alpha2). `replicas` counts the jobs that still have to run, `parallelism` the pods that
 * each has at once. Impossible numbers are kept, so that the pods of the set can report them.
 * @throws MusterError MUSTER_OBJECT_INVALID for values of the wrong type, which no API server sends
 */
export function jobSetOf(object: Json): JobSetRecord {
  const spec = objectAt(object, 'spec', 'JobSet') ?? {};
  const done = succeededIn(object);
  const replicatedJobs = objectsAt(spec, 'replicatedJobs', 'JobSet.spec').map((one, i) => {
    const at = `JobSet.spec.replicatedJobs[${i}]`;
    const name = nameAt(one, 'name', at);
    const template = objectAt(one, 'template', at) ?? {};
    const job = objectAt(template, 'spec', `${at}.template`) ?? {};
    const podTemplate = objectAt(job, 'template', `${at}.template.spec`) ?? {};
    const replicas = integerAt(one, 'replicas', at) ?? 1;
    return {
      name,
      replicas: replicas - Math.min(Math.max(0, replicas), done.get(name) ?? 0),
      parallelism: podsAtOnce(jobOf({ spec: job })),
      pod: compact(podTemplate, `${at}.template.spec.template`),
    };
  });
  return { replicatedJobs };
}

/** How many jobs of each replicated job are done. */
function succeededIn(object: Json): ReadonlyMap<string, number> {
  const status = objectAt(object, 'status', 'JobSet') ?? {};
  const out = new Map<string, number>();
  objectsAt(status, 'replicatedJobsStatus', 'JobSet.status').forEach((one, i) => {
    const at = `JobSet.status.replicatedJobsStatus[${i}]`;
    out.set(nameAt(one, 'name', at), Math.max(0, integerAt(one, 'succeeded', at) ?? 0));
  });
  return out;
}

function compact(podTemplate: Json, where: string): Json {
  const spec = objectAt(podTemplate, 'spec', where) ?? {};
  const at = `${where}.spec`;
  textAt(spec, 'schedulerName', at);
  const containersAt = (list: string) => objectsAt(spec, list, at).map((one) => pick(one, OF_CONTAINER));
  const affinity = objectAt(spec, 'affinity', at);
  return {
    ...pick(spec, OF_POD),
    ...(affinity ? { affinity: pick(affinity, ['nodeAffinity']) } : {}),
    containers: containersAt('containers'),
    initContainers: containersAt('initContainers'),
  };
}

function pick(object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(object, key) ? [[key, own(object, key)]] : [])));
}
