import { expect, test } from 'vitest';
import { Histogram } from '../../../../src/core/history/histogram.ts';
import { quantile } from '../../../../src/core/history/quantile.ts';
import { seeded } from '../../../../src/replay/random.ts';

const RATIO = 1.3;
const HOUR_MS = 3_600_000;

const of = (...runs: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const ms of runs) histogram.add(ms, false);
  return histogram;
};
const within = (histogram: Histogram, share: number, ranMs = 0) =>
  quantile([{ share: 1, survival: histogram.survival(), shift: 0 }], share, ranMs);

test('every quantile is within one bin of that of the sorted list', () => {
  for (const [seed, sigma] of [
    [1, 0.3],
    [2, 1],
    [3, 2.5],
  ] as const) {
    const random = seeded('histogram', seed);
    const runs = Array.from({ length: 60 }, () => random.logNormal(Math.log(HOUR_MS / 2), sigma));
    const sorted = runs.toSorted((a, b) => a - b);
    for (const share of [0.05, 0.25, 0.5, 0.75, 0.9, 0.99]) {
      const ratio = within(of(...runs), share) / sorted[Math.ceil(share * 60) - 1]!;
      expect(ratio).toBeGreaterThan(1 / RATIO);
      expect(ratio).toBeLessThan(RATIO);
    }
  }
});

test('of runs that took about as long, no quantile is beyond the shortest and the longest', () => {
  const histogram = of(100_000, 102_000, 98_000);
  expect(within(histogram, 0.01)).toBeGreaterThanOrEqual(98_000 * 0.999);
  expect(within(histogram, 0.5)).toBeCloseTo(100_000, -3);
  expect(within(histogram, 0.99)).toBeLessThanOrEqual(102_000 * 1.001);
  expect(within(of(7000), 0.5)).toBeCloseTo(7000, 0);
});

test('a conditional quantile is that of the longer runs, from the start', () => {
  const random = seeded('conditional');
  const runs = Array.from({ length: 60 }, () => random.logNormal(Math.log(HOUR_MS), 1));
  const longer = runs.filter((ms) => ms > HOUR_MS).toSorted((a, b) => a - b);
  for (const share of [0.1, 0.5, 0.9]) {
    const ratio = within(of(...runs), share, HOUR_MS) / longer[Math.ceil(share * longer.length) - 1]!;
    expect(ratio).toBeGreaterThan(1 / RATIO);
    expect(ratio).toBeLessThan(RATIO);
  }
});

test('a run beyond all that is known takes as long again, and some seconds at least', () => {
  expect(within(of(60_000), 0.5, 60_000)).toBe(120_000);
  expect(within(of(60_000), 0.9, 90_000)).toBe(180_000);
  expect(within(of(1000), 0.5, 1500)).toBe(6500);
  expect(within(new Histogram(), 0.5, 30_000)).toBe(60_000);
});

test('a conditional quantile never lies before the time already run, and never falls as that grows', () => {
  const histogram = of(...Array.from({ length: 40 }, (_, i) => 10_000 * 1.2 ** i));
  for (const share of [0.1, 0.5, 0.9]) {
    let before = 0;
    for (let ranMs = 0; ranMs < 20_000_000; ranMs += 50_000) {
      const ms = within(histogram, share, ranMs);
      expect(ms).toBeGreaterThanOrEqual(Math.max(ranMs, before - 1));
      before = ms;
    }
  }
});

test('runs that were cut count as longer ones: the product-limit estimate', () => {
  const histogram = of(10_000, 100_000, 1_000_000);
  // Four at risk, one ends; one is cut; two at risk, one ends; the last ends.
  histogram.add(30_000, true);
  const survival = histogram.survival();
  expect(survival.at(Math.log(20_000))).toBeCloseTo(3 / 4, 6);
  expect(survival.at(Math.log(300_000))).toBeCloseTo(3 / 8, 6);
  expect(survival.at(Math.log(2_000_000))).toBe(0);
  expect(histogram.count).toBe(3);
});

test('runs that were cut in the bin in which others ended count as half at risk in it', () => {
  const histogram = of(10_000);
  for (let i = 0; i < 2; i++) histogram.add(10_000, true);
  expect(histogram.survival().at(Math.log(20_000))).toBeCloseTo(1 / 2, 6);
});

test('runs that were cut early change nothing, and those cut last leave a share of which nothing is known', () => {
  const histogram = of(100_000, 100_000, 100_000);
  histogram.add(50_000, true);
  histogram.add(50_000, true);
  expect(within(histogram, 0.5)).toBeCloseTo(100_000, 0);
  histogram.add(500_000, true);
  expect(within(histogram, 0.7) / 100_000).toBeLessThan(RATIO);
  expect(within(histogram, 0.9)).toBeCloseTo(1_000_000, 0);
});

test('counts stay bounded, and what was seen lately weighs more', () => {
  const histogram = of(...Array<number>(10_000).fill(60_000));
  expect(histogram.count).toBeLessThanOrEqual(64);
  for (let i = 0; i < 60; i++) histogram.add(600_000, false);
  expect(within(histogram, 0.5)).toBeGreaterThan(500_000);
});

test('a record gives the same histogram again', () => {
  const histogram = of(1, 5000, 60_000, 60_500, 86_400_000 * 90);
  histogram.add(70_000, true);
  const again = Histogram.of(JSON.parse(JSON.stringify(histogram.record())) as ReturnType<Histogram['record']>);
  expect(again.record()).toEqual(histogram.record());
  for (const share of [0.1, 0.5, 0.9]) expect(within(again, share)).toBe(within(histogram, share));
  expect(Histogram.of(new Histogram().record()).record()).toEqual({ ended: [], mostMs: 0 });
});
