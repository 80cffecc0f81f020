import { expect, test } from 'vitest';
import { CRITERIA } from '../../../src/replay/report/criteria.ts';
import { verdict } from '../../../src/replay/report/verdict.ts';
import type { PolicyResult } from '../../../src/replay/result.ts';
import { closed, policyResult, replayResult } from '../../support/replay-result.ts';

const MINUTE_MS = 60_000;
const meanWait = (minutes: number) => closed({ mean: minutes * MINUTE_MS, p95: 61_000 });
const outcomes = (done: number, waiting: number): PolicyResult['outcomes'] => ({
  ...policyResult('').outcomes,
  done,
  waiting,
});

test('the winner of each figure is named with its figure, the next policy, and by how much', () => {
  const sentences = verdict([
    replayResult([
      policyResult('kube-default', { waitMs: meanWait(30), workShare: { window: 0.7, makespan: 0.4 } }),
      policyResult('fifo-gang', { waitMs: meanWait(20) }),
      policyResult('muster', { waitMs: meanWait(10) }),
    ]),
  ]);
  expect(sentences).toEqual([
    'muster wins on mean wait 10m (next is fifo-gang: 20m, 100 % more).',
    'kube-default wins on work done in the submission window 70.0 % (next is fifo-gang: 50.0 %).',
    'No difference shown in jobs done (10), unfinished jobs (0), p95 wait (1m 1s), mean slowdown (2.50), core-hours lost to evictions (0) and core-hours lost to node failures (0).',
    'This is one run with one seed: it proves little, and the spread is not known. muster sweep repeats it with other seeds.',
  ]);
});

test('the verdict speaks of waits, slowdown, completions, work and what was lost', () => {
  expect(CRITERIA.map(({ name }) => name)).toEqual([
    'jobs done',
    'unfinished jobs',
    'mean wait',
    'p95 wait',
    'mean slowdown',
    'work done in the submission window',
    'core-hours lost to evictions',
    'core-hours lost to node failures',
  ]);
});

test('policies that share the best figure are named, or those that do not', () => {
  const done = (policy: string, jobs: number) => policyResult(policy, { outcomes: outcomes(jobs, 0) });
  const say = (...policies: PolicyResult[]) =>
    verdict([replayResult(policies)]).find((one) => one.startsWith('Jobs done'));
  expect(say(done('a', 400), done('b', 400), done('c', 300))).toBe('Jobs done: 400 under all but c (300).');
  expect(say(done('a', 400), done('b', 400), done('c', 300), done('d', 200))).toBe(
    'Jobs done: 400 under a and b; next is c: 300, 25 % less.',
  );
});

test('a lower bound cannot win, and loses only if it is worse already', () => {
  const open = (minutes: number) => ({ ...meanWait(minutes), open: 3, atLeast: ['mean'] as const });
  const say = (a: PolicyResult['waitMs'], b: PolicyResult['waitMs']) =>
    verdict([replayResult([policyResult('kube', { waitMs: a }), policyResult('muster', { waitMs: b })])]);
  expect(say(open(5), meanWait(10))).toContain(
    'Undecided, since jobs had not begun or were not over at the end: mean wait (at least 5m under kube).',
  );
  expect(say(open(30), meanWait(10))).toContain(
    'muster wins on mean wait 10m (next is kube: at least 30m, 200 % more).',
  );
});

test('where a lower bound hides the best, the best of the other policies is named', () => {
  const open = { ...meanWait(5), open: 3, atLeast: ['mean'] as const };
  const sentences = verdict([
    replayResult([
      policyResult('kube', { waitMs: open }),
      policyResult('fifo', { waitMs: meanWait(20) }),
      policyResult('muster', { waitMs: meanWait(10) }),
    ]),
  ]);
  expect(sentences).toContain(
    'Undecided, since jobs had not begun or were not over at the end: mean wait (at least 5m under kube; best of the others: muster 10m).',
  );
});

test('differences of less than one per cent of a single run are called none', () => {
  const [first] = verdict([
    replayResult([policyResult('a', { waitMs: meanWait(100) }), policyResult('b', { waitMs: meanWait(100.5) })]),
  ]);
  expect(first).toMatch(/^No difference shown in .*mean wait \(1h 40m\)/);
});

/** Runs with seeds 1, 2 ...: a mean wait for each, in minutes. */
const seeds = (policy: string, minutes: readonly number[]) =>
  minutes.map((wait, i) => replayResult([policyResult(policy, { waitMs: meanWait(wait) })], { seed: i + 1 }));

test('over several seeds a win has the interval of the paired difference', () => {
  const sentences = verdict([...seeds('kube', [21, 32, 43, 54, 65]), ...seeds('muster', [11, 21, 31, 41, 51])]);
  // Differences 10, 11, 12, 13, 14: mean 12, standard error .7071, t(4) 2.776: 12 - 1.963 to 12 + 1.963 minutes.
  expect(sentences[0]).toBe('muster wins on mean wait 31m (next is kube: 43m, more by 10m 2s to 13m 58s).');
  expect(sentences.at(-1)).toMatch(/^Means over 5 runs of each policy on the same inputs/);
});

test('a clear difference that is too small to read is not said to begin at 0', () => {
  const done = (policy: string, jobs: readonly number[]) =>
    jobs.map((some, i) => replayResult([policyResult(policy, { outcomes: outcomes(some, 0) })], { seed: i + 1 }));
  // Differences 1, 1, 1, 0, 0, 1, 1, 1: mean .75, standard error .1637, t(7) 2.365: .36 to 1.14; a tenth of it: .036.
  const more = [1, 1, 1, 0, 0, 1, 1, 1];
  const [first] = verdict([
    ...done(
      'a',
      more.map((one) => 50 + one / 10),
    ),
    ...done(
      'b',
      more.map(() => 50),
    ),
  ]);
  expect(first).toContain('(next is b: 50, less by up to 0.1)');
});

test('who lost less work is undecided while jobs have not begun; nothing lost by all is equal', () => {
  const lost = (policy: string, waiting: number, lostToFailures: number) =>
    policyResult(policy, {
      outcomes: outcomes(10 - waiting, waiting),
      work: { ...policyResult('').work, lostToFailures: 3600 * lostToFailures },
    });
  const say = (...policies: PolicyResult[]) => verdict([replayResult(policies)]).join('\n');
  expect(say(lost('stuck', 9, 5), lost('a', 0, 80), lost('b', 0, 80), lost('c', 0, 90))).toContain(
    'core-hours lost to node failures (at least 5 under stuck; best of the others: a and b 80)',
  );
  expect(say(lost('stuck', 9, 0), lost('a', 0, 0))).toMatch(/No difference shown in .*lost to node failures \(0\)/);
});

test('an interval that includes zero shows no difference', () => {
  const sentences = verdict([...seeds('kube', [20, 22, 24]), ...seeds('muster', [21, 20, 23])]);
  expect(sentences[0]).toMatch(/^No difference shown in .*mean wait \(21m 20s to 22m\)/);
});

test('only inputs that all policies ran on are compared', () => {
  const sentences = verdict([...seeds('kube', [20, 22, 24, 1]), ...seeds('muster', [10, 12, 14])]);
  expect(sentences[0]).toContain('mean wait 12m (next is kube: 22m');
  expect(sentences.at(-1)).toMatch(/^Means over 3 runs/);
});

test.each([
  [
    'a part of a run',
    [replayResult([policyResult('a'), policyResult('b')], { complete: false })],
    'Stopped early: there is no verdict on a part of a run.',
  ],
  ['one policy', [replayResult([policyResult('a')])], 'One policy alone: there is nothing to compare it with.'],
  [
    'different seeds',
    [...seeds('a', [1]), replayResult([policyResult('b')], { seed: 9 })],
    'No input was replayed under every policy: there is nothing to compare.',
  ],
])('%s gets no verdict, and a reason', (_, results, reason) => {
  expect(verdict(results)).toEqual([reason]);
});
