import { expect, test } from 'vitest';
import { pairOptions } from '../../../bench/support/pair-options.ts';

test('five rounds and no limit unless said; a benchmark that is named twice runs once', () => {
  expect(pairOptions(['--against', 'main', 'core', 'filter-http', 'core'])).toEqual({
    against: 'main',
    rounds: 5,
    quick: false,
    limit: undefined,
    names: ['core', 'filter-http'],
  });
});

test('everything said', () => {
  const args = ['core', '--against=v1', '--rounds', '3', '--limit', '1.05', '--quick'];
  expect(pairOptions(args)).toEqual({ against: 'v1', rounds: 3, quick: true, limit: 1.05, names: ['core'] });
});

test('help is wanted', () => {
  expect(pairOptions(['--help'])).toBeUndefined();
});

test.each([
  [['core'], '--against is missing'],
  [['--against', 'main'], 'No benchmark is named'],
  [['--against', 'main', 'cores'], 'There is no benchmark "cores"'],
  [['--against', 'main', 'core', '--rounds', '0'], '--rounds is 1 or more, not "0"'],
  [['--against', 'main', 'core', '--rounds', 'few'], '--rounds is 1 or more, not "few"'],
  [['--against', 'main', 'core', '--limit', '0.95'], '--limit is a ratio of 1 or more, not "0.95"'],
  [['--against', 'main', 'core', '--limit', '5%'], '--limit is a ratio of 1 or more, not "5%"'],
  [['--against', 'main', 'core', '--slow'], "Unknown option '--slow'"],
])('%j: %s', (args, problem) => {
  expect(() => pairOptions(args)).toThrow(problem);
});
