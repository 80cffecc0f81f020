import { companionKey } from '../companions.ts';
import { flagAt, nameAt, objectAt, objectsAt, textAt, type Json } from '../field.ts';
import { equals, forOurs, MOST } from './equals.ts';

/** Says that an Indexed Job is one computation and not many: only then do its pods start together. */
const OPT_IN = 'muster.dev/gang-job';

/** The pods of an Indexed Job whose template says `muster.dev/gang-job: "true"`, as a label or an annotation. */
export const indexedJob = forOurs((input) => {
  const { pod, annotations, object, context } = input;
  if ((pod.labels.get(OPT_IN) ?? annotations.get(OPT_IN)) !== 'true') return undefined;
  const name = jobOwner(object);
  if (name === undefined) return undefined;
  const job = context.companions.get('job', pod.namespace, name);
  if (!job) {
    const awaits = companionKey('job', pod.namespace, name);
    return { gang: `${pod.namespace}/${name}`, role: '', problem: `Job ${name} is not there yet`, awaits };
  }
  if (!job.isIndexed) return undefined;
  const min = Math.min(job.parallelism, job.completions ?? job.parallelism, MOST);
  return equals(input, { name, min, queue: pod.labels.get('muster.dev/queue') });
});

function jobOwner(object: Json): string | undefined {
  const at = 'Pod.metadata.ownerReferences';
  const owners = objectsAt(objectAt(object, 'metadata', 'Pod') ?? {}, 'ownerReferences', 'Pod.metadata');
  const job = owners.find((one) => textAt(one, 'kind', at) === 'Job' && flagAt(one, 'controller', at));
  return job && nameAt(job, 'name', at);
}
