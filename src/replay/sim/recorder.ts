import { quantilesOf } from '../quantiles.ts';
import type { PolicyResult, Quantiles, Sample } from '../result.ts';
import type { JobRun } from './job-run.ts';

/** Beyond this number every second sample is dropped, and the interval doubles. */
const MAX_SAMPLES = 400;

/** The figures of a moment that `sample` is given. */
export type Moment = Pick<Sample, 'reserved' | 'fragmentation' | 'waitingGangs' | 'runningGangs'>;

/** Keeps the figures of one run. Mean shares are exact integrals over time and not means of the samples. */
export class Recorder {
  readonly #totalCpu: number;
  readonly #fromMs: number;
  readonly waits: number[] = [];
  readonly completions: number[] = [];
  readonly filterUs: number[] = [];
  readonly decisions = { filter: 0, prioritize: 0, preempt: 0 };
  done = 0;
  failed = 0;
  podsBound = 0;
  readonly waitsHighest: number[] = [];
  evictions = 0;
  gangsBroken = 0;
  coreMsLost = 0;
  deadlines = 0;
  deadlinesMissed = 0;
  inversionMs = 0;
  overcommits = 0;
  nodeFailures = 0;
  invariantChecks = 0;
  lastEndMs = 0;
  #bound = 0;
  #working = 0;
  #boundArea = 0;
  #workingArea = 0;
  #fragmentationSum = 0;
  #fragmentationCount = 0;
  #lastMs: number;
  #partialMs = 0;
  #degradedMs = 0;
  #samples: Sample[] = [];
  #everyMs = 1000;
  #nextSampleMs: number;

  constructor(totalCpu: number, fromMs: number) {
    this.#totalCpu = totalCpu;
    this.#fromMs = this.#lastMs = this.#nextSampleMs = fromMs;
  }

  /** Changes the bound and the working cpu by these amounts, in millicores. */
  change(nowMs: number, bound: number, working: number): void {
    this.#advance(nowMs);
    this.#bound += bound;
    this.#working += working;
  }

  partialEnds(run: JobRun, nowMs: number): void {
    if (run.partialSinceMs === undefined) return;
    const ms = nowMs - run.partialSinceMs;
    if (run.completeMs === undefined && !run.isBroken) this.#partialMs += ms;
    else this.#degradedMs += ms;
    run.partialSinceMs = undefined;
  }

  isSampleDue(nowMs: number): boolean {
    return nowMs >= this.#nextSampleMs;
  }

  sample(nowMs: number, moment: Moment): void {
    this.#fragmentationSum += moment.fragmentation;
    this.#fragmentationCount++;
    const share = (cpu: number) => rounded(this.#totalCpu === 0 ? 0 : cpu / this.#totalCpu);
    const { reserved, fragmentation, ...gangs } = moment;
    this.#samples.push({
      atMs: nowMs - this.#fromMs,
      bound: share(this.#bound),
      working: share(this.#working),
      reserved: share(reserved),
      fragmentation: rounded(fragmentation),
      ...gangs,
    });
    if (this.#samples.length > MAX_SAMPLES) {
      this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
      this.#everyMs *= 2;
    }
    this.#nextSampleMs = nowMs + this.#everyMs;
  }

  result(nowMs: number, jobs: number, deadlocked: number): Omit<PolicyResult, 'policy'> {
    this.#advance(nowMs);
    const area = Math.max(1, nowMs - this.#fromMs) * Math.max(1, this.#totalCpu);
    return {
      jobs,
      gangsDone: this.done,
      gangsFailed: this.failed,
      gangsUnfinished: jobs - this.done - this.failed,
      gangsDeadlocked: deadlocked,
      waitMs: quantilesOf(this.waits),
      completionMs: quantilesOf(this.completions),
      makespanMs: Math.max(0, this.lastEndMs - this.#fromMs),
      meanBound: rounded(this.#boundArea / area),
      meanWorking: rounded(this.#workingArea / area),
      meanFragmentation: rounded(
        this.#fragmentationCount === 0 ? 0 : this.#fragmentationSum / this.#fragmentationCount,
      ),
      partialGangSeconds: this.#partialMs / 1000,
      degradedGangSeconds: this.#degradedMs / 1000,
      overcommits: this.overcommits,
      invariantChecks: this.invariantChecks,
      decisions: this.decisions,
      podsBound: this.podsBound,
      waitHighestMs: quantilesOf(this.waitsHighest),
      evictions: this.evictions,
      gangsBroken: this.gangsBroken,
      coreSecondsLost: Math.round(this.coreMsLost / 1000),
      deadlines: this.deadlines,
      deadlinesMissed: this.deadlinesMissed,
      inversionSeconds: this.inversionMs / 1000,
      nodeFailures: this.nodeFailures,
      samples: this.#samples,
    };
  }

  latency(): Quantiles {
    return quantilesOf(this.filterUs);
  }

  #advance(nowMs: number): void {
    this.#boundArea += this.#bound * (nowMs - this.#lastMs);
    this.#workingArea += this.#working * (nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

const rounded = (share: number) => Math.round(share * 1e6) / 1e6;
