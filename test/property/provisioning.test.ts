import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAdmitted, refusalOf } from '../../src/core/gang/gang.ts';
import { limitOn } from '../../src/core/gang/limits.ts';
import { askOf } from '../../src/core/gang/needs.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { QueueSpec, Tenancy } from '../../src/core/policy/tenancy.ts';
import { amountOf } from '../../src/core/queue/quotas.ts';
import type { QueueNode } from '../../src/core/queue/tree.ts';
import { ROOM_REQUEST_STATES } from '../../src/core/model.ts';
import { node } from '../support/builders.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';
import { RoomDesk } from '../support/room-desk.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { cpu, cpuShare, group, queue, tenancy } from '../support/tenancies.ts';
import { World } from '../support/world.ts';

const MOST = 4;

const APPS = Array.from({ length: 9 }, (_, i) => {
  const [namespace, user, named] = [`n${i % 3}`, `u${i % 2}`, ['default', 'a', 'b.x'][i % 3]!];
  return new TenantApp(`app${i}`, { namespace, user, queue: named, executors: 2 + (i % 5), cpu: 1 + (i % 2) });
});

const limit = fc.constantFrom(Infinity, Infinity, 2, 12, 24);
const max = fc.constantFrom(cpu(1000), cpu(9), cpu(16), cpu(25), cpuShare(4), cpuShare(8));
const spec = (name: string, queues: readonly QueueSpec[] = []): fc.Arbitrary<QueueSpec> =>
  fc.record({ max, gangs: limit, pods: limit, perNamespace: limit, userMax: max, userGangs: limit }).map((one) =>
    queue(name, {
      queues,
      max: one.max,
      users: { max: one.userMax, gangs: one.userGangs, of: new Map() },
      running: { gangs: one.gangs, pods: one.pods, podsPerNamespace: one.perNamespace },
    }),
  );
const file: fc.Arbitrary<Tenancy> = fc
  .record({ base: spec('default'), a: spec('a'), b: spec('x').chain((x) => spec('b', [x])), pods: limit })
  .map(({ base, a, b, pods }) => tenancy([base, a, b], { groups: [group('g', ['n1', 'n2'], { pods })] }));

const app = fc.nat({ max: 8 });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('ask', 'ask', 'ask', 'start', 'gone', 'forge'), app }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('answer'), app, state: fc.constantFrom(...ROOM_REQUEST_STATES) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.constantFrom(1, 11, 61) }) },
  fc.record({ kind: fc.constantFrom('node', 'node-gone') }),
  fc.record({ kind: fc.constant('reload'), file }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

function play(world: World, desk: RoomDesk, one: Step): void {
  switch (one.kind) {
    case 'ask':
      return void world.ask(APPS[one.app]!.driver());
    case 'start':
      return void world.start(APPS[one.app]!.driver());
    case 'gone':
      return world.gone(APPS[one.app]!.driver());
    case 'forge': {
      const { key } = APPS[one.app]!.spec;
      const [leader, times] = [APPS[one.app]!.driver().uid, { askedMs: world.nowMs, sinceMs: world.nowMs }];
      const forged = { gang: key, name: `forged-${key}`, leader, generation: 7, failures: 0, shape: '' };
      return desk.put({ ...forged, ...times, state: 'asked', message: '' });
    }
    case 'answer': {
      const { key } = APPS[one.app]!.spec;
      return world.scheduler.roomRequest(key) && desk.answer(key, one.state);
    }
    case 'wait':
      return world.wait(one.seconds * 1000);
    case 'node':
      return world.node(node('n1', { cpu: 3 }));
    case 'node-gone':
      return world.removeNode('n1');
    case 'reload':
      return void world.scheduler.setRules({ policies: [DEFAULT_POLICY], tenancy: one.file }, world.nowMs);
  }
}

/** The gangs whose answer is awaited, by what the API server has. */
const LIVE = new Set(['asked', 'accepted', 'delayed', 'provisioned']);
function asked(world: World, desk: RoomDesk) {
  const { gangs, roomRequests } = world.scheduler.inside;
  const keys = new Set([...desk.objects.values()].filter(({ state }) => LIVE.has(state)).map(({ gang }) => gang));
  return [...keys].flatMap((key) => {
    const gang = gangs.get(key);
    const known = roomRequests.gangs.get(key);
    // One that is given up for want of an answer awaits none.
    return gang && known && !roomRequests.hasEnded(known, world.nowMs) ? [gang] : [];
  });
}

function isIn(queue: QueueNode, top: QueueNode): boolean {
  for (let at: QueueNode | undefined = queue; at; at = at.parent) if (at === top) return true;
  return false;
}

/** Every queue that its asks would carry beyond its max of cpu, or beyond its gangs or pods. */
function beyond(world: World, desk: RoomDesk): string[] {
  const { cluster, shares } = world.scheduler.inside;
  const live = asked(world, desk);
  const queues = new Set<QueueNode>();
  for (const gang of live) for (let at: QueueNode | undefined = gang.queue; at; at = at.parent) queues.add(at);
  return [...queues].flatMap((one) => {
    const inside = live.filter((gang) => isIn(gang.queue, one));
    const sum = (column: number) => inside.reduce((all, gang) => all + (askOf(cluster, gang)[column] ?? 0), 0);
    const capacity = shares.capacity[cluster.columns.cpu] ?? 0;
    const most = amountOf(one.spec.max, { name: 'cpu', capacity, otherwise: Infinity });
    const { holds, spec: said } = one;
    return [
      ...((holds.vector[cluster.columns.cpu] ?? 0) + sum(cluster.columns.cpu) > most ? [`${one.path}: cpu`] : []),
      ...(holds.parts + sum(cluster.columns.pods) > said.running.pods ? [`${one.path}: pods`] : []),
      ...(holds.gangs + inside.filter(({ key }) => !holdsAny(world, key)).length > said.running.gangs
        ? [`${one.path}: gangs`]
        : []),
    ];
  });
}

const holdsAny = (world: World, key: string) => (world.scheduler.inside.usage.ofGang(key)?.parts ?? 0) > 0;

test('whatever happens: all that is asked for stays within every limit, and only gangs that wait for room alone ask', () => {
  let asks = 0;
  let withdrawn = 0;
  fc.assert(
    fc.property(file, fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), (first, steps) => {
      const world = new World([node('n0', { cpu: 4 })]);
      const desk = new RoomDesk(world, { most: MOST });
      play(world, desk, { kind: 'reload', file: first });
      for (const one of steps) {
        play(world, desk, one);
        const before = desk.asks.length;
        const lines = desk.poll();
        withdrawn += lines.filter((line) => line.startsWith('-')).length;
        expect(beyond(world, desk)).toEqual([]);
        const live = asked(world, desk);
        expect(live.length).toBeLessThanOrEqual(MOST);
        expect(live.filter((gang) => isAdmitted(gang))).toEqual([]);
        for (const { gang: key, leader, podSets } of desk.asks.slice(before)) {
          asks++;
          const gang = world.scheduler.inside.gangs.get(key)!;
          expect(['room', 'unschedulable']).toContain(refusalOf(gang)?.kind);
          expect(limitOn(world.scheduler.inside, gang)).toBeUndefined();
          expect(gang.leaderUids.has(leader.uid)).toBe(true);
          const lacks = askOf(world.scheduler.inside.cluster, gang)[world.scheduler.inside.cluster.columns.pods];
          expect(podSets.reduce((sum, { count }) => sum + count, 0)).toBe(lacks);
        }
      }
    }),
    { numRuns: propertyRuns(120), seed: 4107 },
  );
  expect(asks).toBeGreaterThan(timesMet(200));
  expect(withdrawn).toBeGreaterThan(timesMet(100));
});
