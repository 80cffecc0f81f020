import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PRESETS } from '../../src/core/policy/presets.ts';
import type { JobRecord } from '../../src/replay/job-record.ts';
import type { PolicyResult } from '../../src/replay/result.ts';
import type { TraceJob } from '../../src/replay/trace/job.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { app, nodes, recordsOf, traceOf } from '../support/replays.ts';

const RUNS = { numRuns: propertyRuns(40), seed: 12 };
/** Above the rounding of sums of doubles, far below a core-second. */
const DIGITS = 6;
const TINY = 10 ** -DIGITS;
const NODES = 2;

/** Jobs of up to seven pods of a core each; the cluster holds eight or twelve pods. */
const jobs = fc
  .array(
    fc.record({
      workers: fc.integer({ min: 0, max: 6 }),
      elastic: fc.integer({ min: 0, max: 3 }),
      submitMs: fc.integer({ min: 0, max: 1_800_000 }),
      durationMs: fc.integer({ min: 0, max: 1_800_000 }),
      priority: fc.constantFrom(0, 0, 1000),
      failsAt: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 5 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) =>
    list
      .map(({ workers, elastic, failsAt, ...rest }, i): TraceJob => {
        const change = failsAt === null ? rest : { ...rest, failsAt };
        return app(`j${i}`, change, workers, Math.max(0, workers - elastic));
      })
      .sort((a, b) => a.submitMs - b.submitMs),
  );

const scene = fc.record({
  jobs,
  cores: fc.constantFrom(4, 6),
  policy: fc.constantFrom(...PRESETS.keys()),
  options: fc.record({
    seed: fc.integer({ min: 1, max: 1000 }),
    workModel: fc.constantFrom('spark' as const, 'gang' as const),
    nodeFailuresPerDay: fc.constantFrom(0, 200),
  }),
});

interface Seen {
  readonly scene: typeof scene extends fc.Arbitrary<infer T> ? T : never;
  readonly result: PolicyResult;
  readonly records: ReadonlyMap<string, JobRecord>;
}

const inEveryScene = (check: (seen: Seen) => void) =>
  fc.assert(
    fc.asyncProperty(scene, async (one) => {
      const cluster = nodes(NODES, one.cores);
      check({ scene: one, ...(await recordsOf(traceOf(...one.jobs), cluster, one.policy, one.options)) });
    }),
    RUNS,
  );

const lost = ({ work }: JobRecord) => work.lostToEvictions + work.lostToFailures;

function sum(records: Seen['records'], of: (record: JobRecord) => number): number {
  return [...records.values()].reduce((total, record) => total + of(record), 0);
}

test('the work that was submitted is done, or left; what is lost is done again', () =>
  inEveryScene(({ scene: { jobs, cores }, records, result }) => {
    expect([...records.keys()].sort()).toEqual(jobs.map(({ id }) => id).sort());
    for (const { durationMs, failsAt = 1, workers, id } of jobs) {
      const { work, outcome } = records.get(id)!;
      expect(work.submitted).toBeCloseTo((durationMs / 1000) * failsAt * (1 + workers.count), DIGITS);
      expect(work.done).toBeLessThan(work.submitted + TINY);
      if (outcome === 'done' || outcome === 'failed') expect(work.done).toBeCloseTo(work.submitted, DIGITS);
      if (outcome === 'abandoned') expect(work.done).toBe(0);
    }
    expect(result.work.submitted).toBeCloseTo(
      sum(records, ({ work }) => work.submitted),
      DIGITS,
    );
    expect(result.work.done).toBeCloseTo(
      sum(records, ({ work }) => work.done),
      DIGITS,
    );
    expect(result.work.done).toBeLessThan(result.work.submitted + TINY);
    // All nodes are capacity, those that have failed as well.
    const capacity = (NODES * cores * result.makespanMs) / 1000;
    expect(result.workShare.makespan).toBeCloseTo(capacity === 0 ? 0 : result.work.done / capacity, DIGITS);
  }));

test('what a job does with all its pods is what they hold, less what is lost', () =>
  inEveryScene(({ scene: { jobs, options }, records }) => {
    if (options.workModel !== 'gang') return;
    for (const { id, workers } of jobs) {
      if (workers.count !== workers.min) continue;
      const record = records.get(id)!;
      const unused = record.held.work - record.work.done - lost(record);
      expect(unused).toBeGreaterThan(-TINY);
      // A job ends at a whole ms, and holds its room for all of it.
      expect(unused).toBeLessThan((record.cpuMilli / 1000) * 0.001 + TINY);
    }
  }));

test('room is the same, whether it is followed job by job or over the whole cluster', () =>
  inEveryScene(({ scene: { cores }, records, result }) => {
    for (const kind of ['partial', 'starting', 'broken'] as const)
      expect(result.idle[kind]).toBeCloseTo(
        sum(records, ({ held }) => held[kind]),
        DIGITS,
      );
    const { series, endMs } = result;
    const seconds = (i: number) => Math.min(series.stepMs, endMs - i * series.stepMs) / 1000;
    const working = series.work.reduce((total, share, i) => total + share * NODES * cores * seconds(i), 0);
    // A share has six digits.
    expect(Math.abs(working - sum(records, ({ held }) => held.work))).toBeLessThan(
      TINY * NODES * cores * (endMs / 1000),
    );
    expect(result.overcommits).toBe(0);
    const kinds = [series.work, series.partial, series.starting, series.reserved, series.broken];
    for (const i of series.work.keys())
      expect(kinds.reduce((total, kind) => total + (kind[i] ?? 0), 0)).toBeLessThan(1 + kinds.length * TINY);
  }));

test('each job is in one phase at a time, from its submission to its end', () =>
  inEveryScene(({ records, result }) => {
    for (const { waited, submitMs, endedMs, phases, beganMs, waitMs, isWaitOpen } of records.values()) {
      const lastMs = endedMs ?? result.endMs;
      expect(waited.reduce((total, { ms }) => total + ms, 0)).toBe(lastMs - submitMs);
      expect(waitMs).toBe((beganMs ?? lastMs) - submitMs);
      expect(isWaitOpen).toBe(beganMs === undefined);
      expect(phases[0]).toEqual({ atMs: submitMs, phase: 'queued' });
      if (endedMs !== undefined) expect(phases.at(-1)).toEqual({ atMs: endedMs, phase: 'over' });
    }
  }));

test('under policies for gangs no room is held by partial ones, where jobs say that they need workers', () =>
  inEveryScene(({ scene: { jobs, policy }, result }) => {
    const areDeclared = jobs.every(({ workers: { count, min } }) => count === 0 || min > 0);
    if (areDeclared && !policy.startsWith('kube')) expect(result.idle.partial).toBe(0);
  }));
