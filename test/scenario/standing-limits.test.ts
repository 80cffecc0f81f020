import { describe, expect, test } from 'vitest';
import type { AddressPool, Tenancy } from '../../src/core/policy/tenancy.ts';
import { node, pod } from '../support/builders.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { admitted, setTenancy, tenancyWith } from '../support/tenants.ts';
import { cpu, queue, rule, tenancy } from '../support/tenancies.ts';
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
