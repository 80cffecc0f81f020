import type { JobRecord, Outcome } from '../job-record.ts';
import { runAloneMs, type TraceJob } from '../trace/job.ts';
import { costOf } from './cost.ts';
import { longestWait, PhaseLog } from './phase-log.ts';
import type { ToldStart } from './replay-scheduler.ts';

/** The kinds of room that a job holds. */
export const ROOM_KINDS = ['work', 'partial', 'starting', 'broken'] as const;
export type RoomKind = (typeof ROOM_KINDS)[number];

/** cpu held at a time, in millicores, by kind. */
export type RoomSplit = Readonly<Record<RoomKind, number>>;

export const NO_ROOM: RoomSplit = { work: 0, partial: 0, starting: 0, broken: 0 };

/** What took work away: an eviction, or the failure of a node. */
export type Loss = 'evictions' | 'failures';

/** Below this, a run time counts as this much in the bounded slowdown. */
const BOUND_MS = 10_000;

/** cpu of the leader and all workers, in millicores. */
const wholeCpu = ({ leader, workers: { count, request } }: TraceJob): number =>
  (leader.get('cpu') ?? 0) + count * (request.get('cpu') ?? 0);

/** What happens to one job of the trace, over all its runs. Times are from the first submission of the trace. */
export class JobHistory {
  readonly job: TraceJob;
  readonly submitMs: number;
  readonly phases = new PhaseLog();
  askedMs: number | undefined;
  reservedMs: number | undefined;
  beganMs: number | undefined;
  reruns = 0;
  evictions = 0;
  timesBroken = 0;
  podsBound = 0;
  inversionMs = 0;
  /** Progress lost, and what stood at the end of the submissions, in ms of the job with all its workers. */
  readonly lostMs: Record<Loss, number> = { evictions: 0, failures: 0 };
  inWindowMs = 0;
  /** Of its run that succeeded. */
  forecast: JobRecord['forecast'];
  #room: RoomSplit = NO_ROOM;
  #roomSinceMs = 0;
  readonly #held = { ...NO_ROOM };
  #rates: RoomSplit = NO_ROOM;
  #ratesSinceMs = 0;
  readonly #paid = { ...NO_ROOM };

  constructor(job: TraceJob, submitMs: number) {
    this.job = job;
    this.submitMs = submitMs;
  }

  get room(): RoomSplit {
    return this.#room;
  }

  setRoom(nowMs: number, room: RoomSplit): void {
    const ms = nowMs - this.#roomSinceMs;
    if (ms > 0) for (const kind of ROOM_KINDS) this.#held[kind] += this.#room[kind] * ms;
    [this.#room, this.#roomSinceMs] = [room, nowMs];
  }

  /** What its room costs in an hour, from now on. */
  setRates(nowMs: number, rates: RoomSplit): void {
    const ms = nowMs - this.#ratesSinceMs;
    if (ms > 0) for (const kind of ROOM_KINDS) this.#paid[kind] += this.#rates[kind] * ms;
    [this.#rates, this.#ratesSinceMs] = [rates, nowMs];
  }

  /** @param end the job's end, or that of the simulation */
  record(policy: string, nowMs: number, end: JobEnd): JobRecord {
    const { job, submitMs, askedMs, reservedMs, beganMs } = this;
    const { deadlineMs } = job;
    const isOver = isClosed(end.outcome);
    const completionMs = nowMs - submitMs;
    const waited = this.phases.totals(nowMs);
    const longest = longestWait(waited);
    return {
      policy,
      ...identityOf(job),
      submitMs,
      ...(askedMs === undefined ? {} : { askedMs }),
      ...(reservedMs === undefined ? {} : { reservedMs }),
      ...(beganMs === undefined ? {} : { beganMs }),
      ...(isOver || end.outcome === 'abandoned' ? { endedMs: nowMs } : {}),
      outcome: end.outcome,
      isLarger: end.isLarger,
      waitMs: (beganMs ?? nowMs) - submitMs,
      isWaitOpen: beganMs === undefined,
      completionMs,
      isCompletionOpen: !isOver,
      slowdown: Math.max(1, completionMs / Math.max(BOUND_MS, runAloneMs(job))),
      runAloneMs: runAloneMs(job),
      work: this.#workOf(end.doneMs),
      ...this.#ofRoom(nowMs),
      podsBound: this.podsBound,
      evictions: this.evictions,
      timesBroken: this.timesBroken,
      reruns: this.reruns,
      ...this.#foretold(end.told, nowMs),
      ...(deadlineMs === undefined
        ? {}
        : { deadlineMs, missedDeadline: end.outcome !== 'done' || completionMs > deadlineMs }),
      inversionMs: this.inversionMs,
      waited,
      ...(longest === undefined ? {} : { longest }),
      phases: this.phases.changes(),
    };
  }

  #ofRoom(nowMs: number): Required<Pick<JobRecord, 'held' | 'cost'>> {
    this.setRoom(nowMs, this.#room);
    this.setRates(nowMs, this.#rates);
    return { held: scaled(this.#held, (milliCoreMs) => milliCoreMs / 1e6), cost: scaled(this.#paid, costOf) };
  }

  /** What was foretold, and what came of it; a start that is to come may still be in time. */
  #foretold(told: ToldStart | undefined, nowMs: number): Pick<JobRecord, 'told' | 'forecast'> {
    const { forecast, reservedMs } = this;
    const ofRun = forecast ? { forecast } : {};
    if (!told) return ofRun;
    const isLate = (reservedMs ?? nowMs) > told.promisedMs;
    return { ...ofRun, told: isLate || reservedMs !== undefined ? { ...told, isKept: !isLate } : told };
  }

  #workOf(doneMs: number): JobRecord['work'] {
    const cores = wholeCpu(this.job) / 1000;
    const coreSeconds = (ms: number) => (ms / 1000) * cores;
    return {
      submitted: coreSeconds(runAloneMs(this.job)),
      done: coreSeconds(doneMs),
      lostToEvictions: coreSeconds(this.lostMs.evictions),
      lostToFailures: coreSeconds(this.lostMs.failures),
      inWindow: coreSeconds(this.inWindowMs),
    };
  }
}

const scaled = ({ work, partial, starting, broken }: RoomSplit, scale: (sum: number) => number): JobRecord['held'] => ({
  work: scale(work),
  partial: scale(partial),
  starting: scale(starting),
  broken: scale(broken),
});

interface JobEnd {
  readonly outcome: Outcome;
  readonly isLarger: boolean;
  /** What its last run had done and not lost. */
  readonly doneMs: number;
  /** The start time that its first run was told first. */
  readonly told?: ToldStart | undefined;
}

/** Whether the job came to its own end. */
const isClosed = (outcome: Outcome): boolean => outcome === 'done' || outcome === 'failed';

function identityOf(job: TraceJob) {
  const { id, namespace, queue, user, priority, workers } = job;
  const sizes = { members: 1 + workers.count, needed: 1 + workers.min, cpuMilli: wholeCpu(job) };
  return { id, namespace, queue, user, priority, ...sizes };
}
