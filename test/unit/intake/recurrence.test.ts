import { describe, expect, test } from 'vitest';
import { DEFAULT_CONTEXT, type GangObjects } from '../../../src/intake/gang-objects.ts';
import { membershipSource, rereadMembership, toPodInfo } from '../../../src/intake/pod.ts';
import { jobOf } from '../../../src/intake/records/job.ts';

interface Parts {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly spec?: object;
  readonly container?: object;
}

const of = ({ name = 'etl-20260801', labels = {}, annotations = {}, spec = {}, container = {} }: Parts) =>
  toPodInfo(
    {
      metadata: { name, uid: 'u', namespace: 'ns', labels, annotations },
      spec: { schedulerName: 'muster', containers: [{ name: 'c', ...container }], ...spec },
    },
    'Pod',
  ).recurrence;

describe('of which run a pod is', () => {
  test('the app, by its name', () => expect(of({})).toEqual({ app: 'etl-#' }));

  test.each<[string, Parts, string | undefined]>([
    ['annotation muster.dev/user', { annotations: { 'muster.dev/user': 'ann' } }, 'ann'],
    ['label muster.dev/user', { labels: { 'muster.dev/user': 'ann' } }, 'ann'],
    ['env SPARK_USER', { container: { env: [{ name: 'X' }, { name: 'SPARK_USER', value: 'ann' }] } }, 'ann'],
    ['no number', { container: { env: [{ name: 'SPARK_USER', value: '185' }] } }, undefined],
    ['no controller', { labels: { 'app.kubernetes.io/created-by': 'operator' } }, undefined],
    ['63 characters', { labels: { 'muster.dev/user': 'x'.repeat(1000) } }, 'x'.repeat(63)],
  ])('the user: %s', (_what, parts, user) => expect(of(parts)?.user).toBe(user));

  test.each<[unknown, number | undefined]>([
    [300, 300_000],
    [0, undefined],
    [-5, undefined],
    [null, undefined],
    ['300', undefined],
    [Infinity, undefined],
  ])('the latest end: activeDeadlineSeconds %s', (activeDeadlineSeconds, capMs) =>
    expect(of({ spec: { activeDeadlineSeconds } })?.capMs).toBe(capMs),
  );

  describe('by its Job', () => {
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'etl', uid: 'j', controller: true }];
    const podOf = (owner: object, own?: number) => ({
      metadata: { name: 'etl-x', uid: 'u', namespace: 'ns', ownerReferences: [{ ...ownerReferences[0], ...owner }] },
      spec: { schedulerName: 'muster', ...(own ? { activeDeadlineSeconds: own } : {}) },
    });
    const jobs = (activeDeadlineSeconds: unknown): GangObjects => ({
      get: ((kind: string, namespace: string, name: string) =>
        `${kind} ${namespace} ${name}` === 'job ns etl'
          ? jobOf({ spec: { activeDeadlineSeconds } })
          : undefined) as GangObjects['get'],
    });
    const capOf = (pod: object, seconds: unknown) =>
      toPodInfo(pod, 'Pod', { ...DEFAULT_CONTEXT, gangObjects: jobs(seconds) }).recurrence?.capMs;

    test('the earlier of both', () => {
      expect(capOf(podOf({}), 300)).toBe(300_000);
      expect(capOf(podOf({}, 100), 300)).toBe(100_000);
      expect(capOf(podOf({}, 400), 300)).toBe(300_000);
      expect(capOf(podOf({}, 400), undefined)).toBe(400_000);
    });

    test('only by the batch/v1 Job that controls it', () => {
      for (const owner of [
        { controller: false },
        { apiVersion: 'batch.volcano.sh/v1' },
        { kind: 'CronJob' },
        { name: 'x' },
      ])
        expect(capOf(podOf(owner), 300)).toBeUndefined();
    });

    test('also if muster hears of the Job after the pod', () => {
      const pod = podOf({});
      const early = toPodInfo(pod, 'Pod');
      expect(early.recurrence).toEqual({ app: 'etl-x' });
      const context = { ...DEFAULT_CONTEXT, gangObjects: jobs(300) };
      const later = rereadMembership(early, membershipSource(pod, 'Pod'), context);
      expect(later.recurrence).toEqual({ app: 'etl-x', capMs: 300_000 });
    });
  });

  const main = (name: unknown) => ({
    container: { args: ['driver', '--properties-file', 'f', '--class', name, 'x.jar'] },
  });
  test.each<[string, Parts, true | undefined]>([
    ['label', { labels: { 'muster.dev/endless': 'true' } }, true],
    ['annotation', { annotations: { 'muster.dev/endless': 'true' } }, true],
    ['Spark Connect of an operator', { labels: { 'spark-role': 'connect-server' } }, true],
    ['Spark Connect', main('org.apache.spark.sql.connect.service.SparkConnectServer'), true],
    ['the Thrift server', main('org.apache.spark.sql.hive.thriftserver.HiveThriftServer2'), true],
    ['an engine of Kyuubi', main('org.apache.kyuubi.engine.spark.SparkSQLEngine'), true],
    ['a session of Livy', main('org.apache.livy.rsc.driver.RSCDriverBootstrapper'), true],
    ['no other class', main('com.example.Etl'), undefined],
    ['no class', { container: { args: ['x', '--class'] } }, undefined],
    ['a broken class', main(7), undefined],
    ['no other value', { labels: { 'muster.dev/endless': 'yes' } }, undefined],
    [
      'unless its owner says that it ends',
      { ...main('org.apache.kyuubi.engine.spark.SparkSQLEngine'), labels: { 'muster.dev/endless': 'false' } },
      undefined,
    ],
  ])('endless: %s', (_what, parts, isEndless) => expect(of(parts)?.isEndless).toBe(isEndless));
});

describe('who says it', () => {
  const roles = JSON.stringify([
    { name: 'driver', count: 1, requests: { cpu: '1' } },
    { name: 'executor', count: 2, requests: { cpu: '1' } },
  ]);
  const gang = { 'muster.dev/gang': 'etl-20260801', 'muster.dev/role': 'driver', 'muster.dev/roles': roles };

  test('a leader, by the name of its gang', () => {
    const parts = { name: 'x-driver', labels: { 'muster.dev/gang': 'etl-20260801' }, annotations: gang };
    expect(of(parts)?.app).toBe('etl-#');
  });

  test('no other member, of which there are many', () => {
    const labels = { 'muster.dev/gang': 'etl', 'muster.dev/role': 'executor' };
    expect(of({ labels, annotations: { 'muster.dev/user': 'ann' } })).toBeUndefined();
  });

  test('no pod of another scheduler', () => {
    expect(of({ spec: { schedulerName: 'default-scheduler', activeDeadlineSeconds: 5 } })).toBeUndefined();
  });

  test('a driver of Spark, by its own name, since its app has a random one', () => {
    const labels = { 'spark-role': 'driver', 'spark-app-selector': 'spark-9d1f0a6be8c54b1d9d7f3c2f6a0b7e55' };
    expect(of({ name: 'etl-daily-3f9c21a0c4506c7b-driver', labels })?.app).toBe('etl-daily-#-driver');
  });

  test('equal ones are kept once', () => expect(of({ name: 'etl-20260801' })).toBe(of({ name: 'etl-20260802' })));
});
