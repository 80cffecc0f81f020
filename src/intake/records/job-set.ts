import type { JobSetRecord } from '../companions.ts';
import { integerAt, nameAt, objectAt, objectsAt, type Json } from '../field.ts';
import { jobOf } from './job.ts';

/** A JobSet (jobset.x-k8s.io/v1alpha2). @throws MusterError MUSTER_OBJECT_INVALID */
export function jobSetOf(object: Json): JobSetRecord {
  const spec = objectAt(object, 'spec', 'JobSet') ?? {};
  const replicatedJobs = objectsAt(spec, 'replicatedJobs', 'JobSet.spec').map((one, i) => {
    const at = `JobSet.spec.replicatedJobs[${i}]`;
    const template = objectAt(one, 'template', at) ?? {};
    const job = objectAt(template, 'spec', `${at}.template`) ?? {};
    const podTemplate = objectAt(job, 'template', `${at}.template.spec`) ?? {};
    return {
      name: nameAt(one, 'name', at),
      replicas: integerAt(one, 'replicas', at) ?? 1,
      parallelism: jobOf(template).parallelism,
      pod: objectAt(podTemplate, 'spec', `${at}.template.spec.template`) ?? {},
    };
  });
  return { replicatedJobs };
}
