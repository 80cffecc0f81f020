import type { PolicyResult, Series } from '../../result.ts';

/** The figures of a series that the pictures show. */
export type SeriesKey = Exclude<keyof Series, 'stepMs'>;

/** Series of several policies over the same bins: bin i is [i * stepMs, (i + 1) * stepMs). */
export interface Aligned {
  readonly stepMs: number;
  readonly bins: number;
  /** Per policy. A run that ended earlier has zeros at its end. */
  readonly of: readonly Readonly<Record<SeriesKey, readonly number[]>>[];
}

const KEYS: readonly SeriesKey[] = [
  'work',
  'partial',
  'starting',
  'reserved',
  'broken',
  'stranded',
  'waitingJobs',
  'workingJobs',
];
/** More bins than a picture on half a page has pixels would only make the file larger. */
const MOST_BINS = 320;

/** Brings the series onto the coarsest of their steps, or a coarser one if there are many bins, by averaging neighbours. */
export function aligned(policies: readonly Pick<PolicyResult, 'series'>[]): Aligned {
  let stepMs = Math.max(1, ...policies.map(({ series }) => series.stepMs));
  const endMs = Math.max(0, ...policies.map(({ series }) => series.stepMs * series.work.length));
  while (endMs / stepMs > MOST_BINS) stepMs *= 2;
  const bins = Math.ceil(endMs / stepMs);
  const of = policies.map(({ series }) => {
    const each = KEYS.map((key) => [key, coarser(series[key], stepMs / series.stepMs, bins)] as const);
    return Object.fromEntries(each) as Record<SeriesKey, number[]>;
  });
  return { stepMs, bins, of };
}

/** Each bin becomes the mean of `factor` bins; after the end of the values there is nothing, that is 0. */
function coarser(values: readonly number[], factor: number, bins: number): number[] {
  return Array.from({ length: bins }, (_, i) => {
    const part = values.slice(i * factor, (i + 1) * factor);
    return part.reduce((sum, value) => sum + value, 0) / factor;
  });
}
