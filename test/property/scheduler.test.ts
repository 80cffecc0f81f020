import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  gangSteps,
  inOneApp,
  liveSteps,
  otherSteps,
  Play,
  policy,
  sequenceOf,
  setting,
  slowSteps,
  wildRunTimes,
} from '../support/play.ts';
import { propertyRuns } from '../support/property-runs.ts';

/** 1,800 sequences where all cases are tried; a failure prints its seed and path. */
const RUNS = { numRuns: propertyRuns(600), seed: 20260 };
/** Of everything that can happen to a cluster. */
const anything = sequenceOf(...gangSteps, ...slowSteps, ...otherSteps, ...liveSteps);
/** Without other schedulers and node trouble. */
const quiet = sequenceOf(...gangSteps.slice(0, 2), ...slowSteps, ...liveSteps);

describe('whatever happens in whatever order', () => {
  test.each([
    ['to five apps', anything],
    ['to one app', anything.map(inOneApp)],
  ])(
    '%s: the books stay right, answered pods keep their room, and the same input gives the same answers',
    (_, steps) => {
      fc.assert(
        fc.property(setting, steps, (chosen, list) => {
          const play = () => {
            const one = new Play(policy(chosen), { runTimes: wildRunTimes(chosen) });
            for (const step of list) {
              one.step(step);
              one.expectAnsweredKeepRoom();
            }
            return JSON.stringify([one.log, one.world.effects]);
          };
          expect(play()).toBe(play());
        }),
        RUNS,
      );
    },
  );

  test('without other schedulers and node trouble: no node is overcommitted and no gang is partial', () => {
    fc.assert(
      fc.property(setting, quiet, (chosen, list) => {
        const one = new Play(policy(chosen), { runTimes: wildRunTimes(chosen) });
        for (const step of list) {
          one.step(step);
          one.expectNoOvercommit();
        }
        one.expectNoPartialGang();
        one.expectNoOvercommit();
      }),
      RUNS,
    );
  });
});
