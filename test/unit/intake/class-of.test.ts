import { describe, expect, test } from 'vitest';
import type { PodInfo } from '../../../src/core/model.ts';
import { DEFAULT_CONTEXT } from '../../../src/intake/gang-objects.ts';
import { toPodInfo } from '../../../src/intake/pod.ts';
import { policyFor } from '../../../src/core/policy/select.ts';
import { parsePolicies } from '../../support/parse-policies.ts';

interface Parts {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly args?: readonly string[];
}

const podOf = ({ labels = {}, annotations = {}, args = [] }: Parts): PodInfo =>
  toPodInfo(
    {
      metadata: { name: 'p', uid: 'u', namespace: 'ns', labels, annotations },
      spec: { schedulerName: 'muster', containers: [{ name: 'c', args }] },
    },
    'Pod',
    DEFAULT_CONTEXT,
  );

const gang = { 'muster.dev/gang': 'g', 'muster.dev/role': 'main' };
const roles = { 'muster.dev/roles': '[{"name":"main","requests":{"cpu":1}}]' };
const spark = (role: string) => ({ 'spark-role': role, 'spark-app-selector': 'app' });
const KYUUBI = ['driver', '--class', 'org.apache.kyuubi.engine.spark.SparkSQLEngine'];

describe('the class of', () => {
  test.each<[string, Parts, PodInfo['class']]>([
    ['a pod that says nothing', {}, undefined],
    ['a label', { labels: { 'muster.dev/class': 'interactive' } }, 'interactive'],
    ['an annotation', { annotations: { 'muster.dev/class': 'endless' } }, 'endless'],
    ['the leader of a gang', { labels: { ...gang, 'muster.dev/class': 'shared' }, annotations: roles }, 'shared'],
    ['no leader', { labels: { ...gang, 'muster.dev/class': 'shared' } }, undefined],
    ['no class that there is', { labels: { 'muster.dev/class': 'important' } }, undefined],
    ['D1 a connect-server', { labels: spark('connect-server') }, 'shared'],
    ['an engine of Kyuubi', { args: KYUUBI }, 'shared'],
    ['one whose owner says otherwise', { args: KYUUBI, labels: { 'muster.dev/class': 'batch' } }, 'batch'],
    ['what is endless', { labels: { 'muster.dev/endless': 'true' } }, 'endless'],
    ['a server that is endless', { args: KYUUBI, labels: { 'muster.dev/endless': 'true' } }, 'shared'],
    ['executors of client mode', { labels: spark('executor') }, 'interactive'],
  ])('%s', (_what, parts, workClass) => expect(podOf(parts).class).toBe(workClass));
});

test.each<[string, Parts, true | undefined]>([
  ['shared work', { labels: { 'muster.dev/class': 'shared' } }, true],
  ['endless work', { labels: { 'muster.dev/class': 'endless' } }, true],
  ['interactive work', { labels: { 'muster.dev/class': 'interactive' } }, undefined],
  ['a server that is run as a batch', { args: KYUUBI, labels: { 'muster.dev/class': 'batch' } }, undefined],
])('whether %s has no end: %s', (_what, parts, isEndless) => {
  expect(podOf(parts).recurrence?.isEndless).toBe(isEndless);
});

test('policies match classes', () => {
  const text =
    'policies: [{name: served, match: {class: [shared, endless]}}, {name: jobs, match: {class: batch}}, {name: rest}]';
  const policies = parsePolicies(text, 'f');
  const nameFor = (parts: Parts) => policyFor(policies, podOf(parts)).name;
  expect(nameFor({ args: KYUUBI })).toBe('served');
  expect(nameFor({})).toBe('jobs');
  expect(nameFor({ labels: { 'muster.dev/class': 'interactive' } })).toBe('rest');
  expect(() => parsePolicies('policies: [{name: a, match: {class: large}}]', 'f')).toThrow(
    /policies\[0\]\.match\.class.*batch, shared, endless, interactive/,
  );
});
