import { describe, expect, test } from 'vitest';
import { generateTrace } from '../../../src/replay/generate/generate.ts';
import { PROFILES, profileNamed, profileNodes } from '../../../src/replay/generate/profiles.ts';
import { quantilesOf } from '../../../src/replay/quantiles.ts';
import { withoutVariables } from '../../../src/intake/app-of.ts';
import { toLine } from '../../../src/replay/trace/native.ts';

const DAY_S = 86_400;
const { jobs } = generateTrace(profileNamed('lyft-day'), { seed: 1 });
const quantile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(share * values.length)]!;
/** The most and the mean of a step function over the day, from its tenth hour on (it starts empty). */
function concurrent(weight: (job: (typeof jobs)[number]) => number): number {
  const from = 0.1 * DAY_S;
  const area = jobs.reduce((sum, job) => {
    const [start, end] = [job.submitMs / 1000, (job.submitMs + job.durationMs) / 1000];
    return sum + weight(job) * Math.max(0, Math.min(end, DAY_S) - Math.max(start, from));
  }, 0);
  return area / (DAY_S - from);
}

// Stated: docs/traces.md, "What is drawn". The tolerance covers the seeds 1 to 3 of the reference generator, and more.
describe('a generated lyft-day has the stated statistics', () => {
  const executors = jobs.map(({ workers }) => workers.count);
  const durations = jobs.map(({ durationMs }) => durationMs / 1000);
  const gaps = jobs.slice(1).map((job, i) => (job.submitMs - jobs[i]!.submitMs) / 1000);
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  test.each([
    { what: 'jobs', value: jobs.length, want: 100_000, within: 0.03 },
    { what: 'executors p50', value: quantile(executors, 0.5), want: 7, within: 0.15 },
    { what: 'executors p90', value: quantile(executors, 0.9), want: 35, within: 0.1 },
    { what: 'executors p99', value: quantile(executors, 0.99), want: 118, within: 0.1 },
    { what: 'executors mean', value: meanOf(executors), want: 15, within: 0.1 },
    { what: 'duration p50 (s)', value: quantile(durations, 0.5), want: 211, within: 0.05 },
    { what: 'duration p90 (s)', value: quantile(durations, 0.9), want: 1570, within: 0.06 },
    { what: 'duration p99 (s)', value: quantile(durations, 0.99), want: 8100, within: 0.1 },
    { what: 'duration mean (s)', value: meanOf(durations), want: 708, within: 0.06 },
    { what: 'applications at a time, mean', value: concurrent(() => 1), want: 820, within: 0.08 },
    { what: 'executors at a time, mean', value: concurrent(({ workers }) => workers.count), want: 15_400, within: 0.1 },
    {
      what: 'share of dynamic allocation',
      value: jobs.filter(({ workers }) => workers.min < workers.count).length / jobs.length,
      want: 0.45,
      within: 0.1,
    },
    {
      what: 'share that fails',
      value: jobs.filter(({ failsAt }) => failsAt !== undefined).length / jobs.length,
      want: 0.05,
      within: 0.1,
    },
    {
      what: 'share of priority 1',
      value: jobs.filter(({ priority }) => priority === 1).length / jobs.length,
      want: 0.6,
      within: 0.03,
    },
    {
      what: 'gaps: deviation / mean',
      value: Math.sqrt(meanOf(gaps.map((gap) => gap ** 2)) - meanOf(gaps) ** 2) / meanOf(gaps),
      want: 1.4,
      within: 0.15,
    },
  ])('$what: $value, stated $want', ({ value, want, within }) => {
    expect(Math.abs(value / want - 1)).toBeLessThanOrEqual(within);
  });

  test('afternoons are busier than nights', () => {
    const between = (from: number, to: number) =>
      jobs.filter(
        ({ user, submitMs }) => user === 'ad-hoc' && submitMs >= from * 3_600_000 && submitMs < to * 3_600_000,
      ).length;
    expect(between(12, 16) / between(0, 4)).toBeGreaterThan(2); // (1 + .6) / (1 - .6) at the extremes
  });
});

describe('apps that come again', () => {
  const byApp = new Map<string, (typeof jobs)[number][]>();
  for (const job of jobs) {
    if (job.app === undefined) continue;
    const name = withoutVariables(job.app);
    byApp.set(name, [...(byApp.get(name) ?? []), job]);
  }
  const runs = [...byApp.values()];

  test('make up 80 % of what is scheduled and fans out, and nothing of the rest', () => {
    const share = (users: readonly string[]) => {
      const some = jobs.filter(({ user }) => users.includes(user));
      return some.filter(({ app }) => app !== undefined).length / some.length;
    };
    expect(share(['cron', 'fan-out'])).toBeCloseTo(0.8, 2);
    expect(share(['ad-hoc', 'storm'])).toBe(0);
  });

  test('are 4,000, which run 20 times a day, some of them much more often', () => {
    expect(byApp.size / 4000).toBeCloseTo(1, 1);
    const sizes = runs.map(({ length }) => length).sort((a, b) => a - b);
    expect(sizes.at(-1)).toBeGreaterThan(300);
    expect(sizes[sizes.length >> 1]).toBeLessThan(20);
  });

  test('have one namespace, size and priority each', () => {
    for (const [first, ...others] of runs)
      for (const { namespace, workers, priority } of others)
        expect([namespace, workers, priority]).toEqual([first!.namespace, first!.workers, first!.priority]);
  });

  test('take about as long each time: 40 % of them within a tenth, a fifth far from it', () => {
    const often = runs.filter(({ length }) => length >= 40);
    const sigmas = often.map((some) => {
      const times = some.map(({ durationMs }) => Math.log(durationMs));
      const mean = times.reduce((sum, one) => sum + one, 0) / times.length;
      return Math.sqrt(times.reduce((sum, one) => sum + (one - mean) ** 2, 0) / times.length);
    });
    const share = (from: number, to: number) => sigmas.filter((one) => one >= from && one < to).length / sigmas.length;
    expect(share(0, 0.15)).toBeCloseTo(0.4, 1);
    expect(share(0.2, 0.42)).toBeCloseTo(0.4, 1);
    expect(share(0.5, 1.2)).toBeGreaterThan(0.12);
  });
});

test('storms: one tenant, many jobs, within a minute', () => {
  const storm = generateTrace(profileNamed('S'), { seed: 2 }).jobs.filter(({ user }) => user === 'storm');
  expect(storm.length).toBeGreaterThanOrEqual(3 * 50);
  const first = storm.filter(({ submitMs }) => submitMs - storm[0]!.submitMs <= 60_000);
  expect(first.length).toBeGreaterThanOrEqual(50);
  expect(new Set(first.map(({ namespace }) => namespace)).size).toBe(1);
});

test('the same seed gives the same bytes, another one others; two days are twice the jobs', () => {
  const bytes = (seed: number) => generateTrace(profileNamed('S'), { seed }).jobs.map(toLine).join();
  expect(bytes(5)).toBe(bytes(5));
  expect(bytes(5)).not.toBe(bytes(6));
  const [one, two] = [1, 2].map(
    (days) => generateTrace({ ...profileNamed('S'), stormEveryHours: 0 }, { seed: 1, days }).jobs.length,
  );
  expect(two! / one!).toBeGreaterThan(1.9);
});

test.each(PROFILES)('profile $name has its nodes, in five zones', (profile) => {
  const nodes = profileNodes(profile);
  expect(nodes).toHaveLength(profile.nodes);
  expect(new Set(nodes.map(({ labels }) => labels.get('topology.kubernetes.io/zone'))).size).toBe(5);
});

test('an unknown profile is told', () => {
  expect(() => profileNamed('XXL')).toThrow(/Unknown profile "XXL"; expected one of S, M, L, XL, lyft-day/);
});

test('quantiles are by nearest rank', () => {
  expect(quantilesOf([4, 1, 3, 2])).toEqual({ count: 4, mean: 2.5, p50: 2, p95: 4, p99: 4, max: 4 });
  expect(quantilesOf([])).toEqual({ count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 });
});
