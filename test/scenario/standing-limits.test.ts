import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { NO_QUOTA, type AddressPool, type Tenancy } from '../../src/core/policy/tenancy.ts';
import { runSingleRoleGang } from '../support/apps.ts';
import { GangBuilder, node, pod, queueWith } from '../support/builders.ts';
import { cores, queue as reclaiming, tenancyOf } from '../support/reclaim-tenancies.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { cpu, queue, rule, tenancy, tenancyWith } from '../support/tenancies.ts';
import { admitted, setTenancy } from '../support/tenants.ts';
import { exactly, ToldRunTimes } from '../support/told-run-times.ts';
import { World } from '../support/world.ts';

function worldOf(file: Tenancy, cores = 100): World {
  const world = new World([node('n', { cpu: cores })]);
  setTenancy(world, file);
  return world;
}

describe('a gang that waits for a limit is tried again', () => {
  test('when it is in another queue, though the first holds as much as before', () => {
    const rules = [rule('small', { labels: new Map([['team', 'small']]) }), rule('large')];
    const world = worldOf(tenancy([queue('small', { max: cpu(2) }), queue('large')], { rules }));
    world.start(new TenantApp('first', { labels: { team: 'small' } }).driver());
    const app = new TenantApp('a', { labels: { team: 'small' } });
    expect(world.ask(app.driver())).toBe('waits: queue small is at its max of cpu');
    const moved = app.driver({ labels: { team: 'large' } });
    world.learn({ kind: 'pod', pod: moved });
    expect(admitted(world)).toEqual(['a']);
  });
});

describe('a gang that waits for addresses is tried again', () => {
  const NONE = 'waits: gang waits for addresses: each zone has too few left';
  const pool = (change: Partial<AddressPool>): Tenancy =>
    tenancyWith({ addresses: [{ key: 'zone', size: 1000, sizes: new Map(), keep: 0, cooldownMs: 0, ...change }] });
  const zoned = (name: string, cores: number, zone: string) => node(name, { cpu: cores, labels: { zone } });

  test('when as many are left again as before others took them', () => {
    const world = new World([zoned('n', 100, 'a')]);
    setTenancy(world, pool({ size: 4 }));
    world.wait(1000);
    const first = new TenantApp('first', { executors: 3 });
    expect(world.ask(first.driver())).toBe('-> n');
    const app = new TenantApp('second', { executors: 3 });
    expect(world.ask(app.driver())).toBe(NONE);
    world.gone(first.driver());
    world.wait(1000);
    expect(admitted(world)).toEqual(['second']);
  });

  test('when room appears where there are some', () => {
    const world = new World([zoned('na', 100, 'a')]);
    setTenancy(world, pool({ sizes: new Map([['a', 1]]) }));
    world.node(zoned('nb0', 0, 'b'));
    world.wait(1000);
    const app = new TenantApp('app', { executors: 3 });
    expect(world.ask(app.driver())).toBe(NONE);
    world.node(zoned('nb1', 10, 'b'));
    world.wait(1000);
    expect(admitted(world)).toEqual(['app']);
  });

  test('when there is room for all: where addresses were short before, room counted as well', () => {
    const world = new World([zoned('na', 6, 'a'), zoned('nb', 3, 'b')]);
    setTenancy(world, pool({ sizes: new Map([['a', 7]]), cooldownMs: 10_000 }));
    const others = Array.from({ length: 7 }, (_, i) => pod(`p${i}`, { cpu: 0 }));
    const large = { ...pod('large', { cpu: 2 }), hostNetwork: true as const };
    for (const one of others) world.bind(one, 'na');
    world.bind(large, 'nb');
    const app = new TenantApp('app', { executors: 8, gated: true });
    world.learn({ kind: 'pod', pod: app.driver() });
    for (const one of others) world.gone(one);
    expect(admitted(world)).toEqual([]);
    world.wait(20_000);
    expect(admitted(world)).toEqual([]);
    world.gone(large);
    expect(admitted(world)).toEqual(['app']);
  });
});

describe('a gang that waits for room when its user or its queue reaches a limit', () => {
  test('lets those behind it pass', () => {
    const world = new World([node('n', { cpu: 10 })], { queue: queueWith({ backfill: 'off', blockAfterMs: 1 }) });
    setTenancy(world, tenancy([queue('default', { users: { max: NO_QUOTA, gangs: 1, of: new Map() } })]));
    world.bind(pod('p', { cpu: 5 }), 'n');
    const large = new TenantApp('large', { executors: 7, user: 'u' });
    expect(world.ask(large.driver())).toBe('waits: gang waits for room');
    world.wait(1000);
    const other = new TenantApp('other', { user: 'v' });
    expect(world.ask(other.driver())).toBe('waits: gang waits for its turn');
    const urgent = { ...new TenantApp('urgent', { user: 'u' }).driver(), priority: 5 };
    expect(world.ask(urgent)).toBe('-> n');
    expect(world.ask(other.driver())).toBe('-> n');
  });

  test('has nobody evicted, and does not start beyond the limit', () => {
    const { preemption } = DEFAULT_POLICY;
    const world = new World([node('n', { cpu: 10 })], {
      preemption: { ...preemption, mode: 'off', wholeGangs: true, minRuntimeMs: 0 },
    });
    world.nowMs = 36_000_000;
    const running = { gangs: 1, pods: Infinity, podsPerNamespace: Infinity };
    setTenancy(world, tenancyOf([reclaiming('a', { guaranteed: cores(10), running }), reclaiming('b')]));
    runSingleRoleGang(world, 'b', Array<string>(7).fill('n'), { queue: 'b' });
    const [large, small] = [5, 3].map(
      (count) => new GangBuilder(`g${count}`, { worker: { count, cpu: 1 } }, { queue: 'a' }),
    );
    expect(world.ask(large!.leader())).toBe('waits: gang waits for room');
    expect(world.ask(small!.leader())).toBe('-> n');
    world.wait(1000);
    expect(world.makeRoom()).toEqual([]);
    expect(world.scheduler.explain('jobs/g5', world.nowMs)!.advice.join(' ')).toContain('runs its 1 gangs');
  });
});

test('a gang that waits behind a start time is tried again when the queue of the head yields', () => {
  const HOUR = 3_600_000;
  const told = new ToldRunTimes();
  for (const [name, hours] of Object.entries({ runs: 20, head: 1, long: 200 }))
    told.told.set(name, exactly(hours * HOUR));
  const rules = queueWith({ blockAfterMs: 1, backfill: 'reserve', patience: { times: 0, mostMs: 0 } });
  const world = new World([node('n', { cpu: 10 })], { queue: rules }, true, [], told);
  world.nowMs = 24 * HOUR;
  // With or without hours, its guarantee is all that it is entitled to.
  const a = reclaiming('a', { guaranteed: cores(10), yields: { from: 60, to: 120, zone: 'UTC' } });
  setTenancy(world, tenancyOf([a, reclaiming('b')]));
  runSingleRoleGang(world, 'runs', Array<string>(5).fill('n'), { queue: 'b' });
  const head = new GangBuilder('head', { worker: { count: 8, cpu: 1 } }, { queue: 'a' });
  const long = new GangBuilder('long', { worker: { count: 4, cpu: 1 } }, { queue: 'b' });
  const answers = Array.from({ length: 13 }, () => {
    world.ask(head.leader());
    world.wait(HOUR / 12);
    return world.ask(long.leader());
  });
  expect(new Set(answers.slice(0, 11))).toEqual(new Set(['waits: gang waits behind a start time']));
  expect(answers.at(-1)).toBe('-> n');
});
