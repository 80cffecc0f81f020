import { describe, expect, test } from 'vitest';
import type { JobRecord } from '../../src/replay/job-record.ts';
import { seeded } from '../../src/replay/random.ts';
import type { WorkModel } from '../../src/replay/work-model.ts';
import { app, nodes, recordsOf, traceOf } from '../support/replays.ts';

/** A cycle of kube-scheduler: pods that are created together are bound one after the other. */
const CYCLE_MS = 5;
const WAIT_MS = 30_000;

/** When the members of a job run whose leader is bound at 0 ms and whose workers find room at once. */
function startsOf(id: string, workers: number): { leaderMs: number; boundMs: number[]; runsMs: number[] } {
  const random = seeded(1, id, 0);
  const leaderMs = Math.round(random.between(5, 20) * 1000);
  // Five a second, in the first second.
  const boundMs = Array.from({ length: workers }, (_, i) => leaderMs + i * CYCLE_MS);
  const runsMs = boundMs.map((ms) => ms + Math.round(random.logNormal(Math.log(8), 0.8) * 1000));
  return { leaderMs, boundMs, runsMs };
}

/** The speed of a job with so many of its workers, Amdahl's law with a serial fraction of .05. */
const speed = (running: number, count: number) => 1 / (0.05 + (0.95 * count) / running);

/** The time at which a job of so many workers has worked for a minute alone, if it begins with its n-th worker. */
function endMs(runsMs: readonly number[], { count, begin }: { count: number; begin: number }): number {
  const at = [...runsMs].sort((a, b) => a - b);
  let [done, nowMs] = [0, at[begin - 1]!];
  for (let running = begin; running < at.length; running++) {
    done += (at[running]! - nowMs) * speed(running, count);
    nowMs = at[running]!;
  }
  return Math.ceil(nowMs + (60_000 - done) / speed(at.length, count));
}

const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
const only = ({ records }: { readonly records: ReadonlyMap<string, JobRecord> }) => records.get('a')!;
const replayed = (workers: number, min: number, { cores, workModel }: { cores: number; workModel: WorkModel }) =>
  recordsOf(traceOf(app('a', {}, workers, min)), nodes(1, cores), 'kube-no-preemption', { workModel });

describe('when work begins, and how long it takes', () => {
  test('gang: with the last of the minimum, and for the duration', async () => {
    const { runsMs } = startsOf('a', 5);
    const beganMs = Math.max(...runsMs);
    expect(only(await replayed(5, 5, { cores: 6, workModel: 'gang' }))).toMatchObject({
      outcome: 'done',
      waitMs: beganMs,
      endedMs: beganMs + 60_000,
      slowdown: (beganMs + 60_000) / 60_000,
      work: { submitted: 360, done: 360 },
      held: { work: 360, partial: 0, broken: 0 },
    });
  });

  test('spark: with four of five executors, slower until the fifth runs', async () => {
    const { runsMs } = startsOf('a', 5);
    expect(only(await replayed(5, 5, { cores: 6, workModel: 'spark' }))).toMatchObject({
      waitMs: sorted(runsMs)[3],
      endedMs: endMs(runsMs, { count: 5, begin: 4 }),
    });
  });

  test('spark: 30 s after the driver runs, with the two executors that there is room for', async () => {
    const { leaderMs, runsMs } = startsOf('a', 2);
    expect(Math.max(...runsMs)).toBeLessThan(leaderMs + WAIT_MS);
    const endedMs = leaderMs + WAIT_MS + Math.ceil(60_000 / speed(2, 5));
    const record = only(await replayed(5, 5, { cores: 3, workModel: 'spark' }));
    expect(record).toMatchObject({ outcome: 'done', waitMs: leaderMs + WAIT_MS, endedMs });
  });

  test.each(['spark', 'gang'] as const)(
    '%s: executors beyond the minimum make it faster as they come',
    async (workModel) => {
      // The first executor is the minimum; the second comes a second later, and two more a second after that.
      const { leaderMs } = startsOf('a', 0);
      const random = seeded(1, 'a', 0);
      random.between(5, 20);
      const boundMs = [0, 1000, 2000, 2000 + CYCLE_MS].map((ms) => leaderMs + ms);
      const runsMs = boundMs.map((ms) => ms + Math.round(random.logNormal(Math.log(8), 0.8) * 1000));
      expect(only(await replayed(4, 1, { cores: 5, workModel }))).toMatchObject({
        waitMs: Math.min(...runsMs),
        endedMs: endMs(runsMs, { count: 4, begin: 1 }),
      });
    },
  );

  test('a single pod works from the moment that it is bound', async () => {
    const record = only(await recordsOf(traceOf(app('a', {}, 0)), nodes(1, 1), 'muster'));
    expect(record).toMatchObject({ waitMs: 0, endedMs: 60_000, slowdown: 1, held: { work: 60, starting: 0 } });
  });
});

describe('room held without work', () => {
  test('while pods start', async () => {
    const { boundMs, runsMs } = startsOf('a', 3);
    const beganMs = Math.max(...runsMs);
    // The leader from 0 on and each worker once it is bound, a core each, until all of them run.
    const starting = [0, ...boundMs].reduce((sum, ms) => sum + (beganMs - ms) / 1000, 0);
    const { result } = await replayed(3, 3, { cores: 4, workModel: 'gang' });
    expect(result.idle.starting).toBeCloseTo(starting, 9);
    expect(result.idle).toMatchObject({ partial: 0, broken: 0, reserved: 0 });
  });

  test('that is reserved under muster until its pods are bound', async () => {
    const { leaderMs } = startsOf('a', 3);
    const { result } = await recordsOf(traceOf(app('a')), nodes(1, 4), 'muster');
    // The leader is bound at once, and the workers one cycle after the other; what muster has not seen yet is bound too.
    const boundMs = [0, 1, 2].map((i) => leaderMs + i * CYCLE_MS);
    expect(result.idle.reserved).toBeCloseTo(
      boundMs.reduce((sum, ms) => sum + ms / 1000, 0),
      9,
    );
  });

  test('by executors that start while the others work', async () => {
    const { boundMs, runsMs, leaderMs } = startsOf('a', 5);
    const beganMs = sorted(runsMs)[3]!;
    const last = Math.max(...runsMs);
    const starting = [0, ...boundMs].reduce((sum, ms) => sum + (beganMs - ms) / 1000, 0) + (last - beganMs) / 1000;
    expect(leaderMs).toBeGreaterThan(0);
    const { result } = await replayed(5, 5, { cores: 6, workModel: 'spark' });
    expect(result.idle.starting).toBeCloseTo(starting, 9);
  });

  test('by a driver and two executors while a third is refused, until 30 s are over', async () => {
    const { leaderMs, boundMs } = startsOf('a', 2);
    const { result, records } = await replayed(5, 5, { cores: 3, workModel: 'spark' });
    const refusedMs = leaderMs + 2 * CYCLE_MS;
    expect(result.idle.partial).toBeCloseTo((3 * (leaderMs + WAIT_MS - refusedMs)) / 1000, 9);
    const starting = [0, ...boundMs].reduce((sum, ms) => sum + (refusedMs - ms) / 1000, 0);
    expect(result.idle.starting).toBeCloseTo(starting, 9);
    const { phases, waited, longest } = only({ records });
    expect(phases.slice(0, 4)).toEqual([
      { atMs: 0, phase: 'queued' },
      { atMs: 0, phase: 'starting' },
      { atMs: refusedMs, phase: 'partial', reason: 'no node fits' },
      { atMs: leaderMs + WAIT_MS, phase: 'working' },
    ]);
    expect(waited[1]).toEqual({ phase: 'partial', reason: 'no node fits', ms: WAIT_MS - 2 * CYCLE_MS });
    expect(longest).toBe('no node fits');
  });

  test('by a job that an eviction broke, until its executors are back', async () => {
    const { records, result } = await evicted('gang');
    const { phases } = records.get('low')!;
    const broken = phases.findIndex(({ phase }) => phase === 'broken');
    const from = phases[broken]!;
    const until = phases.slice(broken).find(({ phase }) => phase === 'working')!;
    // The driver and two executors all the time, and two successors that start.
    expect(result.idle.broken).toBeGreaterThan((3 * (until.atMs - from.atMs)) / 1000);
    expect(result.idle.broken).toBeLessThan((5 * (until.atMs - from.atMs)) / 1000);
  });
});

/** An app of four executors that works for an hour on all of the cluster, and an urgent one of two pods after ten minutes. */
const evicted = (workModel: WorkModel, policy = 'muster-preempt', workers = { low: 4, urgent: 1 }) =>
  recordsOf(
    traceOf(
      app('low', { durationMs: 3_600_000 }, workers.low),
      app('urgent', { submitMs: 600_000, priority: 1000 }, workers.urgent),
    ),
    nodes(1, workers.low + 1),
    policy,
    { workModel },
  );

describe('work that is lost', () => {
  test('each of four executors takes a quarter of what the app has done', async () => {
    const { records, result } = await evicted('gang');
    const { beganMs = 0, phases, work, evictions, timesBroken } = records.get('low')!;
    const goneMs = phases.find(({ phase }) => phase === 'broken')!.atMs;
    const lost = (2 * 5 * (goneMs - beganMs)) / 1000 / 4;
    expect(work.lostToEvictions).toBeCloseTo(lost, 6);
    expect(result.work.lostToEvictions).toBeCloseTo(lost, 6);
    expect([evictions, timesBroken, work.done, work.submitted]).toEqual([2, 1, 18_000, 18_000]);
    // Under `spark` the app has done the same until then, and goes on with the two executors that it has.
    const spark = await evicted('spark');
    expect(spark.records.get('low')!.work.lostToEvictions).toBeCloseTo(lost, 6);
    expect(spark.result.idle.broken).toBe(0);
    expect(spark.records.get('low')!.completionMs).toBeLessThan(records.get('low')!.completionMs);
  });

  test('a lost leader takes all of it, and the app is submitted again after a minute', async () => {
    const { records } = await evicted('gang', 'kube-default', { low: 0, urgent: 0 });
    const { phases, work, reruns, endedMs, waitMs, evictions } = records.get('low')!;
    const again = phases.findIndex(({ phase }) => phase === 'resubmitting');
    const { atMs: goneMs } = phases[again]!;
    const worksMs = phases.slice(again).find(({ phase }) => phase === 'working')!.atMs;
    expect(work.lostToEvictions).toBe(goneMs / 1000);
    expect(phases[again + 1]).toEqual({ atMs: goneMs + 60_000, phase: 'queued' });
    expect(endedMs).toBe(worksMs + 3_600_000);
    expect([reruns, evictions, waitMs]).toEqual([1, 1, 0]);
  });

  test('a worker on a node that fails takes its share, and that is no eviction', async () => {
    const trace = traceOf(app('a', { durationMs: 3_600_000 }, 4));
    const { records } = await recordsOf(trace, nodes(10, 1), 'muster', { nodeFailuresPerDay: 60, seed: 5 });
    const { beganMs = 0, phases, work, evictions, reruns, outcome } = records.get('a')!;
    const losses = phases.filter(({ phase }) => phase === 'broken');
    expect([losses.length, evictions, reruns, outcome]).toEqual([1, 0, 0, 'done']);
    expect(work.lostToFailures).toBeCloseTo((5 * (losses[0]!.atMs - beganMs)) / 1000 / 4, 6);
    expect(work.lostToEvictions).toBe(0);
  });

  test('of a worker that ran longer than six hours, that of six hours', async () => {
    const { records } = await recordsOf(
      traceOf(
        app('low', { durationMs: 24 * 3_600_000 }, 4),
        app('urgent', { submitMs: 12 * 3_600_000, priority: 1000 }, 1),
      ),
      nodes(1, 5),
      'muster-preempt',
    );
    const { phases, work, beganMs = 0 } = records.get('low')!;
    const goneMs = phases.find(({ phase }) => phase === 'broken')!.atMs;
    // The time of the app in which each ran, without the time in which it waited for the others.
    const worked = (goneMs - beganMs) / goneMs;
    const share = (5 * 6 * 3600) / 4;
    expect(work.lostToEvictions).toBeLessThan(2 * share);
    expect(work.lostToEvictions).toBeGreaterThan(2 * share * worked);
  });
});

describe('jobs that never begin', () => {
  const three = traceOf(app('a'), app('b'), app('c')); // 4 pods of a core each

  test('a deadlock: the waits are lower bounds, and partial gangs hold all the room', async () => {
    const { result, records } = await recordsOf(three, nodes(1, 5), 'kube-no-preemption');
    const { endMs, waitMs } = result;
    expect(result.outcomes).toMatchObject({ jobs: 3, done: 0, deadlocked: 3, larger: 0 });
    const all = { mean: endMs, p50: endMs, p95: endMs, p99: endMs, max: endMs };
    expect(waitMs).toEqual({ count: 3, ...all, open: 3, atLeast: ['mean', 'p50', 'p95', 'p99', 'max'] });
    expect(result.work).toMatchObject({ submitted: 720, done: 0 });
    expect(result.makespanMs).toBe(endMs);
    const held = [...records.values()].reduce((sum, { held: { partial, starting } }) => sum + partial + starting, 0);
    expect(held).toBeCloseTo(result.idle.partial + result.idle.starting, 6);
    expect(result.idle.partial).toBeGreaterThan(0.95 * 5 * (endMs / 1000));
  });

  test('gangs that have begun, lost members and hold the room of each other are deadlocked as well', async () => {
    const six = traceOf(...['a', 'b', 'c', 'd', 'e', 'f'].map((id) => app(id, { durationMs: 7_200_000 }, 5)));
    const options = { nodeFailuresPerDay: 60 };
    const { result, records } = await recordsOf(six, nodes(3, 4), 'kube-no-preemption', options);
    const begun = [...records.values()].filter(({ beganMs }) => beganMs !== undefined);
    const broken = begun.filter(({ phases }) => phases.at(-1)?.phase === 'broken');
    expect(broken.length).toBeGreaterThan(1);
    expect(broken.every(({ outcome }) => outcome === 'deadlocked')).toBe(true);
    // Work that broken jobs have done counts over the time in which they hold the room.
    expect(result.work.done).toBeGreaterThan(0);
    expect(result.makespanMs).toBe(result.endMs);
    expect(result.workShare.makespan).toBeCloseTo(result.work.done / (12 * (result.endMs / 1000)), 9);
  });

  test('a job larger than the cluster counts as that, and in no wait', async () => {
    const trace = traceOf(app('a'), app('big', {}, 5));
    const { result, records } = await recordsOf(trace, nodes(1, 5), 'muster');
    expect(result.outcomes).toMatchObject({ jobs: 2, done: 1, larger: 1, waiting: 0, deadlocked: 0 });
    expect([result.waitMs.count, result.slowdown.count, result.completionMs.count]).toEqual([1, 1, 1]);
    expect(records.get('big')).toMatchObject({ outcome: 'larger', isLarger: true, isWaitOpen: true });
    // With 30 s for its executors, kube-scheduler alone begins it; then it is done, and still in no wait.
    const alone = await recordsOf(trace, nodes(1, 5), 'kube-no-preemption', { workModel: 'spark' });
    expect(alone.result.outcomes).toMatchObject({ done: 2, larger: 0 });
    expect(alone.result.waitMs.count).toBe(1);
  });

  test('a job that never fits does not keep the simulation going because nodes fail and come back', async () => {
    const trace = traceOf(app('a'), app('big', {}, 20));
    const options = { nodeFailuresPerDay: 500, horizonMs: 10 * 86_400_000 };
    const { result } = await recordsOf(trace, nodes(4, 4), 'muster', options);
    expect(result.outcomes).toMatchObject({ done: 1, larger: 1 });
    expect(result.endMs).toBeLessThan(86_400_000 / 2);
  });

  test('a job that waits behind others when the simulation ends', async () => {
    const trace = traceOf(app('a', { durationMs: 3_600_000 }), app('b', { submitMs: 60_000 }));
    const { result, records } = await recordsOf(trace, nodes(1, 5), 'muster', { horizonMs: 600_000 });
    expect(result.outcomes).toMatchObject({ done: 0, working: 1, waiting: 1 });
    expect(records.get('b')).toMatchObject({
      isWaitOpen: true,
      waitMs: result.endMs - 60_000,
      longest: 'gang waits for room',
    });
    expect(result.waitMs).toMatchObject({ count: 2, open: 1, atLeast: ['mean', 'p95', 'p99', 'max'] });
    expect(records.get('a')!.work.done).toBeCloseTo((4 * (result.endMs - records.get('a')!.beganMs!)) / 1000, 6);
  });
});

describe('the window of submissions', () => {
  test('ends with the simulation if that comes first', async () => {
    // It ends with the first event after ten minutes, which is the second submission.
    const [b, c] = [app('b', { submitMs: 700_000 }, 4), app('c', { submitMs: 1_800_000 }, 4)];
    const trace = traceOf(app('a', { durationMs: 3_600_000 }, 4), b, c);
    const { result, records } = await recordsOf(trace, nodes(1, 5), 'muster', { horizonMs: 600_000 });
    const { beganMs = 0, work } = records.get('a')!;
    expect([result.outcomes.jobs, work.inWindow]).toEqual([2, work.done]);
    expect(result.endMs).toBe(700_000);
    expect(result.workShare.window).toBeCloseTo((result.endMs - beganMs) / result.endMs, 9);
  });

  test('work done by the last submission counts in it, and work lost by then does not', async () => {
    // The second job comes after ten minutes; the first has worked since it began, on 5 of 10 cores.
    const trace = traceOf(app('a', { durationMs: 3_600_000 }, 4), app('b', { submitMs: 600_000 }, 4));
    const { result, records } = await recordsOf(trace, nodes(1, 10), 'muster');
    const done = 5 * (600 - records.get('a')!.beganMs! / 1000);
    expect(records.get('a')!.work.inWindow).toBeCloseTo(done, 6);
    expect(result.workShare.window).toBeCloseTo(done / (10 * 600), 9);
    const makespan = records.get('a')!.endedMs! / 1000;
    expect(result.workShare.makespan).toBeCloseTo((5 * 3660) / (10 * makespan), 9);
  });
});
