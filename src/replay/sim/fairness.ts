import type { Fairness } from '../result.ts';
import type { TraceJob } from '../trace/job.ts';
import { wantedCpu, type JobRun } from './job-run.ts';
import { jainIndex, maxMinShares } from './max-min.ts';
import { Sampler } from './sampler.ts';

/** Of how many groups fairness is told: one cannot be treated unlike others, and many are users with a job each. */
const GROUPS = { least: 2, most: 200 } as const;
/** A group with less than this part of its share, that wants more, is under its share. */
const ENOUGH = 0.9;

type By = Fairness['by'];

/**
 * Measures how evenly namespaces and users get room: samples what each holds and what it is entitled to, an
 * equal max-min share of the cluster's cpu among those that want some. The state of a sample counts for the whole time
 * since the previous one.
 */
export class FairnessMeter {
  readonly #sampler: Sampler;
  readonly #totalCpu: number;
  readonly #isCounted: (job: TraceJob) => boolean;
  readonly #kinds: readonly Kind[];

  /**
   * @param jobs of the whole trace
   * @param isCounted false for jobs that the cluster cannot hold: a group is entitled to nothing impossible
   */
  constructor(
    jobs: readonly TraceJob[],
    { totalCpu, spanMs, isCounted }: { totalCpu: number; spanMs: number; isCounted: (job: TraceJob) => boolean },
  ) {
    this.#sampler = new Sampler(spanMs, { leastMs: 10_000, most: 1_000 });
    this.#totalCpu = totalCpu;
    this.#isCounted = isCounted;
    const kinds: readonly By[] = ['namespace', 'user'];
    this.#kinds = kinds
      .map((by) => new Kind(by, [...new Set(jobs.map((job) => job[by]))].sort()))
      .filter(({ names }) => names.length >= GROUPS.least && names.length <= GROUPS.most);
  }

  sample(live: Iterable<JobRun>, nowMs: number): void {
    if (this.#kinds.length === 0) return;
    const sinceMs = this.#sampler.due(nowMs);
    if (sinceMs === 0) return;
    const runs = [...live].filter(({ job }) => this.#isCounted(job));
    for (const kind of this.#kinds) kind.add(runs, this.#totalCpu, sinceMs);
  }

  result(): readonly Fairness[] {
    return this.#kinds.map((kind) => kind.result());
  }
}

/** One way to group the jobs. */
class Kind {
  readonly by: By;
  readonly names: readonly string[];
  readonly #indexOf: ReadonlyMap<string, number>;
  /** Per group: cpu x ms that it used of its share, that it was entitled to, and ms under its share. */
  readonly #used: number[];
  readonly #entitled: number[];
  readonly #underMs: number[];

  constructor(by: By, names: readonly string[]) {
    this.by = by;
    this.names = names;
    this.#indexOf = new Map(names.map((name, i) => [name, i]));
    [this.#used, this.#entitled, this.#underMs] = [zeros(names), zeros(names), zeros(names)];
  }

  add(runs: readonly JobRun[], totalCpu: number, ms: number): void {
    const [held, wanted] = [zeros(this.names), zeros(this.names)];
    for (const run of runs) {
      const group = this.#indexOf.get(run.job[this.by]) ?? 0;
      held[group] = (held[group] ?? 0) + run.boundCpu;
      wanted[group] = (wanted[group] ?? 0) + wantedCpu(run);
    }
    maxMinShares(wanted, totalCpu).forEach((share, group) => {
      const has = held[group] ?? 0;
      this.#used[group] = (this.#used[group] ?? 0) + Math.min(has, share) * ms;
      this.#entitled[group] = (this.#entitled[group] ?? 0) + share * ms;
      if (has < ENOUGH * share && has < (wanted[group] ?? 0)) this.#underMs[group] = (this.#underMs[group] ?? 0) + ms;
    });
  }

  result(): Fairness {
    const parts = this.#entitled.flatMap((entitled, i) => (entitled > 0 ? [(this.#used[i] ?? 0) / entitled] : []));
    const longest = Math.max(...this.#underMs);
    const name = longest > 0 ? (this.names[this.#underMs.indexOf(longest)] ?? '') : '';
    return { by: this.by, jain: jainIndex(parts), worst: { name, underShareMs: longest } };
  }
}

const zeros = (names: readonly string[]) => new Array<number>(names.length).fill(0);
