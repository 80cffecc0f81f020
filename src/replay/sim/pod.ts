import type { PodInfo } from '../../core/model.ts';
import type { JobRun } from './job-run.ts';

/** A pod of the simulation. */
export interface SimPod {
  readonly info: PodInfo;
  readonly job: JobRun;
  readonly isLeader: boolean;
  /** Whether its job needs it to work (the leader and the minimum of workers). */
  isNeeded: boolean;
  /** Number of the worker in its job, from 0; successors go on counting. */
  readonly index: number;
  state: 'waiting' | 'bound' | 'running' | 'over';
  /** When it began to run; 0 before. */
  runningSinceMs: number;
  /** It has been told to go, and is gone when its grace period is over. */
  isEvicted: boolean;
  node: string;
  /** Scheduling attempts that ended in a rejection. */
  attempts: number;
  lastAttemptMs: number;
  /** When its back-off after that is over. */
  backoffEndMs: number;
  queuedMs: number;
  order: number;
}

/** In millicores. */
export const cpuOf = ({ info }: SimPod) => info.request.get('cpu') ?? 0;

/** The pod as the API server has it once it is bound. */
export function boundInfo({ info, node }: SimPod, startedMs: number): PodInfo {
  return { ...info, node, evictionTraits: { startedMs } };
}
