import type { Role } from '../../core/model.ts';
import type { JobSetRecord } from '../gang-objects.ts';
import { constraintsOf } from '../constraints.ts';
import { textAt } from '../field.ts';
import { podRequest } from '../pod-request.ts';
import { awaiting, checkedCount, foreignDialect, invalid, MAX_MEMBERS, ownQueue } from './dialect-helpers.ts';
import type { DialectInput } from './dialect.ts';

const NAME = 'jobset.sigs.k8s.io/jobset-name';
const REPLICATED = 'jobset.sigs.k8s.io/replicatedjob-name';
/** Planning more roles is too expensive while kube-scheduler waits. */
const MAX_ROLES = 64;

/**
 * A JobSet: each replicated job is a role with all its pods. The first job that is not done leads, because it waits for
 * no other job (dependsOn, startup in order). Every pod declares the gang, so that kube-scheduler may ask about any pod
 * of that job first.
 */
export const jobSet = foreignDialect(
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

/**
 * Leaves out jobs whose pods another scheduler places: kube-scheduler would never ask muster about a leader among them.
 */
function rolesOf(
  { context }: DialectInput,
  { replicatedJobs }: JobSetRecord,
  { name, role }: { readonly name: string; readonly role: string },
): readonly Role[] {
  const where = `JobSet ${name}: spec.replicatedJobs`;
  const own = replicatedJobs.find((one) => one.name === role);
  if (!own) throw invalid(`label ${REPLICATED}: JobSet ${name} has no replicated job ${role}`);
  const schedulerOf = ({ pod }: ReplicatedJob) => textAt(pod, 'schedulerName', where) ?? '';
  // A webhook may have set this pod's scheduler after the template, and that of pods with the same template scheduler.
  const isOurs = (job: ReplicatedJob) =>
    context.schedulerNames.has(schedulerOf(job)) || schedulerOf(job) === schedulerOf(own);
  const roles = replicatedJobs
    .map((job, i) => ({ job, at: `${where}[${i}]` }))
    .filter(({ job }) => isOurs(job))
    .map(({ job, at }) => roleOf(job, at, job === own ? 1 : 0))
    .filter(({ count }) => count > 0);
  if (roles.length > MAX_ROLES) throw invalid(`${where}: must be at most ${MAX_ROLES} jobs, got ${roles.length}`);
  return roles;
}

/**
 * @param least 1 for the job of the pod that is read: it exists, even if the set's status says that all pods are done
 */
function roleOf({ name, replicas, parallelism, pod }: ReplicatedJob, where: string, least: number): Role {
  const checked = (value: number, field: string) => checkedCount(value, [0, MAX_MEMBERS], `${where}${field}`);
  const pods = checked(replicas, '.replicas') * checked(parallelism, '.parallelism');
  const count = Math.max(least, checked(pods, `: pods of ${name}`));
  const at = `${where}.template.spec.template`;
  const constraints = constraintsOf(pod, `${at}.spec`);
  const priorityClass = textAt(pod, 'priorityClassName', `${at}.spec`);
  const request = podRequest({ spec: pod }, at);
  return { name, count, min: count, request, constraints, ...(priorityClass ? { priorityClass } : {}) };
}
