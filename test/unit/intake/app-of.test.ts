import { describe, expect, test } from 'vitest';
import { appOf, withoutVariables } from '../../../src/intake/app-of.ts';

describe('what differs from run to run becomes #', () => {
  test.each<[string, string]>([
    // B25
    ['etl-20260801-a1b2c3', 'etl-#-#'],
    ['etl-20260802-d4e5f6', 'etl-#-#'],
    // CronJob, and its pod
    ['nightly-report-29384756', 'nightly-report-#'],
    ['nightly-report-29384756-x7k2p', 'nightly-report-#-#'],
    // generateName
    ['train-model-9k4zt', 'train-model-#'],
    // Deployment
    ['loader-7d4b9c8f6d-x2x9k', 'loader-#-#'],
    // spark-submit: six random hex digits and the time
    ['etl-daily-3f9c21a0c4506c7b-driver', 'etl-daily-#-driver'],
    // ScheduledSparkApplication of kubeflow
    ['daily-sales-1754006400000000000', 'daily-sales-#'],
    // Argo
    ['ingest-wf-4k8zq-1290348571', 'ingest-wf-#-#'],
    // Airflow
    ['scheduled__2026-08-01T00:00:00+00:00', 'scheduled__#'],
    ['manual__2026-08-01t12-30-05.123456-load', 'manual__#-load'],
    ['dag-load-orders-k3j9x0q7', 'dag-load-orders-#'],
    ['export-2026-08-01', 'export-#'],
    ['export-2026_08_01-parquet', 'export-#-parquet'],
    ['export.2026.08', 'export.#'],
    ['backfill-2026-08-01t06-00', 'backfill-#'],
    ['batch20260801', 'batch#'],
    ['sweep-550e8400-e29b-41d4-a716-446655440000', 'sweep-#'],
    ['spark-9d1f0a6be8c54b1d9d7f3c2f6a0b7e55', 'spark-#'],
    ['Spark_ETL (Daily) 20260801', 'spark_etl (daily) #'],
    ['query-001', 'query-#'],
    ['run1234part', 'run#part'],
  ])('%s: %s', (name, app) => expect(withoutVariables(name)).toBe(app));
});

describe('what makes an app another one stays', () => {
  test.each([
    'etl-2',
    'etl-v12',
    'load-h2o',
    'migrate-log4j2',
    'ingest-v2beta1',
    'proxy-https',
    'parse-xhtml',
    'decade-facade',
    'feed-beaded',
    'utf8-to-mp3',
    's3-to-gcs',
    'k8s-audit',
    'tpcds-q14a',
    'oauth2-sync',
    'bert-base-x2',
    'stage-01',
    'us-east-1-sync',
    'e2e-smoke',
  ])('%s', (name) => expect(withoutVariables(name)).toBe(name));

  test('two apps are two', () => {
    const names = ['etl-orders-20260801', 'etl-users-20260801', 'etl-2-20260801', 'etl-3-20260801'];
    expect(new Set(names.map(withoutVariables)).size).toBe(4);
  });
});

describe('where the name is looked for', () => {
  const source = (labels: Record<string, string>, annotations: Record<string, string> = {}, kind?: string) => ({
    object: kind
      ? { metadata: { ownerReferences: [{ apiVersion: 'v1', kind, name: `of-${kind}`.toLowerCase() }] } }
      : {},
    labels: new Map(Object.entries(labels)),
    annotations: new Map(Object.entries(annotations)),
    name: 'own-name-20260801',
  });
  const all = {
    'sparkoperator.k8s.io/scheduled-app-name': 'scheduled',
    dag_id: 'dag',
    task_id: 'task',
    'spark-app-name': 'spark-app',
  };
  test.each([
    ['what the owner says, as it stands', source(all, { 'muster.dev/app': 'Model 2026' }), 'Model 2026'],
    ['the schedule of a Spark app', source(all), 'scheduled'],
    ['the owner of a workflow', source({ dag_id: 'dag' }, {}, 'CronWorkflow'), 'of-cronworkflow'],
    ['a CronJob', source({}, {}, 'CronJob'), 'of-cronjob'],
    ['no other owner', source({}, {}, 'Job'), 'own-name-#'],
    ['the task of a DAG', source({ dag_id: 'dag_v2', task_id: 'load' }), 'dag_v2/load'],
    ['a Spark app', source({ 'spark-app-name': 'etl-20260801' }), 'etl-#'],
    ['its own name', source({}), 'own-name-#'],
    ['an empty annotation says nothing', source({}, { 'muster.dev/app': '' }), 'own-name-#'],
  ])('%s', (_what, from, app) => expect(appOf(from)).toBe(app));

  test.each([
    '20260801',
    'spark-9d1f0a6be8c54b1d9d7f3c2f6a0b7e55',
    'job-20260801-x7k2p',
    '550e8400-e29b-41d4-a716-446655440000',
  ])('%s names no app: all of them would be one', (name) => expect(appOf({ ...source({}), name })).toBeUndefined());
});

test('names are cut, whatever is in them, in linear time', () => {
  const texts = [
    'x'.repeat(1e6),
    '1'.repeat(1e6),
    '2026-08-'.repeat(1e5),
    '-'.repeat(1e6),
    'a1'.repeat(1e6),
    '#'.repeat(1e6),
  ];
  for (const text of texts) {
    expect(withoutVariables(text).length).toBeLessThanOrEqual(100);
    expect(
      appOf({ object: {}, labels: new Map(), annotations: new Map([['muster.dev/app', text]]), name: '' }),
    ).toHaveLength(100);
  }
});
