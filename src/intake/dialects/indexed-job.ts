import { flagAt, nameAt, objectAt, objectsAt, textAt, type Json } from '../field.ts';
import { podsAtOnce } from '../records/job.ts';
import { singleRoleGang } from './single-role-gang.ts';
import { awaiting, checkedCount, foreignDialect, MAX_MEMBERS } from './dialect-helpers.ts';

/** Marks an Indexed Job as one computation whose pods must start together. */
const OPT_IN = 'muster.dev/gang-job';

/**
 * The pods of an Indexed Job whose template has the label or annotation `muster.dev/gang-job: "true"`. A Job without it
 * is not a gang, since most Jobs are many independent shards. Neither is a Job that runs one pod at a time.
 */
export const indexedJob = foreignDialect(
  ({ pod, annotations, object }) => {
    const isAsked = (pod.labels.get(OPT_IN) ?? annotations.get(OPT_IN)) === 'true';
    return isAsked ? jobOwner(object) : undefined;
  },
  (input, name) => {
    const job = input.context.gangObjects.get('job', input.pod.namespace, name);
    if (!job) return awaiting(input, 'job', 'Job', name);
    if (!job.isIndexed || job.parallelism <= 1) return undefined;
    const min = checkedCount(podsAtOnce(job), [0, MAX_MEMBERS], `Job ${name}: spec.parallelism`);
    return singleRoleGang(input, { name, min });
  },
);

/** The name of the batch/v1 Job that owns the pod. Volcano has a kind Job too. */
function jobOwner(object: Json): string | undefined {
  const owners = objectsAt(objectAt(object, 'metadata', 'Pod') ?? {}, 'ownerReferences', 'Pod.metadata');
  for (const [i, owner] of owners.entries()) {
    const at = `Pod.metadata.ownerReferences[${i}]`;
    if (textAt(owner, 'kind', at) !== 'Job' || !flagAt(owner, 'controller', at)) continue;
    if (textAt(owner, 'apiVersion', at)?.startsWith('batch/')) return nameAt(owner, 'name', at);
  }
  return undefined;
}
