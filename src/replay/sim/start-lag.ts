import type { SimPod } from './job-run.ts';

/** The time from a leader's binding until it creates workers (JVM and Spark context), in s. */
const LEADER_START_S = [5, 20] as const;
/** The time to pull a worker's image: log-normal, median 8 s. */
const PULL = { mu: Math.log(8), sigma: 0.8 } as const;

/** The time from a pod's binding until it runs, in ms: drawn from its run's own stream, pod by pod as they are bound. */
export function startLagMs({ isLeader, job: { job, random } }: Pick<SimPod, 'isLeader' | 'job'>): number {
  if (job.workers.count === 0) return 0;
  return 1000 * (isLeader ? random.between(...LEADER_START_S) : random.logNormal(PULL.mu, PULL.sigma));
}
