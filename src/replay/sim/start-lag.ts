import { seeded, type Random } from '../random.ts';
import type { TraceJob } from '../trace/job.ts';

/** The time from a leader's binding until it creates workers (JVM and Spark context), in s. */
const LEADER_START_S = [5, 20] as const;
/** The time to pull a worker's image: log-normal, median 8 s. */
const PULL = { mu: Math.log(8), sigma: 0.8 } as const;

interface Starting {
  readonly isLeader: boolean;
  readonly job: { readonly job: TraceJob; readonly random: Random };
}

/** The draws of a run. @param attempt 0: the first run of the job */
export const drawsOf = (job: TraceJob, seed: number, attempt: number): Random => seeded(seed, job.id, attempt);

/** The time from a pod's binding until it runs, in ms: drawn from its run's own stream, pod by pod as they are bound. */
export function startLagMs({ isLeader, job: { job, random } }: Starting): number {
  if (job.workers.count === 0) return 0;
  return 1000 * (isLeader ? random.between(...LEADER_START_S) : random.logNormal(PULL.mu, PULL.sigma));
}

/** The longest time in which a member that the run needs starts, in whole ms, if it loses none before. */
export function slowestStartMs(job: TraceJob, seed: number, attempt: number): number {
  const run = { job, random: drawsOf(job, seed, attempt) };
  const leaderMs = startLagMs({ isLeader: true, job: run });
  let slowestMs = job.workers.min === 0 ? leaderMs : 0;
  for (let i = 0; i < job.workers.min; i++) slowestMs = Math.max(slowestMs, startLagMs({ isLeader: false, job: run }));
  return Math.round(slowestMs);
}
