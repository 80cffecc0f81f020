import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { runApp, runSingleRoleGang, runPod, wanted } from '../support/apps.ts';
import { node } from '../support/builders.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';
import { World } from '../support/world.ts';

const RUNS = { numRuns: propertyRuns(2000), seed: 20261 };

const at = fc.nat({ max: 3 });
const running = fc.oneof(
  fc.record({
    kind: fc.constant('app' as const),
    place: fc.array(at, { minLength: 1, maxLength: 6 }),
    extra: fc.nat({ max: 3 }),
    cpu: fc.integer({ min: 1, max: 3 }),
    priority: fc.constantFrom(0, 0, 10, 50, 100, 200),
    age: fc.integer({ min: 0, max: 600 }),
  }),
  fc.record({
    kind: fc.constant('single-role' as const),
    place: fc.array(at, { minLength: 2, maxLength: 4 }),
    extra: fc.nat({ max: 1 }),
    cpu: fc.integer({ min: 1, max: 2 }),
    priority: fc.constantFrom(0, 10, 100),
    age: fc.integer({ min: 0, max: 600 }),
  }),
  fc.record({
    kind: fc.constant('single' as const),
    place: fc.array(at, { minLength: 1, maxLength: 1 }),
    extra: fc.constant(0),
    cpu: fc.integer({ min: 1, max: 4 }),
    priority: fc.constantFrom(0, 10, 200),
    age: fc.integer({ min: 0, max: 600 }),
  }),
);
const scene = fc.record({
  cpus: fc.array(fc.integer({ min: 2, max: 12 }), { minLength: 4, maxLength: 4 }),
  running: fc.array(running, { minLength: 1, maxLength: 6 }),
  wants: fc.record({
    executors: fc.nat({ max: 6 }),
    cpu: fc.integer({ min: 1, max: 3 }),
    driverCpu: fc.integer({ min: 1, max: 3 }),
    priority: fc.constantFrom(20, 100, 300),
  }),
  wholeGangs: fc.boolean(),
  perMinute: fc.constantFrom(2, 5, 100),
  topology: fc.constantFrom('none' as const, 'none' as const, 'require' as const),
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

/** A world in which the pods run that still fit on their nodes. */
function build({ cpus, running: list, wholeGangs, perMinute, topology }: Scene): World {
  const { preemption } = DEFAULT_POLICY;
  const world = new World(
    cpus.map((cpu, i) => node(`n${i}`, { cpu, labels: { rack: i < 2 ? 'r0' : 'r1' } })),
    {
      topology: { mode: topology, keys: ['rack'], leader: true },
      preemption: { ...preemption, mode: 'enforce', wholeGangs, budget: { ...preemption.budget, perMinute } },
    },
  );
  world.nowMs = 36_000_000;
  const free = [...cpus];
  list.forEach(({ kind, place, extra, cpu, priority, age }, i) => {
    const fitting = place.filter((n, index) => {
      const asked = kind === 'app' && index === 0 ? 1 : cpu;
      if (free[n]! < asked) return false;
      free[n]! -= asked;
      return true;
    });
    const nodes = fitting.map((n) => `n${n}`);
    if (nodes.length === 0) return;
    const options = { priority, age, cpu, min: Math.max(1, nodes.length - (kind === 'app' ? 1 : 0) - extra) };
    if (kind === 'single') runPod(world, `single${i}`, nodes[0]!, { cpu, priority, age });
    else if (kind === 'single-role') runSingleRoleGang(world, `single-role-${i}`, nodes, options);
    else if (fitting[0] === place[0]) runApp(world, `app${i}`, nodes, { ...options, min: Math.max(0, options.min) });
  });
  return world;
}

type Planned = Extract<Effect, { kind: 'eviction-planned' }>;
const plansIn = (world: World) => world.effects.filter((one): one is Planned => one.kind === 'eviction-planned');

test('after a plan the gang starts whole; no victim is as important; the budget is kept; invariants hold', () => {
  let plans = 0;
  fc.assert(
    fc.property(scene, (one) => {
      const world = build(one);
      const { leader, gang } = wanted('wants', one.wants);
      if (world.ask(leader).startsWith('->')) return;
      world.makeRoom();
      const [plan] = plansIn(world);
      if (!plan) return;
      plans++;
      expect(plan.victims.length).toBeLessThanOrEqual(one.perMinute);
      for (const { pod } of plan.victims) {
        const victim = one.running[Number(/\d+/.exec(pod.uid)![0])]!;
        expect(victim.priority).toBeLessThan(one.wants.priority);
      }
      for (const { pod } of plan.victims) world.learn({ kind: 'pod-gone', uid: pod.uid });
      expect(world.start(leader)).toMatch(/^-> /);
      for (let i = 0; i < one.wants.executors; i++) expect(world.start(gang.member('executor', i))).toMatch(/^-> /);
    }),
    RUNS,
  );
  expect(plans).toBeGreaterThan(timesMet(150));
});

test('no victim can stay: without any one of them (a whole gang is one) the gang does not fit', () => {
  let looked = 0;
  fc.assert(
    fc.property(scene, (one) => {
      const found = build(one);
      const { leader } = wanted('wants', one.wants);
      if (found.ask(leader).startsWith('->')) return;
      found.makeRoom();
      const [plan] = plansIn(found);
      if (!plan) return;
      for (const stays of unitsOf(plan)) {
        looked++;
        const world = build(one);
        const rest = plan.victims.filter(({ pod }) => !stays.includes(pod.uid));
        for (const { pod } of rest) world.learn({ kind: 'pod-gone', uid: pod.uid });
        // Successors of those who went would take their room again: nobody makes any here.
        world.wait(121_000);
        expect(world.ask(leader)).toMatch(/^waits/);
      }
    }),
    { ...RUNS, numRuns: propertyRuns(600) },
  );
  expect(looked).toBeGreaterThan(timesMet(50));
});

/** What can stay by itself: a pod, or a gang that goes whole. */
function unitsOf({ victims }: Planned): string[][] {
  const whole = new Set(victims.filter(({ isLeader }) => isLeader).map(({ gang }) => gang));
  for (const { gang } of victims) if (gang?.includes('single-role')) whole.add(gang);
  const units = new Map<string, string[]>();
  for (const { pod, gang } of victims) {
    const key = gang !== undefined && whole.has(gang) ? gang : pod.uid;
    units.set(key, [...(units.get(key) ?? []), pod.uid]);
  }
  return [...units.values()];
}
