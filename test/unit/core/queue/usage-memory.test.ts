import { describe, expect, test } from 'vitest';
import { QueueTree, type QueueNode } from '../../../../src/core/queue/tree.ts';
import { UsageMemory } from '../../../../src/core/queue/usage-memory.ts';
import { SharedCluster } from '../../../support/shared-cluster.ts';
import { queue, tenancyOf } from '../../../support/tenancies.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const rules = { memory: 1, halfLifeMs: DAY };
const queues = [queue('a'), queue('b')];

const tree = new QueueTree(tenancyOf(queues, rules));
const parts =
  (of: Readonly<Record<string, number>>) =>
  ({ path }: QueueNode) =>
    of[path] ?? 0;
const usedMs = (memory: UsageMemory, path: string) => memory.state()[path]!.usedMs;

describe('what a queue has held lately', () => {
  test('after a half-life counts half', () => {
    const memory = new UsageMemory();
    memory.restore({ a: { usedMs: 1000, atMs: 0 } });
    memory.advance(tree, parts({}), DAY);
    expect(usedMs(memory, 'a')).toBeCloseTo(500);
  });

  test('is the integral, however often it is looked at', () => {
    const often = new UsageMemory();
    for (let atMs = 0; atMs <= 2 * DAY; atMs += HOUR / 4) often.advance(tree, parts({ a: 0.5 }), atMs);
    const twice = new UsageMemory();
    for (const atMs of [0, 2 * DAY]) twice.advance(tree, parts({ a: 0.5 }), atMs);
    let sum = 0;
    const step = 60_000;
    for (let agoMs = step / 2; agoMs < 2 * DAY; agoMs += step) sum += 0.5 * step * 2 ** (-agoMs / DAY);
    expect(usedMs(twice, 'a')).toBeCloseTo(sum, -2);
    expect(usedMs(often, 'a') / usedMs(twice, 'a')).toBeCloseTo(1, 9);
  });

  test('outlives a restart', () => {
    const memory = new UsageMemory();
    memory.advance(tree, parts({ a: 1 }), 0);
    memory.advance(tree, parts({ a: 1 }), HOUR);
    const restored = new UsageMemory();
    restored.restore(JSON.parse(JSON.stringify(memory.state())) as ReturnType<UsageMemory['state']>);
    expect(restored.state()).toEqual(memory.state());
  });
});

test('A26: who held 75 of 100 lately and wants as much as the other is entitled to 25', () => {
  const all = new SharedCluster(tenancyOf(queues, rules), { cpu: 100 });
  for (const path of ['a', 'b']) all.want(path, { cpu: 100 });
  all.shares.memory.restore({ a: { usedMs: 75 * DAY, atMs: 0 }, b: { usedMs: 25 * DAY, atMs: 0 } });
  all.refresh();
  const factors = ['a', 'b'].map((path) => all.shares.memory.factorOf(all.tree.leaf(path)));
  expect(factors.map((factor) => factor.toFixed(2))).toEqual(['0.67', '2.00']);
  expect(all.entitled()).toEqual({ a: 25, b: 75 });
});

test('it makes a weight four times as large at most, and nothing of what is guaranteed', () => {
  const guaranteed = [queue('a', { guaranteed: { cpu: 60 } }), queue('b')];
  const all = new SharedCluster(tenancyOf(guaranteed, rules), { cpu: 100 });
  for (const path of ['a', 'b']) all.want(path, { cpu: 100 });
  all.shares.memory.restore({ a: { usedMs: DAY, atMs: 0 }, b: { usedMs: 0, atMs: 0 } });
  all.refresh();
  expect(all.shares.memory.factorOf(all.tree.leaf('b'))).toBe(4);
  expect(all.entitled()).toEqual({ a: 64.4, b: 35.6 });
});

test('weights stay the same for five minutes', () => {
  const all = new SharedCluster(tenancyOf(queues, rules), { cpu: 100 });
  for (const path of ['a', 'b']) all.want(path, { cpu: 100 });
  all.hold('a', { cpu: 90 });
  all.refresh();
  expect(all.entitled()).toEqual({ a: 50, b: 50 });
  all.nowMs += 300_000;
  all.refresh();
  expect(all.entitled()['a']).toBeLessThan(50);
});

test('without memory in the file, nothing is remembered', () => {
  const all = new SharedCluster(tenancyOf(queues), { cpu: 100 });
  all.hold('a', { cpu: 90 });
  all.refresh();
  expect(all.shares.memory.state()).toEqual({});
});

test('in hours in which it yields a queue counts with a tenth of its weight', () => {
  const yields = { from: 0, to: 1, zone: 'UTC' };
  const all = new SharedCluster(tenancyOf([queue('a', { yields }), queue('b')]), { cpu: 110 });
  for (const path of ['a', 'b']) all.want(path, { cpu: 110 });
  all.refresh();
  expect(all.entitled()).toEqual({ a: 10, b: 100 });
  all.nowMs = 60_000;
  all.refresh();
  expect(all.entitled()).toEqual({ a: 55, b: 55 });
});
