import { expect, test } from 'vitest';
import { OPEN_TENANCY, type Rates as RateRules } from '../../../../src/core/policy/tenancy.ts';
import { Rates, registryOf } from '../../../../src/core/queue/rates.ts';

const rules = (change: Partial<RateRules>): RateRules => ({ ...OPEN_TENANCY.rates, ...change });
const arrival = (namespace: string, pods: number, pulls: readonly string[] = []) => ({ namespace, pods, pulls });

test.each([
  ['spark', 'docker.io'],
  ['apache/spark:4.0', 'docker.io'],
  ['localhost/spark', 'localhost'],
  ['registry:5000/spark', 'registry:5000'],
  ['123.dkr.ecr.eu-west-1.amazonaws.com/team/spark@sha256:0', '123.dkr.ecr.eu-west-1.amazonaws.com'],
])('the registry of %s is %s', (image, registry) => {
  expect(registryOf(image)).toBe(registry);
});

test('whoever waits for several buckets waits for the one that opens last', () => {
  const rates = new Rates(
    rules({
      pods: { perSecond: 10, burst: 10 },
      namespaces: { match: ['*'], perSecond: 1, burst: 10 },
      registries: [{ match: '*', perSecond: 0.5, burst: 10 }],
    }),
  );
  rates.take(arrival('a', 20, ['spark']), 0);
  expect(rates.waitOf('b', [], 0)).toMatchObject({ kind: 'cluster', name: '', untilMs: 1100 });
  expect(rates.waitOf('a', [], 0)).toMatchObject({ kind: 'namespace', name: 'a', untilMs: 11_000 });
  rates.take(arrival('c', 1, Array<string>(20).fill('spark')), 0);
  expect(rates.waitOf('a', ['spark'], 0)).toMatchObject({ kind: 'registry', name: 'docker.io', untilMs: 24_000 });
});

test('a bucket for less than one token opens when it is full', () => {
  const rates = new Rates(rules({ pods: { perSecond: 0.1, burst: 0.5 } }));
  expect(rates.waitOf('a', [], 0)).toBeUndefined();
  rates.take(arrival('a', 1), 0);
  expect(rates.waitOf('a', [], 0)).toMatchObject({ untilMs: 10_000 });
});

test('full buckets of namespaces are forgotten', () => {
  const rates = new Rates(rules({ namespaces: { match: ['*'], perSecond: 1, burst: 10 } }));
  for (let i = 0; i < 1000; i++) rates.take(arrival(`ns-${i}`, 5), 0);
  expect(rates.views(0)).toEqual([{ name: 'namespaces', tokens: 5, waits: 0 }]);
  rates.expire(4999);
  expect(rates.size).toBe(1000);
  rates.expire(5001);
  expect(rates.views(5001)).toMatchObject([{ tokens: 10 }]);
  expect(rates.size).toBe(0);
});

test('new rules keep the level of each bucket that stays, and drop the others', () => {
  const rates = new Rates(
    rules({
      namespaces: { match: ['*'], perSecond: 1, burst: 10 },
      registries: [
        { match: 'a*', perSecond: 1, burst: 10 },
        { match: 'b*', perSecond: 1, burst: 10 },
      ],
    }),
  );
  rates.take(arrival('a', 30, ['a.io/x', 'b.io/x', 'b.io/x']), 0);
  rates.setRules(rules({ registries: [{ match: 'b*', perSecond: 5, burst: 20 }] }), 0);
  expect(rates.views(0)).toEqual([{ name: 'registry b*', tokens: 8, waits: 0 }]);
  expect(rates.waitOf('a', ['a.io/x', 'b.io/x'], 0)).toBeUndefined();
});
