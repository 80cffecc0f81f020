import type { Trace, TraceJob } from './job.ts';

export interface Selection {
  /** Only jobs submitted from here on, and before there: ms from the start of the trace. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly maxJobs?: number;
  /** Divides submission times: 10 packs ten days into one. Durations stay. */
  readonly speed?: number;
  /** Divides durations: 10 makes a job of an hour one of six minutes. */
  readonly shorten?: number;
}

/** A part of a trace, or the same in other time. What was done is in the notes. */
export function select(trace: Trace, selection: Selection): Trace {
  const { fromMs = 0, untilMs = Infinity, maxJobs = Infinity, speed = 1, shorten = 1 } = selection;
  const kept = trace.jobs.filter(({ submitMs }) => submitMs >= fromMs && submitMs < untilMs).slice(0, maxJobs);
  const first = kept[0]?.submitMs ?? 0;
  const jobs = kept.map((job): TraceJob => ({
    ...job,
    submitMs: Math.round((job.submitMs - first) / speed),
    durationMs: Math.round(job.durationMs / shorten),
  }));
  const notes = [...trace.notes];
  if (jobs.length < trace.jobs.length) notes.push(`${jobs.length} of ${trace.jobs.length} jobs`);
  if (speed !== 1) notes.push(`submission times divided by ${speed}`);
  if (shorten !== 1) notes.push(`durations divided by ${shorten}`);
  return { ...trace, jobs, notes };
}
