import { quantilesOf } from '../quantiles.ts';
import type { PolicyResult, Quantiles, Series } from '../result.ts';
import { ROOM_KINDS, type JobHistory, type RoomKind, type RoomSplit } from './job-history.ts';
import { StepMeans } from './step-means.ts';

const STEPS = 512;

type Level = RoomKind | 'reserved' | 'waitingJobs' | 'workingJobs';

/** Counts what happens in one run, and follows over time what the cluster's cpu is used for. */
export class Recorder {
  readonly filterUs: number[] = [];
  readonly decisions = { filter: 0, prioritize: 0, preempt: 0 };
  overcommits = 0;
  nodeFailures = 0;
  invariantChecks = 0;
  /** cpu of members that are bound, which muster has not seen yet and therefore still holds room for, in millicores. */
  unseenCpu = 0;
  /** Room in millicores, and numbers of jobs. */
  readonly levels: Readonly<Record<Level, StepMeans>>;
  readonly #totalCpu: number;

  /** @param totalCpu the cluster's cpu, in millicores */
  constructor(totalCpu: number) {
    this.#totalCpu = totalCpu;
    const level = () => new StepMeans(STEPS);
    this.levels = {
      work: level(),
      partial: level(),
      starting: level(),
      broken: level(),
      reserved: level(),
      waitingJobs: level(),
      workingJobs: level(),
    };
  }

  /** The job holds this room from now on. */
  setRoom(nowMs: number, history: JobHistory, room: RoomSplit): void {
    const before = history.room;
    for (const kind of ROOM_KINDS) {
      const change = room[kind] - before[kind];
      if (change !== 0) this.levels[kind].add(nowMs, change);
    }
    history.setRoom(nowMs, room);
  }

  /**
   * Muster holds this cpu for members, in millicores; what other pods have yet, such as victims in their grace period, is
   * not reserved but theirs. Call after every event.
   */
  setReserved(nowMs: number, held: number): void {
    const { reserved } = this.levels;
    const bound = ROOM_KINDS.reduce((sum, kind) => sum + this.levels[kind].level, 0);
    const cpu = Math.max(0, Math.min(held - this.unseenCpu, this.#totalCpu - bound));
    if (cpu !== reserved.level) reserved.set(nowMs, cpu);
  }

  /** Closes the books. @param stranded free cpu that is too scattered, in millicores */
  result(nowMs: number, stranded: StepMeans): Recorded {
    for (const means of [...Object.values(this.levels), stranded]) means.advance(nowMs);
    const coreSeconds = (level: StepMeans) => level.area / 1e6;
    const { partial, starting, reserved, broken } = this.levels;
    return {
      idle: {
        partial: coreSeconds(partial),
        starting: coreSeconds(starting),
        reserved: coreSeconds(reserved),
        broken: coreSeconds(broken),
      },
      overcommits: this.overcommits,
      nodeFailures: this.nodeFailures,
      decisions: this.decisions,
      invariantChecks: this.invariantChecks,
      series: this.#series(stranded),
    };
  }

  latency(): Quantiles {
    return quantilesOf(this.filterUs);
  }

  #series(stranded: StepMeans): Series {
    const share = (level: StepMeans) => level.means().map((cpu) => rounded(cpu / Math.max(1, this.#totalCpu)));
    const count = (level: StepMeans) => level.means().map(rounded);
    const { work, partial, starting, reserved, broken, waitingJobs, workingJobs } = this.levels;
    return {
      stepMs: work.stepMs,
      work: share(work),
      partial: share(partial),
      starting: share(starting),
      reserved: share(reserved),
      broken: share(broken),
      stranded: share(stranded),
      waitingJobs: count(waitingJobs),
      workingJobs: count(workingJobs),
    };
  }
}

export type Recorded = Pick<
  PolicyResult,
  'idle' | 'overcommits' | 'nodeFailures' | 'decisions' | 'invariantChecks' | 'series'
>;

/** Six digits are more than a picture shows, and keep the files small. */
const rounded = (value: number) => Math.round(value * 1e6) / 1e6;
