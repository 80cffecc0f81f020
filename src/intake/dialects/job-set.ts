import type { JobSetRecord } from '../companions.ts';
import { constraintsOf } from '../constraints.ts';
import { podRequest } from '../pod-request.ts';
import { MusterError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import { awaiting, forOurs, MOST } from './equals.ts';

const NAME = 'jobset.sigs.k8s.io/jobset-name';
const REPLICATED = 'jobset.sigs.k8s.io/replicatedjob-name';

/** A JobSet: each replicated job is a role with all its pods; the first leads, and every pod of it may be asked first. */
export const jobSet = forOurs((input) => {
  const { pod, context } = input;
  const name = pod.labels.get(NAME);
  const role = pod.labels.get(REPLICATED);
  if (!name || !role) return undefined;
  const set = context.companions.get('job-set', pod.namespace, name);
  if (!set) return awaiting(input, 'job-set', { what: 'JobSet', name });
  const roles = set.replicatedJobs.map(roleOf).filter(({ count }) => count > 0);
  if (!roles.some((one) => one.name === role))
    throw new MusterError(
      'MUSTER_OBJECT_INVALID',
      `label ${REPLICATED}: JobSet ${name} has no replicated job ${role}.`,
    );
  const gang = `${pod.namespace}/${name}`;
  const queue = pod.labels.get('muster.dev/queue') ?? 'default';
  return { gang, role, spec: { key: gang, namespace: pod.namespace, name, roles, queue } };
});

function roleOf({ name, replicas, parallelism, pod }: JobSetRecord['replicatedJobs'][number]): Role {
  const where = `replicated job ${name}`;
  const count = Math.min(MOST, Math.max(0, replicas * parallelism));
  return { name, count, min: count, request: podRequest({ spec: pod }, where), constraints: constraintsOf(pod, where) };
}
