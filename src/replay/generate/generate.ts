import { seeded, type Random } from '../random.ts';
import { DRIVER, drawPriority, drawWorker } from '../trace/draw.ts';
import type { Trace, TraceJob } from '../trace/job.ts';
import { arrivals, type Origin } from './arrivals.ts';
import type { Profile } from './profiles.ts';

const NAMESPACES = 10;
/** Zipf's exponent: the largest namespace has about a fifth of the jobs. */
const ZIPF = 0.5;
const TENANTS = Array.from({ length: NAMESPACES }, (_, i): readonly [string, number] => [
  `team-${i}`,
  1 / (i + 1) ** ZIPF,
]);

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
const FAIL_SHARE = 0.05;

/** A synthetic trace: the same profile, seed and days give the same jobs. */
export function generateTrace(
  profile: Profile,
  { seed, days = 1 }: { readonly seed: number; readonly days?: number },
): Trace {
  const random = seeded(seed, 'generate', profile.name);
  const { jobsPerDay, stormEveryHours } = profile;
  let stormer = '';
  let lastStormS = -Infinity;
  const jobs = arrivals({ random, days, jobsPerDay, stormEveryHours }).map(({ atS, origin }, i) => {
    if (origin === 'storm' && atS - lastStormS > 3600) stormer = random.pick(TENANTS);
    if (origin === 'storm') lastStormS = atS;
    return drawJob(random, { atS, origin, row: i + 1, namespace: origin === 'storm' ? stormer : random.pick(TENANTS) });
  });
  const name = `${profile.name}-seed-${seed}`;
  return {
    name,
    format: 'generated',
    work: 'spark',
    jobs,
    notes: [],
    drawn: ['everything: a synthetic workload (docs/traces.md has the distributions)'],
  };
}

interface Draw {
  readonly atS: number;
  readonly origin: Origin;
  readonly row: number;
  readonly namespace: string;
}

function drawJob(random: Random, { atS, origin, row, namespace }: Draw): TraceJob {
  const count = random.uniform() < EXECUTORS.tinyShare ? random.pick(TINY) : drawExecutors(random);
  const growth = (count / DURATION.typicalSize) ** DURATION.sizeExponent;
  const durationS = Math.min(
    DURATION.mostS,
    Math.max(DURATION.leastS, random.logNormal(DURATION.mu, DURATION.sigma) * growth),
  );
  const isDynamic = random.uniform() < DYNAMIC_SHARE;
  const min = isDynamic ? Math.max(1, Math.floor(count * DYNAMIC_MIN)) : count;
  const request = drawWorker(random);
  const priority = drawPriority(random);
  const fails = random.uniform() < FAIL_SHARE;
  const failsAt = Math.round(random.uniform() * 1000) / 1000;
  return {
    id: `app-${String(row).padStart(7, '0')}`,
    submitMs: Math.round(atS * 1000),
    namespace,
    queue: namespace,
    user: origin,
    priority,
    leader: DRIVER,
    workers: { count, min, request },
    durationMs: Math.round(durationS * 1000),
    nodeLabels: new Map(),
    ...(fails ? { failsAt } : {}),
    source: 'generated',
    row,
  };
}

function drawExecutors(random: Random): number {
  return Math.min(EXECUTORS.most, Math.max(1, Math.round(random.logNormal(EXECUTORS.mu, EXECUTORS.sigma))));
}
