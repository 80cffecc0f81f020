import type { Phase } from '../job-record.ts';
import { speedOf, workersToBegin, type WorkRules } from '../work-model.ts';
import { NO_ROOM, type RoomSplit } from './job-history.ts';
import type { JobRun } from './job-run.ts';

type State = Pick<
  JobRun,
  | 'job'
  | 'leader'
  | 'boundWorkers'
  | 'runningWorkers'
  | 'refusedWorkers'
  | 'isWaitOver'
  | 'hasBegun'
  | 'hasLost'
  | 'reason'
>;

/** How fast the job works with the pods that it has; 0: it does not. */
export function speedNow(run: State, rules: WorkRules): number {
  const { leader, runningWorkers: running, job, isWaitOver } = run;
  if (leader !== 'running') return 0;
  const mayWork =
    (rules.model === 'spark' && run.hasBegun) || running >= workersToBegin(job.workers, rules, isWaitOver);
  return mayWork ? speedOf(running, job.workers.count, rules.serialFraction) : 0;
}

/** What the job does. */
export function phaseOf(run: State, rules: WorkRules): Phase {
  if (run.leader === 'waiting') return run.reason === undefined ? 'queued' : 'refused';
  if (speedNow(run, rules) > 0) return 'working';
  if (run.hasBegun) return 'broken';
  const lacks = run.boundWorkers < workersToBegin(run.job.workers, rules, run.isWaitOver);
  if (!lacks || run.refusedWorkers === 0) return 'starting';
  return run.hasLost ? 'broken' : 'partial';
}

/** Why kube-scheduler refuses what the job waits for in this phase; undefined: it waits for no node. */
export const reasonOf = (phase: Phase, { reason }: Pick<JobRun, 'reason'>): string | undefined =>
  phase === 'refused' || phase === 'partial' || phase === 'broken' ? reason : undefined;

/** What the room of the job is good for in this phase. */
export function splitOf(phase: Phase, { boundCpu, runningCpu }: Pick<JobRun, 'boundCpu' | 'runningCpu'>): RoomSplit {
  switch (phase) {
    case 'working':
      return { ...NO_ROOM, work: runningCpu, starting: boundCpu - runningCpu };
    case 'partial':
    case 'starting':
    case 'broken':
      return { ...NO_ROOM, [phase]: boundCpu };
    default:
      return NO_ROOM;
  }
}
