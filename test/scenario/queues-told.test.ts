import { describe, expect, test } from 'vitest';
import type { QueueSummary } from '../../src/core/explanation/queues.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { allAtOnce } from '../../src/core/work.ts';
import { boundTo, GangBuilder, node, pod } from '../support/builders.ts';
import { queue, rule, tenancyOf } from '../support/tenancies.ts';
import { worldWith } from '../support/tenants.ts';
import { World } from '../support/world.ts';

const gang = (name: string, cpu: number, queue: string) =>
  new GangBuilder(name, { worker: { count: cpu, cpu: 1 } }, { queue });

/** All members ask and are bound. */
function run(world: World, app: GangBuilder): void {
  const { count } = app.spec.roles[0]!;
  for (let i = 0; i < count; i++) world.start(i === 0 ? app.leader() : app.member('worker', i));
}

const cpu = (amounts: ReadonlyMap<string, number>) => amounts.get('cpu')! / 1000;
const byPath = (all: readonly QueueSummary[], path: string) => all.find((one) => one.path === path)!;

/** 100 cores. prod is guaranteed 60 (etl 40), adhoc nothing. adhoc.a holds 50 and prod.etl 20 and waits for 30. */
function busy(): World {
  const prod = queue('prod', {
    guaranteed: 60,
    max: 80,
    queues: [queue('ml'), queue('etl', { guaranteed: 40 })],
  });
  const adhoc = queue('adhoc', { weight: 0.5, queues: [], each: queue('each') });
  const rules = [rule('adhoc.a'), rule('adhoc.{label:team}')];
  const world = worldWith([node('n', { cpu: 100 })], { ...tenancyOf([prod, adhoc]), rules });
  run(world, gang('big', 70, 'adhoc.a'));
  run(world, gang('small', 20, 'prod.etl'));
  world.wait(1000);
  world.ask(gang('next', 30, 'prod.etl').leader());
  world.wait(1000);
  return world;
}

describe('what is told of queues', () => {
  test('they come in the order of the tree, siblings by name, the root first', () => {
    expect(
      busy()
        .scheduler.queues()
        .map(({ path, parent, isLeaf, isMade }) => [path, parent, isLeaf, isMade]),
    ).toEqual([
      ['', undefined, false, false],
      ['adhoc', '', false, false],
      ['adhoc.a', 'adhoc', true, true],
      ['prod', '', false, false],
      ['prod.etl', 'prod', true, false],
      ['prod.ml', 'prod', true, false],
    ]);
  });

  test('each has what it holds, needs and should have; those above have what those below have', () => {
    const all = busy().scheduler.queues();
    const figures = ['', 'adhoc', 'adhoc.a', 'prod', 'prod.etl', 'prod.ml'].map((path) => {
      const { held, bound, demand, guaranteed, entitled, max } = byPath(all, path);
      return [path, cpu(held), cpu(bound), cpu(demand), cpu(guaranteed), cpu(entitled), max.get('cpu')];
    });
    expect(figures).toEqual([
      ['', 90, 90, 120, 60, 100, undefined],
      ['adhoc', 70, 70, 70, 0, 50, undefined],
      ['adhoc.a', 70, 70, 70, 0, 50, undefined],
      ['prod', 20, 20, 50, 60, 50, 80_000],
      ['prod.etl', 20, 20, 50, 40, 50, undefined],
      ['prod.ml', 0, 0, 0, 0, 0, undefined],
    ]);
  });

  test('over and under name the resources, and the dominant share is that of the cluster', () => {
    const all = busy().scheduler.queues();
    const of = (path: string) => {
      const { over, under, dominant } = byPath(all, path);
      return { over, under, share: dominant && [dominant.resource, dominant.share] };
    };
    expect(of('adhoc')).toEqual({ over: ['cpu'], under: [], share: ['cpu', 0.7] });
    expect(of('prod')).toEqual({ over: [], under: ['cpu'], share: ['cpu', 0.2] });
    expect(of('prod.ml')).toEqual({ over: [], under: [], share: undefined });
  });

  test('where nobody waits no queue is under, nor is the cluster', () => {
    const world = worldWith([node('n', { cpu: 100 })], tenancyOf([queue('a', { guaranteed: 60 })]));
    run(world, gang('small', 20, 'a'));
    world.wait(1000);
    expect(world.scheduler.queues().map(({ path, under }) => [path, under])).toEqual([
      ['', []],
      ['a', []],
    ]);
  });

  test('gangs are counted by phase, and the one that waits longest is named', () => {
    const world = busy();
    world.ask(gang('later', 30, 'prod.ml').leader());
    world.wait(1000);
    const all = world.scheduler.queues();
    const { gangs, oldest } = byPath(all, 'prod');
    expect(gangs).toEqual({ waiting: 2, starting: 0, running: 1, degraded: 0 });
    expect(oldest).toEqual({ gang: 'jobs/next', sinceMs: 1000 });
    expect(byPath(all, 'prod.ml').oldest).toEqual({ gang: 'jobs/later', sinceMs: 2000 });
    expect(byPath(all, '').gangs.running).toBe(2);
  });

  test('a guarantee that is idle and not lent is withheld', () => {
    const tenancy = tenancyOf([queue('a', { guaranteed: 60, lend: 20 }), queue('b')]);
    const world = worldWith([node('n', { cpu: 100 })], tenancy);
    world.ask(gang('wants', 100, 'b').leader());
    world.wait(1000);
    const all = world.scheduler.queues();
    expect(cpu(byPath(all, 'a').withheld)).toBe(40);
    expect(cpu(byPath(all, 'b').entitled)).toBe(60);
  });

  test('what is held and not bound is held; what is being deleted is leaving', () => {
    const world = worldWith([node('n', { cpu: 100 })], tenancyOf([queue('a')]));
    const app = gang('x', 3, 'a');
    world.start(app.leader());
    world.wait(1000);
    const { held, bound, pods } = world.scheduler.queue('a')!;
    expect([cpu(held), cpu(bound), pods]).toEqual([3, 1, 3]);
  });
});

describe('one queue', () => {
  const withUsers = () => {
    const world = worldWith([node('n', { cpu: 100 })], tenancyOf([queue('p', { queues: [queue('q')] })]));
    const as = (one: PodInfo, user: string): PodInfo => ({ ...one, recurrence: { user } });
    for (const [name, size, user] of [
      ['a', 10, 'alice'],
      ['b', 30, 'bob'],
      ['c', 25, 'alice'],
    ] as const) {
      const app = gang(name, size, 'p.q');
      for (let i = 0; i < size; i++) world.start(as(i === 0 ? app.leader() : app.member('worker', i), user));
    }
    world.wait(1000);
    return world;
  };

  test('has its users, those with most first; a queue above has those of all below', () => {
    for (const path of ['p.q', 'root.p.q', 'p']) {
      const { users, usersInAll } = withUsers().scheduler.queue(path)!;
      expect(users.map(({ user, held, gangs, share }) => [user, cpu(held), gangs, share])).toEqual([
        ['alice', 35, 2, 0.35],
        ['bob', 30, 1, 0.3],
      ]);
      expect(usersInAll).toBe(2);
    }
  });

  test('lists no more than a hundred users, and says how many there are', () => {
    const world = worldWith([node('n', { cpu: 200, pods: 1000 })], tenancyOf([queue('q')]));
    for (let i = 0; i < 120; i++) world.start({ ...gang(`g${i}`, 1, 'q').leader(), recurrence: { user: `u${i}` } });
    world.wait(1000);
    const { users, usersInAll } = world.scheduler.queue('q')!;
    expect([users.length, usersInAll]).toEqual([100, 120]);
  });

  test('the root is there by both names, and an unknown path is not made', () => {
    const world = withUsers();
    expect(world.scheduler.queue('')!.children).toEqual(['p']);
    expect(world.scheduler.queue('root')!.path).toBe('');
    expect(['root', 'p'].map((path) => world.scheduler.queue(path)!.reclaim.mode)).toEqual(['off', 'advise']);
    expect(world.scheduler.queue('p.nobody')).toBeUndefined();
    expect(world.scheduler.queues().map(({ path }) => path)).toEqual(['', 'p', 'p.q']);
  });
});

test('without configuration there is one queue for each name that a gang says, and no limits', () => {
  const world = new World([node('n', { cpu: 10 })]);
  run(world, gang('x', 4, 'research'));
  world.bind(boundTo(pod('single', { cpu: 2 }), 'n'), 'n');
  world.wait(1000);
  const [root, research] = world.scheduler.queues();
  expect([root!.path, research!.path, research!.isMade]).toEqual(['', 'research', true]);
  expect(research!.max.size).toBe(0);
  expect(cpu(research!.entitled)).toBe(4);
  expect(research!.reclaim.mode).toBe('off');
});

test('asking when an app would start makes no queue', () => {
  const world = busy();
  const paths = () => world.scheduler.queues().map(({ path }) => path);
  const before = paths();
  const asked = { ...gang('x', 4, 'adhoc.new').leader(), labels: new Map([['team', 'new']]) };
  expect(allAtOnce(world.scheduler.eta(asked, world.nowMs)).queue).toBe('adhoc.new');
  expect(paths()).toEqual(before);
  expect(world.scheduler.inside.tree.size).toBe(before.length);
});
