import type { PodInfo } from '../../core/model.ts';
import type { Random } from '../random.ts';
import { runAloneMs, type TraceJob } from '../trace/job.ts';
import type { JobHistory } from './job-history.ts';
import { partsOf, podInfo, type PodParts } from './pod-info.ts';
import { Progress } from './progress.ts';
import { drawsOf } from './start-lag.ts';
import type { Entry } from './timeline.ts';

/** One run of a job of the trace; a job whose leader is lost runs again. */
export interface JobRun {
  readonly job: TraceJob;
  readonly id: string;
  readonly history: JobHistory;
  readonly submitMs: number;
  /** 0: the first attempt; an application that lost its leader is submitted again. */
  readonly attempt: number;
  readonly random: Random;
  /** The parts that its pods share; made once, since a day has a million pods. */
  readonly parts: PodParts;
  readonly pods: Set<SimPod>;
  readonly progress: Progress;
  leader: 'waiting' | 'bound' | 'running';
  /** Workers made so far, successors of lost ones included: the next one's name counts on from here. */
  named: number;
  /** Workers made so far, without successors. */
  created: number;
  /** Workers bound, and running; and those that wait and have been refused. */
  boundWorkers: number;
  runningWorkers: number;
  refusedWorkers: number;
  /** cpu of the bound pods, and of those that run, in millicores. */
  boundCpu: number;
  runningCpu: number;
  /** What these cost in an hour. */
  boundRate: number;
  runningRate: number;
  /** When all that the job needs was bound first. */
  completeMs: number | undefined;
  /** How long it takes, as foretold when its leader got its node; undefined: nothing was known. */
  forecast: { readonly medianMs: number; readonly p90Ms: number } | undefined;
  /** A Spark job waits no longer for more executors. */
  isWaitOver: boolean;
  /** It has worked. */
  hasBegun: boolean;
  /** An eviction or a node failure has taken a worker. */
  hasLost: boolean;
  /** Why kube-scheduler refused its leader, or then its workers, last. */
  reason: string | undefined;
  /** Its planned end. */
  end: Entry | undefined;
}

/** A pod of the simulation. */
export interface SimPod {
  readonly info: PodInfo;
  readonly job: JobRun;
  readonly isLeader: boolean;
  state: 'waiting' | 'bound' | 'running' | 'over';
  /** 0: it is not bound yet. */
  boundMs: number;
  /** When it began to run, and the progress of its job in a worker's share then; 0 before. */
  runningSinceMs: number;
  shareFromMs: number;
  /** kube-scheduler has refused it at least once. */
  isRefused: boolean;
  /** It is terminating, and gone when its grace period is over. */
  isEvicted: boolean;
  node: string;
  /** What it costs in an hour where it is bound. */
  rate: number;
}

export function newRun(history: JobHistory, submitMs: number, seed: number, attempt: number): JobRun {
  const { job } = history;
  return {
    job,
    id: attempt === 0 ? job.id : `${job.id}-rerun${attempt === 1 ? '' : `-${attempt}`}`,
    history,
    submitMs,
    attempt,
    random: drawsOf(job, seed, attempt),
    parts: partsOf(job),
    pods: new Set(),
    progress: new Progress(runAloneMs(job)),
    leader: 'waiting',
    named: 0,
    created: 0,
    boundWorkers: 0,
    runningWorkers: 0,
    refusedWorkers: 0,
    boundCpu: 0,
    runningCpu: 0,
    boundRate: 0,
    runningRate: 0,
    completeMs: undefined,
    forecast: undefined,
    isWaitOver: false,
    hasBegun: false,
    hasLost: false,
    reason: undefined,
    end: undefined,
  };
}

/** Whether all that the job needs is bound: the leader and the minimum of workers. */
export const isComplete = ({ leader, boundWorkers, job }: JobRun): boolean =>
  leader !== 'waiting' && boundWorkers >= job.workers.min;

/** cpu of the leader and the minimum of workers, in millicores. */
export const neededCpu = ({ job: { leader, workers } }: JobRun): number =>
  (leader.get('cpu') ?? 0) + workers.min * (workers.request.get('cpu') ?? 0);

/** cpu that the run holds, and that of the members it needs that are not bound, in millicores. */
export function wantedCpu({ job: { leader, workers }, leader: state, boundCpu, boundWorkers }: JobRun): number {
  const missing = Math.max(0, workers.min - boundWorkers) * (workers.request.get('cpu') ?? 0);
  return boundCpu + missing + (state === 'waiting' ? (leader.get('cpu') ?? 0) : 0);
}

/** In millicores. */
export const cpuOf = ({ info }: SimPod) => info.request.get('cpu') ?? 0;

/** The pod as the API server shows it once it is bound. */
export function boundInfo({ info, node }: SimPod, startedMs: number): PodInfo {
  return { ...info, node, evictionTraits: { startedMs } };
}

/** Makes a pod of the run: its leader, or its next worker. */
export function newPod(run: JobRun, kind: 'leader' | 'worker'): SimPod {
  const isLeader = kind === 'leader';
  const index = isLeader ? 0 : run.named++;
  const times = { boundMs: 0, runningSinceMs: 0, shareFromMs: 0 };
  const waiting = { state: 'waiting', node: '', rate: 0, isRefused: false, isEvicted: false, ...times } as const;
  const pod: SimPod = { info: podInfo(run, isLeader, index), job: run, isLeader, ...waiting };
  run.pods.add(pod);
  return pod;
}
