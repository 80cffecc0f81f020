import { expect, test } from 'vitest';
import { peersOptions } from '../../../../bench/peers/options.ts';

test('the workload of docs/performance.md unless said', () => {
  const size = { cores: 16, gangs: 100, executors: 20, qps: 1000, driverFirst: false };
  expect(peersOptions([])).toEqual({
    sizes: [
      { nodes: 1000, ...size },
      { nodes: 5000, ...size },
    ],
    sides: undefined,
    rounds: 3,
    file: undefined,
    minutes: Infinity,
  });
});

test('everything said; a side that is named twice runs once', () => {
  const sizes = ['--nodes=200', '--cores', '4', '--gangs', '10', '--executors', '5', '--qps', '50', '--driver-first'];
  const args = [...sizes, '--sides', 'muster,native,muster', '--rounds', '2', '--json', 'a.jsonl', '--minutes', '0.5'];
  expect(peersOptions(args)).toEqual({
    sizes: [{ nodes: 200, cores: 4, gangs: 10, executors: 5, qps: 50, driverFirst: true }],
    sides: ['muster', 'native'],
    rounds: 2,
    file: 'a.jsonl',
    minutes: 0.5,
  });
});

test('help and the list are wanted', () => {
  expect(peersOptions(['-h'])).toBeUndefined();
  expect(peersOptions(['--list'])).toBe('list');
});

test.each([
  [['--nodes', '1000,many'], '--nodes is a whole number of 1 or more, not "many"'],
  [['--rounds', '0'], '--rounds is a whole number of 1 or more, not "0"'],
  [['--gangs', '1.5'], '--gangs is a whole number of 1 or more, not "1.5"'],
  [['--minutes', '0'], '--minutes is more than 0, not "0"'],
  [['--minutes', 'five'], '--minutes is more than 0, not "five"'],
  [['muster'], "Unexpected argument 'muster'"],
])('%j: %s', (args, problem) => {
  expect(() => peersOptions(args)).toThrow(problem);
});
