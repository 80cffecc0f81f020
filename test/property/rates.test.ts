import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OPEN_TENANCY } from '../../src/core/policy/tenancy.ts';
import { Rates } from '../../src/core/queue/rates.ts';
import { propertyRuns } from '../support/property-runs.ts';

const RUNS = { numRuns: propertyRuns(500), seed: 20272 };

const rate = fc.record({
  perSecond: fc.double({ min: 0.1, max: 50, noNaN: true }),
  burst: fc.integer({ min: 1, max: 200 }),
});
/** The clock jumps ahead, or back. */
const step = fc.record({ byMs: fc.integer({ min: -5000, max: 20_000 }), pods: fc.integer({ min: 1, max: 300 }) });

test('in any window, no more pods come than the rate allows, and the burst, and one gang', () => {
  fc.assert(
    fc.property(rate, fc.array(step, { minLength: 2, maxLength: 60 }), (pods, steps) => {
      const rates = new Rates({ ...OPEN_TENANCY.rates, pods });
      const came: { readonly atMs: number; readonly pods: number }[] = [];
      let [nowMs, latestMs] = [0, 0];
      for (const one of steps) {
        nowMs = Math.max(0, nowMs + one.byMs);
        latestMs = Math.max(latestMs, nowMs);
        if (rates.waitOf('jobs', [], nowMs)) continue;
        rates.take({ namespace: 'jobs', pods: one.pods, pulls: [] }, nowMs);
        came.push({ atMs: latestMs, pods: one.pods });
      }
      const largest = Math.max(0, ...came.map((one) => one.pods));
      came.forEach((first, i) => {
        let sum = 0;
        for (const { atMs, pods: more } of came.slice(i)) {
          sum += more;
          const allowed = ((atMs - first.atMs) * pods.perSecond) / 1000 + pods.burst + largest;
          expect(sum).toBeLessThanOrEqual(allowed + 1e-6);
        }
      });
    }),
    RUNS,
  );
});

test('whoever waits is told a time at which it may come, and none before it', () => {
  fc.assert(
    fc.property(rate, fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 10_000 }), (pods, size, atMs) => {
      const rates = new Rates({ ...OPEN_TENANCY.rates, pods });
      rates.take({ namespace: 'jobs', pods: size, pulls: [] }, atMs);
      const wait = rates.waitOf('jobs', [], atMs);
      if (!wait) return;
      expect(wait.untilMs).toBeGreaterThan(atMs);
      expect(rates.waitOf('jobs', [], wait.untilMs - 1)).toBeDefined();
      // Rounding may cost a millisecond.
      expect(rates.waitOf('jobs', [], wait.untilMs + 1)).toBeUndefined();
    }),
    RUNS,
  );
});
