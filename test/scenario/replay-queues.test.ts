import { describe, expect, test } from 'vitest';
import { app, nodes, run, traceOf } from '../support/replays.ts';

const HOUR = 3_600_000;

/** Eight cores: a tenant that fills them with jobs of four pods for ten hours, and one that comes an hour later. */
function tenants() {
  const of = (tenant: string, change: object) =>
    Array.from({ length: 8 }, (_, i) => app(`${tenant}${i}`, { namespace: tenant, queue: tenant, ...change }, 1));
  return traceOf(...of('first', { durationMs: 5 * HOUR }), ...of('second', { submitMs: HOUR, durationMs: 5 * HOUR }));
}

const queuesUnder = async (policy: string) => (await run(tenants(), nodes(2, 4), policy)).queues!;

describe('a tenant that comes to a full cluster', () => {
  test.each(['fifo-gang', 'muster'])(
    'under %s it waits for ends, and is under its entitlement until then',
    async (policy) => {
      const { rows, worst, reclaims } = await queuesUnder(policy);
      expect(rows.map(({ queue }) => queue).sort()).toEqual(['first', 'second']);
      expect(worst.queue).toBe('second');
      expect(worst.underMs).toBeGreaterThan(3 * HOUR);
      expect(reclaims.count).toBe(0);
    },
  );

  test('under muster-fair it gets its share', async () => {
    const { jain, worst, rows, reclaims } = await queuesUnder('muster-fair');
    expect(rows.map(({ queue }) => queue).sort()).toEqual(['tenants.first', 'tenants.second']);
    expect(jain).toBeGreaterThan(0.95);
    expect(worst.underMs).toBeLessThan(1.5 * HOUR);
    expect(reclaims.count).toBeGreaterThan(0);
  });

  test.each(['kueue-like', 'yunikorn-like'])('under %s nobody is evicted without a guarantee', async (policy) => {
    const { reclaims, rows } = await queuesUnder(policy);
    expect(reclaims.count).toBe(0);
    expect(rows).toHaveLength(2);
  });
});
