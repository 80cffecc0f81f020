import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseQuantity, wholeUnits } from '../../../src/intake/quantity.ts';

const KI = 1024;
const good: readonly (readonly [text: string | number, resource: string, want: number])[] = [
  ['0', 'memory', 0],
  ['1', 'cpu', 1000],
  ['100m', 'cpu', 100],
  ['0.1', 'cpu', 100],
  ['1.5', 'cpu', 1500],
  ['.5', 'cpu', 500],
  ['2.', 'cpu', 2000],
  ['+2', 'cpu', 2000],
  ['1500u', 'cpu', 2], // 1.5 m, rounded up
  ['1n', 'cpu', 1],
  ['1n', 'memory', 1],
  ['0.0000000001', 'memory', 1], // a tenth of a billionth is rounded up to one, then to a byte
  ['100k', 'memory', 100_000],
  ['1M', 'memory', 1_000_000],
  ['1G', 'memory', 1e9],
  ['1T', 'memory', 1e12],
  ['1P', 'memory', 1e15],
  ['1Ki', 'memory', KI],
  ['9011Mi', 'memory', 9011 * KI ** 2],
  ['1.5Gi', 'memory', 1.5 * KI ** 3],
  ['1Ti', 'memory', KI ** 4],
  ['7Pi', 'memory', 7 * KI ** 5],
  ['128974848', 'memory', 128_974_848],
  ['129e6', 'memory', 129_000_000],
  ['12E3', 'memory', 12_000],
  ['1e-3', 'cpu', 1],
  ['500e-3', 'cpu', 500],
  ['0.3Ki', 'memory', 308], // 307.2
  ['1e3', 'nvidia.com/gpu', 1000],
  ['9007199254740991', 'memory', Number.MAX_SAFE_INTEGER],
  ['-0', 'cpu', 0],
  ['0E', 'memory', 0],
  [4, 'cpu', 4000],
  [0.25, 'cpu', 250],
];

test.each(good)('%s of %s', (text, resource, want) => {
  expect(wholeUnits(parseQuantity(text, 'here'), resource, 'here')).toBe(want);
});

const bad: readonly (readonly [value: unknown, says: string])[] = [
  ['', 'expected a quantity'],
  [' 1', 'expected a quantity'],
  ['1 ', 'expected a quantity'],
  ['.', 'expected a quantity'],
  ['m', 'expected a quantity'],
  ['8gb', 'expected a quantity'],
  ['1K', 'expected a quantity'],
  ['1ki', 'expected a quantity'],
  ['1mi', 'expected a quantity'],
  ['1e', 'expected a quantity'],
  ['1e1.5', 'expected a quantity'],
  ['1e3Ki', 'expected a quantity'],
  ['0x10', 'expected a quantity'],
  ['1,000', 'expected a quantity'],
  ['--1', 'expected a quantity'],
  ['NaN', 'expected a quantity'],
  ['Infinity', 'expected a quantity'],
  ['١', 'expected a quantity'],
  [NaN, 'expected a quantity'],
  [Infinity, 'expected a quantity'],
  [null, 'expected a quantity'],
  [true, 'expected a quantity'],
  [{}, 'expected a quantity'],
  [['1'], 'expected a quantity'],
  ['-1', 'must not be negative'],
  [-0.5, 'must not be negative'],
  ['-1Ki', 'must not be negative'],
  ['1e9999', 'expected a quantity'],
  ['9'.repeat(65), 'expected a quantity'],
  ['9'.repeat(1_000_000), 'expected a quantity'],
  ['9007199254740992', 'must be at most 2\\^53 - 1'],
  ['8Ei', 'must be at most 2\\^53 - 1'],
  ['1e999', 'must be at most 2\\^53 - 1'],
];

test.each(bad)('%s is refused', (value, says) => {
  expect(() => wholeUnits(parseQuantity(value, 'Pod.spec.cpu'), 'memory', 'Pod.spec')).toThrow(
    new RegExp(`^Pod\\.spec.*${says}`),
  );
});

test('a whole number of any suffix is itself, and a sum of parts is not rounded before the end', () => {
  const suffix = fc.constantFrom(
    ['', 1n],
    ['k', 1000n],
    ['M', 10n ** 6n],
    ['Ki', 1024n],
    ['Mi', 1024n ** 2n],
    ['Gi', 1024n ** 3n],
  ) as fc.Arbitrary<[string, bigint]>;
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 8_000_000n }), suffix, (count, [letters, factor]) => {
      expect(parseQuantity(`${count}${letters}`, 'x')).toBe(count * factor * 10n ** 9n);
      expect(wholeUnits(parseQuantity(`${count}m`, 'x') * 1000n, 'memory', 'x')).toBe(Number(count));
    }),
    { seed: 1 },
  );
});
