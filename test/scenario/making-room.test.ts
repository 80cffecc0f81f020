import { describe, expect, test, vi } from 'vitest';
import { DEFAULT_POLICY, type PreemptionRules, type Topology } from '../../src/core/policy/policy.ts';
import { Shortfall } from '../../src/core/placement/shortfall.ts';
import { runApp, runPod, wanted, type WantedOptions } from '../support/apps.ts';
import { GangBuilder, node, pod } from '../support/builders.ts';
import { World } from '../support/world.ts';

const HOUR_MS = 3_600_000;

function cluster(cpu: number, rules: Partial<PreemptionRules> = {}): World {
  const world = new World([node('a', { cpu })], { preemption: { ...DEFAULT_POLICY.preemption, ...rules } });
  world.nowMs = 10 * HOUR_MS;
  return world;
}

/** What `muster explain` says of the gang's preemption. */
function said(world: World, options: WantedOptions = {}) {
  const { leader } = wanted('high', options);
  expect(world.ask(leader)).toMatch(/^waits/);
  const { preemption, advice } = world.scheduler.explain('jobs/high', world.nowMs)!;
  return { ...preemption!, advice: advice.join(' ') };
}

describe('what is said beforehand', () => {
  test('whom it would cost, line by line, where the policy only advises', () => {
    const world = cluster(2);
    runApp(world, 'low', ['a', 'a']);
    const { state, mode, victims, coreSeconds, gangsBroken, advice } = said(world);
    expect({ state, mode, gangsBroken }).toEqual({ state: 'found', mode: 'advise', gangsBroken: 1 });
    const terms = { work: 3600, comeback: 60, 'broken gang': 600 };
    expect(victims).toEqual([
      {
        pod: 'jobs/low-1',
        node: 'a',
        gang: 'jobs/low',
        role: 'executor',
        priority: 0,
        isNeeded: true,
        coreSeconds: 4260,
        terms: Object.entries(terms).map(([term, amount]) => ({ term, coreSeconds: amount })),
      },
    ]);
    expect(coreSeconds).toBe(4260);
    expect(advice).toContain(
      'Policy default has preemption.mode advise; with enforce, muster would evict 1 pod of lower priority (jobs/low-1; 4,260 core-seconds lost; 1 gang falls below its minimum) for it.',
    );
  });

  test('it is the very choice that is then carried out', () => {
    const world = cluster(5, { mode: 'enforce' });
    runApp(world, 'low', ['a', 'a', 'a'], { min: 1 });
    runApp(world, 'other', ['a', 'a'], { age: 600 });
    const { victims } = said(world, { executors: 1 });
    expect(world.makeRoom()).toEqual(victims.map(({ pod }) => pod.replace('jobs/', '')).sort());
  });

  test('an Event says without a search where that is said', () => {
    const world = cluster(2);
    runApp(world, 'low', ['a', 'a']);
    expect(world.ask(wanted('high').leader)).toMatch(/^waits/);
    const searches = vi.spyOn(Shortfall.prototype, 'confine');
    const advice = world.scheduler.advice('jobs/high', world.nowMs)!;
    expect(searches).not.toHaveBeenCalled();
    expect(advice.join(' ')).toContain('muster explain high says which pods of lower priority could make room for it.');
    world.scheduler.explain('jobs/high', world.nowMs);
    expect(searches).toHaveBeenCalled();
  });

  test('while they go: who is still there, and until when', () => {
    const world = cluster(3, { mode: 'enforce' });
    const low = runApp(world, 'low', ['a', 'a', 'a']);
    said(world, { executors: 1 });
    world.makeRoom();
    world.gone(low[1]!);
    const { preemption, advice } = world.scheduler.explain('jobs/high', world.nowMs)!;
    expect(preemption).toMatchObject({ state: 'under way', untilMs: world.nowMs + 90_000 });
    expect(preemption!.victims.map(({ pod }) => pod)).toEqual(['jobs/low-2']);
    expect(advice.join(' ')).toContain('Room is being made for it: it starts when 1 pod is gone.');
  });

  test('nothing of it for a gang that has started', () => {
    const world = cluster(3);
    world.start(wanted('high').leader);
    expect(world.scheduler.explain('jobs/high', world.nowMs)!.preemption).toBeUndefined();
  });
});

describe('which rule forbids it', () => {
  const full = (world: World) => runApp(world, 'low', ['a', 'a'], { age: 0 });

  test.each<[string, Partial<PreemptionRules>, string, string[]]>([
    ['the minimum runtime', {}, 'relaxing rule "minimum runtime" would help', ['minimum runtime']],
    ['the queues', { minRuntimeMs: 0, queues: ['adhoc'] }, '2 by rule "queue"', ['queue']],
    [
      'the budget',
      { minRuntimeMs: 0, budget: { ...DEFAULT_POLICY.preemption.budget, perMinute: 0 } },
      'rule "budget per minute"',
      ['budget per minute'],
    ],
  ])('%s', (_, rules, words, relax) => {
    const world = cluster(2, { mode: 'enforce', ...rules });
    full(world);
    const found = said(world);
    expect(found).toMatchObject({ state: 'nobody', victims: [], relax });
    expect(found.advice).toContain(words);
  });

  test('whole gangs, where only a leader would do', () => {
    const world = cluster(1, { mode: 'enforce' });
    runApp(world, 'low', ['a']);
    expect(said(world)).toMatchObject({ state: 'nobody', relax: ['whole gangs'] });
  });

  test('pods of other schedulers', () => {
    const world = cluster(1, { mode: 'enforce' });
    runPod(world, 'web', 'a', { schedulerName: 'default-scheduler' });
    expect(said(world)).toMatchObject({ state: 'nobody', relax: ['scheduler'] });
  });

  test('its priority alone: nothing is there to be relaxed', () => {
    const world = cluster(1, { mode: 'enforce' });
    runApp(world, 'peer', ['a'], { priority: 100 });
    expect(said(world)).toMatchObject({ state: 'nobody', relax: [], kept: [{ rule: 'priority', pods: 1 }] });
  });

  test('not now: it may have nobody evicted itself', () => {
    const world = cluster(2, { mode: 'enforce' });
    runApp(world, 'low', ['a', 'a']);
    const { state, because, advice } = said(world, { evictionTraits: { neverPreempts: true } });
    expect({ state, because }).toEqual({ state: 'not now', because: 'the preemptionPolicy of its leader is Never' });
    expect(advice).toContain('No pod is evicted for it: the preemptionPolicy of its leader is Never.');
  });
});

describe('gangs that need more than room', () => {
  const racked = (topology: Partial<Topology>): World => {
    const nodes = ['a1', 'a2', 'b1', 'b2'].map((name) => node(name, { cpu: 2, labels: { rack: name[0]! } }));
    const world = new World(nodes, {
      preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce' },
      topology: { ...DEFAULT_POLICY.topology, keys: ['rack'], ...topology },
    });
    world.nowMs = 10 * HOUR_MS;
    return world;
  };
  const fill = (world: World) => {
    for (const [rack, age] of Object.entries({ a: 60, b: 600 }))
      for (const at of [1, 2]) {
        runPod(world, `${rack}${at}-x`, `${rack}${at}`, { age });
        runPod(world, `${rack}${at}-y`, `${rack}${at}`, { age: age === 60 && at === 2 ? 6000 : age });
      }
  };

  test('all victims are in the rack where the gang then fits, though one elsewhere is cheaper', () => {
    const world = racked({ mode: 'require', leader: true });
    fill(world);
    world.ask(wanted('high', { executors: 3 }).leader);
    const racks = new Set(world.makeRoom().map((name) => name[0]));
    expect(racks.size).toBe(1);
  });

  test('three roles, of which each finds its place', () => {
    const world = racked({ mode: 'none' });
    fill(world);
    const three = new GangBuilder(
      'three',
      { chief: { count: 1, cpu: 1 }, ps: { count: 2, cpu: 1 }, worker: { count: 2, cpu: 2 } },
      { priority: 100 },
    );
    expect(world.ask(three.leader())).toMatch(/^waits/);
    const victims = world.makeRoom();
    expect(victims).toHaveLength(7);
    for (const name of victims) world.gone(pod(name));
    expect(world.start(three.leader())).toMatch(/^-> /);
    for (const [role, i] of [
      ['ps', 0],
      ['ps', 1],
      ['worker', 0],
      ['worker', 1],
    ] as const)
      expect(world.start(three.member(role, i))).toMatch(/^-> /);
  });
});
