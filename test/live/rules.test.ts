import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config.ts';
import { serveLive } from '../../src/server/live.ts';
import type { Serving } from '../../src/server/start.ts';
import { webhookMetrics } from '../../src/server/webhook-metrics.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { ROOT } from '../support/kustomize.ts';
import { kubeConfigFor, until } from '../support/live.ts';
import { addNodes } from '../support/live-muster.ts';
import { checkPromql, type KnownMetric, type Shape } from '../support/promql.ts';

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly summary: string; readonly runbook: string };
}
interface PrometheusRule {
  readonly spec: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
}
interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const file = parse(text('deploy/components/alerts/prometheus-rule.yaml')) as PrometheusRule;
const rules = file.spec.groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const records = rules.filter(({ record }) => record !== undefined);
const { panels } = JSON.parse(text('deploy/components/dashboard/muster.json')) as { panels: readonly Panel[] };

/** Every expression, with what its author writes of its labels. */
const asked = [
  ...rules.map(({ alert, record, expr, annotations }) => ({
    who: alert ?? record!,
    expr,
    says: annotations?.summary.replaceAll(/\{\{ \$labels\.(\w+) }}/g, '{{$1}}') ?? '',
  })),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat: says }) => ({ who: title, expr, says })),
  ),
];

/** What a muster that serves a cluster has at /metrics. */
const served = new Map<string, KnownMetric>();
const recorded = new Map<string, KnownMetric>();
const known = (name: string): KnownMetric | undefined => recorded.get(name) ?? served.get(name) ?? histogramOf(name);

/** A histogram has no series of its own name. */
function histogramOf(name: string): KnownMetric | undefined {
  const base = served.get(name.replace(/_(bucket|count|sum)$/, ''));
  return base?.kind === 'Histogram' ? base : undefined;
}

const api = new FakeApiServer();
const folder = mkdtempSync(join(tmpdir(), 'muster-rules-'));
let serving: Serving;
let page = '';

beforeAll(async () => {
  await api.start();
  addNodes(api);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeConfigFor(api.url).exportConfig());
  serving = await serveLive({
    ...loadConfig({ kubeconfig, logLevel: 'silent', live: true, provisioning: 'check-capacity' }, {}),
    port: 0,
    extenderPort: 0,
  });
  const { app, metrics } = serving.server;
  const { registry } = metrics;
  let isReady = false;
  await until(() => {
    void app.inject('/readyz').then(({ statusCode }) => (isReady ||= statusCode === 200));
    return isReady;
  });
  // The webhook needs a certificate to be served; its metrics are these.
  webhookMetrics(registry);
  page = await (await fetch(`${serving.url}/metrics`)).text();
  const types = new Map([...page.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]));
  for (const metric of registry.getMetricsAsArray()) {
    const { name, labelNames = [] } = metric as unknown as { name: string; labelNames?: readonly string[] };
    const kind = { counter: 'Counter', gauge: 'Gauge', histogram: 'Histogram' }[types.get(name)!];
    if (kind) served.set(name, { labels: labelNames, kind: kind as KnownMetric['kind'] });
  }
  for (const { record, expr } of records) {
    const { shape } = checkPromql(expr, known);
    recorded.set(record!, { kind: 'series', labels: shape === 'number' ? [] : [...shape] });
  }
});

afterAll(async () => {
  await serving.close();
  await api.stop();
  rmSync(folder, { recursive: true });
});

const labelsOf = (shape: Shape) => (shape === 'number' ? [] : [...shape]);

describe('alerts, recorded series and dashboard', () => {
  test('a muster that serves a cluster has the metrics that they can ask for', () => {
    expect(served.size).toBeGreaterThan(60);
    expect([...served.keys()]).toEqual(expect.arrayContaining(['muster_leading', 'process_resident_memory_bytes']));
    expect(records.length + alerts.length).toBe(rules.length);
    expect(asked.length).toBeGreaterThan(80);
  });

  test.each(asked)('$who asks for what there is: $expr', ({ expr, says }) => {
    const { shape, mistakes } = checkPromql(expr, known);
    expect(mistakes).toEqual([]);
    for (const [, label] of says.matchAll(/\{\{(\w+)}}/g)) expect(labelsOf(shape)).toContain(label);
  });

  test('every recorded series is used, and recorded before it is', () => {
    const all = asked.map(({ expr }) => expr);
    for (const { record } of records) {
      const uses = all.flatMap((expr, i) => (expr.includes(record!) ? [i] : []));
      expect({ record, uses: uses.length > 0 }).toEqual({ record, uses: true });
      expect(uses[0]).toBeGreaterThan(rules.findIndex((rule) => rule.record === record));
    }
  });

  test('a bound of a bucket that is asked for is one that there is', () => {
    const bounds = [...text('deploy/components/alerts/prometheus-rule.yaml').matchAll(/le=~"(\d+)\|\1\.0"/g)];
    expect(bounds).toHaveLength(1);
    const metric = serving.server.metrics.registry.getSingleMetric('muster_gang_wait_seconds');
    expect((metric as unknown as { upperBounds: readonly number[] }).upperBounds).toContain(Number(bounds[0]![1]));
  });

  test('every alert has its part in docs/operations.md, and points to it', () => {
    expect(alerts.length).toBeGreaterThan(20);
    const headings = [...text('docs/operations.md').matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading);
    expect(headings.filter((heading) => heading!.startsWith('Muster'))).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations } of alerts)
      expect(annotations!.runbook).toBe(`docs/operations.md#${alert!.toLowerCase()}`);
  });

  test('every metric that the program has is documented', () => {
    for (const name of served.keys()) if (name.startsWith('muster_')) expect(text('docs/config.md')).toContain(name);
  });
});

describe('the check of expressions finds', () => {
  test.each([
    ['sum(', 'syntax at'],
    ['sum(muster_nobody)', 'there is no metric muster_nobody'],
    ['sum by (pod) (muster_gangs)', 'there is no label pod'],
    ['muster_gangs{pod="x"}', 'there is no label pod'],
    ['sum(muster_effects_total)', 'is a Counter, and its value'],
    ['rate(muster_nodes[5m])', 'is a Gauge, and rate'],
    ['histogram_quantile(0.5, sum by (queue) (rate(muster_gang_wait_seconds_bucket[5m])))', 'there is no label le'],
    ['sum by (queue) (muster_gangs_waiting) > max by (policy) (muster_policy_gangs_waiting)', 'never meets'],
    ['max(muster_gangs_waiting) and on (queue) muster_gangs_waiting', 'there is no label queue'],
    ['median(muster_nodes)', 'syntax at'],
  ])('the mistake in %s', (expr, mistake) => {
    expect(checkPromql(expr, known).mistakes.join('; ')).toContain(mistake);
  });
});
