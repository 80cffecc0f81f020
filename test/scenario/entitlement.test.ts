import { describe, expect, test } from 'vitest';
import type { QueueSpec } from '../../src/core/policy/tenancy.ts';
import { SharedCluster } from '../support/shared-cluster.ts';
import { queue, tenancyOf } from '../support/tenancies.ts';

/** 100 cores; each leaf wants so many cores. */
function shares(queues: readonly QueueSpec[], wants: Readonly<Record<string, number>>, capacity = 100) {
  const all = new SharedCluster(tenancyOf(queues), { cpu: capacity });
  for (const [path, cpu] of Object.entries(wants)) all.want(path, { cpu });
  all.refresh();
  return all;
}

const entitled = (...args: Parameters<typeof shares>) => shares(...args).entitled();

describe('what each queue is entitled to, of 100 cores', () => {
  test('A1: two that want all', () => {
    expect(entitled([queue('a'), queue('b')], { a: 100, b: 100 })).toEqual({ a: 50, b: 50 });
  });

  test('A2: weights 1 and 3', () => {
    expect(entitled([queue('a'), queue('b', { weight: 3 })], { a: 100, b: 100 })).toEqual({ a: 25, b: 75 });
  });

  test('A3: one wants little', () => {
    expect(entitled([queue('a'), queue('b')], { a: 20, b: 100 })).toEqual({ a: 20, b: 80 });
  });

  test('A4: guaranteed 60 and 20', () => {
    const queues = [queue('a', { guaranteed: { cpu: 60 } }), queue('b', { guaranteed: { cpu: 20 } })];
    expect(entitled(queues, { a: 100, b: 100 })).toEqual({ a: 70, b: 30 });
  });

  test('A5: an idle guarantee is lent', () => {
    expect(entitled([queue('a', { guaranteed: { cpu: 60 } }), queue('b')], { a: 10, b: 100 })).toEqual({
      a: 10,
      b: 90,
    });
  });

  test('A6: a part of it is kept', () => {
    const queues = [queue('a', { guaranteed: { cpu: 60 }, lend: { cpu: 30 } }), queue('b')];
    const all = shares(queues, { a: 10, b: 100 });
    expect(all.entitled()).toEqual({ a: 10, b: 70 });
    expect(all.entitled('cpu', 'withheld')).toEqual({ a: 20, b: 0 });
  });

  test('A7: none gets more than its max', () => {
    expect(entitled([queue('a'), queue('b', { max: { cpu: 50 } })], { a: 10, b: 100 })).toEqual({ a: 10, b: 50 });
  });

  test('A8: a queue of queues', () => {
    const queues = [queue('prod', { guaranteed: { cpu: 60 }, queues: [queue('etl'), queue('ml')] }), queue('dev')];
    const expected = { prod: 80, 'prod.etl': 40, 'prod.ml': 40, dev: 20 };
    expect(entitled(queues, { 'prod.etl': 100, 'prod.ml': 100, dev: 100 })).toEqual(expected);
  });

  test('A11: guarantees of which a node is gone shrink together', () => {
    const queues = [queue('a', { guaranteed: { cpu: 80 } }), queue('b', { guaranteed: { cpu: 40 } })];
    expect(entitled(queues, { a: 100, b: 100 })).toEqual({ a: 66.7, b: 33.3 });
  });

  test('A13: three that want 10, 40 and 100', () => {
    expect(entitled([queue('a'), queue('b'), queue('c')], { a: 10, b: 40, c: 100 })).toEqual({ a: 10, b: 40, c: 50 });
  });

  test('A14: the weight is of what nobody is guaranteed', () => {
    const queues = [
      queue('a', { guaranteed: { cpu: 30 }, weight: 3 }),
      queue('b', { guaranteed: { cpu: 10 }, weight: 1 }),
    ];
    expect(entitled(queues, { a: 100, b: 100 })).toEqual({ a: 75, b: 25 });
  });
});

describe('a tenant of one resource is not starved by its sibling of another (counter-examples to hierarchical DRF)', () => {
  test('A9: starvation', () => {
    const queues = [queue('n1'), queue('n2', { queues: [queue('c'), queue('g')] })];
    const all = new SharedCluster(tenancyOf(queues), { cpu: 100, gpu: 100 });
    all.want('n1', { gpu: 100 });
    all.want('n2.c', { cpu: 100 });
    all.want('n2.g', { gpu: 100 });
    all.refresh();
    expect(all.entitled('gpu')).toEqual({ n1: 50, n2: 50, 'n2.c': 0, 'n2.g': 50 });
    expect(all.entitled('cpu')).toEqual({ n1: 0, n2: 100, 'n2.c': 100, 'n2.g': 0 });
  });

  test('A10: blocking', () => {
    const queues = [queue('n1'), queue('n2'), queue('n3', { queues: [queue('c'), queue('g')] }), queue('n4')];
    const all = new SharedCluster(tenancyOf(queues), { cpu: 100, gpu: 100 });
    for (const path of ['n1', 'n2', 'n3.c']) all.want(path, { cpu: 100 });
    for (const path of ['n3.g', 'n4']) all.want(path, { gpu: 100 });
    all.refresh();
    expect(all.entitled('cpu')).toEqual({ n1: 33.3, n2: 33.3, n3: 33.3, 'n3.c': 33.3, 'n3.g': 0, n4: 0 });
    expect(all.entitled('gpu')).toEqual({ n1: 0, n2: 0, n3: 50, 'n3.c': 0, 'n3.g': 50, n4: 50 });
  });
});

describe('what a queue does not lend is kept at every level', () => {
  const etl = queue('etl', { guaranteed: { cpu: 60 }, lend: { cpu: 0 } });
  const queues = [queue('prod', { queues: [etl, queue('ml')] }), queue('dev')];

  test('and its sibling still gets its part of the rest', () => {
    const all = shares(queues, { 'prod.ml': 100, dev: 100 });
    expect(all.entitled()).toEqual({ prod: 20, 'prod.etl': 0, 'prod.ml': 20, dev: 20 });
    expect(all.entitled('cpu', 'withheld')).toEqual({ prod: 60, 'prod.etl': 60, 'prod.ml': 0, dev: 0 });
  });

  test('and who wants little gets it', () => {
    expect(entitled(queues, { 'prod.ml': 10, dev: 100 })).toEqual({ prod: 10, 'prod.etl': 0, 'prod.ml': 10, dev: 30 });
  });
});

describe('where a queue stands once a gang has started', () => {
  const queues = [queue('a', { guaranteed: { cpu: 60 } }), queue('b')];

  /** a holds `held` cores and wants all, b wants all: they are entitled to 80 and 20. */
  function tierOfA(held: number, asks: number): number {
    const all = new SharedCluster(tenancyOf(queues), { cpu: 100 });
    if (held > 0) all.hold('a', { cpu: held });
    all.want('a', { cpu: 100 });
    all.want('b', { cpu: 100 });
    all.refresh();
    return all.shares.tierAt(all.tree.leaf('a'), all.cluster.requestVector(new Map([['cpu', asks * 1000]])));
  }

  test.each([
    [0, 60, 0],
    [59, 1, 0],
    [60, 1, 1],
    [60, 20, 1],
    [60, 20.001, 2],
    [81, 1, 2],
  ])('holds %d, asks %d: tier %d', (held, asks, tier) => {
    expect(tierOfA(held, asks)).toBe(tier);
  });

  test('less than one unit beyond does not count', () => {
    const all = new SharedCluster(tenancyOf([queue('a'), queue('b'), queue('c')]), { cpu: 1, gpu: 100 });
    for (const path of ['a', 'b', 'c']) all.want(path, { gpu: 100 });
    all.refresh();
    const gpus = (n: number) => all.cluster.requestVector(new Map([['nvidia.com/gpu', n]]));
    const a = all.tree.leaf('a');
    expect([33, 34, 35].map((n) => all.shares.tierAt(a, gpus(n)))).toEqual([1, 1, 2]);
  });
});
