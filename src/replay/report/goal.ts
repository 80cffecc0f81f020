import { MusterError } from '../../core/errors.ts';
import { parseDuration } from '../../intake/duration.ts';
import type { Figure, OpenQuantiles, PolicyResult } from '../result.ts';
import { count, ratio, span } from './format.ts';

/** Something that a result fulfils or not, and that more nodes make easier: `p95 wait <= 10m`. */
export interface Goal {
  /** As it was written. */
  readonly text: string;
  /** The figure that counts: `p95 wait`. */
  readonly figure: string;
  /** `8m 3s` */
  readonly valueText: (result: PolicyResult) => string;
  readonly holds: (result: PolicyResult) => boolean;
}

interface Sample {
  readonly of: (result: PolicyResult) => OpenQuantiles;
  readonly parse: (text: string) => number | undefined;
  readonly format: (value: number) => string;
}

const plain = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined);

const SAMPLES: Readonly<Record<string, Sample>> = {
  wait: { of: ({ waitMs }) => waitMs, parse: parseDuration, format: span },
  completion: { of: ({ completionMs }) => completionMs, parse: parseDuration, format: span },
  slowdown: { of: ({ slowdown }) => slowdown, parse: plain, format: ratio },
};

const QUANTILE = /^(mean|p50|p95|p99|max) +(wait|completion|slowdown) *<= *(\S+)$/;
const DONE = /^done *= *all$/;
const MISSED = /^deadlines +missed *<= *(\d+)$/;

/** @throws MusterError MUSTER_USAGE */
export function parseGoal(text: string): Goal {
  const goal = quantileGoal(text) ?? doneGoal(text) ?? missedGoal(text);
  if (goal) return goal;
  throw new MusterError(
    'MUSTER_USAGE',
    `--for: expected "p95 wait <= 10m" (mean, p50, p95, p99 or max of wait, completion or slowdown), "done = all" or "deadlines missed <= 0", got ${JSON.stringify(text)}.`,
  );
}

function quantileGoal(text: string): Goal | undefined {
  const [, name, of, limitText = ''] = QUANTILE.exec(text) ?? [];
  const sample = SAMPLES[of ?? ''];
  const limit = sample?.parse(limitText);
  if (!sample || limit === undefined) return undefined;
  const figure = name as Figure;
  const isBound = (result: PolicyResult) => sample.of(result).atLeast.includes(figure);
  return {
    text,
    figure: `${figure} ${of}`,
    valueText: (result) => `${isBound(result) ? '>= ' : ''}${sample.format(sample.of(result)[figure])}`,
    // A lower bound below the limit shows nothing.
    holds: (result) => !isBound(result) && sample.of(result)[figure] <= limit,
  };
}

/** Of the jobs that the cluster can hold. One that fails by itself is over. */
const unfinished = ({ outcomes: { jobs, done, failed, larger } }: PolicyResult) => jobs - done - failed - larger;

function doneGoal(text: string): Goal | undefined {
  if (!DONE.test(text)) return undefined;
  return {
    text,
    figure: 'unfinished',
    valueText: (result) => count(unfinished(result)),
    holds: (result) => unfinished(result) === 0,
  };
}

function missedGoal(text: string): Goal | undefined {
  const [, limit] = MISSED.exec(text) ?? [];
  if (limit === undefined) return undefined;
  return {
    text,
    figure: 'deadlines missed',
    valueText: ({ deadlinesMissed }) => count(deadlinesMissed),
    holds: ({ deadlinesMissed }) => deadlinesMissed <= Number(limit),
  };
}
