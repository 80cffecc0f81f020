import { describe, expect, test } from 'vitest';
import { boundTo, node, pod, spark } from '../support/builders.ts';
import { queue, tenancyWith } from '../support/tenancies.ts';
import { admitted, inNamespace, setTenancy } from '../support/tenants.ts';
import { World } from '../support/world.ts';

const WAITS = 'waits: gang waits for room';

/** Queue `alone` shares its nodes with no other namespace; queue `others` does not mind. */
function shared(count: number): World {
  const world = new World(Array.from({ length: count }, (_, i) => node(`n${i}`, { cpu: 8 })));
  setTenancy(world, tenancyWith({ queues: [queue('alone', { exclusive: 'namespace' }), queue('others')] }));
  return world;
}

const gangIn = (namespace: string, name: string, queue: string, executors = 1) =>
  inNamespace(spark(name, executors, { queue }), namespace);
const podIn = (namespace: string, name: string) => ({ ...pod(name), namespace });

describe('exclusive: namespace', () => {
  test("D3 keeps another namespace's gang waiting although cpu is free, and explain says why", () => {
    const world = shared(1);
    expect(world.start(gangIn('red', 'a', 'alone').leader())).toBe('-> n0');
    const gang = gangIn('blue', 'b', 'alone');
    expect(world.ask(gang.leader())).toBe(WAITS);
    expect(world.scheduler.explain(gang.spec.key, 0)?.advice).toContain(
      'Queue alone shares no node with other namespaces (exclusive): 1 node that suits its members has pods of others.',
    );
    expect(world.ask(gangIn('red', 'c', 'alone').leader())).toBe('-> n0');
  });

  test('keeps gangs and pods of other namespaces off its nodes, and says so', () => {
    const world = shared(1);
    world.start(gangIn('red', 'a', 'alone').leader());
    const gang = gangIn('blue', 'b', 'others');
    expect(world.ask(gang.leader())).toBe(WAITS);
    expect(world.scheduler.explain(gang.spec.key, 0)?.advice).toContain(
      '1 node that suits its members is of another namespace alone, whose queue shares no node (exclusive).',
    );
    expect(world.ask(podIn('blue', 'p'))).toBe('any of ');
    expect(world.ask(podIn('red', 'p'))).toBe('any');
    expect(world.ask({ ...podIn('blue', 'p'), evictionTraits: { isPinned: true } })).toBe('any');
  });

  test('uses no node on which another namespace has pods, apart from those that stay with it', () => {
    const world = shared(3);
    world.learn({ kind: 'pod', pod: boundTo(podIn('blue', 'p'), 'n0') });
    const pinned = { ...podIn('kube-system', 'proxy'), evictionTraits: { isPinned: true as const } };
    world.learn({ kind: 'pod', pod: boundTo(pinned, 'n1') });
    world.start(gangIn('blue', 'b', 'others').leader(), ['n2']);
    expect(world.ask(gangIn('red', 'a', 'alone').leader())).toBe('-> n1');
    expect(world.ask(gangIn('red', 'c', 'alone', 7).leader())).toBe(WAITS);
  });

  test('follows a pod that no longer stays with its node', () => {
    const world = shared(1);
    const pinned = { ...podIn('blue', 'p'), evictionTraits: { isPinned: true as const } };
    world.learn({ kind: 'pod', pod: boundTo(pinned, 'n0') });
    expect(world.ask(gangIn('red', 'a', 'alone').leader())).toBe('-> n0');
    world.gone(gangIn('red', 'a', 'alone').leader());
    world.learn({ kind: 'pod', pod: boundTo(podIn('blue', 'p'), 'n0') });
    expect(world.ask(gangIn('red', 'c', 'alone').leader())).toBe(WAITS);
  });

  test('lets the gang start when the last pod of others has left', () => {
    const world = shared(1);
    world.bind(podIn('blue', 'p'), 'n0');
    world.bind(podIn('blue', 'q'), 'n0');
    expect(world.ask(gangIn('red', 'a', 'alone').leader())).toBe(WAITS);
    world.gone(podIn('blue', 'p'));
    expect(admitted(world)).toEqual([]);
    world.gone(podIn('blue', 'q'));
    expect(admitted(world)).toEqual(['a']);
  });

  test('opens a node to others when its last pod has left', () => {
    const world = shared(1);
    const gang = gangIn('red', 'a', 'alone');
    world.start(gang.leader());
    world.start(gang.member('executor', 0));
    expect(world.ask(gangIn('blue', 'b', 'others').leader())).toBe(WAITS);
    world.gone(gang.member('executor', 0));
    world.gone(gang.leader());
    expect(admitted(world)).toEqual(['b']);
  });

  test('counts pods that ran before muster knew their gang', () => {
    const world = new World([node('n0', { cpu: 8 })], {}, false);
    setTenancy(world, tenancyWith({ queues: [queue('alone', { exclusive: 'namespace' })] }));
    const gang = gangIn('red', 'a', 'alone');
    world.bind(gang.member('executor', 0), 'n0');
    world.bind(gang.leader(), 'n0');
    world.sync();
    expect(world.ask(podIn('blue', 'p'))).toBe('any of ');
  });

  test('is forgotten with the rules', () => {
    const world = shared(1);
    world.start(gangIn('red', 'a', 'alone').leader());
    setTenancy(world, tenancyWith({ queues: [queue('alone')] }));
    expect(world.ask(podIn('blue', 'p'))).toBe('any');
  });
});

describe('nodes of a queue', () => {
  const labels = new Map([['pool', 'etl']]);
  const world = () => {
    const one = new World([node('n0', { cpu: 8 }), node('n1', { cpu: 8, labels: { pool: 'etl' } })]);
    setTenancy(one, tenancyWith({ queues: [queue('prod', { nodes: labels, queues: [queue('etl')] })] }));
    return one;
  };

  test('are the only ones for its gangs, and for those of the queues below', () => {
    const one = world();
    const gang = spark('a', 9, { queue: 'prod.etl', min: 1 });
    expect(one.start(gang.leader())).toBe('-> n1');
    const answers = Array.from({ length: 8 }, (_, i) => one.start(gang.member('executor', i)));
    expect(answers.filter((answer) => answer === '-> n1')).toHaveLength(7);
    expect(answers.filter((answer) => answer.startsWith('waits'))).toHaveLength(1);
  });

  test('are too few for a gang that fits elsewhere', () => {
    expect(world().ask(spark('a', 10, { queue: 'prod.etl' }).leader())).toMatch(/cannot start on this cluster/);
  });
});

test('explain counts nodes without the labels of the queue as unsuitable', () => {
  const world = new World([node('n0', { cpu: 8, labels: { pool: 'batch' } }), node('n1', { cpu: 8 })]);
  setTenancy(world, tenancyWith({ queues: [queue('owner', { nodes: new Map([['pool', 'batch']]) })] }));
  const gang = gangIn('red', 'a', 'owner', 20);
  world.ask(gang.leader());
  for (const { nodes } of world.scheduler.explain(gang.spec.key, 0)!.roles)
    expect(nodes).toMatchObject({
      eligible: 1,
      refused: [{ because: 'node affinity, or a label that the policy or the queue requires', nodes: 1 }],
    });
});
