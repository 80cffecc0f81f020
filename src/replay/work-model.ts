/**
 * When a job works. `spark`: once enough executors have registered, and from then on with those that it has. `gang`:
 * only while its leader and its minimum of workers run (MPI, training).
 */
export type WorkModel = 'spark' | 'gang';

/** How jobs begin and how fast they work. */
export interface WorkRules {
  readonly model: WorkModel;
  /** The share of the initial executors that must run before a Spark job begins. */
  readonly minRegisteredRatio: number;
  /** After this time from its leader's start a Spark job begins with the executors that it has. */
  readonly maxRegisteredWaitMs: number;
  /** The share of a job's time alone that more workers do not shorten (Amdahl's law). */
  readonly serialFraction: number;
}

/** Spark's defaults on Kubernetes for the ratio and the wait (CoarseGrainedSchedulerBackend); the fraction is assumed. */
export const DEFAULT_WORK = { minRegisteredRatio: 0.8, maxRegisteredWaitMs: 30_000, serialFraction: 0.05 } as const;

/**
 * The speed of a job of which `running` of `count` workers run, while its leader runs: 1 with all of them, 0 with none.
 * A job without workers has speed 1.
 */
export function speedOf(running: number, count: number, serialFraction: number): number {
  if (count === 0) return 1;
  return running === 0 ? 0 : 1 / (serialFraction + ((1 - serialFraction) * count) / running);
}

/**
 * The number of workers with which a job can begin; a job that has workers needs one at least.
 * @param isWaitOver whether the time in which a Spark job waits for more executors is over
 */
export function workersToBegin({ count, min }: Workers, rules: WorkRules, isWaitOver: boolean): number {
  const least = Math.min(1, count);
  if (rules.model === 'gang') return Math.max(least, min);
  return isWaitOver ? least : Math.max(least, Math.ceil(rules.minRegisteredRatio * min));
}

interface Workers {
  readonly count: number;
  readonly min: number;
}
