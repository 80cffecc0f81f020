import type { Random } from '../random.ts';

const DAY_S = 86_400;

/** The source of a job: a schedule, a workflow that fans out, a person, or a tenant's storm of submissions. */
export type Origin = 'cron' | 'fan-out' | 'ad-hoc' | 'storm';

export interface Arrival {
  readonly atS: number;
  readonly origin: Origin;
}

/** Shares of a day's jobs; assumed, tuned so that burstiness is in the range of the real traces (docs/traces.md). */
const SHARES = { cron: 0.6, fanOut: 0.25, adHoc: 0.15 } as const;
const FAN_OUT_MEAN = 3;
const STORM = { least: 50, most: 500, withinS: 60 } as const;

/** period in s, share of the scheduled runs */
const CRON_PERIODS = [
  [300, 0.1],
  [900, 0.15],
  [3600, 0.55],
  [21_600, 0.05],
  [DAY_S, 0.15],
] as const;
const ON_THE_BOUNDARY = 0.35;
/** From the schedule's minute to the submission: log-normal, median 20 s. */
const CRON_DELAY = { mu: Math.log(20), sigma: 1.3 } as const;

export interface ArrivalsInput {
  readonly random: Random;
  readonly days: number;
  readonly jobsPerDay: number;
  readonly stormEveryHours: number;
}

/** All arrivals within the days, in order. */
export function arrivals({ random, days, jobsPerDay, stormEveryHours }: ArrivalsInput): Arrival[] {
  const endS = days * DAY_S;
  const total = jobsPerDay * days;
  const times: Arrival[] = [
    ...cron(random, SHARES.cron * total, endS),
    ...fanOut(random, SHARES.fanOut * total, endS),
    ...daily(random, SHARES.adHoc * total, { endS, amplitude: 0.6 }).map((atS) => ({ atS, origin: 'ad-hoc' as const })),
    ...storms(random, stormEveryHours, endS),
  ];
  return times.filter(({ atS }) => atS < endS).sort((a, b) => a.atS - b.atS);
}

function* cron(random: Random, total: number, endS: number): Generator<Arrival> {
  for (const [period, share] of CRON_PERIODS) {
    const lines = Math.max(1, Math.round((share * total * period) / endS));
    for (let line = 0; line < lines; line++) {
      for (let atS = phase(random, period); atS < endS; atS += period) {
        yield { atS: atS + random.logNormal(CRON_DELAY.mu, CRON_DELAY.sigma), origin: 'cron' };
      }
    }
  }
}

/**
 * The offset of a schedule within its period: often the boundary (for daily schedules a full hour of the night), else a
 * random minute.
 */
function phase(random: Random, period: number): number {
  if (random.uniform() >= ON_THE_BOUNDARY) return 60 * random.below(period / 60);
  return period === DAY_S ? 3600 * random.below(9) : 0;
}

function* fanOut(random: Random, total: number, endS: number): Generator<Arrival> {
  for (const head of daily(random, total / FAN_OUT_MEAN, { endS, amplitude: 0.3 })) {
    let atS = head;
    for (let left = random.geometric(1 / FAN_OUT_MEAN); left > 0; left--) {
      atS += random.exponential(1);
      yield { atS, origin: 'fan-out' };
    }
  }
}

/** Times of a Poisson process whose rate follows the day, highest at 14 h. */
function daily(random: Random, count: number, { endS, amplitude }: { endS: number; amplitude: number }): number[] {
  const times: number[] = [];
  while (times.length < Math.round(count)) {
    const atS = random.uniform() * endS;
    const rate = 1 + amplitude * Math.cos(2 * Math.PI * (atS / DAY_S - 14 / 24));
    if (random.uniform() * (1 + amplitude) < rate) times.push(atS);
  }
  return times;
}

function* storms(random: Random, everyHours: number, endS: number): Generator<Arrival> {
  if (everyHours <= 0) return;
  for (let startS = everyHours * 3600 * random.uniform(); startS < endS; startS += everyHours * 3600) {
    const size = STORM.least + random.below(STORM.most - STORM.least + 1);
    for (let i = 0; i < size; i++) yield { atS: startS + STORM.withinS * random.uniform(), origin: 'storm' };
  }
}
