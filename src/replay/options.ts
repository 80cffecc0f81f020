import { DEFAULT_WORK, type WorkModel, type WorkRules } from './work-model.ts';

export const FORECAST_MODES = ['learned', 'off', 'oracle', 'declared'] as const;

/**
 * What muster knows of run times in a replay. `learned`: what it has seen end since the beginning; `off`: nothing;
 * `oracle`: how long each job of the trace takes with all its workers, from when all that it needs is bound, as muster
 * counts; `declared`: an estimate of that, of some jobs.
 */
export interface ForecastRules {
  readonly mode: (typeof FORECAST_MODES)[number];
  /** `declared`: the share of the jobs that have an estimate, 0..1. */
  readonly known: number;
  /** `declared`: an estimate is off by a log-normal factor; this is the deviation of its logarithm. */
  readonly error: number;
}

/** The options of a replay. All times are simulated ms. */
export interface ReplayOptions {
  readonly seed: number;
  /** Duration of one scheduling cycle of kube-scheduler. */
  readonly cycleMs: number;
  /** Time from kube-scheduler's decision until the feed shows the pod bound. */
  readonly bindMs: number;
  /**
   * Workers that a leader creates per second (Spark: spark.kubernetes.allocation.batch.size, 5 until 3.5, 10 in 4.0).
   */
  readonly batchSize: number;
  /** SchedulerPopFromBackoffQ of kube-scheduler 1.33 and later. */
  readonly eagerBackoff: boolean;
  /** percentageOfNodesToScore of kube-scheduler; 0: its default, which depends on the number of nodes. */
  readonly percentageOfNodesToScore: number;
  readonly nodeFailuresPerDay: number;
  readonly forecasts: ForecastRules;
  /** Absent: the trace's own model. */
  readonly workModel?: WorkModel;
  readonly minRegisteredRatio: number;
  readonly maxRegisteredWaitMs: number;
  readonly serialFraction: number;
  /** Time from an eviction until the pod is gone. */
  readonly graceMs: number;
  /** Time from the loss of an app's leader until its operator submits the app again. */
  readonly rerunMs: number;
  /** The simulation ends here even if jobs are left; Infinity: it ends when nothing can happen any more. */
  readonly horizonMs: number;
  /**
   * The core's invariants are checked every this many steps, but at most once per `checkPause` steps for each bound pod,
   * since a check recounts them.
   */
  readonly checkEvery: number;
  readonly checkPause: number;
}

export const DEFAULT_REPLAY: ReplayOptions = {
  seed: 1,
  cycleMs: 5,
  bindMs: 20,
  batchSize: 5,
  eagerBackoff: true,
  percentageOfNodesToScore: 0,
  nodeFailuresPerDay: 0,
  forecasts: { mode: 'learned', known: 1, error: 0.3 },
  ...DEFAULT_WORK,
  graceMs: 10_000,
  rerunMs: 60_000,
  horizonMs: Infinity,
  checkEvery: 1000,
  checkPause: 4,
};

/** How the jobs of a trace work under these options. @param model the trace's own */
export function workRulesOf(options: ReplayOptions, model: WorkModel): WorkRules {
  const { workModel = model, minRegisteredRatio, maxRegisteredWaitMs, serialFraction } = options;
  return { model: workModel, minRegisteredRatio, maxRegisteredWaitMs, serialFraction };
}
