import type { Random } from '../random.ts';
import { drawPriority, drawWorker } from '../trace/draw.ts';
import type { TraceJob } from '../trace/job.ts';

/** What a job asks for, and how long it takes. */
export interface Shape {
  readonly workers: TraceJob['workers'];
  readonly priority: number;
  /** The median of its run time, in s. */
  readonly medianS: number;
  /** How much that differs from run to run: the deviation of its logarithm. */
  readonly sigma: number;
}

/** A fifth of the jobs has one or two executors; the others a log-normal number, after Alibaba PAI's multi-pod jobs. */
const EXECUTORS = { tinyShare: 0.2, mu: Math.log(10), sigma: 1.1, most: 500 } as const;
const TINY = [
  [1, 0.4],
  [2, 0.6],
] as const;
/** Log-normal after Alibaba's batch jobs; grows weakly with the size of the gang and is clipped. */
const DURATION = {
  mu: Math.log(215),
  sigma: 1.55,
  sizeExponent: 0.15,
  typicalSize: 8,
  leastS: 15,
  mostS: 43_200,
} as const;
const DYNAMIC_SHARE = 0.5;
const DYNAMIC_MIN = 1 / 4;

/** A number of executors. */
export function drawCount(random: Random): number {
  if (random.uniform() < EXECUTORS.tinyShare) return random.pick(TINY);
  return Math.min(EXECUTORS.most, Math.max(1, Math.round(random.logNormal(EXECUTORS.mu, EXECUTORS.sigma))));
}

/** The logarithm of a run time, in s, of a job of typical size: per standard deviation from its mean. */
export const drawDeviation = (random: Random): number => Math.log(random.logNormal(0, 1));

/**
 * @param deviation from `drawDeviation`
 * @param sigma from run to run; what one run differs from another, its median does not differ from that of other jobs
 */
export function drawShape(
  random: Random,
  { count, deviation, sigma }: { count: number; deviation: number; sigma: number },
): Shape {
  const ofMedian = Math.sqrt(DURATION.sigma ** 2 - sigma ** 2);
  const growth = (count / DURATION.typicalSize) ** DURATION.sizeExponent;
  const isDynamic = random.uniform() < DYNAMIC_SHARE;
  const min = isDynamic ? Math.max(1, Math.floor(count * DYNAMIC_MIN)) : count;
  return {
    workers: { count, min, request: drawWorker(random) },
    priority: drawPriority(random),
    medianS: growth * Math.exp(DURATION.mu + ofMedian * deviation),
    sigma,
  };
}

/** The run time of one run. */
export function drawSeconds(random: Random, { medianS, sigma }: Shape): number {
  return Math.min(DURATION.mostS, Math.max(DURATION.leastS, random.logNormal(Math.log(medianS), sigma)));
}
