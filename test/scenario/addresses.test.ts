import { describe, expect, test } from 'vitest';
import type { AddressPool } from '../../src/core/policy/tenancy.ts';
import { node, pod, spark } from '../support/builders.ts';
import { tenancyWith } from '../support/tenancies.ts';
import { admitted, setTenancy } from '../support/tenants.ts';
import { World } from '../support/world.ts';

const NONE = 'waits: gang waits for addresses: each zone has too few left';

/** Two zones of 50 nodes; zone a has 20 addresses, zone b many. */
function zones(mode: 'none' | 'prefer' | 'require', change: Partial<AddressPool> = {}): World {
  const nodes = Array.from({ length: 100 }, (_, i) =>
    node(`n${String(i).padStart(2, '0')}`, { cpu: i < 50 ? 32 : 31, labels: { zone: i < 50 ? 'a' : 'b' } }),
  );
  const world = new World(nodes, { topology: { mode, keys: ['zone'], leader: true } });
  const pool = { key: 'zone', size: 1000, sizes: new Map([['a', 20]]), keep: 0, cooldownMs: 30_000, ...change };
  setTenancy(world, tenancyWith({ addresses: [pool] }));
  return world;
}

/** Asks about the gang. @returns its slots by zone, or why it waits */
function placed(world: World, gang: ReturnType<typeof spark>): Record<string, number> | string {
  const answer = world.ask(gang.leader());
  if (!answer.startsWith('-> ')) return answer;
  const out: Record<string, number> = {};
  for (const { node: name } of world.scheduler.inside.gangs.get(gang.spec.key)!.slots) {
    const zone = world.nodes.get(name)!.labels.get('zone')!;
    out[zone] = (out[zone] ?? 0) + 1;
  }
  return out;
}

describe('C4 a zone with 20 addresses left, and a gang of 30', () => {
  test('with prefer: 20 there and 10 elsewhere', () => {
    const world = zones('prefer', {
      sizes: new Map([
        ['a', 20],
        ['b', 10],
      ]),
    });
    expect(placed(world, spark('g', 29))).toEqual({ a: 20, b: 10 });
    expect(placed(world, spark('h', 1))).toBe(NONE);
  });

  test('with require: all in the other zone', () => {
    expect(placed(zones('require'), spark('g', 29))).toEqual({ b: 30 });
  });

  test('with require, where no zone has enough: it waits for addresses, and for nothing else', () => {
    const world = zones('require', { size: 29 });
    expect(placed(world, spark('g', 29))).toBe(NONE);
    expect(world.makeRoom()).toEqual([]);
    expect(placed(world, spark('h', 28))).toEqual({ b: 29 });
  });

  test('without topology: no zone gets more than it has', () => {
    const world = zones('none', { size: 15 });
    expect(placed(world, spark('g', 29))).toEqual({ a: 15, b: 15 });
    expect(placed(world, spark('h', 5))).toBe(NONE);
    expect(placed(world, spark('i', 4))).toEqual({ a: 5 });
  });
});

describe('C5 the address of a pod that is gone', () => {
  test('counts for the cooldown, and then a gang starts that waited for it', () => {
    const world = zones('require', { size: 20 });
    const pods = Array.from({ length: 20 }, (_, i) => pod(`p${i}`));
    for (const one of pods) world.bind(one, 'n00');
    for (const one of pods) world.bind({ ...one, uid: `b-${one.uid}` }, 'n60');
    expect(placed(world, spark('g', 19))).toBe(NONE);
    for (const one of pods) world.gone(one);
    world.wait(10_000);
    expect(placed(world, spark('g', 19))).toBe(NONE);
    expect(admitted(world)).toEqual([]);
    world.wait(20_000);
    expect(admitted(world)).toEqual(['g']);
  });

  test('does not count where the pod had none of its own', () => {
    const world = zones('require', { size: 20 });
    const pods = Array.from({ length: 30 }, (_, i) => ({ ...pod(`p${i}`), hostNetwork: true as const }));
    for (const one of pods) world.bind(one, i(one.name) < 15 ? 'n00' : 'n60');
    expect(placed(world, spark('g', 19))).toEqual({ b: 20 });
    for (const one of pods) world.gone(one);
    expect(placed(world, spark('h', 19))).toEqual({ a: 20 });
  });
});

const i = (name: string) => Number(name.slice(1));

test('so many addresses as are to be kept are left', () => {
  expect(placed(zones('none', { sizes: new Map(), size: 20, keep: 5 }), spark('g', 29))).toEqual({ a: 15, b: 15 });
});

test('a pod of no gang is counted, and kept from nowhere', () => {
  const world = zones('none', { sizes: new Map(), size: 0 });
  expect(world.ask(pod('p'))).toBe('any');
});
