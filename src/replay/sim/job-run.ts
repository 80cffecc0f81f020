import type { GangSpec, PodInfo, Requirement } from '../../core/model.ts';
import type { Resources } from '../../core/resources.ts';
import { seeded, type Random } from '../random.ts';
import type { TraceJob } from '../trace/job.ts';

interface Common {
  readonly leader: Resources;
  readonly worker: Resources;
  readonly constraints: PodInfo['constraints'];
}

/** One run of a job of the trace; a job whose leader is lost runs again. */
export interface JobRun {
  readonly job: TraceJob;
  readonly id: string;
  readonly submitMs: number;
  /** 0: the first attempt; an application that lost its leader is submitted again. */
  readonly attempt: number;
  readonly random: Random;
  /** The parts that its pods share; made once, since a day has a million pods. */
  readonly common: Common;
  readonly pods: Set<SimPod>;
  state: 'waiting' | 'working' | 'done' | 'failed';
  /** Workers created so far. */
  created: number;
  /** The number of needed pods that are bound, and that run. */
  boundNeeded: number;
  runningNeeded: number;
  boundPods: number;
  /** cpu of the bound pods, in millicores. */
  boundCpu: number;
  /** When the gang was complete (all needed bound) for the first time. */
  completeMs: number | undefined;
  /** A needed member was evicted: from then on the gang counts as degraded and not as partial. */
  isBroken: boolean;
  workedMs: number;
  workingSinceMs: number;
  /** Set while the gang holds room, is incomplete and has had a needed member refused. */
  partialSinceMs: number | undefined;
  /** Counts up whenever work stops, which cancels an end that was planned before. */
  epoch: number;
}

/** A pod of the simulation. */
export interface SimPod {
  readonly info: PodInfo;
  readonly job: JobRun;
  readonly isLeader: boolean;
  /** Whether its job needs it to work (the leader and the minimum of workers). */
  isNeeded: boolean;
  /** Index of the worker in its job, from 0; successors get new indexes. */
  readonly index: number;
  state: 'waiting' | 'bound' | 'running' | 'over';
  /** When it began to run; 0 before. */
  runningSinceMs: number;
  /** It is terminating, and gone when its grace period is over. */
  isEvicted: boolean;
  node: string;
}

export function newRun(job: TraceJob, submitMs: number, seed: number, attempt: number): JobRun {
  return {
    job,
    id: attempt === 0 ? job.id : `${job.id}-rerun${attempt === 1 ? '' : `-${attempt}`}`,
    submitMs,
    attempt,
    random: seeded(seed, job.id, attempt),
    common: commonOf(job),
    pods: new Set(),
    state: 'waiting',
    created: 0,
    boundNeeded: 0,
    runningNeeded: 0,
    boundPods: 0,
    boundCpu: 0,
    completeMs: undefined,
    isBroken: false,
    workedMs: 0,
    workingSinceMs: 0,
    partialSinceMs: undefined,
    epoch: 0,
  };
}

/** The number of needed pods: the leader and the minimum of workers. */
export const neededOf = ({ job }: JobRun) => 1 + job.workers.min;

/** In millicores. */
export const cpuOf = ({ info }: SimPod) => info.request.get('cpu') ?? 0;

/** The pod as the API server shows it once it is bound. */
export function boundInfo({ info, node }: SimPod, startedMs: number): PodInfo {
  return { ...info, node, evictionTraits: { startedMs } };
}

const withPod = (request: Resources): Resources => new Map([...request, ['pods', 1]]);

function commonOf(job: TraceJob): Common {
  const affinity = affinityOf(job);
  const anywhere = { nodeSelector: new Map<string, string>(), tolerations: [] };
  const constraints = affinity ? { ...anywhere, affinity: [affinity] } : anywhere;
  return { leader: withPod(job.leader), worker: withPod(job.workers.request), constraints };
}

function specOf(run: JobRun): GangSpec {
  const { namespace, queue, workers } = run.job;
  const { leader, worker, constraints } = run.common;
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

/** Makes a pod of the run: its leader, or its next worker. */
export function newPod(run: JobRun, kind: 'leader' | 'worker', isNeeded: boolean): SimPod {
  const isLeader = kind === 'leader';
  const index = isLeader ? 0 : run.created++;
  const waiting = { state: 'waiting', node: '', runningSinceMs: 0, isEvicted: false } as const;
  const pod: SimPod = { info: infoOf(run, isLeader, index), job: run, isLeader, isNeeded, index, ...waiting };
  run.pods.add(pod);
  return pod;
}

const NO_LABELS: PodInfo['labels'] = new Map();
const NO_IMAGES: PodInfo['images'] = [];

function infoOf(run: JobRun, isLeader: boolean, index: number): PodInfo {
  const { job, common } = run;
  const name = isLeader ? `${run.id}-driver` : `${run.id}-exec-${index + 1}`;
  const base: PodInfo = {
    uid: `${job.namespace}/${name}`,
    namespace: job.namespace,
    name,
    labels: NO_LABELS,
    schedulerName: 'muster',
    priority: job.priority,
    request: isLeader ? common.leader : common.worker,
    constraints: common.constraints,
    images: NO_IMAGES,
    terminal: false,
    deleting: false,
  };
  const priorityRequest = isLeader ? priorityRequestOf(run) : undefined;
  const info = priorityRequest ? { ...base, priorityRequest } : base;
  if (job.workers.count === 0) return info;
  const gang = `${job.namespace}/${run.id}`;
  const membership = isLeader ? { gang, role: 'driver', spec: specOf(run) } : { gang, role: 'executor' };
  return { ...info, membership };
}

function priorityRequestOf({ job }: JobRun): PodInfo['priorityRequest'] {
  const { deadlineMs, expectedMs } = job;
  if (deadlineMs === undefined && expectedMs === undefined) return undefined;
  return {
    ...(deadlineMs === undefined ? {} : { deadlineMs: job.submitMs + deadlineMs }),
    ...(expectedMs === undefined ? {} : { expectedMs }),
  };
}

function affinityOf(job: TraceJob): readonly Requirement[] | undefined {
  if (job.nodeLabels.size === 0) return undefined;
  return [...job.nodeLabels].map(([key, values]) => ({ on: 'label', key, operator: 'In', values }));
}
