import { seeded } from '../random.ts';
import type { Trace, TraceJob } from './job.ts';

export interface Selection {
  /** Only jobs submitted at or after `fromMs` and before `untilMs`, in ms from the start of the trace. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly maxJobs?: number;
  /** How many times denser the submissions come: 10 packs ten days into one. Durations stay. */
  readonly speed?: number;
  /** How many times shorter the jobs are: 10 makes a job of an hour one of six minutes. */
  readonly shorten?: number;
  /** Replaces the trace's priorities: a share of the jobs, drawn with the seed, gets 1000, the others get 0. */
  readonly urgent?: { readonly share: number; readonly seed: number };
}

const URGENT = 1000;
const HOUR_MS = 3_600_000;

/** Selects a part of a trace and scales its times; `changes` of the result lists how. */
export function select(trace: Trace, selection: Selection): Trace {
  const { fromMs = 0, untilMs = Infinity, maxJobs = Infinity, speed = 1, shorten = 1, urgent } = selection;
  const kept = trace.jobs.filter(({ submitMs }) => submitMs >= fromMs && submitMs < untilMs).slice(0, maxJobs);
  const first = kept[0]?.submitMs ?? 0;
  const jobs = kept.map((job): TraceJob => ({
    ...job,
    submitMs: Math.round((job.submitMs - first) / speed),
    durationMs: Math.round(job.durationMs / shorten),
    ...(job.deadlineMs === undefined ? {} : { deadlineMs: Math.round(job.deadlineMs / shorten) }),
    ...(job.expectedMs === undefined ? {} : { expectedMs: Math.round(job.expectedMs / shorten) }),
    ...(urgent ? { priority: isUrgent(urgent, job.id) ? URGENT : 0 } : {}),
  }));
  const changes = [...(trace.changes ?? [])];
  if (fromMs > 0 || untilMs < Infinity) changes.push(`submitted from hour ${fromMs / HOUR_MS} ${until(untilMs)}`);
  if (jobs.length < trace.jobs.length) changes.push(`${jobs.length} of ${trace.jobs.length} jobs`);
  if (speed !== 1) changes.push(`submissions ${times(speed, 'denser', 'sparser')}`);
  if (shorten !== 1) changes.push(`jobs ${times(shorten, 'shorter', 'longer')}`);
  const drawn = [...trace.drawn];
  if (urgent) drawn.push(`priorities: ${URGENT} for ${urgent.share * 100} % of the jobs, 0 for the others`);
  return { ...trace, jobs, changes, drawn };
}

/** `20 times denser`; for .5, `2 times sparser`. */
const times = (factor: number, above: string, below: string) =>
  factor > 1 ? `${factor} times ${above}` : `${+(1 / factor).toPrecision(4)} times ${below}`;

const until = (ms: number) => (ms < Infinity ? `to ${ms / HOUR_MS}` : 'on');

const isUrgent = ({ share, seed }: NonNullable<Selection['urgent']>, id: string) =>
  seeded(seed, 'urgent', id).uniform() < share;
