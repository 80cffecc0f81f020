import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NodeTable } from '../../../src/core/cluster/node-table.ts';
import type { FilterAnswer } from '../../../src/core/decision.ts';
import { DEFAULT_POLICY } from '../../../src/core/policy/policy.ts';
import type * as room from '../../../src/core/placement/room.ts';
import { RoomyRows } from '../../../src/core/placement/room.ts';
import { RowHeap } from '../../../src/core/placement/row-heap.ts';
import type * as exclusion from '../../../src/core/preemption/candidates/exclusion-rules.ts';
import type * as loss from '../../../src/core/preemption/candidates/eviction-cost.ts';
import type { Explanation } from '../../../src/core/explanation/explanation.ts';
import type { PodInfo } from '../../../src/core/model.ts';
import type { Candidate } from '../../../src/core/preemption/candidates/candidate.ts';
import { Budgets } from '../../../src/core/preemption/candidates/budgets.ts';
import { PodColumns } from '../../../src/core/preemption/candidates/pod-columns.ts';
import { PoolEntries } from '../../../src/core/preemption/candidates/pool-entries.ts';
import { Shortfall } from '../../../src/core/placement/shortfall.ts';
import { Scheduler } from '../../../src/core/scheduler.ts';
import { filterBody } from '../../../src/extender/answer.ts';
import { NameIndex, NameList } from '../../../src/extender/name-list.ts';
import { RequestSpace } from '../../../src/extender/request-space.ts';
import { boundTo, node, offer, pod, spark, type GangBuilder } from '../../support/builders.ts';

/**
 * What a decision costs, in counts that no clock and no busy machine can change. A guard that breaks is not yet a
 * mistake: it says that a decision looks at more than it did.
 */
const counts = { capacityAt: 0, judgements: 0, victimCosts: 0, nameLookUps: 0, nameLists: 0 };

vi.mock('../../../src/core/placement/room.ts', async (original) => {
  const module = await original<typeof room>();
  return {
    ...module,
    capacityAt: (...args: Parameters<typeof module.capacityAt>) => (counts.capacityAt++, module.capacityAt(...args)),
  };
});

vi.mock('../../../src/core/preemption/candidates/exclusion-rules.ts', async (original) => {
  const module = await original<typeof exclusion>();
  return {
    ...module,
    exclusionOf: (...args: Parameters<typeof module.exclusionOf>) => (counts.judgements++, module.exclusionOf(...args)),
  };
});

vi.mock('../../../src/core/preemption/candidates/eviction-cost.ts', async (original) => {
  const module = await original<typeof loss>();
  return {
    ...module,
    podCost: (...args: Parameters<typeof module.podCost>) => (counts.victimCosts++, module.podCost(...args)),
    workerCost: (...args: Parameters<typeof module.workerCost>) => (counts.victimCosts++, module.workerCost(...args)),
  };
});

/** Passes over all eligible rows. */
const passes = vi.spyOn(RoomyRows.prototype, 'find');
const pushes = vi.spyOn(RowHeap.prototype, 'push');
const nodesRead = vi.spyOn(NodeTable.prototype, 'nodeAt');
const candidatesMade = vi.spyOn(PoolEntries.prototype, 'candidatesAt');
const podsLookedAt = vi.spyOn(PodColumns.prototype, 'look');
const allowed = vi.spyOn(Budgets.prototype, 'forbids');
const rowsGiven = vi.spyOn(Shortfall.prototype, 'give');

function reset(): void {
  for (const key of Object.keys(counts) as (keyof typeof counts)[]) counts[key] = 0;
  vi.clearAllMocks();
}
beforeEach(reset);
afterEach(reset);

const namesOf = (count: number) => Array.from({ length: count }, (_, i) => `node-${i}`);

/** Every node is offered, and who asks for which is counted. */
function counted(names: readonly string[]) {
  const all = offer(names);
  return {
    size: all.size,
    has: (name: string) => (counts.nameLookUps++, all.has(name)),
    names: () => (counts.nameLists++, all.names()),
  };
}

/** Nodes of 16 cores of which 6 to 10 are in use, and a scheduler that knows them. */
function halfFull(count: number) {
  const { preemption } = DEFAULT_POLICY;
  const policy = { ...DEFAULT_POLICY, preemption: { ...preemption, mode: 'enforce' as const } };
  const scheduler = new Scheduler({ policies: [policy], schedulerNames: ['muster'] });
  const names = namesOf(count);
  names.forEach((name, i) => {
    scheduler.observe({ kind: 'node', node: node(name, { cpu: 16 }) }, 0);
    const used = pod(`used-${i}`, { cpu: 6 + ((i * 7919) % 5) });
    scheduler.observe({ kind: 'pod', pod: boundTo(used, name) }, 0);
  });
  scheduler.observe({ kind: 'synced' }, 0);
  const candidates = counted(names);
  const ask = (asked: PodInfo): FilterAnswer['kind'] => scheduler.filter({ pod: asked, candidates }, 0).answer.kind;
  return { scheduler, names, ask };
}

const NOTHING = { capacityAt: 0, judgements: 0, victimCosts: 0, nameLookUps: 0, nameLists: 0 };

describe('what is looked at', () => {
  test('for a reserved executor: whether its node is offered', () => {
    const { ask } = halfFull(500);
    const gang = spark('gang', 100);
    ask(gang.leader());
    reset();
    expect(ask(gang.member('executor', 0))).toBe('one');
    expect(counts).toEqual({ ...NOTHING, nameLookUps: 2 });
    expect(passes).not.toHaveBeenCalled();
  });

  test('for a gang that waits and is asked about again: nothing', () => {
    const { ask } = halfFull(500);
    const leader = spark('waits', 100, { cpu: 16 }).leader();
    ask(leader);
    reset();
    expect(ask(leader)).toBe('none');
    expect(counts).toEqual(NOTHING);
    expect(passes).not.toHaveBeenCalled();
  });

  test('for a gang that waits for room for executors, where room for less came: the rows of that', () => {
    const { ask, scheduler } = halfFull(500);
    const leader = spark('waits', 100, { cpu: 16 }).leader();
    ask(leader);
    for (const i of [1, 2, 3]) {
      const passing = pod(`passing-${i}`);
      scheduler.observe({ kind: 'pod', pod: boundTo(passing, `node-${i}`) }, 0);
      scheduler.observe({ kind: 'pod-gone', uid: passing.uid }, 0);
    }
    reset();
    expect(ask(leader)).toBe('none');
    expect(counts).toEqual({ ...NOTHING, capacityAt: 3 });
    expect(passes).not.toHaveBeenCalled();
  });

  test.each([8, 100])('for a new gang of %i: two passes over the rows, and a name or three', (size) => {
    const few = countsFor(spark('gang', size), 500);
    const many = countsFor(spark('gang', size), 1500);
    // What is beside the passes does not grow with the cluster.
    expect(many).toEqual(few);
    expect(few.passes).toBe(2);
    expect(few.nameLookUps).toBeLessThanOrEqual(3);
    expect(few.capacityAt).toBeLessThanOrEqual(2 * size);
    expect(few.pushes).toBeLessThanOrEqual(2 * size);
    expect(few.nameLists).toBe(0);
  });

  test('for a gang that does not fit: each row four times at most, and two passes to see that it may fit one day', () => {
    const { ask } = halfFull(500);
    expect(ask(spark('gang', 100, { cpu: 16 }).leader())).toBe('none');
    expect(counts.capacityAt).toBeLessThanOrEqual(4 * 500);
    expect(counts.nameLookUps).toBeLessThanOrEqual(1);
    expect(passes).toHaveBeenCalledTimes(2);
    reset();
    expect(ask(spark('equal', 100, { cpu: 16 }).leader())).toBe('none');
    expect(passes).not.toHaveBeenCalled();
  });

  test('for a pod of no gang: names of nodes with held room that it does not fit beside', () => {
    const { ask, scheduler } = halfFull(500);
    ask(spark('gang', 100).leader());
    const held = scheduler.nodes().filter(({ slots }) => slots > 0).length;
    reset();
    ask(pod('foreign'));
    expect(counts).toEqual({ ...NOTHING, nameLookUps: expect.any(Number) as number });
    expect(counts.nameLookUps).toBeLessThanOrEqual(held);
  });
});

function countsFor(gang: GangBuilder, nodes: number) {
  const { ask } = halfFull(nodes);
  reset();
  expect(ask(gang.leader())).toBe('one');
  return { ...counts, passes: passes.mock.calls.length, pushes: pushes.mock.calls.length };
}

test('the rows that meet the constraints are found once for each set of constraints', () => {
  const { ask } = halfFull(500);
  ask(spark('first', 8).leader());
  expect(nodesRead.mock.calls.length).toBeGreaterThanOrEqual(500);
  reset();
  ask(spark('second', 8).leader());
  // Names of the rows that were chosen.
  expect(nodesRead.mock.calls.length).toBeLessThanOrEqual(2 * 9);
});

test('of victims, only those of the priorities that are needed are costed', () => {
  const scheduler = halfFull(0).scheduler;
  const names = namesOf(100);
  for (const name of names) scheduler.observe({ kind: 'node', node: node(name, { cpu: 8 }) }, 0);
  names.forEach((name, i) => {
    for (let n = 0; n < 8; n++) {
      const one = pod(`pod-${i}-${n}`, { priority: n % 4 });
      scheduler.observe({ kind: 'pod', pod: { ...boundTo(one, name), evictionTraits: { startedMs: -3_600_000 } } }, 0);
    }
  });
  scheduler.observe({ kind: 'synced' }, 0);
  scheduler.filter({ pod: spark('high', 20, { priority: 100 }).leader(), candidates: offer(names) }, 0);
  reset();
  expect(scheduler.makeRoom(0)).toMatchObject([{ kind: 'eviction-planned', victims: { length: 21 } }]);
  expect(counts.victimCosts).toBe(100 * 2);
});

test('for a search for victims: each pod once, later those that have changed, and candidates on few rows', () => {
  const { preemption } = DEFAULT_POLICY;
  const policies = [{ ...DEFAULT_POLICY, preemption: { ...preemption, mode: 'enforce' as const } }];
  const scheduler = new Scheduler({ policies, schedulerNames: ['muster'] });
  const names = namesOf(200);
  const old = (uid: string, startedMs: number) => ({ ...pod(uid), evictionTraits: { startedMs } });
  for (const name of names) scheduler.observe({ kind: 'node', node: node(name, { cpu: 10 }) }, 0);
  const podAt = (i: number) => boundTo(old(`pod-${i}`, -60_000 * (10 + (i % 200))), names[i % 200]!);
  for (let i = 0; i < 2000; i++) scheduler.observe({ kind: 'pod', pod: podAt(i) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  const leader = spark('high', 20, { priority: 100 }).leader();
  scheduler.filter({ pod: leader, candidates: offer(names) }, 0);
  reset();
  scheduler.explain('jobs/high', 0);
  expect(podsLookedAt).toHaveBeenCalledTimes(2000);
  // They are alike, though each has a request of its own.
  expect(counts.judgements).toBe(1);
  for (let i = 0; i < 5; i++) scheduler.observe({ kind: 'pod', pod: podAt(i) }, 0);
  reset();
  expect(scheduler.makeRoom(0)).toMatchObject([{ kind: 'eviction-planned', victims: { length: 21 } }]);
  expect(podsLookedAt).toHaveBeenCalledTimes(5);
  const made = candidatesMade.mock.results.flatMap(({ value }) => value as Candidate[]);
  // Three rows have room enough: their pods, and those of the next one.
  expect(new Set(made.flatMap(({ freed }) => freed.map(({ row }) => row))).size).toBeLessThanOrEqual(4);
});

test.each([100, 400])('a slice of a search: as many candidates on %i nodes as on a thousand', (nodes) => {
  const policy = { ...DEFAULT_POLICY, topology: { mode: 'require' as const, keys: ['rack'], leader: true } };
  const scheduler = new Scheduler({ policies: [policy], schedulerNames: ['muster'] });
  const names = namesOf(nodes);
  names.forEach((name, i) => {
    scheduler.observe({ kind: 'node', node: node(name, { cpu: 50, labels: { rack: `r${i % 4}` } }) }, 0);
    for (let n = 0; n < 50; n++) {
      const one = pod(`pod-${i}-${n}`, { priority: n % 4 });
      scheduler.observe({ kind: 'pod', pod: { ...boundTo(one, name), evictionTraits: { startedMs: -3_600_000 } } }, 0);
    }
  });
  scheduler.observe({ kind: 'synced' }, 0);
  const gang = spark('high', 60, { priority: 100 });
  scheduler.filter({ pod: gang.leader(), candidates: offer(names) }, 0);
  let slices = 0;
  let found: Explanation | undefined;
  for (const search = scheduler.explainInSlices(gang.spec.key, 0); ; slices++) {
    reset();
    const { done, value } = search.next();
    expect(counts.victimCosts).toBeLessThanOrEqual(2500);
    expect(allowed.mock.calls.length).toBeLessThanOrEqual(2600);
    expect(rowsGiven.mock.calls.length).toBeLessThanOrEqual(8000);
    if (done) {
      found = value;
      break;
    }
  }
  expect(found?.preemption?.victims).toHaveLength(61);
  expect(slices).toBeGreaterThan(nodes / 100);
});

test.each([
  [
    'are all different',
    (i: number) => ({
      request: new Map([
        ['cpu', 1000],
        ['memory', 1e9 + i],
      ]),
    }),
  ],
  ['have a grace period of their own', () => ({ evictionTraits: { graceMs: 29_000 } })],
])('a slice of a search judges at most 10,000 pods that %s', (_, own) => {
  const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
  const names = namesOf(300);
  names.forEach((name, i) => {
    scheduler.observe({ kind: 'node', node: node(name, { cpu: 100 }) }, 0);
    for (let n = 0; n < 90; n++) {
      const one = { ...boundTo(pod(`pod-${i}-${n}`), name), ...own(90 * i + n) };
      scheduler.observe({ kind: 'pod', pod: one }, 0);
    }
  });
  scheduler.observe({ kind: 'synced' }, 0);
  const gang = spark('high', 60, { priority: 100, cpu: 20 });
  scheduler.filter({ pod: gang.leader(), candidates: offer(names) }, 0);
  scheduler.explain(gang.spec.key, 0);
  const perSlice: number[] = [];
  for (const search = scheduler.explainInSlices(gang.spec.key, 0); ;) {
    reset();
    const { done } = search.next();
    perSlice.push(counts.judgements);
    if (done) break;
  }
  expect(perSlice.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(300 * 90);
  expect(Math.max(...perSlice)).toBeLessThanOrEqual(10_000);
});

describe('how many bytes an answer has', () => {
  const bytes = (answer: FilterAnswer, count: number) => {
    const text = JSON.stringify(namesOf(count));
    const space = new RequestSpace();
    space.begin(text.length);
    space.bytes.write(text);
    const list = NameList.read(new NameIndex(), space, 1, text.length - 1)!;
    return filterBody(answer, list, 'names', 'one').length;
  };

  test.each([10, 5000])('one node of %i: its name', (count) => {
    expect(bytes({ kind: 'one', node: 'node-7' }, count)).toBe('{"NodeNames":["node-7"]}'.length);
  });

  test('no node: as many of 10 as of 5,000', () => {
    const none = { kind: 'none', reason: 'gang waits for room' } as const;
    expect(bytes(none, 5000)).toBe(bytes(none, 10));
    expect(bytes(none, 5000)).toBeLessThanOrEqual(120);
  });
});
