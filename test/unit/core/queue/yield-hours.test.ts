import { expect, test } from 'vitest';
import { isWithin } from '../../../../src/core/queue/yield-hours.ts';

const BERLIN = 'Europe/Berlin';
const hours = (from: number, to: number, zone = BERLIN) => ({ from: from * 60, to: to * 60, zone });
const at = (iso: string) => Date.parse(iso);

test.each([
  ['2026-01-15T06:59:59Z', false],
  ['2026-01-15T07:00:00Z', true],
  ['2026-01-15T16:59:59Z', true],
  ['2026-01-15T17:00:00Z', false],
  // In summer an hour earlier.
  ['2026-07-15T06:00:00Z', true],
  ['2026-07-15T16:00:00Z', false],
])('8 to 18 in Berlin, at %s: %s', (iso, expected) => {
  expect(isWithin(hours(8, 18), at(iso))).toBe(expected);
});

test('on the day on which the clock is set forward, an hour is not there', () => {
  // 2026-03-29 at 1:00 UTC it becomes 3:00.
  expect(isWithin(hours(2, 3), at('2026-03-29T00:59:59Z'))).toBe(false);
  expect(isWithin(hours(2, 3), at('2026-03-29T01:00:00Z'))).toBe(false);
  expect(isWithin(hours(3, 4), at('2026-03-29T01:00:00Z'))).toBe(true);
});

test('on the day on which it is set back, an hour is there twice', () => {
  // 2026-10-25 at 1:00 UTC it becomes 2:00 again.
  const minutes = Array.from({ length: 240 }, (_, i) => at('2026-10-25T00:00:00Z') + i * 60_000);
  expect(minutes.filter((nowMs) => isWithin(hours(2, 3), nowMs))).toHaveLength(120);
});

test.each([
  ['2026-01-15T21:59:00Z', false],
  ['2026-01-15T22:00:00Z', true],
  ['2026-01-15T23:30:00Z', true],
  ['2026-01-16T04:59:00Z', true],
  ['2026-01-16T05:00:00Z', false],
])('23 to 6, over midnight, at %s: %s', (iso, expected) => {
  expect(isWithin(hours(23, 6), at(iso))).toBe(expected);
});

test('two zones in turn', () => {
  const nowMs = at('2026-01-15T07:00:00Z');
  for (let i = 0; i < 3; i++) {
    expect(isWithin(hours(8, 9), nowMs)).toBe(true);
    expect(isWithin(hours(16, 17, 'Asia/Tokyo'), nowMs)).toBe(true);
    expect(isWithin(hours(8, 9, 'Asia/Kolkata'), nowMs)).toBe(false);
  }
});
