import { expect, test } from 'vitest';
import { OPEN_TENANCY } from '../../../../src/core/policy/tenancy.ts';
import { MAX_QUEUES, QueueTree } from '../../../../src/core/queue/tree.ts';
import { queue, rule, tenancy } from '../../../support/tenancies.ts';

const HOUR_MS = 3_600_000;
const paths = (tree: QueueTree) => [...tree.nodes()].map(({ path }) => path);

test('a leaf is made from what its parent says of each, and only what the file says is there before', () => {
  const each = queue('', { weight: 3, queues: [queue('low')] });
  const tree = new QueueTree(tenancy([queue('adhoc', { each })]));
  expect(paths(tree)).toEqual(['', 'adhoc']);
  expect(tree.leaf('adhoc.bob').path).toBe('adhoc.bob.default');
  expect(tree.leaf('adhoc.bob.low').parent!.spec.weight).toBe(3);
  expect(paths(tree)).toEqual(['', 'adhoc', 'adhoc.bob', 'adhoc.bob.low', 'adhoc.bob.default']);
  expect(tree.size).toBe(5);
});

test('a leaf stays one: nothing is made below it', () => {
  const tree = new QueueTree(tenancy([queue('prod')], { rules: [rule('x.{user}')] }));
  expect(tree.leaf('prod.etl').path).toBe('prod');
  // A rule puts queues below this one.
  expect(tree.leaf('x').path).toBe('x.default');
  expect(tree.leaf('x.bob').path).toBe('x.bob');
  expect(tree.leaf('x.bob.more').path).toBe('x.bob');
  expect([...tree.nodes()].filter(({ isLeaf, isBare }) => isLeaf !== isBare)).toEqual([]);
});

test.each(['', '.', 'root', 'root.', '..root..'])('%j names no queue: default is used', (path) => {
  expect(new QueueTree(tenancy([queue('a')])).leaf(path).path).toBe('default');
});

test('without queues a name is one queue, dots and all, and a long one is cut', () => {
  const tree = new QueueTree(OPEN_TENANCY);
  expect(tree.leaf('a.b')).toBe(tree.root.child('a.b'));
  expect(tree.leaf('').path).toBe('default');
  expect(tree.leaf('x'.repeat(5000)).path).toHaveLength(253);
  expect(tree.leaf('x'.repeat(6000))).toBe(tree.leaf('x'.repeat(5000)));
});

test('of 100,000 names no more than 2,000 become queues, and what is too much stays below the same parent', () => {
  const tree = new QueueTree(tenancy([queue('adhoc', { each: queue('') })]));
  for (let i = 0; i < 100_000; i++) tree.leaf(`adhoc.q${i}`, `ns${i}`);
  expect(tree.size).toBe(MAX_QUEUES + 1);
  expect(tree.leaf('adhoc.one-more').path).toBe('adhoc.other');
  expect(tree.leaf('one-more').path).toBe('other');
  expect(tree.leaf('adhoc.q7').path).toBe('adhoc.q7');
});

test('the names of one namespace leave room for those of others', () => {
  const tree = new QueueTree(OPEN_TENANCY);
  for (let i = 0; i < 5000; i++) tree.leaf(`q${i}`, 'greedy');
  expect(tree.leaf('of-others', 'modest').path).toBe('of-others');
  expect(tree.leaf('q4999', 'greedy').path).toBe('other');
});

test('a made queue goes when it was empty for an hour, and not while somebody uses it', () => {
  const tree = new QueueTree(tenancy([queue('adhoc', { each: queue('') })], { rules: [rule('x.{user}.{namespace}')] }));
  const leaf = tree.leaf('adhoc.bob', 'bob');
  leaf.answersFor++;
  tree.leaf('x.a.b', 'bob');
  tree.sweep(0);
  tree.sweep(HOUR_MS - 1);
  expect(tree.find('x.a.b')).toBeDefined();
  tree.leaf('x.a.b', 'bob');
  tree.sweep(HOUR_MS);
  expect(tree.find('x.a.b')).toBeDefined();
  for (const ms of [2, 3, 4, 5, 6].map((hours) => hours * HOUR_MS)) tree.sweep(ms);
  expect(paths(tree)).toEqual(['', 'adhoc', 'adhoc.bob']);
  leaf.answersFor--;
  tree.sweep(7 * HOUR_MS);
  tree.sweep(8 * HOUR_MS);
  expect(paths(tree)).toEqual(['', 'adhoc']);
  expect(tree.size).toBe(2);
});

test('a sweep looks at 64 queues, and the next one at others', () => {
  const tree = new QueueTree(OPEN_TENANCY);
  for (let i = 0; i < 100; i++) tree.leaf(`q${i}`, 'a');
  tree.sweep(0);
  tree.sweep(0);
  tree.sweep(HOUR_MS);
  expect(tree.size).toBe(101 - 64);
  tree.sweep(HOUR_MS);
  expect(tree.size).toBe(1);
  // Its namespace has all its queues to make again.
  for (let i = 0; i < 1000; i++) expect(tree.leaf(`n${i}`, 'a').path).toBe(`n${i}`);
});
