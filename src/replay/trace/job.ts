import type { Constraints, WorkClass } from '../../core/model.ts';
import type { Resources } from '../../core/resources.ts';
import type { WorkModel } from '../work-model.ts';

/** One application of a trace: a leader and its workers (Spark: driver and executors), or a single pod (count 0). */
export interface TraceJob {
  /** Unique in the trace. */
  readonly id: string;
  /** ms from the start of the trace. */
  readonly submitMs: number;
  readonly namespace: string;
  readonly queue: string;
  readonly user: string;
  /** The name under which it was submitted, which recurs with other dates and numbers; absent: it has none. */
  readonly app?: string;
  /** What kind of work it is; absent: batch. */
  readonly class?: WorkClass;
  /** Kubernetes priority of its pods. */
  readonly priority: number;
  /** The leader pod's request (cpu in millicores, memory in bytes ...); the simulator adds `pods`. */
  readonly leader: Resources;
  readonly workers: {
    readonly count: number;
    /** The number of workers that it needs; min <= count. Spark jobs begin with 80 % of them (work-model.ts). */
    readonly min: number;
    readonly request: Resources;
  };
  /** ms of run time with all its workers. */
  readonly durationMs: number;
  /** Required node labels: key -> allowed values (openb's gpu_spec). */
  readonly nodeLabels: ReadonlyMap<string, readonly string[]>;
  /** In place of `nodeLabels`: all that its pods ask of a node, where more is known. */
  readonly constraints?: Constraints;
  /** Fraction 0..1 of its duration at which the job fails, where the trace or the generator says so. */
  readonly failsAt?: number;
  /** ms from submission to the deadline. */
  readonly deadlineMs?: number;
  /** The owner's estimate of its run time, in ms. */
  readonly expectedMs?: number;
  /** The file's name and the row (1: the first data row) that it comes from. */
  readonly source: string;
  readonly row: number;
}

/** The time that a job takes with all its workers, until it is done or fails by itself. */
export const runAloneMs = ({ durationMs, failsAt = 1 }: TraceJob): number => durationMs * failsAt;

/** A trace: jobs by submission time, then by row. */
export interface Trace {
  /** Name for reports: the file's base name. */
  readonly name: string;
  readonly format: string;
  /** How its jobs work unless an option says otherwise. */
  readonly work: WorkModel;
  readonly jobs: readonly TraceJob[];
  /** How a selection changed it: slice, density, length of jobs. Absent: not at all. */
  readonly changes?: readonly string[];
  /** Notes for the report on dropped or altered rows, with their number. */
  readonly notes: readonly string[];
  /** Notes for the report on fields that the trace lacks and that were drawn with the seed. */
  readonly drawn: readonly string[];
}
