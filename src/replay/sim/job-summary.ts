import type { JobRecord, Outcome } from '../job-record.ts';
import { OpenSample } from '../quantiles.ts';
import type { PolicyResult } from '../result.ts';
import { Foretold } from './foretold.ts';
import { JobGroups } from './job-groups.ts';

const CURVE_STEPS = 200;
/** A job with so many members has to wait for much room at once. */
const LARGE = 16;

/** The figures of a policy that follow from the records of its jobs alone. */
export type Summary = Pick<
  PolicyResult,
  | 'outcomes'
  | 'waitMs'
  | 'largeWaitMs'
  | 'slowdown'
  | 'completionMs'
  | 'work'
  | 'workShare'
  | 'makespanMs'
  | 'foretold'
  | 'evictions'
  | 'gangsBroken'
  | 'deadlines'
  | 'deadlinesMissed'
  | 'inversionSeconds'
  | 'podsBound'
  | 'groups'
  | 'waitCurve'
>;

/** Adds the records up; it keeps numbers alone, since a day has a hundred thousand jobs. */
export class JobSummary {
  readonly #outcomes: Record<Outcome, number> & { jobs: number } = {
    jobs: 0,
    done: 0,
    failed: 0,
    abandoned: 0,
    larger: 0,
    deadlocked: 0,
    waiting: 0,
    working: 0,
  };
  readonly #waits = new OpenSample();
  readonly #largeWaits = new OpenSample();
  readonly #slowdowns = new OpenSample();
  readonly #completions = new OpenSample();
  readonly #groups = new JobGroups();
  readonly #foretold = new Foretold();
  readonly #work = { submitted: 0, done: 0, lostToEvictions: 0, lostToFailures: 0 };
  readonly #sums = { evictions: 0, gangsBroken: 0, deadlines: 0, deadlinesMissed: 0, podsBound: 0 };
  #inWindow = 0;
  #inversionMs = 0;
  #lastEndMs = 0;

  add(record: JobRecord): void {
    const { outcome, work } = record;
    this.#outcomes.jobs++;
    this.#outcomes[outcome]++;
    this.#groups.add(record);
    this.#foretold.add(record);
    if (!record.isLarger) {
      this.#waits.add(record.waitMs, record.isWaitOpen);
      if (record.members >= LARGE) this.#largeWaits.add(record.waitMs, record.isWaitOpen);
      this.#slowdowns.add(record.slowdown, record.isCompletionOpen);
      this.#completions.add(record.completionMs, record.isCompletionOpen);
    }
    this.#work.submitted += work.submitted;
    this.#work.done += work.done;
    this.#work.lostToEvictions += work.lostToEvictions;
    this.#work.lostToFailures += work.lostToFailures;
    this.#inWindow += work.inWindow;
    this.#inversionMs += record.inversionMs;
    this.#lastEndMs = Math.max(this.#lastEndMs, record.endedMs ?? 0);
    this.#count(record);
  }

  #count({ evictions, timesBroken, podsBound, deadlineMs, missedDeadline }: JobRecord): void {
    const sums = this.#sums;
    sums.evictions += evictions;
    sums.gangsBroken += timesBroken;
    sums.podsBound += podsBound;
    if (deadlineMs !== undefined) sums.deadlines++;
    if (missedDeadline) sums.deadlinesMissed++;
  }

  /**
   * @param totalCpu of the cluster, in millicores
   * @param windowMs from the first submission to the last
   * @param endMs when the simulation ended
   */
  result(totalCpu: number, { windowMs, endMs }: { windowMs: number; endMs: number }): Summary {
    const share = (coreSeconds: number, ms: number) =>
      ms === 0 || totalCpu === 0 ? 0 : coreSeconds / ((totalCpu / 1000) * (ms / 1000));
    const { waiting, working, deadlocked } = this.#outcomes;
    const foretold = this.#foretold.result();
    // Jobs that are left may have worked since the last end.
    const makespanMs = waiting + working + deadlocked > 0 ? endMs : this.#lastEndMs;
    return {
      outcomes: this.#outcomes,
      waitMs: this.#waits.quantiles(),
      largeWaitMs: this.#largeWaits.quantiles(),
      slowdown: this.#slowdowns.quantiles(),
      completionMs: this.#completions.quantiles(),
      work: this.#work,
      workShare: { window: share(this.#inWindow, windowMs), makespan: share(this.#work.done, makespanMs) },
      makespanMs,
      ...(foretold ? { foretold } : {}),
      ...this.#sums,
      inversionSeconds: this.#inversionMs / 1000,
      groups: this.#groups.result(),
      waitCurve: this.#waits.curve(CURVE_STEPS),
    };
  }
}
