import type { TraceJob } from '../trace/job.ts';
import { isComplete, neededCpu, type JobRun } from './job-run.ts';
import { Sampler } from './sampler.ts';

/**
 * Measures priority inversion: samples the jobs that wait while one of lower priority holds as much cpu as they need,
 * whether it works with it or not. The state of a sample counts for the whole time since the previous one.
 */
export class Inversions {
  readonly #sampler: Sampler;
  readonly #isCounted: (job: TraceJob) => boolean;

  /** @param isCounted false for jobs that the cluster cannot hold: nothing that others hold keeps them waiting */
  constructor(spanMs: number, isCounted: (job: TraceJob) => boolean) {
    this.#isCounted = isCounted;
    this.#sampler = new Sampler(spanMs, { leastMs: 10_000, most: 20_000 });
  }

  sample(live: Iterable<JobRun>, nowMs: number): void {
    const sinceMs = this.#sampler.due(nowMs);
    if (sinceMs === 0) return;
    const runs = [...live];
    const waiting = runs.filter((run) => !isComplete(run) && run.progress.speed === 0 && this.#isCounted(run.job));
    if (waiting.length === 0) return;
    const most = new Map<number, number>();
    for (const { job, boundCpu } of runs) {
      most.set(job.priority, Math.max(most.get(job.priority) ?? 0, boundCpu));
    }
    const holding = [...most];
    for (const run of waiting) {
      const isInverted = holding.some(([priority, cpu]) => priority < run.job.priority && cpu >= neededCpu(run));
      if (isInverted) run.history.inversionMs += Math.min(sinceMs, nowMs - run.submitMs);
    }
  }
}
