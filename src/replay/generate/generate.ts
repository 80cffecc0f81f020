import { seeded, type Random } from '../random.ts';
import { DRIVER } from '../trace/draw.ts';
import type { Trace, TraceJob } from '../trace/job.ts';
import { Apps, runName, type App } from './apps.ts';
import { arrivals, type Origin } from './arrivals.ts';
import type { Profile } from './profiles.ts';
import { drawCount, drawDeviation, drawSeconds, drawShape } from './shapes.ts';

const NAMESPACES = 10;
/** Zipf's exponent: the largest namespace has about a fifth of the jobs. */
const ZIPF = 0.5;
const TENANTS = Array.from({ length: NAMESPACES }, (_, i): readonly [string, number] => [
  `team-${i}`,
  1 / (i + 1) ** ZIPF,
]);

/** How often an app runs a day. */
const RUNS_A_DAY = 20;
/** People and storms submit what is not there twice. */
const RECURRING: ReadonlySet<Origin> = new Set<Origin>(['cron', 'fan-out']);
const FAIL_SHARE = 0.05;

/** A synthetic trace: the same profile, seed and days give the same jobs. */
export function generateTrace(
  profile: Profile,
  { seed, days = 1 }: { readonly seed: number; readonly days?: number },
): Trace {
  const random = seeded(seed, 'generate', profile.name);
  const { jobsPerDay, stormEveryHours, recurring } = profile;
  const ofApps = seeded(seed, 'apps', profile.name);
  const apps = new Apps(ofApps, Math.ceil((recurring * jobsPerDay) / RUNS_A_DAY), () => ofApps.pick(TENANTS));
  let stormer = '';
  let lastStormS = -Infinity;
  const jobs = arrivals({ random, days, jobsPerDay, stormEveryHours }).map(({ atS, origin }, i) => {
    if (origin === 'storm' && atS - lastStormS > 3600) stormer = random.pick(TENANTS);
    if (origin === 'storm') lastStormS = atS;
    const isRun = RECURRING.has(origin) && random.uniform() < recurring;
    const namespace = origin === 'storm' ? stormer : random.pick(TENANTS);
    return drawJob(random, { atS, origin, row: i + 1, namespace, app: isRun ? apps.pick(random) : undefined });
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
  readonly app: App | undefined;
}

function drawJob(random: Random, { atS, origin, row, app, namespace: drawn }: Draw): TraceJob {
  const shape = app ?? drawShape(random, { count: drawCount(random), deviation: drawDeviation(random), sigma: 0 });
  const namespace = app?.namespace ?? drawn;
  const fails = random.uniform() < FAIL_SHARE;
  const failsAt = Math.round(random.uniform() * 1000) / 1000;
  return {
    id: `app-${String(row).padStart(7, '0')}`,
    submitMs: Math.round(atS * 1000),
    namespace,
    queue: namespace,
    user: origin,
    ...(app ? { app: runName(random, app, atS) } : {}),
    priority: shape.priority,
    leader: DRIVER,
    workers: shape.workers,
    durationMs: Math.round(drawSeconds(random, shape) * 1000),
    nodeLabels: new Map(),
    ...(fails ? { failsAt } : {}),
    source: 'generated',
    row,
  };
}
