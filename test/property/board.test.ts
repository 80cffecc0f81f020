import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAdmitted, refusalOf } from '../../src/core/gang/gang.ts';
import { allAtOnce } from '../../src/core/work.ts';
import { GangRowQuery } from '../../src/server/api/board-schemas.ts';
import { GangList, type BoardRow } from '../../src/server/api/gang-list.ts';
import { EVERYTHING, type Viewer } from '../../src/server/api/viewer.ts';
import { GangBuilder, spark } from '../support/builders.ts';
import { fingerprintOf } from '../support/fingerprint.ts';
import { gangSteps, liveSteps, otherSteps, Play, policy, setting, wildRunTimes, type Step } from '../support/play.ts';
import { propertyRuns, timesMet } from '../support/property-runs.ts';

const RUNS = { numRuns: propertyRuns(40), seed: 1606 };

const APPS = [
  spark('a', 7),
  spark('b', 7, { min: 4, priority: 10 }),
  spark('c', 3, { cpu: 3, priority: 200, queue: 'other' }),
  new GangBuilder('d', { driver: { count: 1, cpu: 1 }, executor: { count: 3, cpu: 2 } }, { priority: 100 }),
  spark('e', 70, { cpu: 2, priority: 300 }),
  spark('f', 3, { queue: 'third' }),
];

/** The first app runs whole, the second waits. */
const STARTED: readonly Step[] = [
  { kind: 'leader', app: 0 },
  ...Array.from({ length: 7 }, (_, i) => ({ kind: 'member', app: 0, i }) as const),
  { kind: 'leader', app: 1 },
];

const steps = fc.array(fc.oneof(...gangSteps, ...gangSteps, ...otherSteps, ...liveSteps), {
  minLength: 10,
  maxLength: 60,
  size: 'max',
});

const story = steps.map((list) => [...STARTED, ...list]);

test('rows have every gang once, those that wait at their place in the order of admission; nothing changes', () => {
  let waiting = 0;
  let foretold = 0;
  let lacking = 0;
  fc.assert(
    fc.property(setting, story, (chosen, list) => {
      const play = new Play(policy(chosen), { apps: APPS, runTimes: wildRunTimes(chosen) });
      for (const step of list) play.step(step);
      play.world.makeRoom();
      const { scheduler, nowMs } = play.world;
      const { inside, board } = scheduler;
      const before = fingerprintOf(inside, nowMs);
      const rows = allAtOnce(board.gangRows(nowMs));
      const starts = allAtOnce(board.startTimes(nowMs, 50))!;
      const map = allAtOnce(board.nodeMap());
      expect(fingerprintOf(inside, nowMs)).toBe(before);
      const order = inside.queues.inAdmissionOrder().map(({ key }) => key);
      const placed = rows.filter(({ position }) => position !== undefined);
      expect(placed.map(({ gang, position }) => [gang, position])).toEqual(order.map((key, i) => [key, i + 1]));
      expect(rows.map(({ gang, phase }) => `${gang} ${phase}`).sort()).toEqual(
        scheduler
          .gangs()
          .map(({ gang, phase }) => `${gang} ${phase}`)
          .sort(),
      );
      for (const { gang, phase, waitsFor, bound, lacks } of rows) {
        if (lacks !== undefined) {
          expect(waitsFor).toBe('room');
          lacking += isAtMost(lacks, play, gang) ? 1 : 0;
        }
        expect(waitsFor === undefined).toBe(phase !== 'waiting');
        expect(bound).toBe(inside.cluster.boundMembers(gang).size);
        expect(board.places(gang).filter(({ state }) => state === 'bound' || state === 'elastic')).toHaveLength(
          isAdmitted(inside.gangs.get(gang)!) ? bound : board.places(gang).length,
        );
      }
      for (const [gang, { aboutMs, latestMs }] of starts) {
        expect(order).toContain(gang);
        expect(aboutMs).toBeGreaterThanOrEqual(nowMs);
        expect(latestMs).toBeGreaterThanOrEqual(aboutMs);
        if (aboutMs < Infinity) foretold++;
      }
      expect(map.names).toHaveLength(inside.cluster.table.size);
      waiting += order.length;
    }),
    RUNS,
  );
  expect(waiting).toBeGreaterThan(timesMet(20));
  expect(foretold).toBeGreaterThan(timesMet(3));
  expect(lacking).toBeGreaterThan(timesMet(3));
});

/** Compared with the explanation, unless room has come since the gang was asked about. @returns whether it was */
function isAtMost(lacks: string, { world: { scheduler, nowMs } }: Play, gang: string): boolean {
  const [, most, of, role] = /^room for (?:<=)?(\d+) of (\d+) (.+)$/.exec(lacks)!;
  const { inside } = scheduler;
  const refusal = refusalOf(inside.gangs.get(gang)!);
  if (refusal?.kind !== 'room' || refusal.roomPosition !== inside.cluster.table.roomLog.position) return false;
  const explained = scheduler.explain(gang, nowMs)!.roles.find((one) => one.role === role)!;
  expect(Number(most)).toBeLessThan(Number(of));
  expect(Number(of)).toBeLessThanOrEqual(explained.min);
  expect(explained.places.now).toBeLessThanOrEqual(Number(most));
  return true;
}

const half = (share: number) => Math.round(200 * Math.max(0, Math.min(1, share)));

test('the map says of each node what its pods take, what is held, and what is stranded', () => {
  let held = 0;
  let stranded = 0;
  fc.assert(
    fc.property(setting, story, (chosen, list) => {
      const play = new Play(policy(chosen), { apps: APPS, runTimes: wildRunTimes(chosen) });
      for (const step of list) play.step(step);
      play.world.makeRoom();
      const { scheduler } = play.world;
      const { cluster } = scheduler.inside;
      const { table, columns } = cluster;
      const map = allAtOnce(scheduler.board.nodeMap());
      for (const [i, name] of map.names.entries()) {
        const row = table.rowOf(name)!;
        const of = (resource: string) => {
          const c = columns.indexOf(resource)!;
          let used = 0;
          for (const bound of cluster.podsAt(name)) if (!bound.isLeaving) used += bound.vector[c] ?? 0;
          return { used, free: table.free[c]![row]!, all: table.allocatable[c]![row]! };
        };
        const [cpu, memory, pods] = ['cpu', 'memory', 'pods'].map(of);
        const free = ({ free: left, all }: { free: number; all: number }) => (all > 0 ? Math.max(0, left) / all : 1);
        const usable = pods!.free < 1 ? 0 : Math.min(free(cpu!), free(memory!));
        for (const resource of map.resources) {
          const one = of(resource.name);
          if (one.all === 0) {
            expect([resource.used[i], resource.reserved[i], resource.stranded[i]]).toEqual([0, 0, 0]);
            continue;
          }
          expect(resource.used[i]).toBe(half(one.used / one.all));
          expect(resource.reserved[i]).toBe(half((one.all - one.free - one.used) / one.all));
          expect(resource.stranded[i]).toBe(half(free(one) - usable));
          held += resource.reserved[i]!;
          stranded += resource.stranded[i]!;
        }
      }
      for (const view of scheduler.nodes()) {
        const i = map.names.indexOf(view.node);
        expect(map.unschedulable.includes(i)).toBe(view.unschedulable);
      }
    }),
    RUNS,
  );
  expect(held).toBeGreaterThan(timesMet(100));
  expect(stranded).toBeGreaterThan(timesMet(100));
});

const name = fc.constantFrom('a', 'b', 'c', 'ab', 'abc');
const row: fc.Arbitrary<Omit<BoardRow, 'position' | 'gang'>> = fc.record({
  namespace: name,
  phase: fc.constantFrom('waiting' as const, 'running' as const),
  queue: fc.constantFrom('q', 'q.a', 'qa', 'r'),
  user: name,
  priority: fc.nat({ max: 3 }),
  policy: fc.constant('p'),
  leader: name,
  members: fc.nat({ max: 3 }),
  bound: fc.constant(0),
  sinceMs: fc.nat({ max: 3 }),
});
const query = fc.record(
  {
    namespace: name,
    queue: fc.constantFrom('q', 'qa', 'r'),
    phase: fc.constantFrom('waiting', 'running'),
    user: name,
    search: fc.constantFrom('A', 'b', 'q.', '/'),
    sort: fc.constantFrom('position', 'since', 'gang', 'priority', 'members', 'queue'),
    order: fc.constantFrom('asc', 'desc'),
  },
  { requiredKeys: [] },
);

test('windows of any size, one after the other, are the plain list filtered and sorted', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), query, fc.integer({ min: 1, max: 7 }), (some, asked, limit) => {
      let position = 0;
      const rows = some.map((one, i): BoardRow => {
        const gang = `${one.namespace}/${i}`;
        return one.phase === 'waiting' ? { ...one, gang, position: ++position } : { ...one, gang };
      });
      const list = new GangList(rows);
      const got: BoardRow[] = [];
      for (let offset = 0; offset <= rows.length; offset += limit) {
        const window = list.window(GangRowQuery.parse({ ...asked, offset, limit }), EVERYTHING);
        got.push(...window.rows);
        expect(window.total).toBe(list.window(GangRowQuery.parse(asked), EVERYTHING).total);
      }
      const { sort = 'position', order, search, queue } = asked;
      const wanted = rows
        .filter((one) => asked.namespace === undefined || one.namespace === asked.namespace)
        .filter((one) => asked.phase === undefined || one.phase === asked.phase)
        .filter((one) => asked.user === undefined || one.user === asked.user)
        .filter((one) => queue === undefined || one.queue === queue || one.queue.startsWith(`${queue}.`))
        .filter(
          ({ gang, leader, queue: q, user }) =>
            search === undefined ||
            [gang, leader, q, user].some((text) => text.toLowerCase().includes(search.toLowerCase())),
        )
        .map(({ gang }) => gang);
      const names = got.map(({ gang }) => gang);
      expect([...names].sort()).toEqual([...wanted].sort());
      const keyOf = (one: BoardRow): readonly (number | string)[] => {
        switch (sort) {
          case 'position':
            return [one.position ?? Infinity, one.position === undefined ? one.sinceMs : 0];
          case 'since':
            return [one.sinceMs];
          case 'gang':
            return [one.gang];
          case 'priority':
            return [-one.priority];
          case 'members':
            return [-one.members];
          default:
            return [one.queue];
        }
      };
      const inOrder = order === 'desc' ? [...got].reverse() : got;
      for (const [i, one] of inOrder.entries()) {
        const next = inOrder[i + 1];
        if (!next) continue;
        const [x, y] = [keyOf(one), keyOf(next)];
        const at = x.findIndex((value, k) => value !== y[k]);
        if (at >= 0) expect(x[at]! < y[at]!).toBe(true);
      }
    }),
    { numRuns: propertyRuns(200), seed: 1607 },
  );
});

test('whatever is asked, names that a reader may not see change neither what is found nor its order', () => {
  const viewer: Viewer = { seesAll: false, seesNodes: false, sees: (namespace) => namespace === 'a' };
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), query, (some, asked) => {
      const rows = some.map((one, i): BoardRow => ({ ...one, gang: `${one.namespace}/${i}` }));
      const renamed = rows.map((one): BoardRow => {
        return one.namespace === 'a' ? one : { ...one, namespace: 'z', gang: `z${one.gang}`, user: 'z', leader: 'z' };
      });
      const told = [rows, renamed].map((all) => {
        const { total, rows: found } = new GangList(all).window(GangRowQuery.parse(asked), viewer);
        return [total, found.map((one) => all.indexOf(one))];
      });
      expect(told[0]).toEqual(told[1]);
    }),
    { numRuns: propertyRuns(200), seed: 1608 },
  );
});
