import { flagAt, nameAt, objectAt, objectsAt, textAt, type Json } from '../field.ts';
import { podsAtOnce } from '../records/job.ts';
import { singleRoleGang } from './single-role-gang.ts';
import { awaiting, forOurs, MOST, within } from './dialect-helpers.ts';

/** Says that an Indexed Job is one computation and not many: only then do its pods start together. */
const OPT_IN = 'muster.dev/gang-job';

/**
 * The pods of an Indexed Job whose template says `muster.dev/gang-job: "true"`, as a label or an annotation. A Job that
 * runs one pod at a time is no gang, and neither is one that says nothing: most are many independent shards.
 */
export const indexedJob = forOurs(
  ({ pod, annotations, object }) => {
    const isAsked = (pod.labels.get(OPT_IN) ?? annotations.get(OPT_IN)) === 'true';
    return isAsked ? jobOwner(object) : undefined;
  },
  (input, name) => {
    const job = input.context.gangObjects.get('job', input.pod.namespace, name);
    if (!job) return awaiting(input, 'job', 'Job', name);
    if (!job.isIndexed || job.parallelism <= 1) return undefined;
    return singleRoleGang(input, { name, min: within(podsAtOnce(job), [0, MOST], `Job ${name}: spec.parallelism`) });
  },
);

/** Kubernetes' own Job; Volcano has a kind of the same name. */
function jobOwner(object: Json): string | undefined {
  const owners = objectsAt(objectAt(object, 'metadata', 'Pod') ?? {}, 'ownerReferences', 'Pod.metadata');
  for (const [i, owner] of owners.entries()) {
    const at = `Pod.metadata.ownerReferences[${i}]`;
    if (textAt(owner, 'kind', at) !== 'Job' || !flagAt(owner, 'controller', at)) continue;
    if (textAt(owner, 'apiVersion', at)?.startsWith('batch/')) return nameAt(owner, 'name', at);
  }
  return undefined;
}
