import { describe, expect, test } from 'vitest';
import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { newRun, type JobRun } from '../../../src/replay/sim/job-run.ts';
import { phaseOf, reasonOf, speedNow, splitOf } from '../../../src/replay/sim/job-state.ts';
import { DEFAULT_WORK, type WorkModel } from '../../../src/replay/work-model.ts';
import { app } from '../../support/replays.ts';

/** A job of ten workers, of which it needs five, with its leader running. */
const run = (change: Partial<JobRun>): JobRun => ({
  ...newRun(new JobHistory(app('a', {}, 10, 5), 0), 0, 1, 0),
  leader: 'running',
  ...change,
});
const five = { boundWorkers: 5, runningWorkers: 5 };
const three = { boundWorkers: 3, runningWorkers: 3 };
const refused = { refusedWorkers: 1, reason: 'no node fits' };

describe.each([
  ['before kube-scheduler has tried its leader', { leader: 'waiting' }, 'queued', 'queued'],
  ['its leader was refused', { leader: 'waiting', reason: 'gang waits for room' }, 'refused', 'refused'],
  ['its leader starts', { leader: 'bound' }, 'starting', 'starting'],
  ['workers are being created', { ...three }, 'starting', 'starting'],
  ['a needed worker was refused', { ...three, ...refused }, 'partial', 'partial'],
  [
    'four of five run, and the fifth was refused',
    { boundWorkers: 4, runningWorkers: 4, ...refused },
    'partial',
    'working',
  ],
  [
    'four of five are bound and start, and the fifth was refused',
    { boundWorkers: 4, ...refused },
    'partial',
    'starting',
  ],
  ['the minimum runs', { ...five }, 'working', 'working'],
  ['the minimum runs, and an elastic worker was refused', { ...five, ...refused }, 'working', 'working'],
  ['30 s are over', { ...three, ...refused, isWaitOver: true }, 'partial', 'working'],
  ['30 s are over, and no worker runs', { boundWorkers: 1, isWaitOver: true }, 'starting', 'starting'],
  ['it had begun, and lost two workers', { ...three, hasBegun: true, hasLost: true }, 'broken', 'working'],
  ['it had begun, and lost all of them', { hasBegun: true, hasLost: true }, 'broken', 'broken'],
  [
    'it lost one before it began, and the next was refused',
    { ...three, ...refused, hasLost: true },
    'broken',
    'broken',
  ],
  ['it lost one before it began, and the next starts', { ...three, hasLost: true }, 'starting', 'starting'],
] as const)('%s', (_, change, gang, spark) => {
  test.each([
    ['gang', gang],
    ['spark', spark],
  ] as const)('under %s it is %s', (model: WorkModel, phase) => {
    const rules = { ...DEFAULT_WORK, model };
    expect(phaseOf(run(change), rules)).toBe(phase);
    expect(speedNow(run(change), rules) > 0).toBe(phase === 'working');
  });
});

test('a phase has a reason where the job waits for a node', () => {
  const reasons = (['queued', 'refused', 'partial', 'starting', 'working', 'broken'] as const).map((phase) =>
    reasonOf(phase, { reason: 'no node fits' }),
  );
  expect(reasons).toEqual([undefined, 'no node fits', 'no node fits', undefined, undefined, 'no node fits']);
});

test.each([
  ['working', { work: 3, partial: 0, starting: 2, broken: 0 }],
  ['partial', { work: 0, partial: 5, starting: 0, broken: 0 }],
  ['starting', { work: 0, partial: 0, starting: 5, broken: 0 }],
  ['broken', { work: 0, partial: 0, starting: 0, broken: 5 }],
  ['refused', { work: 0, partial: 0, starting: 0, broken: 0 }],
] as const)('of five cores, three of them running, a job that is %s holds %j', (phase, split) => {
  expect(splitOf(phase, { boundCpu: 5, runningCpu: 3 })).toEqual(split);
});
