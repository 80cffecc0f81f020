import { describe, expect, test } from 'vitest';
import { hasBit, nodeMatches, signatureOf, withLabels } from '../../../src/core/cluster/eligibility.ts';
import { Cluster } from '../../../src/core/cluster/cluster.ts';
import type { Constraints, Requirement, Toleration } from '../../../src/core/model.ts';
import { node, NO_CONSTRAINTS, type NodeOptions } from '../../support/builders.ts';

const label = (key: string, operator: Requirement['operator'], ...values: string[]): Requirement => ({
  on: 'label',
  key,
  operator,
  values,
});
const affinity = (...terms: Requirement[][]): Constraints => ({ ...NO_CONSTRAINTS, affinity: terms });
const tolerating = (one: Partial<Toleration>): Constraints => ({
  ...NO_CONSTRAINTS,
  tolerations: [{ key: '', operator: 'Equal', value: '', effect: '', ...one }],
});
const tainted = (effect: string, value = 'x') => ({ taints: [{ key: 'only', value, effect }] });
const size = { labels: { size: '12' } };

const cases: readonly (readonly [string, Constraints, Partial<NodeOptions>, boolean])[] = [
  ['a selector that the labels meet', { ...NO_CONSTRAINTS, nodeSelector: new Map([['size', '12']]) }, size, true],
  ['a selector with another value', { ...NO_CONSTRAINTS, nodeSelector: new Map([['size', '1']]) }, size, false],
  ['In with the value', affinity([label('size', 'In', '1', '12')]), size, true],
  ['In without the label', affinity([label('rack', 'In', '1')]), size, false],
  ['NotIn without the label', affinity([label('rack', 'NotIn', '1')]), size, true],
  ['NotIn with the value', affinity([label('size', 'NotIn', '12')]), size, false],
  ['Exists', affinity([label('size', 'Exists')]), size, true],
  ['DoesNotExist', affinity([label('size', 'DoesNotExist')]), size, false],
  ['Gt as numbers, not text', affinity([label('size', 'Gt', '9')]), size, true],
  ['Lt', affinity([label('size', 'Lt', '12')]), size, false],
  ['Gt with a value that is no number', affinity([label('size', 'Gt', 'big')]), size, false],
  ['one of two terms', affinity([label('size', 'In', '1')], [label('size', 'In', '12')]), size, true],
  [
    'a term of two requirements of which one fails',
    affinity([label('size', 'Exists'), label('rack', 'Exists')]),
    size,
    false,
  ],
  ['no terms at all', affinity(), size, false],
  ['an empty term', affinity([]), size, false],
  ['the node by name', affinity([{ on: 'name', key: 'metadata.name', operator: 'In', values: ['n'] }]), {}, true],
  ['a NoSchedule taint', NO_CONSTRAINTS, tainted('NoSchedule'), false],
  ['a NoExecute taint', NO_CONSTRAINTS, tainted('NoExecute'), false],
  ['a PreferNoSchedule taint', NO_CONSTRAINTS, tainted('PreferNoSchedule'), true],
  ['a taint tolerated by Equal', tolerating({ key: 'only', value: 'x' }), tainted('NoSchedule'), true],
  ['a taint with another value', tolerating({ key: 'only', value: 'y' }), tainted('NoSchedule'), false],
  ['a taint tolerated by Exists', tolerating({ key: 'only', operator: 'Exists' }), tainted('NoSchedule'), true],
  [
    'a taint tolerated for another effect',
    tolerating({ key: 'only', operator: 'Exists', effect: 'NoExecute' }),
    tainted('NoSchedule'),
    false,
  ],
  ['everything tolerated', tolerating({ operator: 'Exists' }), tainted('NoSchedule'), true],
  ['an empty key with Equal tolerates nothing', tolerating({ operator: 'Equal' }), tainted('NoSchedule'), false],
  [
    'a numeric taint above the bound',
    tolerating({ key: 'only', operator: 'Gt', value: '5' }),
    tainted('NoSchedule', '7'),
    true,
  ],
  ['a cordon', NO_CONSTRAINTS, { unschedulable: true }, false],
  [
    'a tolerated cordon',
    tolerating({ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }),
    { unschedulable: true },
    true,
  ],
];

test.each(cases)('%s', (_name, constraints, options, want) => {
  expect(nodeMatches(constraints, node('n', { cpu: 1, ...options }))).toBe(want);
});

test('labels that a policy asks for are added to every term', () => {
  const both = withLabels(affinity([label('size', 'Exists')]), new Map([['rack', 'r1']]));
  expect(nodeMatches(both, node('n', { cpu: 1, ...size }))).toBe(false);
  expect(nodeMatches(both, node('n', { cpu: 1, labels: { size: '1', rack: 'r1' } }))).toBe(true);
  expect(nodeMatches(withLabels(NO_CONSTRAINTS, new Map([['rack', 'r1']])), node('n', { cpu: 1 }))).toBe(false);
});

test('the order of a selector does not change the signature, its values do', () => {
  const selector = (...entries: [string, string][]): Constraints => ({
    ...NO_CONSTRAINTS,
    nodeSelector: new Map(entries),
  });
  expect(signatureOf(selector(['a', '1'], ['b', '2']))).toBe(signatureOf(selector(['b', '2'], ['a', '1'])));
  expect(signatureOf(selector(['a', '1']))).not.toBe(signatureOf(selector(['a', '2'])));
});

describe('a cached mask', () => {
  test('follows nodes that come, change and go, also when many changed', () => {
    const cluster = new Cluster();
    const pool: Constraints = { ...NO_CONSTRAINTS, nodeSelector: new Map([['pool', 'x']]) };
    const labelled = (n: number, isIn: boolean) => node(`n${n}`, { cpu: 1, labels: isIn ? { pool: 'x' } : {} });
    const want = new Map<string, boolean>();
    for (let step = 0; step < 20_000; step++) {
      const n = (step * 7919) % 300;
      const isIn = (step * 31) % 3 === 0;
      if (step % 11 === 0) {
        cluster.removeNode(`n${n}`);
        want.delete(`n${n}`);
      } else {
        cluster.putNode(labelled(n, isIn));
        want.set(`n${n}`, isIn);
      }
      if (step % 97 !== 0 && step < 19_990) continue;
      const bits = cluster.eligibility.maskFor(pool);
      for (const [name, expected] of want) expect(hasBit(bits, cluster.table.rowOf(name)!)).toBe(expected);
    }
  });
});
