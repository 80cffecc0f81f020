import { describe, expect, test, vi } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type PreemptionRules } from '../../src/core/policy/policy.ts';
import { Budgets } from '../../src/core/preemption/candidates/budgets.ts';
import { runApp, runSingleRoleGang, runPod, wanted, type WantedOptions } from '../support/apps.ts';
import { node, pod } from '../support/builders.ts';
import { World } from '../support/world.ts';

type Rules = Omit<Partial<PreemptionRules>, 'budget'> & { readonly budget?: Partial<PreemptionRules['budget']> };

const HOUR_MS = 3_600_000;
/** Nothing is lost with a victim. */
const FREE = { ...DEFAULT_POLICY.preemption.cost, work: 0, comeback: 0, brokenGang: 0 };

/** Nodes by name and cores, at ten o'clock. */
function cluster(nodes: Readonly<Record<string, number>>, rules: Rules = {}): World {
  const { preemption } = DEFAULT_POLICY;
  const budget = { ...preemption.budget, ...rules.budget };
  const world = new World(
    Object.entries(nodes).map(([name, cpu]) => node(name, { cpu })),
    { preemption: { ...preemption, mode: 'enforce', ...rules, budget } },
  );
  world.nowMs = 10 * HOUR_MS;
  return world;
}

/** The gang asks, waits, and muster looks for victims. @returns their names, or `nobody` */
function victimsFor(world: World, options: WantedOptions): string {
  const { leader } = wanted('high', options);
  const answer = world.ask(leader);
  if (!answer.startsWith('waits')) return answer;
  return world.makeRoom().join(' ') || 'nobody';
}

interface Row {
  readonly title: string;
  readonly nodes: Readonly<Record<string, number>>;
  readonly rules?: Rules;
  readonly running: (world: World) => void;
  readonly wants: WantedOptions;
  readonly victims: string;
}

const rows = (list: readonly Row[]) =>
  test.each(list)('$title', ({ nodes, rules, running, wants, victims }) => {
    const world = cluster(nodes, rules);
    running(world);
    expect(victimsFor(world, wants)).toBe(victims);
  });

const two = (w: World) => {
  runApp(w, 'one', ['a', 'a', 'a', 'b', 'b', 'c']);
  runApp(w, 'two', ['b', 'b', 'c', 'c', 'c', 'a']);
};

describe('who goes', () => {
  rows([
    {
      title: 'nobody where there is room',
      nodes: { a: 5 },
      running: (w) => runApp(w, 'low', ['a', 'a']),
      wants: { executors: 1 },
      victims: '-> a',
    },
    {
      title: 'a driver needs 1 core, executors are on every node: an executor, no driver',
      nodes: { a: 2, b: 2 },
      running: (w) => {
        runApp(w, 'low', ['a', 'b'], { age: 60 });
        runApp(w, 'old', ['b', 'a'], { age: 600 });
      },
      wants: {},
      victims: 'low-1',
    },
    {
      title: 'executors suffice, though a driver alone would be cheaper: executors',
      nodes: { a: 1, b: 3 },
      rules: { wholeGangs: true },
      running: (w) => {
        runApp(w, 'young', ['a'], { age: 2 });
        runApp(w, 'old', ['b', 'b', 'b'], { age: 900 });
      },
      wants: {},
      victims: 'old-1',
    },
    {
      title: 'executors of higher priority suffice: executors, and no driver of lower priority',
      nodes: { a: 1, b: 2 },
      rules: { wholeGangs: true },
      running: (w) => {
        runApp(w, 'lowest', ['a'], { priority: -10 });
        runApp(w, 'low', ['b', 'b'], { priority: 50 });
      },
      wants: {},
      victims: 'low-1',
    },
    {
      title: 'only drivers are left: nobody',
      nodes: { a: 2 },
      running: (w) => {
        runApp(w, 'low', ['a']);
        runApp(w, 'lower', ['a'], { priority: -5 });
      },
      wants: {},
      victims: 'nobody',
    },
    {
      title: 'only drivers are left, and whole gangs may go: the one of lower priority',
      nodes: { a: 2 },
      rules: { wholeGangs: true },
      running: (w) => {
        runApp(w, 'low', ['a']);
        runApp(w, 'lower', ['a'], { priority: -5 });
      },
      wants: {},
      victims: 'lower-driver',
    },
    {
      title: 'a leader goes with its whole gang, also with members where no room is needed',
      nodes: { a: 8, b: 1 },
      rules: { wholeGangs: true },
      running: (w) => {
        runApp(w, 'low', ['a', 'b'], { driverCpu: 8 });
      },
      wants: { driverCpu: 8 },
      victims: 'low-1 low-driver',
    },
    {
      title: 'of two whole gangs the cheaper: the one that has run less',
      nodes: { a: 8, b: 8 },
      rules: { wholeGangs: true },
      running: (w) => {
        runApp(w, 'old', ['a'], { driverCpu: 8, age: 300 });
        runApp(w, 'new', ['b'], { driverCpu: 8, age: 30 });
      },
      wants: { driverCpu: 8 },
      victims: 'new-driver',
    },
    {
      title: 'two gangs of five executors, five are needed: one whole, not 3 and 2',
      nodes: { a: 4, b: 4, c: 4 },
      running: two,
      wants: { executors: 4 },
      victims: 'one-1 one-2 one-3 one-4 one-5',
    },
    {
      title: 'five are needed, and gangs of three and of five run: the one of five alone',
      nodes: { a: 4, b: 6 },
      running: (w) => {
        runApp(w, 'three', ['a', 'a', 'a', 'a']);
        runApp(w, 'five', ['b', 'b', 'b', 'b', 'b', 'b']);
      },
      wants: { executors: 4 },
      victims: 'five-1 five-2 five-3 five-4 five-5',
    },
    {
      title: "extras of a dynamic app before anybody's minimum, however old they are",
      nodes: { a: 4, b: 4 },
      running: (w) => {
        runApp(w, 'dynamic', ['a', 'a', 'a', 'a'], { min: 1, age: 500 });
        runApp(w, 'static', ['b', 'b', 'b', 'b'], { age: 5 });
      },
      wants: { executors: 1 },
      victims: 'dynamic-1 dynamic-2',
    },
    {
      title: 'extras of two apps before one falls below its minimum',
      nodes: { a: 4, b: 4 },
      running: (w) => {
        runApp(w, 'one', ['a', 'a', 'a', 'a'], { min: 2 });
        runApp(w, 'two', ['b', 'b', 'b', 'b'], { min: 2 });
      },
      wants: { executors: 1 },
      victims: 'one-1 two-1',
    },
    {
      title: 'of extras the younger first: what the older hold is kept longest',
      nodes: { a: 3 },
      running: (w) => {
        const pods = runApp(w, 'dynamic', ['a', 'a', 'a'], { min: 0 });
        w.bind({ ...pods[1]!, evictionTraits: { startedMs: w.nowMs - 3 * HOUR_MS } }, 'a');
      },
      wants: {},
      victims: 'dynamic-2',
    },
    {
      title: 'a higher gang needs a whole node: the two that are on it, and not two elsewhere',
      nodes: { a: 4, b: 4 },
      running: (w) => {
        runApp(w, 'low', ['a', 'a', 'b', 'b'], { cpu: 2 });
        runPod(w, 'other', 'a', { cpu: 1, priority: 500 });
        runPod(w, 'single', 'b', { cpu: 1, priority: 500 });
      },
      wants: { driverCpu: 3 },
      victims: 'low-2 low-3',
    },
    {
      title: 'one large victim instead of several small ones, where that is cheaper',
      nodes: { a: 4, b: 4 },
      running: (w) => {
        runPod(w, 's1', 'a', { cpu: 1, age: 200 });
        runPod(w, 's2', 'a', { cpu: 1, age: 200 });
        runPod(w, 's3', 'a', { cpu: 1, age: 200 });
        runPod(w, 's4', 'a', { cpu: 1, age: 200 });
        runPod(w, 'large', 'b', { cpu: 4, age: 20 });
      },
      wants: { driverCpu: 4 },
      victims: 'large',
    },
    {
      title: 'several small victims instead of a large one, where that is cheaper',
      nodes: { a: 4, b: 4 },
      running: (w) => {
        runPod(w, 's1', 'a', { cpu: 1, age: 20 });
        runPod(w, 's2', 'a', { cpu: 1, age: 20 });
        runPod(w, 's3', 'a', { cpu: 2, age: 20 });
        runPod(w, 'large', 'b', { cpu: 4, age: 200 });
      },
      wants: { driverCpu: 4 },
      victims: 's1 s2 s3',
    },
    {
      title: 'what is free counts: only as many go as are short',
      nodes: { a: 4, b: 4 },
      running: (w) => runApp(w, 'low', ['a', 'a', 'a', 'b', 'b', 'b']),
      wants: { executors: 3 },
      victims: 'low-1 low-2',
    },
    {
      title: 'nobody where even all of them would not do',
      nodes: { a: 4 },
      running: (w) => {
        runApp(w, 'low', ['a', 'a']);
        runPod(w, 'high', 'a', { cpu: 2, priority: 500 });
      },
      wants: { executors: 3 },
      victims: 'nobody',
    },
    {
      title: 'a gang of one role goes whole, where whole gangs may',
      nodes: { a: 2, b: 2 },
      rules: { wholeGangs: true },
      running: (w) => runSingleRoleGang(w, 'mpi', ['a', 'a', 'b', 'b']),
      wants: {},
      victims: 'mpi-1 mpi-2 mpi-3 mpi-4',
    },
    {
      title: 'half a gang of one role is of no use to it: nobody, where whole gangs may not',
      nodes: { a: 2, b: 2 },
      running: (w) => runSingleRoleGang(w, 'mpi', ['a', 'a', 'b', 'b']),
      wants: {},
      victims: 'nobody',
    },
    {
      title: 'a gang of one role gives what it has beyond its minimum',
      nodes: { a: 2, b: 2 },
      running: (w) => runSingleRoleGang(w, 'elastic', ['a', 'a', 'b', 'b'], { min: 3 }),
      wants: {},
      victims: 'elastic-1',
    },
    {
      title: 'a gang that holds room and has not begun waits again: nobody is evicted',
      nodes: { a: 4 },
      running: (w) => {
        const { leader } = wanted('low', { executors: 3, priority: 0 });
        w.node(node('elsewhere', { cpu: 0 }));
        expect(w.ask(leader, ['a'])).toBe('-> a');
        w.gone(leader);
        w.ask({ ...leader, gated: true }, ['a']);
      },
      wants: { executors: 1 },
      victims: 'nobody',
    },
  ]);
});

describe('whole gangs, where nothing less helps', () => {
  rows([
    ...[12, 40].map((count): Row => ({
      title: `one big app, and not ${count} small ones`,
      nodes: { a: 2 * count, b: 2 * count },
      rules: { wholeGangs: true },
      running: (w) => {
        for (let i = 0; i < count; i++) runApp(w, `small${i}`, ['a'], { driverCpu: 2 });
        runApp(w, 'big', ['b'], { driverCpu: 2 * count, age: 10 });
      },
      wants: { executors: count - 1, cpu: 2, driverCpu: 2 },
      victims: 'big-driver',
    })),
    {
      title: 'of a gang of equals only the member that it can spare, where another gang goes whole',
      nodes: { a: 3, b: 2 },
      rules: { wholeGangs: true },
      running: (w) => {
        runSingleRoleGang(w, 'spares', ['a', 'a', 'a'], { min: 2 });
        runSingleRoleGang(w, 'whole', ['b', 'b']);
      },
      wants: { executors: 2 },
      victims: 'spares-1 whole-1 whole-2',
    },
    {
      title: 'the same among many',
      nodes: { a: 3, b: 2, many: 40 },
      rules: { wholeGangs: true },
      running: (w) => {
        runSingleRoleGang(w, 'spares', ['a', 'a', 'a'], { min: 2 });
        runSingleRoleGang(w, 'whole', ['b', 'b']);
        for (let i = 0; i < 10; i++) runSingleRoleGang(w, `many${i}`, ['many', 'many', 'many', 'many'], { age: 600 });
      },
      wants: { executors: 2 },
      victims: 'spares-1 whole-1 whole-2',
    },
  ]);
});

describe('priority', () => {
  rows([
    {
      title: 'the same priority: nobody',
      nodes: { a: 3 },
      running: (w) => runApp(w, 'low', ['a', 'a', 'a'], { priority: 100 }),
      wants: {},
      victims: 'nobody',
    },
    {
      title: 'one less is less',
      nodes: { a: 3 },
      running: (w) => runApp(w, 'low', ['a', 'a', 'a'], { priority: 99 }),
      wants: {},
      victims: 'low-1',
    },
    {
      title: 'a gap that the policy asks for',
      nodes: { a: 3 },
      rules: { priorityGap: 10 },
      running: (w) => runApp(w, 'low', ['a', 'a', 'a'], { priority: 91 }),
      wants: {},
      victims: 'nobody',
    },
    {
      title: 'the gap, just so',
      nodes: { a: 3 },
      rules: { priorityGap: 10 },
      running: (w) => runApp(w, 'low', ['a', 'a', 'a'], { priority: 90 }),
      wants: {},
      victims: 'low-1',
    },
    {
      title: 'the lowest priority first, however dear',
      nodes: { a: 3, b: 3 },
      running: (w) => {
        runApp(w, 'cheap', ['a', 'a', 'a'], { priority: 50, age: 2 });
        runApp(w, 'dear', ['b', 'b', 'b'], { priority: 10, age: 900 });
      },
      wants: {},
      victims: 'dear-1',
    },
    {
      title: 'a minimum of lower priority before extras of higher',
      nodes: { a: 3, b: 3 },
      running: (w) => {
        runApp(w, 'extras', ['a', 'a', 'a'], { priority: 50, min: 0 });
        runApp(w, 'needed', ['b', 'b', 'b'], { priority: 10 });
      },
      wants: {},
      victims: 'needed-1',
    },
    {
      title: 'two bands where one is not enough: of the higher only what is short',
      nodes: { a: 3, b: 3 },
      running: (w) => {
        runApp(w, 'mid', ['a', 'a', 'a'], { priority: 50 });
        runApp(w, 'low', ['b', 'b', 'b'], { priority: 10 });
      },
      wants: { executors: 2 },
      victims: 'low-1 low-2 mid-1',
    },
    {
      title: 'a member counts as its leader does, whatever its own PriorityClass says',
      nodes: { a: 3 },
      running: (w) => {
        const [driver, executor] = runApp(w, 'app', ['a', 'a', 'a'], { priority: 200 });
        w.bind({ ...driver! }, 'a');
        w.bind({ ...executor!, priority: -1000 }, 'a');
      },
      wants: {},
      victims: 'nobody',
    },
    {
      title: 'preemptionPolicy Never: nobody',
      nodes: { a: 3 },
      running: (w) => runApp(w, 'low', ['a', 'a', 'a']),
      wants: { evictionTraits: { neverPreempts: true } },
      victims: 'nobody',
    },
    {
      title: 'the lowest priority first, however dear, where the higher has just started and loses nothing',
      nodes: { a: 3, b: 2 },
      rules: { minRuntimeMs: 0 },
      running: (w) => {
        runApp(w, 'hi', ['a', 'a', 'a'], { priority: 50, min: 0, age: 0 });
        runApp(w, 'low', ['b', 'b'], { priority: 0 });
      },
      wants: {},
      victims: 'low-1',
    },
    {
      title: 'so where the higher has a deletion cost far below zero',
      nodes: { a: 3, b: 2 },
      running: (w) => {
        runApp(w, 'hi', ['a', 'a', 'a'], { priority: 50, min: 0, evictionTraits: { deletionCost: -1e9 } });
        runApp(w, 'low', ['b', 'b'], { priority: 0 });
      },
      wants: {},
      victims: 'low-1',
    },
    {
      title: 'so where the higher is idle, as its driver says',
      nodes: { a: 3, b: 2 },
      running: (w) => {
        runApp(w, 'hi', ['a', 'a', 'a'], { priority: 50, min: 0 });
        runApp(w, 'low', ['b', 'b'], { priority: 0 });
        const idle = { taskSeconds: 0, keptBytes: 0 };
        w.learn({ kind: 'figures', gang: 'jobs/hi', figures: new Map(['hi-1', 'hi-2'].map((uid) => [uid, idle])) });
      },
      wants: {},
      victims: 'low-1',
    },
    {
      title: 'so where nothing costs anything',
      nodes: { a: 2, b: 3 },
      rules: { cost: FREE },
      running: (w) => {
        runApp(w, 'hi', ['a', 'a'], { priority: 50, min: 0 });
        runApp(w, 'low', ['b', 'b', 'b'], { priority: 0 });
      },
      wants: { driverCpu: 1 },
      victims: 'low-1',
    },
    {
      title: 'two of the lower priority before one of the higher, where nothing costs anything',
      nodes: { a: 3, b: 3 },
      rules: { cost: FREE },
      running: (w) => {
        runApp(w, 'hi', ['a', 'a'], { priority: 50, min: 0, cpu: 2 });
        runApp(w, 'low', ['b', 'b', 'b'], { priority: 0 });
      },
      wants: { driverCpu: 2 },
      victims: 'low-1 low-2',
    },
    {
      title: 'a reservation of lower priority before one of higher: it counts, though nobody is evicted',
      nodes: { a: 2, b: 2, drivers: 1 },
      running: (w) => {
        runApp(w, 'low', ['drivers', 'a'], { priority: 0, min: 0, cpu: 2 });
        const reserved = wanted('reserved', { priority: 50, driverCpu: 2 }).leader;
        w.learn({ kind: 'pod', pod: { ...reserved, gated: true } });
        w.scheduler.admitWaiting(w.nowMs);
      },
      wants: { driverCpu: 2 },
      victims: 'low-1',
    },
    {
      title: 'an elastic member may be young, whatever else goes of its gang',
      nodes: { a: 4, b: 1 },
      running: (w) => {
        const [, ...pods] = runApp(w, 'low', ['b', 'a', 'a'], { cpu: 2, min: 1 });
        w.bind({ ...pods[1]!, evictionTraits: { startedMs: w.nowMs - 1000, deletionCost: 100_000 } }, 'a');
      },
      wants: { driverCpu: 4 },
      victims: 'low-1 low-2',
    },
    {
      title: 'a single pod of lower priority may go as well',
      nodes: { a: 2 },
      running: (w) => {
        runPod(w, 'single', 'a', { priority: -1 });
        runPod(w, 'more', 'a', { priority: 5 });
      },
      wants: {},
      victims: 'single',
    },
  ]);
});

describe('what a victim is worth', () => {
  const rest = { nodes: { a: 2, b: 2 }, wants: {} } as const;
  const pair = (w: World, cheap: object, dear: object) => {
    runApp(w, 'dear', ['a', 'a'], { age: 60, ...dear });
    runApp(w, 'cheap', ['b', 'b'], { age: 60, ...cheap });
  };
  rows([
    { ...rest, title: 'the younger', running: (w) => pair(w, { age: 30 }, {}), victims: 'cheap-1' },
    {
      ...rest,
      title: 'one that its own gang gives up, though it is older',
      running: (w) => {
        runApp(w, 'dear', ['a', 'a'], { age: 10 });
        const pods = runApp(w, 'cheap', ['b', 'b'], { age: 600 });
        const { membership, ...leader } = pods[0]!;
        const spec = { ...membership!.spec!, givesUp: { label: 'spark-decommission', value: 'true' } };
        w.gone(pods[0]!);
        w.gone(pods[1]!);
        w.bind({ ...leader, membership: { gang: spec.key, role: membership!.role, spec } }, 'b');
        w.bind({ ...pods[1]!, labels: new Map([['spark-decommission', 'true']]) }, 'b');
      },
      victims: 'cheap-1',
    },
    {
      ...rest,
      title: 'a lower pod-deletion-cost',
      running: (w) =>
        pair(w, { evictionTraits: { startedMs: 0, deletionCost: -20_000 } }, { evictionTraits: { startedMs: 0 } }),
      victims: 'cheap-1',
    },
    {
      ...rest,
      title: 'not the one with a higher pod-deletion-cost',
      running: (w) => pair(w, {}, { age: 10, evictionTraits: { startedMs: 35_000_000, deletionCost: 20_000 } }),
      victims: 'cheap-1',
    },
    {
      ...rest,
      title: 'fewer restarts so far',
      running: (w) => pair(w, {}, { age: 30, evictionTraits: { startedMs: 35_000_000, restarts: 20 } }),
      victims: 'cheap-1',
    },
    {
      ...rest,
      title: 'one on a node that is about to go',
      running: (w) => {
        pair(w, { age: 300 }, { age: 60 });
        w.node(
          node('b', { cpu: 2, taints: [{ key: 'karpenter.sh/disrupted', value: '', effect: 'PreferNoSchedule' }] }),
        );
      },
      victims: 'cheap-1',
    },
    {
      ...rest,
      title: 'not the one whose gang would miss its deadline by it',
      running: (w) => {
        const priorityRequest = { deadlineMs: w.nowMs + HOUR_MS, expectedMs: 2 * HOUR_MS };
        pair(w, { age: 70 }, { age: 60, priorityRequest });
      },
      victims: 'cheap-1',
    },
    {
      ...rest,
      title: 'one whose output is kept on volumes, though it is older',
      running: (w) => {
        pair(w, {}, {});
        const pods = runApp(w, 'kept', ['b'], { age: 90 });
        w.node(node('b', { cpu: 4 }));
        w.gone(pods[0]!);
        const spec = {
          ...pods[0]!.membership!.spec!,
          roles: wanted('kept', { executors: 1 }).gang.spec.roles,
          keeps: 'volumes' as const,
        };
        w.bind({ ...pods[0]!, membership: { gang: spec.key, role: pods[0]!.membership!.role, spec } }, 'b');
        w.bind({ ...pods[0]!, uid: 'kept-1', name: 'kept-1', membership: { gang: spec.key, role: 'executor' } }, 'b');
      },
      victims: 'kept-1',
    },
    {
      ...rest,
      title: 'one that has done little by what its driver reports, though it is older',
      running: (w) => {
        pair(w, { age: 300 }, { age: 60 });
        const figures = new Map([['cheap-1', { taskSeconds: 10, keptBytes: 0 }]]);
        w.learn({ kind: 'figures', gang: 'jobs/cheap', figures });
      },
      victims: 'cheap-1',
    },
    {
      ...rest,
      title: 'not the one that holds much by what its driver reports, though it is younger',
      running: (w) => {
        pair(w, { age: 60 }, { age: 30 });
        const figures = new Map([['dear-1', { taskSeconds: 1800, keptBytes: 200 * 2 ** 30 }]]);
        w.learn({ kind: 'figures', gang: 'jobs/dear', figures });
      },
      victims: 'cheap-1',
    },
    {
      ...rest,
      title: 'figures that are five minutes old say nothing any more',
      running: (w) => {
        pair(w, { age: 300 }, { age: 60 });
        const figures = new Map([['cheap-1', { taskSeconds: 10, keptBytes: 0 }]]);
        w.learn({ kind: 'figures', gang: 'jobs/cheap', figures });
        w.wait(301_000);
      },
      victims: 'dear-1',
    },
  ]);
});

describe('rules', () => {
  const full = { nodes: { a: 3 }, running: (w: World) => runApp(w, 'low', ['a', 'a', 'a']), wants: {} } as const;
  rows([
    { ...full, title: 'mode off: nobody', rules: { mode: 'off' }, victims: 'nobody' },
    { ...full, title: 'mode advise: nobody', rules: { mode: 'advise' }, victims: 'nobody' },
    { ...full, title: 'before the gang has waited long enough: nobody', rules: { afterMs: 1000 }, victims: 'nobody' },
    {
      ...full,
      title: 'queues that give: its queue is not among them',
      rules: { queues: ['adhoc'] },
      victims: 'nobody',
    },
    { ...full, title: 'queues that give: its queue is', rules: { queues: ['adhoc', 'default'] }, victims: 'low-1' },
    {
      ...full,
      title: 'minimum runtime: whoever is needed is left alone before',
      rules: { minRuntimeMs: 2 * HOUR_MS },
      victims: 'nobody',
    },
    {
      ...full,
      title: 'minimum runtime: extras go at any age',
      rules: { minRuntimeMs: 2 * HOUR_MS },
      running: (w) => runApp(w, 'low', ['a', 'a', 'a'], { min: 1 }),
      victims: 'low-1',
    },
    { ...full, title: 'budget per minute used up: nobody', rules: { budget: { perMinute: 0 } }, victims: 'nobody' },
    { ...full, title: 'budget per queue used up: nobody', rules: { budget: { perQueue: 0 } }, victims: 'nobody' },
    {
      ...full,
      title: 'budget per gang: it loses no more, others do',
      nodes: { a: 3, b: 2 },
      rules: { budget: { perGang: 1 } },
      running: (w) => {
        runApp(w, 'low', ['a', 'a', 'a'], { age: 5 });
        runApp(w, 'other', ['b', 'b'], { age: 500 });
      },
      wants: { executors: 1 },
      victims: 'low-1 other-1',
    },
    {
      ...full,
      title: 'budget per gang does not keep a gang from going whole',
      nodes: { a: 8, b: 2 },
      rules: { budget: { perGang: 1 }, wholeGangs: true },
      running: (w) => runApp(w, 'low', ['a', 'b', 'b'], { driverCpu: 8 }),
      wants: { driverCpu: 8 },
      victims: 'low-1 low-2 low-driver',
    },
    {
      ...full,
      title: 'budget per gang: members that nobody counted on are bound by it too',
      rules: { budget: { perGang: 1 } },
      running: (w) => {
        for (const one of runApp(w, 'low', ['a', 'a', 'a']).slice(1))
          w.bind({ ...one, membership: { gang: one.membership!.gang, role: 'executor', isElastic: true } }, 'a');
      },
      wants: { executors: 1 },
      victims: 'nobody',
    },
    {
      ...full,
      title: 'a whole gang: members that were taken already count once against the budgets',
      nodes: { a: 14 },
      rules: { budget: { perMinute: 14, perQueue: 14 }, wholeGangs: true },
      running: (w) => {
        runApp(w, 'low', Array<string>(14).fill('a'), { labels: { app: 'low' } });
        pdb(w, 'app', ['low'], 14);
      },
      wants: { executors: 13 },
      victims: [1, 10, 11, 12, 13, 2, 3, 4, 5, 6, 7, 8, 9, 'driver'].map((one) => `low-${one}`).join(' '),
    },
    {
      ...full,
      title: 'a disruption budget at its limit: nobody',
      running: (w) => {
        runApp(w, 'low', ['a', 'a', 'a'], { labels: { app: 'low' } });
        pdb(w, 'app', ['low'], 0);
      },
      victims: 'nobody',
    },
    {
      ...full,
      title: 'a disruption budget that allows one: one, and of the other app another',
      nodes: { a: 3, b: 2 },
      running: (w) => {
        runApp(w, 'low', ['a', 'a', 'a'], { labels: { app: 'low' }, age: 5 });
        runApp(w, 'other', ['b', 'b'], { age: 500 });
        pdb(w, 'app', ['low'], 1);
      },
      wants: { executors: 1 },
      victims: 'low-1 other-1',
    },
    {
      ...full,
      title: "a disruption budget of another namespace is nobody's affair",
      running: (w) => {
        runApp(w, 'low', ['a', 'a', 'a'], { labels: { app: 'low' } });
        pdb(w, 'app', ['low'], 0, 'elsewhere');
      },
      victims: 'low-1',
    },
    {
      ...full,
      title: 'a pod with two disruption budgets cannot be evicted by the API server: nobody',
      running: (w) => {
        runApp(w, 'low', ['a', 'a', 'a'], { labels: { app: 'low' } });
        pdb(w, 'app', ['low'], 9);
        pdb(w, 'app', ['low', 'high'], 9);
      },
      victims: 'nobody',
    },
    {
      ...full,
      title: 'the budget is used up: a disruption budget that is raised lets it go',
      running: (w) => {
        runApp(w, 'low', ['a', 'a', 'a'], { labels: { app: 'low' } });
        pdb(w, 'app', ['low'], 0);
        w.learn({ kind: 'budget-gone', key: 'jobs/app-low' });
      },
      victims: 'low-1',
    },
    {
      ...full,
      title: 'pods of a DaemonSet and static pods: nobody',
      running: (w) => {
        for (const name of ['d1', 'd2', 'd3']) runPod(w, name, 'a', { evictionTraits: { isPinned: true } });
      },
      victims: 'nobody',
    },
    {
      ...full,
      title: 'pods of another scheduler: nobody',
      running: (w) => {
        for (const name of ['o1', 'o2', 'o3']) runPod(w, name, 'a', { schedulerName: 'default-scheduler' });
      },
      victims: 'nobody',
    },
    {
      ...full,
      title: 'pods of another scheduler, where the policy says any',
      rules: { victims: 'any' },
      running: (w) => {
        for (const name of ['o1', 'o2', 'o3']) runPod(w, name, 'a', { schedulerName: 'default-scheduler' });
      },
      victims: 'o1',
    },
    {
      ...full,
      title: 'single pods, where the policy says gangs: nobody',
      rules: { victims: 'gangs' },
      running: (w) => {
        for (const name of ['s1', 's2', 's3']) runPod(w, name, 'a');
      },
      victims: 'nobody',
    },
    {
      ...full,
      title: 'a pod that may take a day to go: nobody waits for its room that long',
      running: (w) => runApp(w, 'low', ['a', 'a', 'a'], { evictionTraits: { startedMs: 0, graceMs: 86_400_000 } }),
      victims: 'nobody',
    },
    {
      ...full,
      title: 'what is being deleted anyway is waited for: nobody',
      running: (w) => {
        const pods = runApp(w, 'low', ['a', 'a', 'a']);
        w.bind({ ...pods[1]!, deleting: true }, 'a');
      },
      victims: 'nobody',
    },
    {
      ...full,
      title: 'what is being deleted and does not go counts for nothing',
      running: (w) => {
        const pods = runApp(w, 'low', ['a', 'a', 'a']);
        w.bind({ ...pods[1]!, deleting: true, evictionTraits: { goneByMs: w.nowMs - 120_000 } }, 'a');
      },
      victims: 'low-2',
    },
    {
      ...full,
      title: 'what is being deleted makes part of the room: only the rest goes',
      running: (w) => {
        const pods = runApp(w, 'low', ['a', 'a', 'a']);
        w.bind({ ...pods[1]!, deleting: true }, 'a');
      },
      wants: { executors: 1 },
      victims: 'low-2',
    },
    {
      ...full,
      title: 'a node that the gang may not use: nobody there',
      nodes: { a: 3 },
      running: (w) => {
        runApp(w, 'low', ['a', 'a', 'a']);
        w.node(node('a', { cpu: 3, unschedulable: true }));
        w.node(node('b', { cpu: 3 }));
        runApp(w, 'old', ['b', 'b', 'b'], { age: 900 });
      },
      victims: 'old-1',
    },
  ]);
});

function pdb(w: World, key: string, values: readonly string[], allowed: number, namespace = 'jobs'): void {
  const selector = [{ key, operator: 'In', values }] as const;
  w.learn({ kind: 'budget', budget: { key: `${namespace}/${key}-${values.join('-')}`, namespace, selector, allowed } });
}

/** A full node, and a gang that has asked and for which one executor is to go. */
function underWay(rules: Rules = {}) {
  const world = cluster({ a: 3, b: 3 }, rules);
  const low = runApp(world, 'low', ['a', 'a', 'a']);
  const other = runApp(world, 'other', ['b', 'b', 'b'], { age: 500 });
  const { leader, gang } = wanted('high', { executors: 1 });
  expect(world.ask(leader)).toBe('waits: gang waits for room');
  expect(world.makeRoom()).toEqual(['low-1', 'low-2']);
  return { world, low, other, leader, gang };
}

const going = (world: World, one: PodInfo) => world.bind({ ...one, deleting: true }, 'a');
const told = (world: World, kind: string) => world.effects.filter((effect) => effect.kind === kind);

describe('carrying it out', () => {
  test('the room is held from the decision on: nobody else gets it, and the victims come back in vain', () => {
    const { world, low, leader } = underWay();
    expect(world.ask(leader)).toBe('waits: gang waits for room that is being freed');
    world.gone(low[1]!);
    const again = { ...low[1]!, uid: 'low-9', name: 'low-9' };
    expect(world.ask(again)).toBe('waits: no offered node has room for this member');
    expect(world.ask(pod('single', { priority: 1000 }))).toBe('any of b');
  });

  test('the gang starts whole when the last victim is gone, and its leader is woken', () => {
    const { world, low, leader, gang } = underWay();
    going(world, low[1]!);
    going(world, low[2]!);
    world.gone(low[1]!);
    expect(told(world, 'gang-admitted')).toEqual([]);
    expect(world.ask(leader)).toBe('waits: gang waits for room that is being freed');
    world.gone(low[2]!);
    expect(told(world, 'gang-admitted')).toHaveLength(1);
    expect(told(world, 'wake-leader')).toHaveLength(1);
    expect(world.start(leader)).toBe('-> a');
    expect(world.start(gang.member('executor', 0))).toBe('-> a');
  });

  test.each([52, 110, 600])('when a victim has run for the minimum runtime of %i s: it goes at once', (seconds) => {
    const world = cluster({ a: 1, b: 1 }, { minRuntimeMs: seconds * 1000 });
    runPod(world, 'young', 'a', { age: 0 });
    runPod(world, 'younger', 'b', { age: -1 });
    const startedMs = world.nowMs;
    world.ask(wanted('high').leader);
    while (world.makeRoom().length === 0) world.wait(250);
    expect((world.nowMs - startedMs) / 1000).toBe(seconds);
  });

  test('while pods of the minimum runtime do not help, it looks again every few seconds at most', () => {
    const world = cluster({ a: 40 });
    for (let i = 0; i < 40; i++) runPod(world, `p${i}`, 'a', { age: i === 0 ? -10 : (60 - i) / 60 });
    world.ask(wanted('high', { driverCpu: 40 }).leader);
    const searches = vi.spyOn(Budgets.prototype, 'forbids');
    let rounds = 0;
    for (let s = 0; s < 240; s++) {
      searches.mockClear();
      expect(world.makeRoom()).toEqual([]);
      if (searches.mock.calls.length > 0) rounds++;
      world.wait(250);
    }
    expect(rounds).toBeGreaterThan(6);
    expect(rounds).toBeLessThanOrEqual(12);
  });

  test('nobody else is looked for meanwhile', () => {
    const { world } = underWay();
    world.wait(1000);
    expect(world.makeRoom()).toEqual([]);
  });

  test('the gang whose members went waits, and does not evict in turn', () => {
    const { world, low } = underWay();
    for (const one of low.slice(1)) world.gone(one);
    const [driver] = low;
    world.gone(driver!);
    world.wait(1000);
    expect(world.ask({ ...driver!, uid: 'low-again' })).toBe('waits: gang waits for room');
    expect(world.makeRoom()).toEqual([]);
  });

  test('the preemptor goes: nobody else goes for it, and what is held is free again', () => {
    const { world, low, leader } = underWay();
    world.gone(low[1]!);
    world.gone(leader);
    expect(told(world, 'eviction-dropped')).toEqual([
      expect.objectContaining({ gang: 'jobs/high', spared: [expect.objectContaining({ name: 'low-2' })] }),
    ]);
    expect(world.start({ ...low[1]!, uid: 'low-9', name: 'low-9' })).toBe('-> a');
  });

  test('a victim refuses to leave: the plan is dropped, it stays, and others are found later', () => {
    const { world, low, leader } = underWay();
    world.gone(low[1]!);
    world.wait(89_000);
    expect(told(world, 'eviction-dropped')).toEqual([]);
    world.wait(2000);
    expect(told(world, 'eviction-dropped')).toEqual([
      expect.objectContaining({
        reason: '1 victim did not leave in time',
        spared: [expect.objectContaining({ name: 'low-2' })],
      }),
    ]);
    expect(world.ask(leader)).toBe('waits: gang waits for room');
    expect(world.makeRoom()).toEqual([]);
    world.wait(16_000);
    // What went is kept for its successor: all of the room has to come from elsewhere now.
    expect(world.makeRoom()).toEqual(['other-1', 'other-2']);
  });

  test('a victim with a long grace period is waited for', () => {
    const world = cluster({ a: 3 });
    runApp(world, 'low', ['a', 'a', 'a'], { evictionTraits: { startedMs: 0, graceMs: 300_000 } });
    world.ask(wanted('high').leader);
    expect(world.makeRoom()).toEqual(['low-1']);
    world.wait(300_000);
    expect(told(world, 'eviction-dropped')).toEqual([]);
    world.wait(61_000);
    expect(told(world, 'eviction-dropped')).toHaveLength(1);
  });

  const lastPlan = (world: World) =>
    told(world, 'eviction-planned').at(-1) as Extract<Effect, { kind: 'eviction-planned' }>;
  const namesOf = (world: World) =>
    lastPlan(world)
      .victims.map(({ pod: { name } }) => name)
      .sort();

  test('the API server refuses an eviction: somebody else goes in its place, and the room is kept meanwhile', () => {
    const { world, low, leader } = underWay();
    world.gone(low[2]!);
    world.learn({ kind: 'eviction-refused', uid: 'low-1', reason: '429 disruption budget' });
    expect(told(world, 'eviction-dropped')).toEqual([]);
    expect(namesOf(world)).toEqual(['other-1']);
    expect(world.ask({ ...low[2]!, uid: 'low-9', name: 'low-9' })).toMatch(/^waits/);
    world.gone(pod('other-1'));
    expect(world.start(leader)).toMatch(/^-> /);
  });

  test('the API server refuses an eviction, and nobody else would do: the plan is dropped', () => {
    const { world } = underWay({ budget: { perMinute: 2 } });
    world.learn({ kind: 'eviction-refused', uid: 'low-1', reason: '429 disruption budget' });
    expect(namesOf(world)).toEqual(['low-2', 'other-1']);
    world.learn({ kind: 'eviction-refused', uid: 'other-1', reason: '403 forbidden' });
    world.learn({ kind: 'eviction-refused', uid: 'other-2', reason: '403 forbidden' });
    world.learn({ kind: 'eviction-refused', uid: 'low-2', reason: '403 forbidden' });
    expect(told(world, 'eviction-dropped')).toEqual([
      expect.objectContaining({ reason: 'a victim cannot be evicted: 403 forbidden' }),
    ]);
  });

  test('the plan cannot be written down: nobody goes', () => {
    const { world } = underWay();
    world.learn({ kind: 'eviction-failed', gang: 'jobs/high', reason: 'no' });
    expect(told(world, 'eviction-dropped')).toHaveLength(1);
  });

  test('another scheduler takes the room: the plan is dropped', () => {
    const { world, low } = underWay();
    world.gone(low[1]!);
    world.bind(pod('thief', { cpu: 3, schedulerName: 'other' }), 'a');
    expect(told(world, 'eviction-dropped')).toHaveLength(1);
  });

  test('its node goes: the plan is dropped, and nobody stays marked', () => {
    const { world } = underWay();
    world.removeNode('a');
    expect(told(world, 'eviction-dropped')).toHaveLength(1);
    world.node(node('a', { cpu: 3 }));
  });

  test('a policy that does not enforce any more: the plan is dropped', () => {
    const { world } = underWay();
    world.scheduler.setPolicies(
      [{ ...DEFAULT_POLICY, preemption: { ...DEFAULT_POLICY.preemption, mode: 'advise' } }],
      world.nowMs,
    );
    world.wait(1000);
    expect(told(world, 'eviction-dropped')).toHaveLength(1);
  });

  test('another replica takes over: this one forgets the plan', () => {
    const { world } = underWay();
    const effects = world.scheduler.followOthers(true, world.nowMs);
    expect(effects.map(({ kind }) => kind)).toEqual(['eviction-dropped']);
    world.scheduler.checkInvariants();
  });

  test("the gang's declaration changes: the plan is dropped", () => {
    const { world } = underWay();
    world.ask(wanted('high', { executors: 2 }).leader);
    expect(told(world, 'eviction-dropped')).toHaveLength(1);
  });

  test('at most one plan for a victim: a second gang finds others', () => {
    const { world } = underWay();
    world.ask(wanted('second').leader);
    expect(world.makeRoom()).toEqual(['other-1']);
  });

  test('the budget per minute counts all plans, and is free again a minute later', () => {
    const { world } = underWay({ budget: { perMinute: 2 } });
    const { leader } = wanted('second');
    world.ask(leader);
    expect(world.makeRoom()).toEqual([]);
    world.wait(60_000);
    expect(world.makeRoom()).toEqual(['other-1']);
  });

  test('a hold on new gangs: nobody is evicted', () => {
    const world = cluster({ a: 3 });
    runApp(world, 'low', ['a', 'a', 'a']);
    world.ask(wanted('high').leader);
    world.scheduler.hold('a test');
    expect(world.makeRoom()).toEqual([]);
    world.scheduler.hold(undefined);
    expect(world.makeRoom()).toEqual(['low-1']);
  });

  test('a reservation that nobody has taken up goes to the more important gang, and its gang waits again', () => {
    const world = cluster({ a: 4 });
    const low = wanted('low', { executors: 3, priority: 0 }).leader;
    world.scheduler.observe({ kind: 'pod', pod: { ...low, gated: true } }, world.nowMs);
    world.scheduler.admitWaiting(world.nowMs);
    const high = wanted('high', { executors: 1 }).leader;
    expect(world.ask(high)).toBe('waits: gang waits for room');
    expect(world.makeRoom()).toEqual([]);
    expect(told(world, 'reservation-revoked')).toEqual([
      expect.objectContaining({ gang: 'jobs/low', forGang: 'jobs/high', slots: 4 }),
    ]);
    expect(world.ask(high)).toBe('-> a');
    expect(world.ask(low)).toBe('waits: gang waits for room');
  });
});
