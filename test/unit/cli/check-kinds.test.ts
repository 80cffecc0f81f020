import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { kindOf } from '../../../src/cli/check/kind.ts';
import { schedulerFindings } from '../../../src/cli/check/scheduler-file.ts';
import { configFindings } from '../../../src/cli/check/config-file.ts';
import { builtCli } from '../../support/cli.ts';
import { ROOT } from '../../support/kustomize.ts';

const { folder, muster } = builtCli();
const shipped = (path: string) => join(ROOT, path);
const read = (path: string) => parse(readFileSync(shipped(path), 'utf8')) as Record<string, unknown>;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test.each([
  ['scheduler-config/dedicated.yaml', 'KubeSchedulerConfiguration'],
  ['scheduler-config/main.yaml', 'KubeSchedulerConfiguration'],
  ['deploy/overlays/service-mtls/config/dedicated.yaml', 'KubeSchedulerConfiguration'],
  ['scheduler-config/webhook.example.yaml', 'webhook rules: 1 rule'],
  ['deploy/components/webhook/webhook.yaml', 'webhook rules: 1 rule'],
  ['scheduler-config/policies/spark.yaml', 'policy file: '],
])('%s is right, and taken for %s', async (path, kind) => {
  const { code, out, err } = await muster('check', shipped(path));
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain(`${shipped(path)}: ok: ${kind}`);
});

test.each([
  [{ policies: [] }, 'policy'],
  [{ queues: [], logLevel: 'info' }, 'policy'],
  [{ rules: [] }, 'webhook'],
  [{ logLevel: 'info', x: 1 }, 'config'],
  [{ apiVersion: 'kubescheduler.config.k8s.io/v1beta3' }, 'scheduler'],
  [{ extenders: [] }, 'scheduler'],
  [{ __proto__: { logLevel: 1 } }, 'policy'],
  [[], 'policy'],
  [null, 'policy'],
])('%j is a %s', (value, kind) => expect(kindOf(value)).toBe(kind));

test('a config file: every mistake with its line, field, value and remedy', async () => {
  const path = file('config.yaml', 'logLevel: loud\nschedulerName: muster\nport: 99999\ntlsCertFile: a.pem\n');
  const { code, out, err } = await muster('check', path);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain(`${path}:1: logLevel: Invalid option: expected one of "trace"`);
  expect(err).toContain(`${path}:2: schedulerName: unknown field (did you mean schedulerNames?), got "muster"`);
  expect(err).toContain(`${path}:3: port: Too big: expected number to be <=65535, got 99999`);
  expect(err).toContain(`${path}:4: tlsCertFile: needs tlsKeyFile: set it, too, got "a.pem"; taken for a config file.`);
  const right = file('right.yaml', 'logLevel: warn\nschedulerNames: [muster, gangs]\n');
  expect(await muster('check', right)).toMatchObject({ code: 0, out: `${right}: ok: config file\n` });
});

test('an object of the cluster is none of these files, and is told where to go', async () => {
  const path = file('app.yaml', 'apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nspec: {}\n');
  const { code, err } = await muster('check', path);
  expect(code).toBe(1);
  expect(err).toContain(
    `${path}: kind SparkApplication; muster check knows policy files, config files, webhook rules and KubeSchedulerConfigurations. muster eta`,
  );
  expect(err).not.toContain('unknown field');
});

test('a webhook file says for what it was taken', async () => {
  const path = file('webhook.yaml', 'rules:\n  - namespaces: [a]\n    drivers: {}\n');
  const { code, err } = await muster('check', path);
  expect(code).toBe(1);
  expect(err).toMatch(/rules\.0.*drivers.*; taken for webhook rules\./);
});

const dedicated = () => structuredClone(read('scheduler-config/dedicated.yaml'));
type Change = (extender: Record<string, unknown>, whole: Record<string, unknown>) => void;
const found = (change: Change, schedulerNames?: readonly string[]) => {
  const value = dedicated();
  change((value['extenders'] as Record<string, unknown>[])[0]!, value);
  return schedulerFindings(value, { schedulerNames }).map(
    ({ kind, path, message }) => `${kind} ${path.join('.')}: ${message}`,
  );
};

test('what scheduler-config/ ships has no finding', () => expect(found(() => undefined)).toEqual([]));

test.each<[string, Change, RegExp]>([
  ['no extender', (_e, all) => delete all['extenders'], /^mistake extenders: must name muster/],
  [
    'another extender alone',
    (e) => Object.assign(e, { urlPrefix: 'http://gpu:80', filterVerb: 'f' }),
    /^mistake extenders\.0\.filterVerb: must be filter/,
  ],
  [
    'a field that is none',
    (e) => Object.assign(e, { filterverb: 'filter' }),
    /filterverb: is no field.*did you mean filterVerb/,
  ],
  [
    'no preempt',
    (e) => delete e['preemptVerb'],
    /^mistake .*preemptVerb: must be preempt: without it kube-scheduler evicts/,
  ],
  ['no prioritize', (e) => delete e['prioritizeVerb'], /^mistake .*prioritizeVerb/],
  ['bind', (e) => Object.assign(e, { bindVerb: 'bind' }), /^mistake .*bindVerb: must be absent/],
  [
    'the port for people',
    (e) => Object.assign(e, { urlPrefix: 'http://127.0.0.1:8888' }),
    /^mistake .*urlPrefix: port 8888/,
  ],
  [
    'the verb in the URL',
    (e) => Object.assign(e, { urlPrefix: 'http://127.0.0.1:8889/filter' }),
    /^mistake .*must end before/,
  ],
  ['no URL', (e) => Object.assign(e, { urlPrefix: '127.0.0.1:8889' }), /^mistake .*expected the URL/],
  [
    'plain HTTP far away',
    (e) => Object.assign(e, { urlPrefix: 'http://muster.muster-system.svc:8889' }),
    /^warning .*should be https/,
  ],
  [
    'https without enableHTTPS',
    (e) => Object.assign(e, { urlPrefix: 'https://muster:8889' }),
    /^mistake .*enableHTTPS/,
  ],
  ['no weight', (e) => delete e['weight'], /^mistake .*weight: expected an integer/],
  ['a small weight', (e) => Object.assign(e, { weight: 1 }), /^warning .*weight: should be 13/],
  ['whole nodes', (e) => Object.assign(e, { nodeCacheCapable: false }), /^warning .*nodeCacheCapable/],
  ['ignorable', (e) => Object.assign(e, { ignorable: true }), /^warning .*ignorable/],
  [
    'managed resources',
    (e) => Object.assign(e, { managedResources: [{ name: 'a/b', ignoredByScheduler: true }] }),
    /^mistake .*managedResources: must be absent/,
  ],
  ['seconds as a number', (e) => Object.assign(e, { httpTimeout: 2 }), /^mistake .*httpTimeout: expected a duration/],
  ['a long timeout', (e) => Object.assign(e, { httpTimeout: '1m30s' }), /^warning .*httpTimeout: should be about 2s/],
  [
    'no profile for muster',
    (_e, all) => delete all['profiles'],
    /^mistake profiles: no profile has schedulerName muster/,
  ],
  [
    'the same profile twice',
    (_e, all) => Object.assign(all, { profiles: [{ schedulerName: 'muster' }, { schedulerName: 'muster' }] }),
    /^mistake profiles\.1\.schedulerName: must be unique/,
  ],
  ["the cluster's own lease", (_e, all) => delete all['leaderElection'], /^warning leaderElection\.resourceName/],
  [
    'a sample',
    (_e, all) => Object.assign(all, { percentageOfNodesToScore: 30 }),
    /^warning percentageOfNodesToScore: should be 100 below 2,000/,
  ],
  [
    'a sample that is none',
    (_e, all) => Object.assign(all, { percentageOfNodesToScore: '30' }),
    /^mistake percentageOfNodesToScore/,
  ],
  [
    'an old version',
    (_e, all) => Object.assign(all, { apiVersion: 'kubescheduler.config.k8s.io/v1beta3' }),
    /^mistake apiVersion/,
  ],
])('a KubeSchedulerConfiguration with %s', (_name, change, says) => {
  expect(found(change)).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
});

test("profiles are compared with the schedulerNames of muster's config file", async () => {
  expect(found(() => undefined, ['gangs'])).toEqual([
    expect.stringMatching(/^mistake profiles: .*gangs of muster's schedulerNames/),
  ]);
  const value = { ...dedicated(), profiles: [{ schedulerName: 'gangs' }] };
  const scheduler = file('scheduler.yaml', stringify(value));
  const config = file('names.yaml', 'schedulerNames: [gangs]\n');
  expect((await muster('check', scheduler)).code).toBe(1);
  expect(await muster('check', scheduler, config)).toMatchObject({ code: 0, err: '' });
});

test('nothing in a file makes the check fail with an error of its own', () => {
  for (const value of [
    null,
    1,
    'x',
    [],
    {},
    { extenders: 5 },
    { extenders: [null, 3] },
    { profiles: [{ schedulerName: 7 }, null] },
    { extenders: [{}, {}] },
  ]) {
    expect(Array.isArray(schedulerFindings(value, { schedulerNames: undefined }))).toBe(true);
    expect(Array.isArray(configFindings(value))).toBe(true);
  }
});

test('a preset and a file that are misspelt are told with the nearest preset', async () => {
  expect(await muster('check', 'muster-fair')).toMatchObject({
    code: 0,
    out: expect.stringContaining('muster-fair: ok') as string,
  });
  const { code, err } = await muster('check', 'muster-fiar');
  expect(code).toBe(1);
  expect(err).toContain('did you mean muster-fair?');
});
