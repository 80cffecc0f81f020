import type { GangSpec, PodInfo, Requirement } from '../../core/model.ts';
import type { Resources } from '../../core/resources.ts';
import { withoutVariables } from '../../intake/app-of.ts';
import type { TraceJob } from '../trace/job.ts';

/** What the pods of a job request, and where they may go. */
export interface PodParts {
  readonly leader: Resources;
  readonly worker: Resources;
  readonly constraints: PodInfo['constraints'];
}

/** What the pods of a run are made from. */
interface Source {
  readonly job: TraceJob;
  readonly id: string;
  readonly parts: PodParts;
}

const withPod = (request: Resources): Resources => new Map([...request, ['pods', 1]]);

function constraintsOf(job: TraceJob): PodInfo['constraints'] {
  const affinity = affinityOf(job);
  const anywhere = { nodeSelector: new Map<string, string>(), tolerations: [] };
  return affinity ? { ...anywhere, affinity: [affinity] } : anywhere;
}

export function partsOf(job: TraceJob): PodParts {
  const constraints = job.constraints ?? constraintsOf(job);
  return { leader: withPod(job.leader), worker: withPod(job.workers.request), constraints };
}

function specOf(run: Source): GangSpec {
  const { namespace, queue, workers } = run.job;
  const { leader, worker, constraints } = run.parts;
  return {
    key: `${namespace}/${run.id}`,
    namespace,
    name: run.id,
    queue,
    roles: [
      { name: 'driver', count: 1, min: 1, request: leader, constraints },
      { name: 'executor', count: workers.count, min: workers.min, request: worker, constraints },
    ],
  };
}

const NO_LABELS: PodInfo['labels'] = new Map();
const NO_IMAGES: PodInfo['images'] = [];

/** The leader of a run, or its worker of this index, as kube-scheduler sees it before it is bound. */
export function podInfo(run: Source, isLeader: boolean, index: number): PodInfo {
  const { job, parts } = run;
  const name = isLeader ? `${run.id}-driver` : `${run.id}-exec-${index + 1}`;
  const base: PodInfo = {
    uid: `${job.namespace}/${name}`,
    namespace: job.namespace,
    name,
    labels: NO_LABELS,
    schedulerName: 'muster',
    priority: job.priority,
    request: isLeader ? parts.leader : parts.worker,
    constraints: parts.constraints,
    images: NO_IMAGES,
    terminal: false,
    deleting: false,
  };
  const info = isLeader ? { ...base, ...asLeader(job) } : base;
  if (job.workers.count === 0) return info;
  const gang = `${job.namespace}/${run.id}`;
  const membership = isLeader ? { gang, role: 'driver', spec: specOf(run) } : { gang, role: 'executor' };
  return { ...info, membership };
}

/** What a job says of itself on its leader alone. */
function asLeader({ submitMs, deadlineMs, expectedMs, app, user, class: workClass }: TraceJob): Partial<PodInfo> {
  const priorityRequest = {
    ...(deadlineMs === undefined ? {} : { deadlineMs: submitMs + deadlineMs }),
    ...(expectedMs === undefined ? {} : { expectedMs }),
  };
  const recurrence = {
    ...(app === undefined ? {} : { app: withoutVariables(app) }),
    ...(user === '' ? {} : { user }),
    ...(workClass === 'shared' || workClass === 'endless' ? { isEndless: true as const } : {}),
  };
  return {
    ...(workClass === undefined ? {} : { class: workClass }),
    ...(Object.keys(priorityRequest).length > 0 ? { priorityRequest } : {}),
    ...(Object.keys(recurrence).length > 0 ? { recurrence } : {}),
  };
}

function affinityOf(job: TraceJob): readonly Requirement[] | undefined {
  if (job.nodeLabels.size === 0) return undefined;
  return [...job.nodeLabels].map(([key, values]) => ({ on: 'label', key, operator: 'In', values }));
}
