import type { Role } from '../../core/model.ts';
import type { JobSetRecord } from '../gang-objects.ts';
import { constraintsOf } from '../constraints.ts';
import { textAt } from '../field.ts';
import { podRequest } from '../pod-request.ts';
import { awaiting, forOurs, MOST, ownQueue, within, wrong } from './dialect-helpers.ts';
import type { DialectInput } from './dialect.ts';

const NAME = 'jobset.sigs.k8s.io/jobset-name';
const REPLICATED = 'jobset.sigs.k8s.io/replicatedjob-name';
/** More make a set too dear to plan while kube-scheduler waits. */
const MAX_ROLES = 64;

/**
 * A JobSet: each replicated job is a role with all its pods. The first that is not done leads: of all those it is the
 * one that waits for no other (dependsOn, startup in order). Every pod declares the gang, so that any of the first job
 * may be asked first.
 */
export const jobSet = forOurs(
  ({ pod }) => (pod.labels.get(REPLICATED) ? pod.labels.get(NAME) || undefined : undefined),
  (input, name) => {
    const { pod, context } = input;
    const role = pod.labels.get(REPLICATED)!;
    const set = context.gangObjects.get('job-set', pod.namespace, name);
    if (!set) return awaiting(input, 'job-set', 'JobSet', name);
    const gang = `${pod.namespace}/${name}`;
    const roles = rolesOf(input, set, { name, role });
    const queue = ownQueue(input) ?? 'default';
    return { gang, role, spec: { key: gang, namespace: pod.namespace, name, roles, queue } };
  },
);

type ReplicatedJob = JobSetRecord['replicatedJobs'][number];

/** Jobs whose pods another scheduler places are no part of the gang: a leader among them would never come. */
function rolesOf(
  { context }: DialectInput,
  { replicatedJobs }: JobSetRecord,
  { name, role }: { readonly name: string; readonly role: string },
): readonly Role[] {
  const where = `JobSet ${name}: spec.replicatedJobs`;
  const own = replicatedJobs.find((one) => one.name === role);
  if (!own) throw wrong(`label ${REPLICATED}: JobSet ${name} has no replicated job ${role}`);
  const schedulerOf = ({ pod }: ReplicatedJob) => textAt(pod, 'schedulerName', where) ?? '';
  // The pod is ours whatever its template says: something set its scheduler after that, and that of those like it.
  const isOurs = (job: ReplicatedJob) =>
    context.schedulerNames.has(schedulerOf(job)) || schedulerOf(job) === schedulerOf(own);
  const roles = replicatedJobs
    .map((job, i) => ({ job, at: `${where}[${i}]` }))
    .filter(({ job }) => isOurs(job))
    .map(({ job, at }) => roleOf(job, at, job === own ? 1 : 0))
    .filter(({ count }) => count > 0);
  if (roles.length > MAX_ROLES) throw wrong(`${where}: ${roles.length} jobs are more than ${MAX_ROLES}`);
  return roles;
}

/** @param least of the pod's own job there is at least the pod, even where the set's status says that all are done */
function roleOf({ name, replicas, parallelism, pod }: ReplicatedJob, where: string, least: number): Role {
  const pods =
    within(replicas, [0, MOST], `${where}.replicas`) * within(parallelism, [0, MOST], `${where}.parallelism`);
  const count = Math.max(least, within(pods, [0, MOST], `${where}: pods of ${name}`));
  const at = `${where}.template.spec.template`;
  const constraints = constraintsOf(pod, `${at}.spec`);
  return { name, count, min: count, request: podRequest({ spec: pod }, at), constraints };
}
