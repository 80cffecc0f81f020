/** How a replay runs. All times are simulated ms. */
export interface ReplayOptions {
  readonly seed: number;
  /** What one scheduling cycle of kube-scheduler takes. */
  readonly cycleMs: number;
  /** From kube-scheduler's decision until the feed shows the pod bound. */
  readonly bindMs: number;
  /** Workers that a leader creates per second (Spark: spark.kubernetes.allocation.batch.size, 5 until 3.5, 10 in 4.0). */
  readonly batchSize: number;
  /** SchedulerPopFromBackoffQ of kube-scheduler 1.33 and later. */
  readonly eagerBackoff: boolean;
  readonly nodeFailuresPerDay: number;
  /** From an eviction until the pod is gone. */
  readonly graceMs: number;
  /** Ends the simulation here whatever is left; Infinity: when nothing can happen any more. */
  readonly horizonMs: number;
  /** Check the core's invariants every so many steps, or as many as pods are bound if that is more: a check recounts them. */
  readonly checkEvery: number;
}

export const DEFAULT_REPLAY: ReplayOptions = {
  seed: 1,
  cycleMs: 5,
  bindMs: 20,
  batchSize: 5,
  eagerBackoff: true,
  nodeFailuresPerDay: 0,
  graceMs: 10_000,
  horizonMs: Infinity,
  checkEvery: 1000,
};
