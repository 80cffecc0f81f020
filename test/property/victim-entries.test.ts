import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import type * as census from '../../src/core/preemption/candidates/candidate-census.ts';
import type { Candidate } from '../../src/core/preemption/candidates/candidate.ts';
import { findVictims, type Finding } from '../../src/core/preemption/search/find-victims.ts';
import type { Harm } from '../../src/core/preemption/search/victim-set.ts';
import { candidatesAt, candidatesPerDomain } from '../support/exhaustive-census.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { VictimScene } from '../support/victim-scenes.ts';

const SCENES = propertyRuns(120);
const TIMEOUT = { timeout: 240_000 + SCENES * 2000 };

const mode = { isExhaustive: false };

vi.mock('../../src/core/preemption/candidates/candidate-census.ts', async (original) => {
  const module = await original<typeof census>();
  return {
    ...module,
    candidatesAt: (...args: Parameters<typeof module.candidatesAt>) =>
      (mode.isExhaustive ? candidatesAt : module.candidatesAt)(...args),
    candidatesPerDomain: (...args: Parameters<typeof module.candidatesPerDomain>) =>
      mode.isExhaustive ? candidatesPerDomain(...args) : module.candidatesPerDomain(...args),
  };
});

beforeEach(() => void (mode.isExhaustive = false));

function exhaustively<T>(run: () => T): T {
  mode.isExhaustive = true;
  try {
    return run();
  } finally {
    mode.isExhaustive = false;
  }
}

const nameOf = ({ kind, bound, gang }: Candidate) => `${kind} ${bound?.pod.uid ?? gang?.gang.key}`;
const told = ({ apps, tiers }: Harm) => ({ apps: [...apps].sort(), tiers: [...tiers].sort() });

/** All that a finding says, to the last bit of its costs. */
function textOf(finding: Finding): unknown {
  switch (finding.kind) {
    case 'soon':
      return { soon: finding.awaited.map(({ pod }) => pod.uid) };
    case 'none':
      return { none: [...finding.excluded].sort(), hits: [...finding.hits].sort(), spared: finding.spared?.loss };
    case 'victims':
      return {
        victims: finding.candidates.map(nameOf),
        awaited: finding.awaited.map(({ pod }) => pod.uid),
        harm: told(finding.harm),
        charges: finding.itemised().map(({ candidate, cost, tier, isNeeded, terms }) => ({
          of: nameOf(candidate),
          others: candidate.others.map(nameOf),
          own: [candidate.level, candidate.right, candidate.role, candidate.cost, candidate.cores],
          age: [candidate.isYoung, candidate.youngUntilMs],
          freed: candidate.freed.map(({ row, vector }) => [row, ...vector]),
          cost,
          tier,
          isNeeded,
          terms,
        })),
      };
  }
}

test('a search finds the same as one that makes a candidate of every pod before it chooses', TIMEOUT, () => {
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const scene = new VictimScene(seed);
      const { scheduler, nowMs } = scene.world;
      for (let round = 0; round < 3; round++) {
        for (const gang of scheduler.inside.gangs.values()) {
          if (gang.state.kind !== 'waiting') continue;
          for (const means of [undefined, { priority: true, share: false }, { priority: false, share: true }]) {
            const find = (laterMs: number) =>
              textOf(findVictims(scheduler.inside, gang, nowMs + laterMs, means ? { means } : {}));
            for (const laterMs of [0, 7_200_000]) {
              const found = find(laterMs);
              expect(found).toEqual(exhaustively(() => find(laterMs)));
              const kind = Object.keys(found as object)[0]!;
              kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
            }
          }
        }
        scene.change();
        scene.change();
      }
    }),
    { numRuns: SCENES, seed: 20_415 },
  );
  console.log([...kinds].map(([kind, count]) => `${kind}: ${count}`).join(', '));
  expect(kinds.get('victims') ?? 0).toBeGreaterThan(SCENES);
  expect(kinds.get('none') ?? 0).toBeGreaterThan(SCENES);
});
