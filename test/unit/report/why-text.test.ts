import { describe, expect, test } from 'vitest';
import { whyText } from '../../../src/replay/report/why-text.ts';
import type { JobRecord, PhaseChange } from '../../../src/replay/job-record.ts';
import { jobRecord } from '../../support/job-record.ts';
import { without } from '../../support/without.ts';

const HOUR_MS = 3_600_000;

test('one policy: what it waited for, in phases', () => {
  expect(whyText([jobRecord({ submitMs: 0 })], 100)).toBe(
    [
      'Job etl-1: 9 members, 5 of them needed; 33 cores; namespace etl, queue nightly, priority 1.',
      'It was submitted at 00:00:00, counted from the first submission.',
      '',
      'Under muster: done, 11m 35s after its submission (slowdown 1.16).',
      'Under muster it waited 1m 35s until its work began; longest in all, 1m: its leader was refused: gang waits for room, "4" short.',
      '',
      '    00:00:00  for 5s      kube-scheduler had not tried its leader yet',
      '    00:00:05  for 1m      its leader was refused: gang waits for room, "4" short',
      '    00:01:05  for 30s     its members were created, bound and started',
      '    00:01:35  for 10m     it worked',
      '    00:11:35  it was over',
    ].join('\n'),
  );
});

test('a job that never began, and what it lost', () => {
  const rest: { -readonly [K in keyof JobRecord]: JobRecord[K] } = jobRecord();
  delete rest.endedMs;
  const text = whyText(
    [
      {
        ...rest,
        submitMs: 30 * HOUR_MS,
        outcome: 'waiting',
        isWaitOpen: true,
        isCompletionOpen: true,
        evictions: 2,
        reruns: 1,
        work: { ...rest.work, lostToEvictions: 3600, lostToFailures: 3600 },
        phases: [{ atMs: 30 * HOUR_MS, phase: 'refused', reason: 'no node fits' }],
      },
    ],
    100,
  );
  expect(text).toContain('submitted at 1d 06:00:00');
  expect(text).toContain(
    'Under muster: still waiting when the simulation ended, 11m 35s after its submission (slowdown >= 1.16).',
  );
  expect(text).toContain('it waited 1m 35s and never began; longest');
  expect(text).toContain('It lost 2 pods to evictions, repeated 2 core-hours of work, was submitted again 1 time.');
  expect(text).toMatch(/1d 06:00:00 {2}for 11m 35s its leader was refused: no node fits$/);
});

test('of two phases with the same reason, the longer one is told', () => {
  const reason = 'no node fits';
  const text = whyText(
    [
      jobRecord({
        longest: reason,
        waited: [
          { phase: 'refused', reason, ms: 11_000 },
          { phase: 'partial', reason, ms: 4 * HOUR_MS },
        ],
      }),
    ],
    100,
  );
  expect(text).toMatch(
    /longest[^,]*, 4h: its leader held room, and a worker that it needs was refused: no node fits\./,
  );
});

test('a long reason is cut where the policies would not fit beside it, and told in full below', () => {
  const reason = `gang waits for room: ${'short of something else, '.repeat(4)}and that is all`;
  const waited = [{ phase: 'refused' as const, reason, ms: 60_000 }];
  const text = (width: number) =>
    whyText([jobRecord({ waited, longest: reason }), jobRecord({ policy: 'two' })], width);
  const [table, below] = text(80).split('\n\nUnder ');
  for (const line of table?.split('\n').slice(2) ?? []) expect(line.length).toBeLessThanOrEqual(80);
  expect(table).toContain('refused: gang waits for room: short of so...');
  expect(below).toContain(reason);
  expect(text(250)).toMatch(/^refused: .*and that is all +1m/m);
});

test('a gap in the phases is told', () => {
  const phases = Array.from({ length: 40 }, (_, i): PhaseChange => ({
    atMs: i * 1000,
    phase: i % 2 === 0 ? 'refused' : 'queued',
  }));
  const lines = whyText([jobRecord({ phases })], 100).split('\n');
  expect(lines[lines.findIndex((line) => line.includes('00:00:19')) + 1]).toContain('changes in between are not kept');
  expect(whyText([jobRecord({ phases: phases.slice(1) })], 100)).not.toContain('not kept');
});

describe('what was foretold', () => {
  const told = { atMs: 20_000, aboutMs: 50_000, promisedMs: 60_000 };
  const lineOf = (change: Partial<JobRecord>) =>
    whyText([jobRecord(change)], 100)
      .split('\n')
      .find((line) => line.startsWith('At 00:00:20'));
  test('a start in time, one that is late, and those that are to come', () => {
    const first = 'At 00:00:20 it was told that it starts about 00:00:50, at the latest at 00:01:00; ';
    expect(lineOf({ told: { ...told, isKept: true } })).toBe(`${first}its leader got its node at 00:01:05, in time.`);
    expect(lineOf({ told: { ...told, isKept: false } })).toBe(`${first}its leader got its node at 00:01:05, 5s late.`);
    const waiting = without(jobRecord({ told: { ...told, isKept: false } }), 'reservedMs');
    expect(whyText([waiting], 100)).toContain(`${first}it was late, and had not started.`);
    expect(whyText([{ ...waiting, told }], 100)).toContain(`${first}it had not started, nor was it late.`);
  });
  test('the run time', () => {
    const forecast = { medianMs: 500_000, p90Ms: 900_000, ranMs: 620_000 };
    expect(whyText([jobRecord({ forecast })], 100)).toContain(
      '\nOf such runs half were expected to end within 8m 20s, nine of ten within 15m; it took 10m 20s.\n',
    );
  });
  test('nothing, and nothing is said of it', () => expect(whyText([jobRecord()], 100)).not.toMatch(/told|expected/));
});

test('several policies side by side', () => {
  const other = jobRecord({
    policy: 'kube-default',
    outcome: 'deadlocked',
    isWaitOpen: true,
    isCompletionOpen: true,
    waited: [
      { phase: 'resubmitting', ms: 5 },
      { phase: 'partial', reason: 'no node fits', ms: 90_000 },
    ],
    longest: 'no node fits',
  });
  expect(whyText([jobRecord(), other], 100)).toBe(
    [
      'Job etl-1: 9 members, 5 of them needed; 33 cores; namespace etl, queue nightly, priority 1.',
      'It was submitted at 00:00:00, counted from the first submission.',
      '',
      '                                          muster  kube-default',
      'outcome                                     done    deadlocked',
      'wait until work began                     1m 35s     >= 1m 35s',
      'completion                               11m 35s    >= 11m 35s',
      'bounded slowdown                            1.16       >= 1.16',
      'pods evicted                                   0             0',
      'queued                                        5s             -',
      'refused: gang waits for room, "4" short       1m             -',
      'starting                                     30s             -',
      'working                                      10m             -',
      'partial: no node fits                          -        1m 30s',
      '',
      'Under muster it waited 1m 35s until its work began; longest in all, 1m: its leader was refused: gang waits for room, "4" short.',
      'Under kube-default it waited 1m 35s and never began; longest in all, 1m 30s: its leader held room, and a worker that it needs was refused: no node fits.',
      '--policy NAME prints the phases under one policy.',
    ].join('\n'),
  );
});

test('control characters do not reach the terminal', () => {
  const text = whyText([jobRecord({ user: '\u001b[2J', id: 'a\rb' })], 100);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Control}/u);
});
