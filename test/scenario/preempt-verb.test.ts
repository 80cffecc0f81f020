import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type PreemptionRules } from '../../src/core/policy/policy.ts';
import { runApp, runPod, wanted } from '../support/apps.ts';
import { node, pod } from '../support/builders.ts';
import { World } from '../support/world.ts';

function cluster(nodes: Readonly<Record<string, number>>, rules: Partial<PreemptionRules> = {}): World {
  const world = new World(
    Object.entries(nodes).map(([name, cpu]) => node(name, { cpu })),
    { preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce', ...rules } },
  );
  world.nowMs = 36_000_000;
  return world;
}

const single = (priority = 1000, cpu = 1) => pod('single', { priority, cpu });

interface Row {
  readonly title: string;
  readonly nodes: Readonly<Record<string, number>>;
  readonly running: (world: World) => void;
  readonly pod?: ReturnType<typeof pod>;
  readonly proposed: Readonly<Record<string, readonly string[]>>;
  readonly answer: string;
}

describe('what is left of kube-scheduler’s proposal for a single pod', () => {
  test.each<Row>([
    {
      title: 'an executor and no driver',
      nodes: { a: 1, b: 1 },
      running: (w) => runApp(w, 'low', ['a', 'b']),
      proposed: { a: ['low-driver'], b: ['low-1'] },
      answer: 'b: low-1',
    },
    {
      title: 'on one node as well',
      nodes: { a: 2 },
      running: (w) => runApp(w, 'low', ['a', 'a']),
      proposed: { a: ['low-driver', 'low-1'] },
      answer: 'a: low-1',
    },
    {
      title: 'a driver where nothing else would do: kube-scheduler may do that',
      nodes: { a: 1, b: 1 },
      running: (w) => runApp(w, 'low', ['a', 'b']),
      proposed: { a: ['low-driver'] },
      answer: 'a: low-driver',
    },
    {
      title: 'an executor that its gang can spare before one that it needs',
      nodes: { a: 2, b: 2 },
      running: (w) => {
        runApp(w, 'needs', ['a', 'a'], { age: 1 });
        runApp(w, 'spares', ['b', 'b'], { min: 0, age: 600 });
      },
      proposed: { a: ['needs-1'], b: ['spares-1'] },
      answer: 'b: spares-1',
    },
    {
      title: 'the lower priority before the lower cost',
      nodes: { a: 2, b: 2 },
      running: (w) => {
        runApp(w, 'lower', ['a', 'a'], { age: 600 });
        runApp(w, 'higher', ['b', 'b'], { age: 1, priority: 10 });
      },
      proposed: { a: ['lower-1'], b: ['higher-1'] },
      answer: 'a: lower-1',
    },
    {
      title: 'the lower priority where the victim of higher priority loses nothing',
      nodes: { a: 2, b: 2 },
      running: (w) => {
        runApp(w, 'hi', ['a', 'a'], { age: 0, priority: 50, min: 0 });
        runApp(w, 'low', ['b', 'b'], { age: 60 });
      },
      proposed: { a: ['hi-1'], b: ['low-1'] },
      answer: 'b: low-1',
    },
    {
      title: 'at one priority the lower cost',
      nodes: { a: 2, b: 2 },
      running: (w) => {
        runApp(w, 'old', ['a', 'a'], { age: 600 });
        runApp(w, 'young', ['b', 'b'], { age: 5 });
      },
      proposed: { a: ['old-1'], b: ['young-1'] },
      answer: 'b: young-1',
    },
    {
      title: 'nobody more than needed, the highest priority first',
      nodes: { a: 4 },
      running: (w) => {
        runPod(w, 'p1', 'a', { priority: 1 });
        runPod(w, 'p3', 'a', { priority: 3 });
        runPod(w, 'p2', 'a', { priority: 2 });
        runPod(w, 'p4', 'a', { priority: 4 });
      },
      pod: single(1000, 2),
      proposed: { a: ['p4', 'p3', 'p2', 'p1'] },
      answer: 'a: p2 p1',
    },
    {
      title: 'nobody whose gang is as important, whatever the executor’s own priority',
      nodes: { a: 2 },
      running: (w) => runApp(w, 'peer', ['a', 'a'], { priority: 1000 }),
      proposed: { a: ['peer-1'] },
      answer: 'nobody',
    },
    {
      title: 'not where room that is held for a gang would be in the way even then',
      nodes: { a: 4 },
      running: (w) => {
        w.start(wanted('starts', { executors: 2, priority: 2000 }).leader);
        runPod(w, 'web', 'a', { priority: 1 });
      },
      pod: single(1000, 2),
      proposed: { a: ['web'] },
      answer: 'nobody',
    },
    {
      title: 'a list without victims goes: room that is held is not to be had by evictions',
      nodes: { a: 1, b: 1 },
      running: (w) => {
        runPod(w, 'one', 'a', { priority: 1 });
        runPod(w, 'two', 'b', { priority: 2 });
      },
      proposed: { a: [], b: ['two'] },
      answer: 'b: two',
    },
    {
      title: 'nodes and pods that the snapshot does not know are kube-scheduler’s to judge',
      nodes: { a: 1 },
      running: (w) => runPod(w, 'one', 'a', { priority: 1 }),
      proposed: { a: ['one', 'unheard-of'], z: ['other'] },
      answer: 'a: one unheard-of; z: other',
    },
    {
      title: 'a pod named twice goes once',
      nodes: { a: 1 },
      running: (w) => runPod(w, 'one', 'a', { priority: 1 }),
      proposed: { a: ['one', 'one'] },
      answer: 'a: one',
    },
    {
      title: 'for a pod of a gang: nobody, muster sees to it itself',
      nodes: { a: 1 },
      running: (w) => runPod(w, 'one', 'a', { priority: 1 }),
      pod: wanted('gang').leader,
      proposed: { a: ['one'] },
      answer: 'nobody',
    },
  ])('$title', ({ nodes, running, pod: asker = single(), proposed, answer }) => {
    const world = cluster(nodes);
    running(world);
    expect(world.preempt(asker, proposed)).toBe(answer);
  });

  test('the fewest broken disruption budgets; they are counted anew for those that are left', () => {
    const world = cluster({ a: 2, b: 2 });
    for (const [name, at] of Object.entries({ one: 'a', two: 'a', three: 'b', four: 'b' }))
      runPod(world, name, at, { priority: at === 'a' ? 1 : 2, labels: { app: at } });
    const selector = [{ key: 'app', operator: 'In', values: ['a'] }] as const;
    world.learn({ kind: 'budget', budget: { key: 'jobs/a', namespace: 'jobs', selector, allowed: 0 } });
    expect(world.preempt(single(), { a: ['one', 'two'], b: ['three', 'four'] }, 2)).toMatch(/^b: (three|four)$/);
    expect(world.preempt(single(), { a: ['one', 'two'] }, 2)).toMatch(/^a: (one|two) !1$/);
  });

  test('an unknown pod among them does not hide one that is more important', () => {
    const world = cluster({ a: 3 });
    runApp(world, 'vip', ['a', 'a'], { priority: 6000 });
    expect(world.preempt(single(2000), { a: ['vip-1', 'unheard-of'] })).toBe('nobody');
  });

  test('before the cluster has been read there is no answer: who is in which gang is not known', () => {
    const world = new World([node('a', { cpu: 1 })], {}, false);
    runPod(world, 'one', 'a');
    expect(() => world.preempt(single(), { a: ['one'] })).toThrow(/has not been read yet/);
  });

  test('not those that make room for a gang', () => {
    const world = cluster({ a: 2 });
    runApp(world, 'low', ['a', 'a']);
    world.ask(wanted('high').leader);
    expect(world.makeRoom()).toEqual(['low-1']);
    expect(world.preempt(single(), { a: ['low-1'] })).toBe('nobody');
  });
});

describe('the room that is freed is the pod’s', () => {
  /** A full node, and a single pod for which `low-1` is to go. */
  function freeing() {
    const world = cluster({ a: 3 });
    const low = runApp(world, 'low', ['a', 'a', 'a']);
    expect(world.preempt(single(), { a: ['low-1', 'low-2'] })).toBe('a: low-2');
    return { world, victim: low[2]!, successor: { ...low[2]!, uid: 'low-9', name: 'low-9' } };
  }

  test('the victim’s successor does not get it, and nobody else goes', () => {
    const { world, victim, successor } = freeing();
    world.bind({ ...victim, deleting: true }, 'a');
    world.gone(victim);
    expect(world.ask(successor)).toBe('waits: no offered node has room for this member');
    expect(world.ask(pod('other'))).toBe('any of ');
    expect(world.ask(single())).toBe('any');
    world.bind(single(), 'a');
    world.gone(single());
    world.wait(1000);
    expect(world.ask(successor)).toBe('-> a');
  });

  test('no gang starts on it, before the victim is gone or after', () => {
    const { world, victim } = freeing();
    const { leader } = wanted('waits', { priority: 0 });
    expect(world.ask(leader)).toBe('waits: gang waits for room');
    world.gone(victim);
    expect(world.ask(leader)).toBe('waits: gang waits for room');
  });

  test('what the victim leaves beyond it is free once the victim is gone', () => {
    const world = cluster({ a: 5 });
    const low = runApp(world, 'low', ['a', 'a'], { cpu: 4 });
    world.preempt(single(), { a: ['low-1'] });
    expect(world.ask(pod('other'))).toBe('any of ');
    world.gone(low[1]!);
    expect(world.ask(pod('other', { cpu: 3 }))).toBe('any');
    expect(world.ask(pod('more', { cpu: 4 }))).toBe('any of ');
  });

  test.each([
    ['it is bound elsewhere', (world: World) => world.bind(single(), 'b')],
    ['it is gone', (world: World) => world.gone(single())],
    ['nothing comes of it in time', (world: World) => world.wait(90_000)],
    ['the node goes and comes back', (world: World) => [world.removeNode('a'), world.node(node('a', { cpu: 3 }))]],
  ])('until %s', (_, happens) => {
    const { world, victim } = freeing();
    world.node(node('b', { cpu: 1 }));
    happens(world);
    world.gone(victim);
    world.wait(1000);
    expect(world.ask(pod('other', { cpu: 2 }))).toBe('any of b');
  });

  test('asked again before anybody is on the way: the same answer', () => {
    const { world } = freeing();
    expect(world.preempt(single(), { a: ['low-1', 'low-2'] })).toBe('a: low-2');
    expect(world.preempt(pod('another', { priority: 1000 }), { a: ['low-2'] })).toBe('nobody');
  });

  test('it counts against the budgets of gangs', () => {
    const world = cluster({ a: 3 }, { budget: { ...DEFAULT_POLICY.preemption.budget, perMinute: 1 } });
    const low = runApp(world, 'low', ['a', 'a', 'a']);
    world.preempt(single(), { a: ['low-2'] });
    world.gone(low[2]!);
    world.ask(wanted('high').leader);
    expect(world.makeRoom()).toEqual([]);
    world.wait(100_000);
    expect(world.makeRoom()).toHaveLength(1);
  });
});
