import { expect, test } from 'vitest';
import type { JobRecord } from '../../../src/replay/job-record.ts';
import { JobGroups } from '../../../src/replay/sim/job-groups.ts';
import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { app } from '../../support/replays.ts';

/** A job of a second that was done after so many seconds of waiting; its record says the rest. */
function record(change: Parameters<typeof app>[1], waitS: number, workers = 0, other: Partial<JobRecord> = {}) {
  const history = new JobHistory(app('a', { durationMs: 1000, ...change }, workers), 0);
  history.beganMs = waitS * 1000;
  const end = { outcome: 'done', isLarger: false, doneMs: 1000 } as const;
  return { ...history.record('p', (waitS + 1) * 1000, end), ...other };
}

function groupsOf(...records: readonly JobRecord[]) {
  const groups = new JobGroups();
  for (const one of records) groups.add(one);
  const result = groups.result();
  return (by: string) => result.find((one) => one.by === by)!.rows;
}

test('size classes by the number of pods, priorities from the highest, names from the largest group', () => {
  const rows = groupsOf(
    ...[0, 1, 6, 7, 30, 31].map((workers) => record({ queue: 'a' }, 1, workers)),
    record({ queue: 'b', priority: 1000 }, 1),
    record({ queue: 'b', priority: -5 }, 1),
  );
  const named = (by: string) => rows(by).map(({ name, jobs }) => [name, jobs]);
  expect(named('size')).toEqual([
    ['1', 3],
    ['2-7', 2],
    ['8-31', 2],
    ['32+', 1],
  ]);
  expect(named('priority')).toEqual([
    ['1000', 1],
    ['0', 6],
    ['-5', 1],
  ]);
  expect(named('queue')).toEqual([
    ['a', 6],
    ['b', 2],
  ]);
});

test('waits, slowdowns and jobs done of each; open ones are lower bounds, and those larger than the cluster are jobs alone', () => {
  const [row] = groupsOf(
    record({}, 10),
    record({}, 19),
    record({}, 99, 0, { outcome: 'waiting', isWaitOpen: true, isCompletionOpen: true }),
    record({}, 500, 0, { outcome: 'larger', isLarger: true }),
  )('queue');
  expect(row).toMatchObject({ name: 'q', jobs: 4, done: 2 });
  expect(row!.waitMs).toMatchObject({ count: 3, p50: 19_000, max: 99_000, open: 1 });
  expect(row!.waitMs.atLeast).toEqual(['mean', 'p95', 'p99', 'max']);
  // 11, 20 and 100 s per 10 s, since the job is shorter.
  expect(row!.slowdown).toMatchObject({ count: 3, p50: 2, max: 10, open: 1 });
});

test('of many groups the 39 largest have a row, all others one', () => {
  const rows = groupsOf(
    ...Array.from({ length: 60 }, (_, i) => record({ user: `u${String(i).padStart(2, '0')}` }, i)),
    record({ user: 'u59' }, 59),
  )('user');
  expect(rows).toHaveLength(40);
  expect(rows[0]).toMatchObject({ name: 'u59', jobs: 2 });
  expect(rows[38]!.name).toBe('u37');
  expect(rows[39]).toMatchObject({ name: 'others', jobs: 21, done: 21 });
  expect(rows[39]!.waitMs).toMatchObject({ count: 21, max: 58_000 });
});
