/** Quantiles of a sample, in the sample's unit. `count` 0: all are 0. */
export interface Quantiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** One point of the charts. Shares are 0..1 of the cluster's allocatable cpu at that time. */
export interface Sample {
  readonly atMs: number;
  /** cpu bound by pods. */
  readonly bound: number;
  /** cpu bound by gangs that are complete, so that it does work. */
  readonly working: number;
  /** cpu reserved for members not yet bound. */
  readonly reserved: number;
  /** Of the free cpu, the share that cannot hold one more typical worker (the trace's most common shape). */
  readonly fragmentation: number;
  readonly waitingGangs: number;
  readonly runningGangs: number;
}

/** The figures of one policy on the trace; they are the same for the same input and seed. */
export interface PolicyResult {
  readonly policy: string;
  readonly jobs: number;
  readonly gangsDone: number;
  readonly gangsFailed: number;
  /** Still waiting or running when the simulation ended. */
  readonly gangsUnfinished: number;
  /** Unfinished gangs that hold room and can never become complete: the driver deadlock. */
  readonly gangsDeadlocked: number;
  /** ms from submission until the gang is complete (leader and all min workers bound), of gangs that got there. */
  readonly waitMs: Quantiles;
  /** ms from submission to the end. */
  readonly completionMs: Quantiles;
  /** ms from the first submission to the last end. */
  readonly makespanMs: number;
  /** Shares of the cluster's cpu: the first two are exact means over time, the third is the mean of the samples. */
  readonly meanBound: number;
  readonly meanWorking: number;
  readonly meanFragmentation: number;
  /**
   * Sum over gangs of s in which a gang held room, was not yet complete for the first time, and had a member refused.
   */
  readonly partialGangSeconds: number;
  /** As above for gangs that lost members (node failures, evictions). */
  readonly degradedGangSeconds: number;
  /** How often the pods bound to a node requested more than its allocatable. */
  readonly overcommits: number;
  /** Checks of the core's invariants that failed (each aborts the run in tests). */
  readonly invariantChecks: number;
  readonly decisions: { readonly filter: number; readonly prioritize: number; readonly preempt: number };
  readonly podsBound: number;
  /** As waitMs, of the gangs with the highest priority of the trace. */
  readonly waitHighestMs: Quantiles;
  /** Pods evicted to make room for others. */
  readonly evictions: number;
  /** Gangs that evictions made incomplete, including those that lost their leader. */
  readonly gangsBroken: number;
  /** Work of complete gangs that had to be repeated because of evictions. */
  readonly coreSecondsLost: number;
  /** Jobs with a deadline, and how many of them were not done in time. */
  readonly deadlines: number;
  readonly deadlinesMissed: number;
  /** Sum over gangs of s in which a gang waited while one of lower priority held as much cpu as it needs (sampled). */
  readonly inversionSeconds: number;
  readonly nodeFailures: number;
  readonly samples: readonly Sample[];
}

/** Wall-clock figures. They differ from run to run and are therefore kept apart. */
export interface LatencyResult {
  readonly policy: string;
  /** Microseconds per filter call. */
  readonly filterUs: Quantiles;
  readonly decisionsPerSecond: number;
  readonly wallSeconds: number;
}

export interface ReplayResult {
  readonly version: 1;
  readonly trace: { readonly name: string; readonly format: string; readonly jobs: number; readonly pods: number };
  readonly nodes: {
    readonly name: string;
    readonly count: number;
    readonly cpuMilli: number;
    readonly memoryBytes: number;
  };
  readonly seed: number;
  /** Options that changed the workload (time scale, load, slice), as text. */
  readonly options: readonly string[];
  readonly notes: readonly string[];
  readonly drawn: readonly string[];
  /** False: stopped by ^C; the figures cover only the part that ran. */
  readonly complete: boolean;
  readonly policies: readonly PolicyResult[];
  readonly latency: readonly LatencyResult[];
}
