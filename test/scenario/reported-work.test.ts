import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { boundTo, node, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

test('what an app reported ends with the app: executors that outlive it are not cheap for it', () => {
  const world = new World([node('n', { cpu: 4 })], {
    preemption: { ...DEFAULT_POLICY.preemption, mode: 'advise', minRuntimeMs: 0 },
  });
  const low = spark('low', 3, { min: 1 });
  const evictionTraits = { startedMs: 0 };
  for (const one of [low.leader(), ...[0, 1, 2].map((i) => low.member('executor', i))])
    world.learn({ kind: 'pod', pod: { ...boundTo(one, 'n'), evictionTraits } });
  world.nowMs = 100_000;
  const figures = new Map([0, 1, 2].map((i) => [`low-executor-${i}`, { taskSeconds: 1, keptBytes: 0 }]));
  world.learn({ kind: 'figures', gang: 'jobs/low', figures });
  world.gone(low.leader());
  world.learn({ kind: 'pod', pod: { ...boundTo(low.leader('low-driver-2'), 'n'), evictionTraits } });
  world.nowMs = 130_000;
  expect(world.ask(spark('high', 1, { priority: 100 }).leader())).toMatch(/^waits/);
  const victims = world.scheduler.explain('jobs/high', world.nowMs)?.preemption?.victims;
  // 130 s on one core each, by age and not by the one second that was reported.
  expect(victims?.map(({ terms }) => terms.find(({ term }) => term === 'work')?.coreSeconds)).toEqual([130, 130]);
});
