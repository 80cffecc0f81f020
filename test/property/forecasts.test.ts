import fc from 'fast-check';
import { expect, test } from 'vitest';
import { propertyRuns, timesMet } from '../support/property-runs.ts';
import {
  CROWD,
  CROWDED,
  gangSteps,
  liveSteps,
  otherSteps,
  Play,
  policy,
  sequenceOf,
  setting,
  slowSteps,
  wildRunTimes,
  type Setting,
  type Step,
} from '../support/play.ts';

const RUNS = { numRuns: propertyRuns(150), seed: 20282 };
const steps = sequenceOf(...gangSteps, ...gangSteps, ...slowSteps, ...otherSteps, ...liveSteps).map((list) => [
  ...CROWDED,
  ...list,
]);

/** Plays the steps. What people are told of start times is another matter. @returns the play, with answers and effects as a text */
function played(play: Play, list: readonly Step[], sinceMs = 0) {
  play.world.nowMs = sinceMs;
  for (const step of list) play.step(step);
  const decisions = play.world.effects.filter(({ kind }) => !kind.startsWith('start-'));
  const later = (_key: string, value: unknown) =>
    typeof value === 'number' && value > sinceMs / 2 ? value - sinceMs : value;
  return { play, text: JSON.stringify([play.log, decisions], sinceMs > 0 ? later : undefined) };
}

const wild = (chosen: Setting) => new Play(policy(chosen), { apps: CROWD, runTimes: wildRunTimes(chosen) });

test.each<[string, Partial<Setting>]>([
  ['backfill is off', { backfill: 'off' }],
  ['blockAfter is 0', { blockAfterMs: 0 }],
  ['blockAfter is never', { blockAfterMs: Infinity }],
])('where %s, forecasts change no answer and no effect, and whether backfill is allowed neither', (_what, fixed) => {
  fc.assert(
    fc.property(setting, steps, (chosen, list) => {
      const rules = { ...chosen, ...fixed, order: 'fifo' as const };
      const plain = new Play(policy({ ...rules, backfill: 'off' }), { apps: CROWD });
      expect(played(wild(rules), list).text).toBe(played(plain, list).text);
    }),
    RUNS,
  );
});

test('where somebody may be passed they do', () => {
  let others = 0;
  fc.assert(
    fc.property(setting, steps, (chosen, list) => {
      const rules = { ...chosen, backfill: 'reserve', blockAfterMs: 1, order: 'fifo' } as const;
      if (played(wild(rules), list).text !== played(new Play(policy(rules), { apps: CROWD }), list).text) others++;
    }),
    RUNS,
  );
  expect(others).toBeGreaterThanOrEqual(timesMet(6));
});

test('decisions do not depend on the time of the wall', () => {
  fc.assert(
    fc.property(setting, steps, (chosen, list) => {
      expect(played(wild(chosen), list, 2 ** 40).text).toBe(played(wild(chosen), list).text);
    }),
    RUNS,
  );
});

test('no reason of a refusal has a figure: as start times move, it stays the same', () => {
  fc.assert(
    fc.property(setting, steps, (chosen, list) => {
      const { play } = played(wild({ ...chosen, backfill: 'reserve', blockAfterMs: 1 }), list);
      const reasons = play.log.filter((line) => line.includes('waits: ')).map((line) => line.split('waits: ')[1]);
      expect(reasons.filter((reason) => /[0-9]/.test(reason!))).toEqual([]);
    }),
    RUNS,
  );
});
