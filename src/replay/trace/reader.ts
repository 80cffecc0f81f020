import type { WorkModel } from '../work-model.ts';
import type { InputFile } from './input-file.ts';
import type { TraceJob } from './job.ts';

/** The jobs of a file, with notes for the report. */
export interface ReadJobs {
  readonly jobs: TraceJob[];
  readonly notes: readonly string[];
  readonly drawn: readonly string[];
}

interface ReaderInput {
  readonly file: InputFile;
  readonly seed: number;
}

/** A trace format. A new one: one file, one line in read-trace.ts, one part of docs/traces.md. */
export interface TraceReader {
  readonly format: string;
  /** How its jobs work: training needs all workers at once, Spark does not. */
  readonly work: WorkModel;
  /** Whether a file with this first line has the format. */
  readonly recognises: (firstLine: string) => boolean;
  readonly read: (input: ReaderInput) => Promise<ReadJobs>;
}

/** A larger gang is treated as a mistake in the file. */
export const MAX_WORKERS = 10_000;

/** A row of a trace whose jobs have equal workers and no driver. */
export type GangRow = Pick<TraceJob, 'id' | 'submitMs' | 'namespace' | 'durationMs' | 'source' | 'row'> & {
  readonly workers: number;
};

/** Sorts jobs by submission time and counts times from the first submission. */
export function fromFirst(jobs: readonly TraceJob[]): TraceJob[] {
  const first = jobs.reduce((least, { submitMs }) => Math.min(least, submitMs), Infinity);
  const sorted = jobs.map((job) => ({ ...job, submitMs: job.submitMs - first }));
  return sorted.sort((a, b) => a.submitMs - b.submitMs || a.row - b.row);
}
