import fc from 'fast-check';
import { expect, test } from 'vitest';
import { occupantsOf } from '../../src/core/gang/occupants.ts';
import { spark } from '../support/builders.ts';
import {
  gangSteps,
  liveSteps,
  otherSteps,
  Play,
  policy,
  sequenceOf,
  setting,
  slowSteps,
  type Setting,
  type Step,
} from '../support/play.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { queue, tenancyWith } from '../support/tenancies.ts';
import { inNamespace, setTenancy } from '../support/tenants.ts';
import type { World } from '../support/world.ts';

const RUNS = { numRuns: propertyRuns(300), seed: 20273 };
const anything = sequenceOf(...gangSteps, ...slowSteps, ...otherSteps, ...liveSteps);
/** A leader ends, or is still being bound when muster is restarted: its members are no gang's then. */
const LEADERLESS: readonly Step['kind'][] = ['leader-gone', 'answered-gone', 'leader-asks'];
/** Without other schedulers, pods whose node kube-scheduler chooses, and node trouble; and every member has its leader. */
const quiet = sequenceOf(...gangSteps, ...slowSteps, ...liveSteps).map((steps) =>
  steps.filter(({ kind }) => !LEADERLESS.includes(kind)),
);

const TENANCY = tenancyWith({
  queues: [queue('alone', { exclusive: 'namespace' }), queue('others')],
  addresses: [{ key: 'rack', size: 6, sizes: new Map(), keep: 0, cooldownMs: 30_000 }],
});
const APPS = [
  inNamespace(spark('a', 3, { queue: 'alone' }), 'red'),
  inNamespace(spark('b', 5, { min: 2, queue: 'alone' }), 'blue'),
  inNamespace(spark('c', 1, { cpu: 3, queue: 'others' }), 'red'),
  inNamespace(spark('d', 0, { queue: 'others' }), 'blue'),
  spark('e', 6, { cpu: 2, queue: 'others' }),
];

/** Plays the steps under the tenancy, of which a new muster reads as well. */
function play(chosen: Setting, steps: readonly Step[], look: (world: World) => void): void {
  const one = new Play(policy(chosen), { apps: APPS });
  let told: World | undefined;
  for (const step of steps) {
    if (told !== one.world) setTenancy((told = one.world), TENANCY);
    one.step(step);
    if (told === one.world) look(one.world);
  }
}

test('whatever happens, whose pods are on which node is known as by a recount', () => {
  // The invariants are checked after every step.
  fc.assert(
    fc.property(setting, anything, (chosen, steps) => play(chosen, steps, () => undefined)),
    RUNS,
  );
});

test('no gang shares a node with another namespace if one of them wants to be alone', () => {
  fc.assert(
    fc.property(setting, quiet, (chosen, steps) =>
      play(chosen, steps, ({ scheduler, nodes }) => {
        for (const name of nodes.keys()) {
          const there = [...occupantsOf(scheduler.inside, name)].filter(({ isPassive }) => !isPassive);
          const namespaces = new Set(there.map(({ namespace }) => namespace));
          if (there.some(({ isExclusive }) => isExclusive)) expect([...namespaces]).toHaveLength(1);
        }
      }),
    ),
    RUNS,
  );
});
