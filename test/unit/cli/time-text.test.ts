import { expect, test } from 'vitest';
import { clockTime, forecastText, startText } from '../../../src/cli/time-text.ts';

/** By the clock of this machine, whatever its zone. */
const at = (hours: number, minutes: number, day = 22) => new Date(2026, 10, day, hours, minutes).toISOString();
const now = new Date(2026, 10, 22, 13, 50);
const start = {
  earliest: at(14, 5),
  about: at(14, 20),
  latest: at(15, 10),
  because: [],
  unknown: [],
  isAtLeast: false,
};

test.each([
  [
    { because: ['etl/a', 'etl/b'] },
    'It starts about 14:20 (between 14:05 and 15:10), when etl/a and etl/b end. That is no promise: forecasts may be wrong.',
  ],
  [
    { because: ['etl/a'], unknown: ['etl/a'] },
    'It starts about 14:20 (between 14:05 and 15:10), when etl/a ends. Nothing is known of how long etl/a runs: that is supposed. That is no promise: forecasts may be wrong.',
  ],
  [
    { latest: undefined, unknown: ['etl/a'] },
    'It starts about 14:20 (14:05 at the earliest; nobody knows when etl/a ends). That is no promise: forecasts may be wrong.',
  ],
  [
    { earliest: undefined, about: undefined, latest: undefined, unknown: ['etl/a', 'etl/b', 'etl/c'] },
    'It has no start time: nobody knows when etl/a, etl/b and etl/c end.',
  ],
  [{ about: undefined, latest: undefined }, 'It has no start time: nobody knows when there is room. Not before 14:05.'],
  [{ isAtLeast: true }, 'It starts at 14:20 or later: there is more ahead of it than muster looks at.'],
  [{ earliest: at(13, 50), about: at(13, 50), latest: at(13, 50) }, 'It starts now.'],
  [
    { earliest: at(13, 50), about: at(13, 50) },
    'It starts about now (between now and 15:10). That is no promise: forecasts may be wrong.',
  ],
])('%j', (change, text) => {
  const entries = Object.entries({ ...start, ...change }).filter(([, value]) => value !== undefined);
  expect(startText(Object.fromEntries(entries) as never, now)).toBe(text);
});

test('a time of another day has its date and zone', () => {
  expect(clockTime(at(4, 5), now)).toBe('04:05');
  expect(clockTime(at(4, 5, 23), now)).toMatch(/^2026-11-23 04:05 \S+$/);
});

test.each([
  [
    { medianSeconds: 1800, p90Seconds: 2520, isKnown: true, runs: 12, basis: 'app pi' },
    'It runs about 30m, nine times of ten at most 42m (12 ended runs: app pi).',
  ],
  [
    { medianSeconds: 1800, p90Seconds: 21_600, isKnown: false, runs: 0, basis: 'no run known' },
    'Nothing is known of how long it runs (no run known); muster supposes 30m, nine times of ten at most 6h.',
  ],
  [{ isKnown: true, runs: 0, basis: 'endless' }, 'It never ends (endless).'],
  [{ isKnown: false, runs: 0, basis: 'nothing' }, 'Nothing is known of how long it runs (nothing).'],
])('%j', (forecast, text) => expect(forecastText(forecast)).toBe(text));
