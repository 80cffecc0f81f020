import { describe, expect, test } from 'vitest';
import type { GangSpec, NodeInfo, PodInfo } from '../../src/core/model.ts';
import { node, pod, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

const LICENCE = 'example.com/licence';

const asking = (request: PodInfo['request'], amount = 1) => new Map([...request, [LICENCE, amount]]);

/** The leader of a gang whose executors, or driver, also request licences. */
function leaderOf(name: string, who: 'driver' | 'executor'): PodInfo {
  const app = spark(name, 2);
  const roles = app.spec.roles.map((role) => (role.name === who ? { ...role, request: asking(role.request) } : role));
  const spec: GangSpec = { ...app.spec, roles };
  const leader = app.leader();
  const request = who === 'driver' ? asking(leader.request) : leader.request;
  return { ...leader, request, membership: { gang: spec.key, role: 'driver', spec } };
}

const licensed = (name: string, licences: number): NodeInfo => {
  const bare = node(name, { cpu: 8 });
  return { ...bare, allocatable: new Map([...bare.allocatable, [LICENCE, licences]]) };
};

const explained = (world: World, gang: string) => world.scheduler.explain(`jobs/${gang}`, world.nowMs)!;

describe('a resource that no node has', () => {
  test.each(['driver', 'executor'] as const)('is named where the %s requests it', (who) => {
    const world = new World([node('a', { cpu: 8 }), node('b', { cpu: 8 })]);
    expect(world.ask(leaderOf('app', who))).toBe(
      `waits: cannot start on this cluster: no node for role ${who} has resource ${LICENCE}`,
    );
    const { advice, roles } = explained(world, 'app');
    expect(advice).toContain(
      `Cannot start on this cluster: role ${who} requests ${LICENCE}, and none of its 2 nodes has any. If kube-scheduler is told to ignore it, name it in ignoredResources (docs/config.md).`,
    );
    expect(roles.flatMap(({ short }) => short)).toEqual([
      { resource: LICENCE, needed: who === 'driver' ? 1 : 2, free: 0, largest: 0 },
    ]);
  });

  test('gangs that lack different ones hear each its own', () => {
    const world = new World([node('a', { cpu: 8 })]);
    const other = leaderOf('other', 'driver');
    const request = new Map(
      [...other.request].map(([name, amount]) => [name === LICENCE ? 'example.com/dongle' : name, amount]),
    );
    expect(world.ask(leaderOf('one', 'driver'))).toMatch(/example\.com\/licence$/);
    expect(world.ask({ ...other, request })).toMatch(/example\.com\/dongle$/);
  });

  test('is no obstacle any more when a node with it comes', () => {
    const world = new World([node('a', { cpu: 8 })]);
    expect(world.ask(leaderOf('app', 'executor'))).toMatch(/has resource/);
    world.node(licensed('b', 2));
    expect(world.ask(leaderOf('app', 'executor'))).toMatch(/^-> /);
  });

  test('is named, too, where a pod with it was bound by hand', () => {
    const world = new World([node('a', { cpu: 8 })]);
    const odd = pod('odd');
    world.bind({ ...odd, request: asking(odd.request) }, 'a');
    expect(world.ask(leaderOf('app', 'executor'))).toMatch(
      /no node for role executor has resource example\.com\/licence$/,
    );
  });
});

describe('a resource that muster is told to ignore', () => {
  const worldOf = (nodes: readonly NodeInfo[]) => {
    const world = new World([], {}, true, [LICENCE]);
    for (const one of nodes) world.node(one);
    return world;
  };

  test('keeps nobody from starting, whether nodes have it or not', () => {
    for (const nodes of [[node('a', { cpu: 8 })], [licensed('a', 0)]]) {
      const world = worldOf(nodes);
      expect(world.start(leaderOf('app', 'driver'))).toBe('-> a');
      const member = spark('app', 2).member('executor', 0);
      expect(world.start({ ...member, request: asking(member.request, 5) })).toBe('-> a');
    }
  });

  test('keeps no pod of no gang from a node with held room', () => {
    const world = worldOf([node('a', { cpu: 8 })]);
    world.start(spark('app', 2).leader());
    const single = pod('single');
    expect(world.ask({ ...single, request: asking(single.request) })).toBe('any');
  });
});
