import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Config } from '../../../src/config.ts';
import { parsePolicies } from '../../support/parse-policies.ts';
import { toPodInfo } from '../../../src/intake/pod.ts';

const folder = new URL('../../../scheduler-config/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');

interface SchedulerConfiguration {
  readonly leaderElection: { readonly resourceName: string };
  readonly podInitialBackoffSeconds: number;
  readonly podMaxBackoffSeconds: number;
  readonly profiles: readonly { readonly schedulerName: string; readonly percentageOfNodesToScore?: number }[];
  readonly extenders: readonly Readonly<Record<string, unknown>>[];
}

describe.each(['dedicated.yaml', 'main.yaml'])('%s', (name) => {
  const config = parse(read(name)) as SchedulerConfiguration;

  test('is of the version that every kube-scheduler since 1.25 reads, and has no field it would refuse', () => {
    expect(config).toMatchObject({
      apiVersion: 'kubescheduler.config.k8s.io/v1',
      kind: 'KubeSchedulerConfiguration',
      leaderElection: { leaderElect: true, resourceNamespace: 'kube-system' },
    });
    // kube-scheduler decodes strictly: a field that it does not know keeps it from starting.
    expect(Object.keys(config).sort()).toEqual([
      'apiVersion',
      'clientConnection',
      'extenders',
      'kind',
      'leaderElection',
      'podInitialBackoffSeconds',
      'podMaxBackoffSeconds',
      'profiles',
    ]);
  });

  test('asks muster where it listens, with its verbs, by names, and binds nothing without it', () => {
    const { extenderHost, extenderPort } = Config.parse({});
    expect(config.extenders).toEqual([
      {
        urlPrefix: `http://${extenderHost}:${extenderPort}`,
        filterVerb: 'filter',
        prioritizeVerb: 'prioritize',
        preemptVerb: 'preempt',
        weight: 13,
        nodeCacheCapable: true,
        ignorable: false,
        httpTimeout: '2s',
      },
    ]);
  });

  test('leaves the sampling of nodes at its default, and keeps their back-off within what validation allows', () => {
    const ours = config.profiles.filter(({ schedulerName }) => Config.parse({}).schedulerNames.includes(schedulerName));
    expect(ours).toEqual([{ schedulerName: 'muster' }]);
    expect(config.podInitialBackoffSeconds).toBeGreaterThan(0);
    expect(config.podMaxBackoffSeconds).toBeGreaterThanOrEqual(config.podInitialBackoffSeconds);
  });

  test('says how to switch off OpportunisticBatching, which is a flag and no field', () => {
    expect(read(name)).toContain('--feature-gates=OpportunisticBatching=false');
  });
});

test('the two schedulers do not share a lease', () => {
  const leases = ['dedicated.yaml', 'main.yaml'].map(
    (name) => (parse(read(name)) as SchedulerConfiguration).leaderElection.resourceName,
  );
  expect(leases).toEqual(['muster-scheduler', 'kube-scheduler']);
});

const policyFiles = readdirSync(new URL('policies/', folder));

test('there are policies to start from', () => {
  expect(policyFiles.sort()).toEqual([
    'preempt.yaml',
    'queues.yaml',
    'spark.yaml',
    'strict-fifo.yaml',
    'topology.yaml',
  ]);
});

test.each(policyFiles)('policies/%s is valid and turns gangs on', (name) => {
  const policies = parsePolicies(read(`policies/${name}`), name);
  expect(policies.map(({ gangs }) => gangs)).toEqual(policies.map(() => 'on'));
});

/** What Spark makes of `--conf spark.kubernetes.{driver,executor}.{label,annotation}.X=Y`, and its own labels. */
function sparkPod(role: 'driver' | 'executor', conf: ReadonlyMap<string, string>, template: Template = {}) {
  const pick = (kind: 'label' | 'annotation') => {
    const prefix = `spark.kubernetes.${role}.${kind}.`;
    const found = [...conf].filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(found.map(([key, value]) => [key.slice(prefix.length), value]));
  };
  const own = { 'spark-role': role, 'spark-app-selector': 'spark-0123' };
  const requests = role === 'driver' ? { cpu: '1', memory: '2432Mi' } : { cpu: '4', memory: '9011Mi' };
  return toPodInfo(
    {
      metadata: {
        name: role,
        uid: role,
        namespace: 'etl',
        labels: { ...template.metadata?.labels, ...pick('label'), ...own },
        annotations: { ...template.metadata?.annotations, ...pick('annotation') },
      },
      spec: {
        schedulerName: conf.get('spark.kubernetes.scheduler.name') ?? template.spec?.schedulerName,
        containers: [{ name: 'c', image: 'i', resources: { requests } }],
      },
    },
    'Pod',
  );
}

interface Template {
  readonly metadata?: { readonly labels?: object; readonly annotations?: object };
  readonly spec?: { readonly schedulerName?: string };
}

/** The `--conf` lines of the README's shell blocks, as the shell hands them over. */
const blocks = [...read('README.md').matchAll(/```sh\n(.*?)```/gs)].map(
  ([, text]) =>
    new Map(
      [...text!.matchAll(/--conf (?:'([^']*)'|(\S+))/g)].map(([, quoted, plain]): [string, string] => {
        const line = quoted ?? plain!.replace('$RUN', 'etl-1');
        return [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)];
      }),
    ),
);
const [plain, dynamic, palantir] = blocks as [Map<string, string>, Map<string, string>, Map<string, string>];
const MIB = 2 ** 20;

test.each([
  ['the first command', plain, 8],
  ['dynamic allocation', new Map([...plain, ...dynamic]), 2],
  ["Palantir's annotations", palantir, 8],
])('spark-submit, %s: the driver declares a gang that its executors are in', (_name, conf, min) => {
  const [driver, executor] = [sparkPod('driver', conf), sparkPod('executor', conf)];
  expect(driver.membership?.problem).toBeUndefined();
  expect(driver.membership).toMatchObject({ gang: 'etl/etl-1', role: 'driver' });
  expect(executor.membership).toEqual({ gang: 'etl/etl-1', role: 'executor' });
  const [leader, members] = driver.membership!.spec!.roles;
  expect([leader!.name, leader!.count, leader!.request]).toEqual(['driver', 1, driver.request]);
  expect([members!.count, members!.min]).toEqual([8, min]);
  expect(Object.fromEntries(members!.request)).toEqual({ cpu: 4000, memory: 9011 * MIB, pods: 1 });
  expect(members!.request).toEqual(executor.request);
});

test('spark-submit sends driver and executors to muster', () => {
  expect(sparkPod('driver', plain).schedulerName).toBe('muster');
  expect(sparkPod('executor', plain).schedulerName).toBe('muster');
});

test('with the pod templates only the name of the gang is left for the command line', () => {
  const conf = new Map([...plain].filter(([key]) => key.endsWith('muster.dev/gang')));
  expect(conf.size).toBe(2);
  const template = (name: string) => parse(read(`pod-templates/${name}.yaml`)) as Template;
  const driver = sparkPod('driver', conf, template('driver'));
  const executor = sparkPod('executor', conf, template('executor'));
  expect(driver.membership?.problem).toBeUndefined();
  expect(driver.membership?.spec?.roles.map(({ name, count, min }) => [name, count, min])).toEqual([
    ['driver', 1, 1],
    ['executor', 8, 8],
  ]);
  expect(executor.membership).toEqual({ gang: 'etl/etl-1', role: 'executor' });
  expect([driver.schedulerName, executor.schedulerName]).toEqual(['muster', 'muster']);
});
