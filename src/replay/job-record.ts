import type { StartDelay } from '../core/effects.ts';

/**
 * How a job stands at the end of a replay. `failed`: by itself, as the trace says. `abandoned`: evicted, or hit by node
 * failures, more often than its operator submits it again. `larger`: the members that it needs do not fit the empty
 * cluster. `deadlocked`: it holds room without working, and nothing can happen any more.
 */
export type Outcome = 'done' | 'failed' | 'abandoned' | 'larger' | 'deadlocked' | 'waiting' | 'working';

/**
 * What a job does at a time. `queued`: kube-scheduler has not tried its leader yet. `refused`: it has, without success.
 * `partial`: the leader holds room, work has not begun, and a worker that it needs to begin was refused. `starting`: the
 * leader holds room, work has not begun, and no such worker was refused: members are being created, bound and started.
 * `broken`: it had begun, or an eviction or a node failure took a worker, and it lacks what it needs to work.
 */
export type Phase = 'queued' | 'refused' | 'partial' | 'starting' | 'working' | 'broken' | 'resubmitting' | 'over';

/** `reason`: the refusal, as the pod's condition has it. */
export interface PhaseChange {
  readonly atMs: number;
  readonly phase: Phase;
  readonly reason?: string;
}

/** The time that a job spent in a phase, for one reason. */
export interface PhaseTotal {
  readonly phase: Phase;
  readonly reason?: string;
  readonly ms: number;
}

/** cpu that a job held in core-seconds, or what its room cost, by what it was good for. */
interface HeldRoom {
  /** Of running pods while the job works. */
  readonly work: number;
  /** Before work began, while a worker that the job needs was refused. */
  readonly partial: number;
  /** Of pods that start: before work began, and bound pods that do not run yet while it works. */
  readonly starting: number;
  /** While it was broken. */
  readonly broken: number;
}

/** What happened to one job under one policy. Times are simulated ms from the first submission of the trace. */
export interface JobRecord {
  readonly policy: string;
  readonly id: string;
  readonly namespace: string;
  readonly queue: string;
  readonly user: string;
  readonly priority: number;
  /** The leader and all workers; the leader and the minimum of workers. */
  readonly members: number;
  readonly needed: number;
  /** cpu of all members, in millicores. */
  readonly cpuMilli: number;
  readonly submitMs: number;
  /** When kube-scheduler first tried the leader. */
  readonly askedMs?: number;
  /** When the leader first got its node: under a policy for gangs, room for all that the job needs was held from then. */
  readonly reservedMs?: number;
  /** When work first began. */
  readonly beganMs?: number;
  readonly endedMs?: number;
  /**
   * The start time that its first run was told first: when, about when it starts, and the latest time. `isKept`: whether
   * its leader got its node by then; absent: it has neither started nor is it late. Absent: it was told none.
   */
  readonly told?: {
    readonly atMs: number;
    readonly aboutMs: number;
    readonly promisedMs: number;
    readonly isKept?: boolean;
    /** Why it came late, as muster saw it. */
    readonly because?: StartDelay;
  };
  /**
   * Of a job that is done: how long its last run was foretold to take when its leader got its node, and how long it took
   * from when all the members that it needs were bound. Absent: nothing was known.
   */
  readonly forecast?: { readonly medianMs: number; readonly p90Ms: number; readonly ranMs: number };
  readonly outcome: Outcome;
  /** It does not fit the empty cluster, so that no wait, slowdown or completion of the policy counts it. */
  readonly isLarger: boolean;
  /** Until work first began; if it never did, until the end of the simulation or of the job: a lower bound. */
  readonly waitMs: number;
  readonly isWaitOpen: boolean;
  /** Until it was done or failed by itself; else a lower bound, as its slowdown. */
  readonly completionMs: number;
  readonly isCompletionOpen: boolean;
  /** Bounded slowdown: completion / its time alone, both at least 10 s. */
  readonly slowdown: number;
  /** The time that it takes with all its workers. */
  readonly runAloneMs: number;
  /** core-seconds. `done` counts what was not lost; `inWindow` as it stood at the last submission of the trace. */
  readonly work: {
    readonly submitted: number;
    readonly done: number;
    readonly lostToEvictions: number;
    readonly lostToFailures: number;
    readonly inWindow: number;
  };
  readonly held: HeldRoom;
  /** What its room cost, of all resources. Absent in records of earlier versions. */
  readonly cost?: HeldRoom;
  readonly podsBound: number;
  readonly evictions: number;
  /** How often an eviction took a member that it needs while it had all of them. */
  readonly timesBroken: number;
  readonly reruns: number;
  readonly deadlineMs?: number;
  readonly missedDeadline?: boolean;
  /** ms in which it waited while a job of lower priority held as much cpu as it needs. */
  readonly inversionMs: number;
  /** Times in each phase, in the order of their first time. */
  readonly waited: readonly PhaseTotal[];
  /** What it waited for longest: the reason of a phase without work, or else the phase. Absent: it never waited. */
  readonly longest?: string;
  /** The first 20 phase changes and the last 20. */
  readonly phases: readonly PhaseChange[];
}
