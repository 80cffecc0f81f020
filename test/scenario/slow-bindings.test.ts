import { expect, test } from 'vitest';
import { GangBuilder, node, pod, spark } from '../support/builders.ts';
import { World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const SLOW = pod('slow', { cpu: 7 });

/** Two nodes of 8 cores, and a pod of 7 that passed the filter and whose volumes are being provisioned. */
function withSlowPod(): World {
  const world = new World([node('n0', { cpu: 8 }), node('n1', { cpu: 8 })]);
  expect(world.ask(SLOW)).toBe('any');
  return world;
}
const free = ({ scheduler }: World) => scheduler.nodes().map((one) => (one.free.get('cpu') ?? 0) / 1000);
const phase = ({ scheduler }: World) => scheduler.gangs()[0]!.phase;

test('a pod of no gang keeps its room for as long as its binding takes', () => {
  const world = new World([node('n0', { cpu: 4 })]);
  const app = spark('a', 2);
  expect(world.ask(pod('slow', { cpu: 3 }))).toBe('any');
  for (let minutes = 0; minutes < 60; minutes++) {
    expect(world.ask(app.leader())).toMatch(/^waits/);
    world.wait(MINUTE_MS);
  }
  world.bind(pod('slow', { cpu: 3 }), 'n0');
  expect(free(world)).toEqual([1]);
  expect(world.ask(app.leader())).toMatch(/^waits/);
  world.gone(pod('slow'));
  expect(world.ask(app.leader())).toBe('-> n0');
});

test('after ten seconds it holds its room on one node only, so that it cannot stop the whole cluster', () => {
  const world = withSlowPod();
  const app = new GangBuilder('a', { driver: { count: 1, cpu: 2 }, executor: { count: 2, cpu: 3 } });
  expect(world.ask(app.leader())).toMatch(/^waits/);
  world.wait(10_000);
  expect(free(world)).toEqual([1, 8]);
  expect(world.ask(app.leader())).toBe('-> n1');
});

test('a hundred pods that are never bound hold their room once each', () => {
  const world = new World(Array.from({ length: 200 }, (_, i) => node(`n${i}`, { cpu: 8 })));
  for (let i = 0; i < 100; i++) world.ask(pod(`slow${i}`, { cpu: 7 }));
  expect(world.ask(spark('a', 1).leader())).toMatch(/^waits/);
  world.wait(10_000);
  expect(free(world).filter((cores) => cores === 1)).toHaveLength(100);
  expect(free(world).filter((cores) => cores === 8)).toHaveLength(100);
  expect(world.ask(spark('b', 99, { cpu: 8 }).leader())).toMatch('->');
});

test('if it is bound elsewhere than expected, slots move to the room that was held for it', () => {
  const world = withSlowPod();
  const app = new GangBuilder('a', { driver: { count: 1, cpu: 2 }, executor: { count: 2, cpu: 3 } });
  world.wait(10_000);
  expect(world.start(app.leader())).toBe('-> n1');
  world.bind(SLOW, 'n1');
  expect(phase(world)).toBe('starting');
  expect(world.start(app.member('executor', 0))).toBe('-> n0');
  expect(world.start(app.member('executor', 1))).toBe('-> n0');
});

test('a member that is offered only the node where it is expected gets its place there', () => {
  const world = withSlowPod();
  const app = new GangBuilder('a', { driver: { count: 1, cpu: 2 }, executor: { count: 2, cpu: 3 } });
  world.wait(10_000);
  expect(world.start(app.leader(), ['n1'])).toBe('-> n1');
  // kube-scheduler knows that the slow pod goes to n1.
  expect(world.start(app.member('executor', 0), ['n0'])).toBe('-> n0');
  expect(world.start(app.member('executor', 1), ['n0'])).toBe('-> n0');
  expect(phase(world)).toBe('running');
});

test('another pod of no gang is not refused because of where it is expected', () => {
  const world = withSlowPod();
  world.wait(10_000);
  expect(world.ask(pod('other', { cpu: 8 }))).toBe('any');
});

test('if the node where it is expected goes or shrinks, it is expected at another', () => {
  const world = withSlowPod();
  world.wait(10_000);
  world.node(node('n0', { cpu: 4 }));
  world.wait(1000);
  expect(free(world)).toEqual([4, 1]);
  world.node(node('n2', { cpu: 8 }));
  world.removeNode('n1');
  world.wait(1000);
  expect(free(world)).toEqual([4, 1]);
  world.gone(SLOW);
  expect(free(world)).toEqual([4, 8]);
});

test('a pod that kube-scheduler refuses after the answer is not in flight any more', () => {
  const world = withSlowPod();
  world.learn({ kind: 'pod', pod: { ...SLOW, refusal: 'Unschedulable: no volume' } });
  world.wait(10_000);
  expect(free(world)).toEqual([8, 8]);
  expect(world.scheduler.claimants()).toEqual([]);
});

test('a pod that was refused before keeps its room until kube-scheduler must have given up', () => {
  const world = new World([node('n0', { cpu: 8 })]);
  const refused = { ...SLOW, refusal: 'Unschedulable: no volume' };
  expect(world.ask(refused)).toBe('any');
  // A change of something else.
  world.learn({ kind: 'pod', pod: refused });
  for (let minutes = 0; minutes < 24; minutes++) world.wait(MINUTE_MS);
  expect(free(world)).toEqual([1]);
  // The same refusal once more is no news to the API server, so that nobody hears of it.
  world.wait(MINUTE_MS);
  expect(free(world)).toEqual([8]);
});

test('the sweep of pods that are gone hears of it', () => {
  expect(withSlowPod().scheduler.claimants()).toEqual(['slow']);
});
