import { isComplete, neededCpu, type JobRun } from './job-run.ts';

const LEAST_EVERY_MS = 10_000;
/** The most samples in a long trace. */
const MAX_SAMPLES = 20_000;

/**
 * Measures priority inversion: samples the jobs that wait while one of lower priority holds as much cpu as they need.
 * The state of a sample counts for the whole time since the previous one.
 */
export class Inversions {
  readonly #everyMs: number;
  readonly #isFlat: boolean;
  #lastMs = 0;

  constructor({ spanMs, isFlat }: { spanMs: number; isFlat: boolean }) {
    this.#everyMs = Math.max(LEAST_EVERY_MS, spanMs / MAX_SAMPLES);
    this.#isFlat = isFlat;
  }

  sample(live: Iterable<JobRun>, nowMs: number): void {
    if (this.#isFlat || nowMs - this.#lastMs < this.#everyMs) return;
    const since = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const [waiting, holding]: [JobRun[], JobRun[]] = [[], []];
    for (const run of live) (isComplete(run) ? holding : waiting).push(run);
    if (waiting.length === 0) return;
    const most = new Map<number, number>();
    for (const { job, boundCpu } of holding) {
      most.set(job.priority, Math.max(most.get(job.priority) ?? 0, boundCpu));
    }
    for (const run of waiting) {
      const isInverted = [...most].some(([priority, cpu]) => priority < run.job.priority && cpu >= neededCpu(run));
      if (isInverted) run.history.inversionMs += Math.min(since, nowMs - run.submitMs);
    }
  }
}
