import { logLogistic, logLogisticQuantile } from '../core/history/log-logistic.ts';
import { NO_RUN_TIMES } from '../core/history/no-run-times.ts';
import type { Forecast, RunIdentity, RunTimes } from '../core/history/run-times.ts';
import type { ForecastRules } from './options.ts';
import { seeded } from './random.ts';
import { slowestStartMs } from './sim/start-lag.ts';
import { runAloneMs, type TraceJob } from './trace/job.ts';

/** As ForecastRules, with what the draws need. */
interface Rules extends ForecastRules {
  readonly seed: number;
}

/** @returns undefined: the core's own history */
export function runTimesOf(rules: ForecastRules, jobs: readonly TraceJob[], seed: number): RunTimes | undefined {
  switch (rules.mode) {
    case 'learned':
      return undefined;
    case 'off':
      return NO_RUN_TIMES;
    case 'oracle':
      return new ToldRunTimes(jobs, { ...rules, known: 1, error: 0, seed });
    case 'declared':
      return new ToldRunTimes(jobs, { ...rules, seed });
  }
}

/** What a rerun, with its number from the second on, and the pod of a job without workers add to the job's name. */
const OF_THE_JOB = /(-rerun(?:-(\d+))?)?(?:-driver)?$/;

/** Run times of the trace's jobs, as they are or with an error. They learn nothing. */
class ToldRunTimes implements RunTimes {
  readonly #jobs: ReadonlyMap<string, TraceJob>;
  readonly #rules: Rules;
  /** By run, since a forecast is asked for again and again. */
  readonly #told = new Map<string, Forecast>();

  constructor(jobs: readonly TraceJob[], rules: Rules) {
    this.#jobs = new Map(jobs.map((job) => [`${job.namespace}/${job.id}`, job]));
    this.#rules = rules;
  }

  forecast(run: RunIdentity): Forecast {
    const key = `${run.namespace}/${run.name}`;
    const known = this.#told.get(key);
    if (known) return known;
    const told = this.#tell(key) ?? NO_RUN_TIMES.forecast(run);
    this.#told.set(key, told);
    return told;
  }

  learn(): void {
    // What is told of a run does not depend on other runs.
  }

  #tell(key: string): Forecast | undefined {
    const { known, error, seed } = this.#rules;
    const [added = '', rerun, number = '1'] = OF_THE_JOB.exec(key) ?? [];
    const first = this.#jobs.get(key);
    const job = first ?? this.#jobs.get(key.slice(0, key.length - added.length));
    if (!job) return undefined;
    const attempt = first || rerun === undefined ? 0 : Number(number);
    const ms = Math.ceil(runAloneMs(job)) + slowestStartMs(job, seed, attempt);
    const random = seeded(seed, 'forecast', job.id);
    if (random.uniform() >= known) return undefined;
    return error === 0 ? exactly(ms) : around(ms * random.logNormal(0, error), error);
  }
}

const exactly = (ms: number): Forecast => ({
  endsWithin: (_share, ranMs) => Math.max(ms, ranMs),
  isKnown: true,
  runs: 0,
  basis: 'its run time in the trace',
  error: 0,
});

/** Nine of ten values of a normal distribution are below its mean and this many deviations. */
const NINE_OF_TEN = 1.2815515655446004;

/** A log-logistic distribution with the median and the 90 % quantile of the log-normal one. */
function around(medianMs: number, error: number): Forecast {
  const distribution = logLogistic(medianMs, medianMs * Math.exp(NINE_OF_TEN * error));
  return {
    endsWithin: (share, ranMs) => logLogisticQuantile(distribution, share, ranMs),
    isKnown: true,
    runs: 0,
    basis: "its owner's estimate",
    // The mean of a normal distribution's absolute values.
    error: error * Math.sqrt(2 / Math.PI),
  };
}
