import { describe, expect, test } from 'vitest';
import type { Result } from '../../../bench/support/benchmark.ts';
import { onlyIn, orderOf, pairsOf, verdictOf, type Round } from '../../../bench/support/pairing.ts';

const LIMIT = 1.05;

const figure = (median: number, more: Partial<Result> = {}): Result => {
  return { name: 'cost', unit: 'µs', median, samples: 1, ...more };
};

/** One figure on both sides, as often as there are pairs of medians. */
const roundsOf = (medians: readonly (readonly [number, number])[], more: Partial<Result> = {}): Round[] =>
  medians.map(([a, b]) => ({ a: [figure(a, more)], b: [figure(b, more)] }));

const verdictOn = (medians: readonly (readonly [number, number])[], more: Partial<Result> = {}) =>
  verdictOf(pairsOf(roundsOf(medians, more))[0]!, LIMIT);

test('the side that begins changes with every round', () => {
  expect([0, 1, 2].map(orderOf)).toEqual([
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'b'],
  ]);
});

describe('ratios', () => {
  test('each is of one round: a machine that slows down on both sides changes none', () => {
    const rounds = roundsOf([
      [100, 110],
      [200, 220],
      [400, 440],
    ]);
    expect(pairsOf(rounds)[0]!.medians).toEqual({ min: 1.1, median: 1.1, max: 1.1 });
  });

  test('the median of the ratios is not the ratio of the medians', () => {
    const rounds = roundsOf([
      [1, 2],
      [10, 10],
      [100, 50],
    ]);
    expect(pairsOf(rounds)[0]!.medians).toEqual({ min: 0.5, median: 1, max: 2 });
  });

  test('p99 has its own, of the rounds in which both sides have one', () => {
    const without = { a: [figure(1)], b: [figure(1, { p99: 5 })] };
    expect(pairsOf([without])[0]!.p99s).toBeUndefined();
    const withBoth = { a: [figure(1, { p99: 2 })], b: [figure(1, { p99: 6 })] };
    expect(pairsOf([without, withBoth])[0]!.p99s).toEqual({ min: 3, median: 3, max: 3 });
  });

  test('0 against 0 is no change; something against 0 is without bound', () => {
    expect(pairsOf(roundsOf([[0, 0]]))[0]!.medians.median).toBe(1);
    expect(verdictOn([[0, 1]])).toBe('worse');
  });
});

test('a figure of one side has no ratio and is told', () => {
  const rounds: Round[] = [
    {
      a: [figure(1), figure(1, { name: 'gone' })],
      b: [figure(1, { name: 'new' }), figure(1)],
    },
  ];
  expect(pairsOf(rounds).map((pair) => pair.figure.name)).toEqual(['cost']);
  expect(onlyIn('a', rounds)).toEqual(['gone']);
  expect(onlyIn('b', rounds)).toEqual(['new']);
});

describe('verdict', () => {
  test.each([
    ['µs', 1.06, 'worse'],
    ['µs', 1.05, 'within'],
    ['µs', 0.96, 'within'],
    ['µs', 0.9, 'better'],
    ['MB', 1.06, 'worse'],
    ['1/s', 1.06, 'better'],
    ['1/s', 0.96, 'within'],
    ['1/s', 0.9, 'worse'],
    ['x', 0.9, 'worse'],
    ['count', 2, 'not judged'],
  ] as const)('%s times %d is %s', (unit, times, verdict) => {
    expect(verdictOn([[1, times]], { unit })).toBe(verdict);
  });

  test('one bad round of three does not count', () => {
    expect(
      verdictOn([
        [1, 1],
        [1, 3],
        [1, 1],
      ]),
    ).toBe('within');
  });

  test('a p99 does not count', () => {
    const round = { a: [figure(1, { p99: 1 })], b: [figure(1, { p99: 9 })] };
    expect(verdictOf(pairsOf([round])[0]!, LIMIT)).toBe('within');
  });

  test('a figure is judged by its multiple of its floor, and the floor itself is not', () => {
    const side = (own: number, bare: number) => [figure(own, { floor: 'bare' }), figure(bare, { name: 'bare' })];
    const [slowMachine, slowerCode] = [
      { a: side(10, 5), b: side(20, 10) },
      { a: side(10, 5), b: side(20, 5) },
    ];
    expect(pairsOf([slowMachine])[0]).toMatchObject({ medians: { median: 2 }, overFloors: { median: 1 } });
    expect(pairsOf([slowMachine]).map((pair) => verdictOf(pair, LIMIT))).toEqual(['within', 'not judged']);
    expect(pairsOf([slowerCode]).map((pair) => verdictOf(pair, LIMIT))).toEqual(['worse', 'not judged']);
  });

  test('a revision that does not yet say which is the floor has it all the same', () => {
    const bare = figure(5, { name: 'bare' });
    const round = { a: [figure(10), bare], b: [figure(20, { floor: 'bare' }), bare] };
    expect(pairsOf([round])[0]!.overFloors?.median).toBe(2);
  });

  test('a ratio that is no number is not within the limit', () => {
    expect(verdictOn([[1, NaN]])).toBe('worse');
  });
});
