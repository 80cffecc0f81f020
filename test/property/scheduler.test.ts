import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gangSteps, liveSteps, otherSteps, Play, policy, setting } from '../support/play.ts';

/** 10,000 sequences in all; a failure prints its seed and path. */
const RUNS = { numRuns: 5000, seed: 20260 };

describe('whatever happens in whatever order', () => {
  test('the books stay right, answers repeat, and the same input gives the same answers', () => {
    const steps = fc.array(fc.oneof(...gangSteps, ...otherSteps, ...liveSteps), { maxLength: 60 });
    fc.assert(
      fc.property(setting, steps, (chosen, list) => {
        const play = () => {
          const one = new Play(policy(chosen));
          for (const step of list) one.step(step);
          return JSON.stringify([one.log, one.world.effects]);
        };
        expect(play()).toBe(play());
      }),
      RUNS,
    );
  });

  test('without other schedulers and node trouble: no node is overcommitted and no gang is partial', () => {
    const steps = fc.array(fc.oneof(...gangSteps.slice(0, 2), ...liveSteps), { maxLength: 60 });
    fc.assert(
      fc.property(setting, steps, (chosen, list) => {
        const one = new Play(policy(chosen));
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
