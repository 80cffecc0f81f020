import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DEFAULT_POLICY } from '../../../src/core/policy/policy.ts';
import { Scheduler } from '../../../src/core/scheduler.ts';
import { buildServer } from '../../../src/server/app.ts';
import { historyMetrics } from '../../../src/server/history-metrics.ts';
import type { ServedHistory } from '../../../src/server/kept-history.ts';
import { liveMetrics } from '../../../src/server/live-metrics.ts';
import type { LiveCluster } from '../../../src/kube/live-cluster.ts';
import { parseWebhookConfig } from '../../../src/webhook/rules.ts';
import { ROOT } from '../../support/kustomize.ts';

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const yaml = (path: string) => parse(text(path)) as Record<string, unknown>;

describe('copies', () => {
  test.each([
    ['deploy/base/config/dedicated.yaml', 'scheduler-config/dedicated.yaml'],
    ['deploy/base/config/policies.yaml', 'scheduler-config/policies/spark.yaml'],
  ])('%s is one of %s', (copy, original) => {
    expect(text(copy)).toBe(text(original));
  });

  test('with mTLS, kube-scheduler is configured as without but for the way to muster', () => {
    const { extenders, ...mtls } = yaml('deploy/overlays/service-mtls/config/dedicated.yaml');
    const { extenders: plain, ...dedicated } = yaml('scheduler-config/dedicated.yaml');
    expect(mtls).toEqual(dedicated);
    const [{ urlPrefix, enableHTTPS, tlsConfig, ...rest }] = extenders as [Record<string, unknown>];
    const [loopback] = plain as [Record<string, unknown>];
    expect({ urlPrefix: 'http://127.0.0.1:8889', ...rest }).toEqual(loopback);
    expect(urlPrefix).toBe('https://muster.muster-system.svc:8889');
    expect(enableHTTPS).toBe(true);
    // Without a CA kube-scheduler would take any certificate.
    expect(Object.keys(tlsConfig as object).sort()).toEqual(['caFile', 'certFile', 'keyFile']);
  });

  test('the static pod and kubeadm give kube-scheduler and muster the files of one folder', () => {
    expect(text('scheduler-config/main.yaml')).toContain('--config=/etc/kubernetes/muster/main.yaml');
    expect(text('deploy/overlays/main/kubeadm.yaml')).toContain('value: /etc/kubernetes/muster/main.yaml');
    expect(text('deploy/overlays/main/static-pod.yaml')).toContain('path: /etc/kubernetes/muster\n');
  });
});

test('the webhook as it is shipped needs nothing that a cluster may lack', () => {
  const file = 'deploy/components/webhook/webhook.yaml';
  const { rules } = parseWebhookConfig(text(file), file);
  for (const { driver, executor } of rules) {
    for (const side of [driver, executor]) {
      expect(side.priorityClassName).toBeUndefined();
      expect(side.nodeSelector).toEqual({});
    }
  }
});

/** The functions and aggregations of PromQL that are used. */
const FUNCTIONS = ['sum', 'max', 'min', 'topk', 'rate', 'increase', 'absent', 'min_over_time', 'histogram_quantile'];

describe('alerts and dashboard', () => {
  /** Labels by name, as the program registers them; and of which metrics there are rates. */
  const known = new Map<string, readonly string[]>();
  const kinds = new Map<string, string>();
  const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
  const logger = pino({ level: 'silent' });
  const server = buildServer({ scheduler, nowMs: () => 0, logger, reasons: 'one', maxBodyBytes: 1024 });
  const { registry } = server.metrics;
  liveMetrics(registry, {} as LiveCluster);
  historyMetrics(registry, {} as ServedHistory, { cluster: { history: undefined }, nowMs: () => 0 });
  for (const metric of registry.getMetricsAsArray()) {
    const { name, labelNames = [] } = metric as unknown as { name: string; labelNames?: readonly string[] };
    known.set(name, labelNames);
    kinds.set(name, metric.constructor.name);
  }
  afterAll(() => server.app.close());
  for (const [, name, labels] of text('src/server/webhook.ts').matchAll(
    /name: '(\w+)',[^[]+labelNames: \[([^\]]*)\]/g,
  )) {
    known.set(
      name!,
      [...labels!.matchAll(/\w+/g)].map(([label]) => label),
    );
  }

  interface Rules {
    spec: { groups: { rules: { alert: string; expr: string; annotations: { runbook: string } }[] }[] };
  }
  const { groups } = (yaml('deploy/components/alerts/prometheus-rule.yaml') as unknown as Rules).spec;
  const alerts = groups.flatMap(({ rules }) => rules);
  interface Dashboard {
    panels: { title: string; targets: { expr: string }[] }[];
  }
  const { panels } = JSON.parse(text('deploy/components/dashboard/muster.json')) as Dashboard;
  const asked = [
    ...alerts.map(({ alert, expr }) => ({ who: alert, expr })),
    ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ who: title, expr }))),
  ];

  test.each(asked)('$who asks for metrics and labels that there are: $expr', ({ expr }) => {
    const used = [...expr.matchAll(/((?:muster|process)_[a-z_]+)(?:\{([^}]*)\})?/g)];
    expect(used.length).toBeGreaterThan(0);
    const labels = used.flatMap(([, name, selector = '']) => {
      const base = name!.replace(/_(bucket|count|sum)$/, '');
      expect([...known.keys()]).toContain(base);
      for (const [, label] of selector.matchAll(/(\w+)\s*[=!]/g)) {
        expect([...known.get(base)!, 'job', 'instance']).toContain(label);
      }
      return known.get(base)!;
    });
    for (const [, by] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
      for (const label of by!.split(', ')) expect([...labels, 'le', 'instance']).toContain(label);
    }
  });

  test.each(asked)('$who asks for changes of what only grows, and for nothing else of it: $expr', ({ expr }) => {
    for (const [, before, name, range] of expr.matchAll(
      /(\w*\(?)((?:muster|process)_[a-z_]+)(?:\{[^}]*\})?(\[[^\]]*\])?/g,
    )) {
      const kind = kinds.get(name!) ?? kinds.get(name!.replace(/_(bucket|count|sum)$/, '')) ?? 'Counter';
      const grows = kind === 'Counter' || kind === 'Histogram';
      expect({ name, isChange: /^(rate|increase)\($/.test(before!), range: range !== undefined }).toEqual({
        name,
        isChange: grows,
        range: grows,
      });
      if (kind === 'Histogram') expect(name).toMatch(/_(bucket|count|sum)$/);
    }
  });

  test.each(asked)('$who has all its brackets, in quotes and without: $expr', ({ expr }) => {
    const open: string[] = [];
    for (const sign of expr.replaceAll(/"[^"]*"/g, '')) {
      if ('([{'.includes(sign)) open.push(sign);
      else if (')]}'.includes(sign)) expect(open.pop()).toBe('([{'[')]}'.indexOf(sign)]);
    }
    expect(open).toEqual([]);
    for (const [, span] of expr.matchAll(/\[([^\]]*)\]/g)) expect(span).toMatch(/^\d+[smhd](:\d+[smhd])?$/);
    for (const [, word] of expr.matchAll(/\b([a-z_]+) ?\(/g))
      expect([...FUNCTIONS, 'by', 'on', 'and', 'or']).toContain(word);
  });

  test('every alert has its part in docs/operations.md, and points to it', () => {
    expect(alerts.length).toBeGreaterThan(8);
    const headings = [...text('docs/operations.md').matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading);
    expect(headings.filter((heading) => heading!.startsWith('Muster'))).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    }
  });

  test('every metric that the program has is documented', () => {
    for (const name of known.keys()) if (name.startsWith('muster_')) expect(text('docs/config.md')).toContain(name);
  });
});
