import { expect, test } from 'vitest';
import { Foretold } from '../../../src/replay/sim/foretold.ts';
import type { JobRecord } from '../../../src/replay/job-record.ts';
import { jobRecord } from '../../support/job-record.ts';
import { without } from '../../support/without.ts';

const figuresOf = (...records: readonly JobRecord[]) => {
  const foretold = new Foretold();
  for (const record of records) foretold.add(record);
  return foretold.result();
};
/** Submitted at 0, and told at 10 s that it starts about 50 s, at the latest at 60 s. */
const told = (isKept?: boolean): JobRecord['told'] => ({
  atMs: 10_000,
  aboutMs: 50_000,
  promisedMs: 60_000,
  ...(isKept === undefined ? {} : { isKept }),
});
const started = (reservedMs: number) => jobRecord({ reservedMs, told: told(reservedMs <= 60_000)! });
const unstarted = without(jobRecord({ completionMs: 100_000 }), 'reservedMs');

test('nothing foretold, no figures', () => {
  expect(figuresOf(jobRecord(), jobRecord())).toBeUndefined();
});

test('starts by the time promised, and how late the others are', () => {
  expect(figuresOf(started(40_000), started(60_000), started(75_000), jobRecord())).toMatchObject({
    starts: 3,
    kept: 2,
    overtaken: 0,
    late: 1,
    lateMs: { count: 1, open: 0, p50: 15_000, max: 15_000, atLeast: [] },
    // 10 s, 10 s and 25 s off, in 175 s of waiting.
    startError: 45 / 175,
    runs: 0,
    runError: null,
    withinP90: null,
  });
});

test('a job that has not started is late by what is over by now, or neither kept nor late', () => {
  const figures = figuresOf({ ...unstarted, told: told(false)! }, { ...unstarted, told: told()! });
  expect(figures).toMatchObject({ starts: 2, kept: 0, late: 1, startError: null });
  expect(figures?.lateMs).toMatchObject({
    count: 1,
    open: 1,
    p50: 40_000,
    atLeast: ['mean', 'p50', 'p95', 'p99', 'max'],
  });
});

test('run times against what was foretold of half and of nine in ten', () => {
  const ran = (ranMs: number) => jobRecord({ forecast: { medianMs: 100, p90Ms: 300, ranMs } });
  const figures = figuresOf(ran(100), ran(200), ran(25), ran(900), ran(300));
  expect(figures).toMatchObject({ starts: 0, startError: null, runs: 5, withinP90: 0.8 });
  expect(figures?.lateMs.count).toBe(0);
  // Factors of 1, 2, 4, 9 and 3.
  expect(Math.exp(figures?.runError ?? NaN)).toBeCloseTo(3, 9);
});
