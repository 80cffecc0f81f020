import { describe, expect, test } from 'vitest';
import type { Rules } from '../../src/core/policy/rules.ts';
import { OPEN_TENANCY, type Rates, type Tenancy } from '../../src/core/policy/tenancy.ts';
import { toNode } from '../../src/replay/trace/nodes.ts';
import type { TraceJob } from '../../src/replay/trace/job.ts';
import { app, nodes, preset, recordsOf, traceOf } from '../support/replays.ts';
import { queue, tenancyOf } from '../support/tenancies.ts';

const SECOND = 1000;

const under = (tenancy: Partial<Tenancy>) => {
  const rules: Rules = { ...preset('muster').rules, tenancy: { ...OPEN_TENANCY, ...tenancy } };
  return { name: 'with limits', rules };
};
const perSecond = (rate: number, burst: number): { readonly rates: Rates } => ({
  rates: { ...OPEN_TENANCY.rates, pods: { perSecond: rate, burst } },
});

/** Gangs of four pods, each with a minute of work, all submitted at once to a cluster that holds all of them. */
const GANGS = 10;
const burst = (change: Partial<TraceJob> = {}) =>
  traceOf(...Array.from({ length: GANGS }, (_, i) => app(`j${i}`, change)));

/** When the leaders of the jobs got their nodes, in order, in ms. */
async function starts(...args: Parameters<typeof recordsOf>): Promise<number[]> {
  const records = [...(await recordsOf(...args)).records.values()];
  expect(records.map(({ outcome }) => outcome)).toEqual(records.map(() => 'done'));
  return records.map(({ reservedMs }) => reservedMs!).sort((a, b) => a - b);
}

describe('a rate in a replay', () => {
  test('lets gangs start when tokens are there again, although nothing else happens', async () => {
    const at = await starts(burst(), nodes(10, 4), under(perSecond(0.04, 4)));
    // The first takes the 4 tokens; 25 s for the token that opens the bucket, then 100 s for each gang's 4.
    for (const [i, ms] of at.entries()) {
      const opensMs = i === 0 ? 0 : (25 + 100 * (i - 1)) * SECOND;
      expect(ms).toBeGreaterThanOrEqual(opensMs);
      expect(ms).toBeLessThan(opensMs + 5 * SECOND);
    }
  });

  test('that takes hours for one gang ends no simulation early', async () => {
    const at = await starts(burst(), nodes(10, 4), under(perSecond(0.0004, 4)));
    // 2,500 s for the token that opens the bucket, and 10,000 s for each of eight gangs.
    expect(at.at(-1)).toBeGreaterThanOrEqual(82_500 * SECOND);
  });

  test('that nobody reaches changes no decision', async () => {
    const trace = burst();
    const [free, limited] = await Promise.all([
      recordsOf(trace, nodes(4, 4), 'muster'),
      recordsOf(trace, nodes(4, 4), { ...under(perSecond(1000, 1000)), name: 'muster' }),
    ]);
    expect(limited.records).toEqual(free.records);
  });
});

test('addresses let gangs start once they have cooled down', async () => {
  const size = { cpuMilli: 64_000, memoryBytes: 2 ** 38, gpus: 0, labels: { zone: 'a' } };
  const addresses = [{ key: 'zone', size: 4, sizes: new Map<string, number>(), keep: 0, cooldownMs: 120 * SECOND }];
  const at = await starts(burst(), [toNode('n0', size)], under({ addresses }));
  for (let i = 1; i < GANGS; i++) {
    // A minute of work and two of cooling down, and starts of containers.
    expect(at[i]! - at[i - 1]!).toBeGreaterThan(180 * SECOND);
    expect(at[i]! - at[i - 1]!).toBeLessThan(240 * SECOND);
  }
});

test('a quota lets gangs start when others end', async () => {
  const tenancy = tenancyOf([queue('q', { max: 4 })]);
  const at = await starts(burst(), nodes(10, 4), under(tenancy));
  for (let i = 1; i < GANGS; i++) expect(at[i]! - at[i - 1]!).toBeLessThan(120 * SECOND);
});
