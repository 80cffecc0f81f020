import { expect, test } from 'vitest';
import { isEventLog, SparkEventLog } from '../../../../src/intake/past-runs/spark-event-log.ts';

const START_MS = 1_700_000_000_000;
const at = (seconds: number) => START_MS + seconds * 1000;
const event = (name: string, fields: object) => JSON.stringify({ Event: `SparkListener${name}`, ...fields });

const start = event('ApplicationStart', { 'App Name': 'ETL daily 20260801', Timestamp: at(0), User: 'ann' });
const end = (fields: object = {}) => event('ApplicationEnd', { Timestamp: at(600), ...fields });
const came = (seconds: number) => event('ExecutorAdded', { Timestamp: at(seconds), 'Executor ID': '1' });
const environment = (properties: object) => event('EnvironmentUpdate', { 'Spark Properties': properties });
const jobEnd = (Result: string) => event('JobEnd', { 'Job ID': 1, 'Job Result': { Result } });

function read(...lines: string[]) {
  const log = new SparkEventLog();
  for (const line of lines) log.line(line);
  return log.run();
}

const K8S = {
  'spark.kubernetes.namespace': 'jobs',
  'spark.executor.instances': '3',
  'spark.kubernetes.driver.label.muster.dev/queue': 'prod',
};

test('a run starts with the last executor that it needs', () => {
  expect(read(start, environment(K8S), came(10), came(20), came(30), came(500), end())).toEqual({
    namespace: 'jobs',
    queue: 'prod',
    app: 'etl-daily-#',
    user: 'ann',
    members: 4,
    endedMs: at(600),
    ended: { ranMs: 570_000, how: 'succeeded' },
  });
});

test('properties may be a list of pairs; a dynamic app needs its minimum, a local one no executors', () => {
  const dynamic = [
    ['spark.dynamicAllocation.enabled', 'true'],
    ['spark.dynamicAllocation.minExecutors', '1'],
  ];
  expect(read(start, environment(dynamic), came(100), came(200), end())).toMatchObject({
    members: 2,
    ended: { ranMs: 500_000 },
  });
  expect(read(start, environment({ 'spark.master': 'local[4]' }), end())).toMatchObject({
    members: 1,
    ended: { ranMs: 600_000 },
  });
});

test('what muster would read from the driver counts', () => {
  const label = 'spark.kubernetes.driver.label';
  const appOf = (properties: object) => read(start, environment(properties), end())?.app;
  expect(appOf({ [`${label}.dag_id`]: 'nightly', [`${label}.task_id`]: 'load' })).toBe('nightly/load');
  expect(appOf({ [`${label}.sparkoperator.k8s.io/scheduled-app-name`]: 'hourly' })).toBe('hourly');
  expect(appOf({ 'spark.kubernetes.driver.annotation.muster.dev/app': 'Mine' })).toBe('Mine');
});

test.each([
  ['since Spark 4.0, by the exit code', [jobEnd('JobFailed')], { ExitCode: 0 }, 'succeeded'],
  ['since Spark 4.0, by the exit code', [], { ExitCode: 1 }, 'failed'],
  ['by the last job', [jobEnd('JobSucceeded'), jobEnd('JobFailed')], {}, 'failed'],
  ['by the last job', [jobEnd('JobFailed'), jobEnd('JobSucceeded')], {}, 'succeeded'],
])('%s it has %s', (_by, jobs, fields, how) => {
  expect(read(start, ...jobs, end(fields))?.ended.how).toBe(how);
});

test('a log without an end has no run', () => {
  expect(read(start, environment(K8S), came(1))).toBeUndefined();
  expect(read(end())).toBeUndefined();
});

test.each([
  [
    'time',
    event('ApplicationStart', { Timestamp: 'now' }),
    /ApplicationStart\.Timestamp: expected an integer, got "now"/,
  ],
  ['no time', event('ExecutorAdded', {}), /ExecutorAdded\.Timestamp: expected a time in ms, got undefined/],
  ['name', event('ApplicationStart', { 'App Name': 7, Timestamp: 1 }), /App Name: expected a string, got 7/],
  ['JSON', '{"Event":"SparkListenerApplicationEnd","Time', /JSON/],
])('a wrong %s is told', (_what, line, message) => {
  expect(() => read(line)).toThrow(message);
});

test('other events are not even parsed', () => {
  expect(() =>
    read('{"Event":"SparkListenerTaskEnd" no JSON', '{"Event":"SparkListenerconstructor"', 'text'),
  ).not.toThrow();
});

test.each([
  ['{"Event":"SparkListenerLogStart","Spark Version":"3.5.0"}', true],
  ['{"id":"spark-1"}', false],
  ['', false],
])('%s begins an event log: %s', (line, is) => {
  expect(isEventLog(line)).toBe(is);
});
