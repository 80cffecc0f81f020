import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { promiseMetrics } from '../../../src/server/promise-metrics.ts';

test('counts kept and late starts from 0, and how late by reason', async () => {
  const registry = new Registry();
  const count = promiseMetrics([registry]);
  expect(await registry.metrics()).toContain('muster_start_promises_total{result="late"} 0');
  const start = { gang: 'jobs/etl', promisedMs: 1000 };
  count({ ...start, kind: 'start-kept', lateMs: -500 });
  count({ ...start, kind: 'start-late', lateMs: 90_000, because: 'overtaken' });
  const text = await registry.metrics();
  expect(text).toContain('muster_start_promises_total{result="kept"} 1');
  expect(text).toContain('muster_start_promises_total{result="late"} 1');
  expect(text).toContain('muster_start_late_seconds_bucket{le="60",reason="overtaken"} 0');
  expect(text).toContain('muster_start_late_seconds_bucket{le="300",reason="overtaken"} 1');
});
