import { expect, test } from 'vitest';
import { amountOf } from '../../../../src/core/queue/quotas.ts';

const quota = {
  amounts: new Map([['cpu', 5]]),
  shares: new Map([
    ['*', 0.5],
    ['memory', 0.25],
  ]),
};
const of = (name: string) => amountOf(quota, { name, capacity: 100, otherwise: Infinity });

test('a part of every resource is a part of those that are shared out and that the quota does not name', () => {
  expect(['cpu', 'memory', 'nvidia.com/gpu'].map(of)).toEqual([5, 25, 50]);
  expect(['pods', 'ephemeral-storage', 'hugepages-2Mi', '(unknown)'].map(of)).toEqual([
    Infinity,
    Infinity,
    Infinity,
    Infinity,
  ]);
});
