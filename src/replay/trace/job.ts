import type { Resources } from '../../core/resources.ts';

/** One application of a trace: a leader and its workers (Spark: driver and executors), or a single pod (count 0). */
export interface TraceJob {
  /** Unique in the trace. */
  readonly id: string;
  /** ms from the start of the trace. */
  readonly submitMs: number;
  readonly namespace: string;
  readonly queue: string;
  readonly user: string;
  /** Kubernetes priority of its pods. */
  readonly priority: number;
  /** What the leader pod asks (cpu in millicores, memory in bytes ...; `pods` is added by the simulator). */
  readonly leader: Resources;
  readonly workers: {
    readonly count: number;
    /** How many must run before the job can work; min <= count. */
    readonly min: number;
    readonly request: Resources;
  };
  /** ms of run time from the moment the leader and all min workers run. */
  readonly durationMs: number;
  /** Required node labels: key -> allowed values (openb's gpu_spec). */
  readonly nodeLabels: ReadonlyMap<string, readonly string[]>;
  /** Fraction 0..1 of its duration at which the job fails, where the trace or the generator says so. */
  readonly failsAt?: number;
  /** ms from submission until it should be done. */
  readonly deadlineMs?: number;
  /** What its owner says how long it runs, in ms. */
  readonly expectedMs?: number;
  /** Where it comes from: the file's name and the row (1 = first data row). */
  readonly source: string;
  readonly row: number;
}

/** A trace as a reader hands it over: jobs by submit time, then by row. */
export interface Trace {
  /** Name for reports: the file's base name. */
  readonly name: string;
  readonly format: string;
  readonly jobs: readonly TraceJob[];
  /** What was dropped or altered and how many rows it touched, in words for the report. */
  readonly notes: readonly string[];
  /** What the trace does not have and was drawn from a distribution with the seed, in words for the report. */
  readonly drawn: readonly string[];
}
