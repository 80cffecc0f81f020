import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { RateView } from '../../../src/core/reads.ts';
import { rateMetrics } from '../../../src/server/rate-metrics.ts';
import { node, spark } from '../../support/builders.ts';
import { ratesWith } from '../../support/tenancies.ts';
import { inNamespace, setTenancy } from '../../support/tenants.ts';
import { World } from '../../support/world.ts';

function metricsOf(read: () => readonly RateView[]) {
  const registry = new Registry();
  rateMetrics(registry, read);
  return async () => {
    const text = await registry.metrics();
    // Two scrapes come in two turns of the event loop.
    await new Promise(setImmediate);
    return text.split('\n').filter((line) => line.startsWith('muster_rate_'));
  };
}

test('tokens of each bucket are read at each scrape, and who came to wait is counted once', async () => {
  const world = new World(Array.from({ length: 50 }, (_, i) => node(`n${i}`, { cpu: 32 })));
  const lines = metricsOf(() => world.scheduler.rates(world.nowMs));
  expect(await lines()).toEqual([]);
  setTenancy(
    world,
    ratesWith({ pods: { perSecond: 10, burst: 100 }, namespaces: { perSecond: 1, burst: 40, match: ['*'] } }),
  );
  world.ask(inNamespace(spark('a', 49), 'a').leader());
  world.ask(inNamespace(spark('b', 69), 'b').leader());
  const late = inNamespace(spark('c', 1), 'c').leader();
  world.ask(late);
  world.ask(late);
  expect(await lines()).toEqual([
    'muster_rate_tokens{bucket="cluster"} -20',
    'muster_rate_tokens{bucket="namespaces"} -30',
    'muster_rate_waiting{bucket="cluster"} 1',
    'muster_rate_waiting{bucket="namespaces"} 0',
    'muster_rate_waits_total{bucket="cluster"} 1',
    'muster_rate_waits_total{bucket="namespaces"} 0',
  ]);
  world.nowMs += 1000;
  expect(await lines()).toContain('muster_rate_tokens{bucket="cluster"} -10');
  // A bucket that the file no longer has leaves no series behind.
  setTenancy(world, ratesWith({ pods: { perSecond: 10, burst: 100 } }));
  expect(await lines()).toEqual([
    'muster_rate_tokens{bucket="cluster"} -10',
    'muster_rate_waiting{bucket="cluster"} 0',
    'muster_rate_waits_total{bucket="cluster"} 1',
  ]);
});

test('a file with a thousand registries makes no thousand series, and a pattern that comes twice one', async () => {
  const views = Array.from({ length: 1000 }, (_, i) => ({
    name: `registry r${i >> 1}`,
    tokens: 1,
    waits: 1,
    waiting: 0,
  }));
  const found = await metricsOf(() => views)();
  expect(found).toHaveLength(300);
  expect(found).toContain('muster_rate_waits_total{bucket="registry r0"} 1');
});
