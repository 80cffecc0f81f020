import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusalOf } from '../../src/core/gang/gang.ts';
import { limitOn } from '../../src/core/gang/limits.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { QueueSpec, Tenancy } from '../../src/core/policy/tenancy.ts';
import { node, pod, resources } from '../support/builders.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { cpu, cpuShare, group, queue, rule, tenancy } from '../support/tenancies.ts';
import { World } from '../support/world.ts';

/** Some 12,000 events where all cases are tried. */
const RUNS = { numRuns: propertyRuns(300), seed: 20281 };

const APPS = Array.from({ length: 8 }, (_, i) => {
  const [namespace, user, named] = [`n${i % 3}`, `u${i % 2}`, ['default', 'a', 'b.x', 'c', 'nowhere'][i % 5]!];
  return new TenantApp(`app${i}`, {
    namespace,
    user,
    queue: named,
    executors: 2 + (i % 3),
    min: 1 + (i % 3),
    cpu: 1 + (i % 2),
  });
});

const limit = fc.constantFrom(Infinity, 1, 2, 4, 8);
const max = fc.constantFrom(cpu(1000), cpu(2), cpu(4), cpu(6), cpuShare(0.3), cpuShare(0.6));
const spec = (name: string, queues: readonly QueueSpec[] = []): fc.Arbitrary<QueueSpec> =>
  fc.record({ max, gangs: limit, pods: limit, perNamespace: limit, userMax: max, userGangs: limit }).map((one) =>
    queue(name, {
      queues,
      max: one.max,
      users: { max: one.userMax, gangs: one.userGangs, of: new Map([['u1', { max: cpu(3), gangs: 2 }]]) },
      running: { gangs: one.gangs, pods: one.pods, podsPerNamespace: one.perNamespace },
    }),
  );
const rules = fc.subarray([
  rule('a', { namespaces: ['n0'] }),
  rule('b.{user}', { users: ['u*'] }),
  rule('c.{namespace}', { namespaces: ['n*'] }),
]);
const file: fc.Arbitrary<Tenancy> = fc
  .record({ a: spec('a'), b: spec('x').chain((x) => spec('b', [x])), c: spec('c'), rules, pods: limit })
  .map((one) =>
    tenancy([one.a, one.b, { ...one.c, each: queue('', { max: cpu(3) }) }], {
      rules: one.rules,
      groups: [group('g', ['n1', 'n2'], { pods: one.pods })],
    }),
  );

type Step =
  | { readonly kind: 'ask' | 'start' | 'driver-gone' | 'by-others'; readonly app: number }
  | {
      readonly kind: 'executor' | 'executor-gone' | 'executor-by-others' | 'dying';
      readonly app: number;
      readonly i: number;
    }
  | { readonly kind: 'named'; readonly app: number; readonly queue: string }
  | { readonly kind: 'single' | 'single-gone'; readonly i: number }
  | { readonly kind: 'pinned'; readonly i: number; readonly is: boolean }
  | { readonly kind: 'node' | 'node-gone' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reload'; readonly file: Tenancy };
const [app, i] = [fc.nat({ max: 7 }), fc.nat({ max: 4 })];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('ask', 'start', 'start', 'driver-gone', 'by-others'), app }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('executor', 'executor', 'executor-gone', 'executor-by-others', 'dying'),
      app,
      i,
    }),
  },
  fc.record({ kind: fc.constant('named'), app, queue: fc.constantFrom('default', 'a', 'b.x', 'c.n0') }),
  fc.record({ kind: fc.constantFrom('single', 'single-gone'), i }),
  fc.record({ kind: fc.constant('pinned'), i, is: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('node', 'node-gone') }),
  fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(250, 10_000, 100_000) }),
  fc.record({ kind: fc.constant('reload'), file }),
);

const single = (n: number): PodInfo => ({ ...pod(`single-${n}`), namespace: `n${n % 3}` });

function play(world: World, one: Step): void {
  const isBound = ({ uid }: PodInfo) => world.scheduler.inside.cluster.boundPod(uid) !== undefined;
  const bindOnce = (what: PodInfo) => {
    if (!isBound(what)) world.bind(what, 'n0');
  };
  switch (one.kind) {
    case 'ask':
      return void world.ask(APPS[one.app]!.driver());
    case 'start':
      return void world.start(APPS[one.app]!.driver());
    case 'driver-gone':
      return world.gone(APPS[one.app]!.driver());
    case 'by-others':
      return bindOnce(APPS[one.app]!.driver());
    case 'executor':
      return void world.start(APPS[one.app]!.executor(one.i));
    case 'executor-gone':
      return world.gone(APPS[one.app]!.executor(one.i));
    case 'executor-by-others':
      return bindOnce({ ...APPS[one.app]!.executor(one.i), request: resources({ cpu: 0.5 }, 1) });
    case 'dying': {
      const executor = APPS[one.app]!.executor(one.i);
      if (isBound(executor)) world.learn({ kind: 'pod', pod: { ...executor, node: 'n0', deleting: true } });
      return;
    }
    case 'named':
      return void world.ask(APPS[one.app]!.driver({ queue: one.queue }));
    case 'single':
      return bindOnce(single(one.i));
    case 'single-gone':
      return world.gone(single(one.i));
    case 'pinned':
      return world.bind({ ...single(one.i), ...(one.is ? { evictionTraits: { isPinned: true } } : {}) }, 'n0');
    case 'node':
      return world.node(node('n1', { cpu: 8 }));
    case 'node-gone':
      return world.removeNode('n1');
    case 'wait':
      return world.wait(one.ms);
    case 'reload':
      world.scheduler.setRules({ policies: [DEFAULT_POLICY], tenancy: one.file }, world.nowMs);
      return world.scheduler.checkInvariants();
  }
}

test('whatever happens: all counts equal a recount, and no gang waits for a quota that it would not break', () => {
  let [limited, events] = [0, 0];
  fc.assert(
    fc.property(file, fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), (first, steps) => {
      const world = new World([node('n0', { cpu: 12 })]);
      play(world, { kind: 'reload', file: first });
      for (const one of steps) {
        play(world, one);
        events++;
        world.wait(250);
        world.scheduler.admitWaiting(world.nowMs);
        world.scheduler.checkInvariants();
        const { inside } = world.scheduler;
        for (const gang of inside.queues.waiting()) {
          if (refusalOf(gang)?.kind !== 'quota') continue;
          limited++;
          expect(limitOn(inside, gang), `${gang.key}: ${JSON.stringify(refusalOf(gang))}`).toBeDefined();
        }
      }
    }),
    RUNS,
  );
  expect(events).toBeGreaterThan(timesMet(10_000));
  expect(limited).toBeGreaterThan(timesMet(1000));
});
