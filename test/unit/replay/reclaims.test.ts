import { expect, test } from 'vitest';
import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { newPod, newRun, type JobRun } from '../../../src/replay/sim/job-run.ts';
import { Reclaims } from '../../../src/replay/sim/reclaims.ts';
import { app } from '../../support/replays.ts';

const MINUTE = 60_000;
const runOf = (id: string, queue: string) => newRun(new JobHistory(app(id, { queue }), 0), 0, 1, 0);
const podOf = (run: JobRun, boundMs: number) => ({ ...newPod(run, 'worker'), boundMs });

test('evictions within a queue, and for nobody who is known, are no reclaims', () => {
  const reclaims = new Reclaims();
  reclaims.evicted(podOf(runOf('v', 'a'), 0), podOf(runOf('c', 'a'), 0), MINUTE);
  reclaims.evicted(podOf(runOf('w', 'a'), 0), undefined, MINUTE);
  expect(reclaims.result()).toEqual({ reclaims: { count: 0, gangs: 0, pods: 0 }, cycles: 0 });
});

test('what is evicted at once for one gang is one reclaim', () => {
  const reclaims = new Reclaims();
  const [one, other, claimant] = [runOf('v', 'a'), runOf('w', 'a'), podOf(runOf('c', 'b'), 0)];
  for (const victim of [podOf(one, 0), podOf(one, 0), podOf(other, 0)]) reclaims.evicted(victim, claimant, MINUTE);
  expect(reclaims.result()).toEqual({ reclaims: { count: 1, gangs: 2, pods: 3 }, cycles: 0 });
  reclaims.evicted(podOf(runOf('x', 'a'), 0), claimant, 2 * MINUTE);
  expect(reclaims.result().reclaims.count).toBe(2);
});

test.each([
  ['bound after the first eviction, and gone in ten minutes', 2, 11, 1],
  ['bound after it, and gone later', 2, 12, 0],
  ['bound before it: the same start', 0, 5, 0],
])('a pod %s', (_what, boundMinutes, againMinutes, cycles) => {
  const reclaims = new Reclaims();
  const [victim, claimant] = [runOf('v', 'a'), podOf(runOf('c', 'b'), 0)];
  reclaims.evicted(podOf(victim, 0), claimant, MINUTE);
  reclaims.evicted(podOf(victim, boundMinutes * MINUTE), claimant, againMinutes * MINUTE);
  reclaims.evicted(podOf(victim, boundMinutes * MINUTE), claimant, againMinutes * MINUTE);
  expect(reclaims.result().cycles).toBe(cycles);
});
