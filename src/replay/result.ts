import type { WorkClass } from '../core/model.ts';
import type { Outcome } from './job-record.ts';
import type { WorkRules } from './work-model.ts';

/** Quantiles of a sample by nearest rank, in the sample's unit. `count` 0: all are 0. */
export interface Quantiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export type Figure = Exclude<keyof Quantiles, 'count'>;

/**
 * Quantiles of a sample in which `open` values are lower bounds: those of jobs that had not begun, or were not over,
 * when the simulation ended count with the time that they had by then. So a policy does not look good because its worst
 * jobs never began. `atLeast` names the figures that are lower bounds for this reason.
 */
export interface OpenQuantiles extends Quantiles {
  readonly open: number;
  readonly atLeast: readonly Figure[];
}

/**
 * Figures over time as steps: value i is the mean over [i * stepMs, (i + 1) * stepMs) from the first submission on.
 * stepMs is 1000 * 2^k, so that averaging neighbours brings the series of several policies onto the same instants. At
 * most 512 steps; all arrays have the same length. Shares are of the cluster's cpu, 0..1.
 */
export interface Series {
  readonly stepMs: number;
  /** cpu of running pods of jobs that work. */
  readonly work: readonly number[];
  /** Room held without work, as in `PolicyResult.idle`. */
  readonly partial: readonly number[];
  readonly starting: readonly number[];
  readonly reserved: readonly number[];
  readonly broken: readonly number[];
  /** Free, but too scattered for one more typical worker (the trace's most common shape). */
  readonly stranded: readonly number[];
  /** Numbers of jobs: submitted and not over, without and with work going on. */
  readonly waitingJobs: readonly number[];
  readonly workingJobs: readonly number[];
}

/**
 * Node x time. A row is `nodesPerRow` neighbouring nodes (at most 96 rows), a column a step of time (at most 192).
 * Each cell is a digit, the share of the row's cpu in tenths, 9 for more than 8.5 tenths; one string per row.
 */
export interface Occupancy {
  readonly stepMs: number;
  readonly nodesPerRow: number;
  readonly bound: readonly string[];
  readonly stranded: readonly string[];
}

export interface GroupRow {
  readonly name: string;
  readonly jobs: number;
  readonly done: number;
  readonly waitMs: OpenQuantiles;
  readonly slowdown: OpenQuantiles;
}

export type GroupBy = 'queue' | 'namespace' | 'user' | 'priority' | 'size';

/** Waits and slowdowns by group: at most 40 rows, the last of them all smaller groups together (`others`). */
export interface Groups {
  readonly by: GroupBy;
  readonly rows: readonly GroupRow[];
}

/** How evenly namespaces and users that want room get it, with equal max-min shares of the cluster's cpu as the measure. */
export interface Fairness {
  readonly by: 'namespace' | 'user';
  /** Jain's index over what each group used of its share, 1/groups..1 (best). */
  readonly jain: number;
  /** The group that had less than 0.9 of its share, and wanted more, for the longest time. */
  readonly worst: { readonly name: string; readonly underShareMs: number };
}

/** What jobs of one queue, user, namespace and app paid while their pods were bound, by what that was good for. */
export interface CostRow {
  readonly queue: string;
  readonly user: string;
  readonly namespace: string;
  /** '': the trace does not name it. */
  readonly app: string;
  /** Absent: batch. */
  readonly class?: Exclude<WorkClass, 'batch'>;
  readonly jobs: number;
  /** As in `idle` of a policy's result; `work`: while the job works. */
  readonly work: number;
  readonly partial: number;
  readonly starting: number;
  readonly broken: number;
  readonly lostCoreHours: number;
}

/** `bill` = all rows + `idle`. Room that muster holds for members that are not bound yet is idle here. */
export interface CostResult {
  /** `default`: a core 1, a GiB of memory 0.125, a GPU 16 an hour. */
  readonly prices: 'file' | 'default';
  /** All nodes until the simulation ended. */
  readonly bill: number;
  readonly idle: number;
  /** Those who paid most first. */
  readonly rows: readonly CostRow[];
}

/**
 * What one queue was entitled to and got, on average until the end of the simulation, as a part of the cluster, 0..1: of
 * the resource that it may have the least part of what it wants at the time.
 */
export interface QueueRow {
  /** Its path in the policy's tree. */
  readonly queue: string;
  readonly entitled: number;
  /** What its bound pods requested. */
  readonly held: number;
  /** The part that it held of what it was entitled to, 0..1; null: it wanted nothing. */
  readonly served: number | null;
  /** How long a job of it waited, for more than a minute, that would have kept it within its entitlement (sampled). */
  readonly underMs: number;
}

/** Who got what it is entitled to, by queue. The entitlement is that of the policy's tenancy. */
export interface Queues {
  /** Jain's index over `served` of the queues that wanted something, 1/queues..1 (best). */
  readonly jain: number;
  /** The queue that was under its entitlement for longest; '': none was. */
  readonly worst: { readonly queue: string; readonly underMs: number };
  /** How often room was made at the cost of another queue; gangs and pods evicted for it. */
  readonly reclaims: { readonly count: number; readonly gangs: number; readonly pods: number };
  /** How often a gang that had been evicted lost a pod again within 10 min of when that was bound. */
  readonly cycles: number;
  /** Those that are entitled to most come first. */
  readonly rows: readonly QueueRow[];
}

/** The figures of one policy on the trace; they are the same for the same input and seed. Times are simulated ms. */
export interface PolicyResult {
  /** Short name for columns. */
  readonly policy: string;
  /** As given on the command line. */
  readonly source: string;
  /** The policies as the YAML of a policy file, without defaults. */
  readonly policyText: string;
  /** Of the jobs submitted before the simulation ended. */
  readonly outcomes: Readonly<Record<Outcome, number>> & { readonly jobs: number };
  /** From submission until work first begins. These three leave out jobs that are larger than the cluster. */
  readonly waitMs: OpenQuantiles;
  /** As `waitMs`, of the jobs with 16 members or more. */
  readonly largeWaitMs: OpenQuantiles;
  /** Bounded slowdown: completion / time alone with all workers, both at least 10 s. */
  readonly slowdown: OpenQuantiles;
  /** From submission until the job is done or fails by itself. */
  readonly completionMs: OpenQuantiles;
  /** core-seconds. `done` counts no work that was lost again. */
  readonly work: {
    readonly submitted: number;
    readonly done: number;
    readonly lostToEvictions: number;
    readonly lostToFailures: number;
  };
  /**
   * Work done per capacity: until the last submission (work lost by then does not count), and over the makespan.
   */
  readonly workShare: { readonly window: number; readonly makespan: number };
  /** From the first submission to the last end of a job; where jobs are left, to the end of the simulation. */
  readonly makespanMs: number;
  /** When the simulation ended. */
  readonly endMs: number;
  /** core-seconds of cpu that is held and does no work; docs/replay.md tells the kinds apart. */
  readonly idle: {
    readonly partial: number;
    readonly starting: number;
    readonly reserved: number;
    readonly broken: number;
  };
  /** How what muster foretold came out. Absent: it foretold nothing. */
  readonly foretold?: {
    /** Jobs that were told a start time; those that started by the latest time that they were told first, and did not. */
    readonly starts: number;
    readonly kept: number;
    readonly late: number;
    /** Those that came late because gangs of higher priority came meanwhile, or room went: no forecast could know. */
    readonly overtaken: number;
    /** How much later the late ones started. */
    readonly lateMs: OpenQuantiles;
    /** How far the starts were from the time told first, per the wait until then: sums over jobs. Null: none started. */
    readonly startError: number | null;
    /** Jobs that are done and whose run time had been foretold. Of these: the median of |ln(run time / foretold median)|. */
    readonly runs: number;
    readonly runError: number | null;
    /** The share of them that took no longer than foretold for nine of ten. */
    readonly withinP90: number | null;
  };
  /** Pods evicted to make room for others. */
  readonly evictions: number;
  /** How often an eviction took a needed member of a job that had all of them. */
  readonly gangsBroken: number;
  /** Jobs with a deadline, and how many of them were not done in time. */
  readonly deadlines: number;
  readonly deadlinesMissed: number;
  /** Sum over jobs of s in which a job waited while one of lower priority held as much cpu as it needs (sampled). */
  readonly inversionSeconds: number;
  /** How often the pods bound to a node requested more than its allocatable. */
  readonly overcommits: number;
  readonly nodeFailures: number;
  readonly podsBound: number;
  readonly decisions: { readonly filter: number; readonly prioritize: number; readonly preempt: number };
  /** Checks of the core's invariants; one that fails ends the replay with an error. */
  readonly invariantChecks: number;
  readonly groups: readonly Groups[];
  /** Absent in results of earlier versions. */
  readonly cost?: CostResult;
  readonly fairness: readonly Fairness[];
  /** Absent: the trace has one queue, or more than 200. */
  readonly queues?: Queues;
  /**
   * 201 quantiles of the waits in ms: 0, 0.5 % ... 100 %. Jobs that never began rank last and are null. Empty: no job
   * counts.
   */
  readonly waitCurve: readonly (number | null)[];
  readonly series: Series;
  readonly occupancy: Occupancy;
}

/** Wall-clock figures. They differ from run to run and are therefore kept apart. */
export interface LatencyResult {
  readonly policy: string;
  /** Microseconds per filter call. */
  readonly filterUs: Quantiles;
  readonly decisionsPerSecond: number;
  readonly wallSeconds: number;
}

/** Work offered to the cluster, of the resource that is offered most. */
export interface OfferedLoad {
  /** Work submitted / (capacity * window). 0: all jobs come at once, so that there is no window. */
  readonly load: number;
  readonly resource: string;
  /** From the first submission to the last. */
  readonly windowMs: number;
}

/** Of the format of results. Another one is not read: its figures mean something else. */
export const RESULT_VERSION = 3;

export interface ReplayResult {
  readonly version: typeof RESULT_VERSION;
  /** muster's version. */
  readonly muster: string;
  /** The command line, without the interpreter. */
  readonly command: readonly string[];
  readonly trace: {
    readonly name: string;
    readonly format: string;
    /** Digest of the jobs as replayed, so that equal digests are equal workloads. */
    readonly sha256: string;
    readonly jobs: number;
    readonly pods: number;
  };
  readonly nodes: {
    readonly name: string;
    readonly count: number;
    readonly cpuMilli: number;
    readonly memoryBytes: number;
  };
  readonly work: WorkRules;
  readonly offered: OfferedLoad;
  readonly seed: number;
  /** How the trace was changed (slice, density, length of jobs), as text. */
  readonly changes: readonly string[];
  /** How the simulation ran, as text. */
  readonly options: readonly string[];
  readonly notes: readonly string[];
  readonly drawn: readonly string[];
  /** Its place in a sweep: the day of the trace, from 1 on, and the fields of the policy that the sweep set, as YAML. */
  readonly cell?: { readonly day?: number; readonly settings: Readonly<Record<string, string>> };
  /** False: stopped by ^C; the figures cover only the part that ran. */
  readonly complete: boolean;
  readonly policies: readonly PolicyResult[];
  readonly latency: readonly LatencyResult[];
}
