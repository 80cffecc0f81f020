import fc from 'fast-check';
import { expect } from 'vitest';
import { NO_RUN_TIMES } from '../../src/core/history/no-run-times.ts';
import type { RunTimes } from '../../src/core/history/run-times.ts';
import type { PodInfo } from '../../src/core/model.ts';
import {
  DEFAULT_POLICY,
  QUEUE_ORDERS,
  STRATEGIES,
  type Policy,
  type QueueRules,
  type StrategyName,
  type Topology,
} from '../../src/core/policy/policy.ts';
import { seeded } from '../../src/replay/random.ts';
import { node, pod, spark, type GangBuilder, queueWith } from './builders.ts';
import { World } from './world.ts';

/** Something that happens to a cluster with muster in it. */
export type Step =
  | { readonly kind: 'leader' | 'leader-gone' | 'again'; readonly app: number }
  | { readonly kind: 'member' | 'member-gone'; readonly app: number; readonly i: number }
  | { readonly kind: 'leader-asks' | 'leader-binds'; readonly app: number }
  | { readonly kind: 'member-asks' | 'member-binds'; readonly app: number; readonly i: number }
  | {
      readonly kind: 'foreign' | 'foreign-binds' | 'intruder' | 'foreign-gone' | 'preempt';
      readonly i: number;
      readonly at: number;
    }
  | { readonly kind: 'node' | 'node-gone'; readonly at: number; readonly cpu: number; readonly cordon: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'admit' | 'restart' | 'answered-ask' | 'answered-gone' };

const app = fc.nat({ max: 4 });
const i = fc.nat({ max: 6 });
const at = fc.nat({ max: 4 });
/** What gangs do. */
export const gangSteps: fc.Arbitrary<Step>[] = [
  fc.record({ kind: fc.constantFrom('leader', 'leader-gone', 'again'), app }),
  fc.record({ kind: fc.constantFrom('member', 'member', 'member', 'member-gone'), app, i }),
  fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(1, 1000, 120_000, 600_000) }),
];
/** Pods whose binding takes its time: kube-scheduler has its answer, and binds them later or never. */
export const slowSteps: fc.Arbitrary<Step>[] = [
  fc.record({ kind: fc.constantFrom('leader-asks', 'leader-binds'), app }),
  fc.record({ kind: fc.constantFrom('member-asks', 'member-asks', 'member-binds'), app, i }),
  // No binding succeeded, or kube-scheduler was restarted; or nobody wants these pods any more.
  fc.record({ kind: fc.constantFrom('answered-ask', 'answered-gone') }),
];
/** What other pods and nodes do. */
export const otherSteps: fc.Arbitrary<Step>[] = [
  fc.record({ kind: fc.constantFrom('foreign', 'foreign-binds', 'intruder', 'foreign-gone', 'preempt'), i, at }),
  fc.record({ kind: fc.constantFrom('node', 'node-gone'), at, cpu: fc.nat({ max: 6 }), cordon: fc.boolean() }),
];
/** What a live cluster brings: gangs admitted unasked, and muster killed and started again. */
export const liveSteps: fc.Arbitrary<Step>[] = [fc.record({ kind: fc.constantFrom('admit', 'admit', 'restart') })];

/** Lists of steps. fast-check's own choice of a size would make most of them shorter than ten. */
export const sequenceOf = (...steps: readonly fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof(...steps), { maxLength: 60, size: 'max' });

/** The same steps about one app, which may grow from 2 executors to 5, and three of its members: they meet more often. */
export const inOneApp = (steps: readonly Step[]): Step[] =>
  steps.map((step) => ({
    ...step,
    ...('app' in step && { app: 1 }),
    ...('app' in step && 'i' in step && { i: step.i % 4 }),
  }));

/** How gangs are placed and queued. */
export interface Setting extends Pick<QueueRules, 'blockAfterMs' | 'backfill' | 'order'> {
  readonly strategy: StrategyName;
  readonly topology: Topology['mode'];
  /** From which the forecasts are drawn. */
  readonly seed: number;
}

export const setting: fc.Arbitrary<Setting> = fc.record({
  strategy: fc.constantFrom<StrategyName>(...STRATEGIES),
  topology: fc.constantFrom<Topology['mode']>('none', 'prefer', 'require'),
  blockAfterMs: fc.constantFrom(0, 1, 120_000, 600_000, Infinity),
  backfill: fc.constantFrom('reserve', 'off'),
  order: fc.constantFrom(...QUEUE_ORDERS),
  seed: fc.nat({ max: 1000 }),
});

/** Forecasts without sense: from a second to a day, some that grow as the run goes on, and some without end. */
export function wildRunTimes({ seed }: Pick<Setting, 'seed'>): RunTimes {
  return {
    forecast: ({ name, members }) => {
      const draws = seeded(seed, name, members);
      const ms = draws.uniform() < 0.2 ? Infinity : 1000 * 86_400 ** draws.uniform();
      const growth = draws.uniform();
      return {
        endsWithin: (share, ranMs) => Math.round(Math.max(ms * share, ranMs * (1 + growth * share))),
        isKnown: draws.uniform() < 0.5,
        runs: 3,
        basis: 'a draw',
        error: undefined,
      };
    },
    learn: () => undefined,
  };
}

/** The policy of a setting. */
export function policy({ strategy, topology, blockAfterMs, backfill, order }: Setting) {
  const preference = {
    ...DEFAULT_POLICY.members,
    strategy,
    weights: new Map([['binPacking', 1] as const, ['topology', 1] as const]),
  };
  return {
    leader: preference,
    members: preference,
    topology: { mode: topology, keys: ['rack', 'zone'], leader: true },
    queue: queueWith({ blockAfterMs, backfill, order }),
  } satisfies Partial<Policy>;
}

const APPS: readonly GangBuilder[] = [
  spark('a', 3),
  spark('b', 5, { min: 2 }),
  spark('c', 1, { cpu: 3 }),
  spark('d', 0),
  spark('e', 6, { cpu: 2 }),
];

interface Plays {
  readonly apps?: readonly GangBuilder[];
  /** Absent: nothing is known. */
  readonly runTimes?: RunTimes;
}

/** Gangs of one queue, more than the cluster holds: the large ones wait, and the small ones fit beside them. */
export const CROWD: readonly GangBuilder[] = [
  spark('a', 9),
  spark('b', 7, { priority: 1 }),
  spark('c', 5, { cpu: 3 }),
  spark('d', 2),
  spark('e', 1, { queue: 'other' }),
];

/** The first of the crowd runs, and the others have asked. */
export const CROWDED: readonly Step[] = [
  { kind: 'leader', app: 0 },
  ...Array.from({ length: 7 }, (_, n): Step => ({ kind: 'member', app: 0, i: n })),
  { kind: 'leader', app: 2 },
  { kind: 'leader', app: 1 },
  { kind: 'wait', ms: 1000 },
];

/** Plays the steps and writes down every answer. Members of an app exist only while its leader runs. */
export class Play {
  world: World;
  readonly log: string[] = [];
  readonly #policy: Partial<Policy>;
  readonly #live = new Map<string, PodInfo>();
  readonly #bound = new Map<string, { readonly pod: PodInfo; readonly node: string }>();
  /** Pods that have been answered with a node and have not been bound. */
  readonly #answered = new Map<string, { readonly pod: PodInfo; readonly node: string }>();
  readonly #intruders = new Map<string, { readonly pod: PodInfo; readonly node: string }>();
  readonly #apps: readonly GangBuilder[];

  readonly #runTimes: RunTimes;

  constructor(policyOf: Partial<Policy>, { apps = APPS, runTimes = NO_RUN_TIMES }: Plays = {}) {
    this.#policy = policyOf;
    this.#runTimes = runTimes;
    this.#apps = apps;
    const racks = ['r0', 'r0', 'r1', 'r2', 'r2'];
    this.world = new World(
      racks.map((rack, n) => node(`n${n}`, { cpu: 3 + n, labels: { rack, zone: n < 3 ? 'z0' : 'z1' } })),
      policyOf,
      true,
      [],
      runTimes,
    );
  }

  step(step: Step): void {
    switch (step.kind) {
      case 'leader':
        return this.#start(this.#apps[step.app]!.leader());
      case 'again': {
        const leader = this.#apps[step.app]!.leader();
        if (this.#live.has(leader.uid)) expect(this.world.ask(leader)).toBe(this.world.ask(leader));
        return;
      }
      case 'member':
        return this.#start(this.#apps[step.app]!.member('executor', step.i));
      case 'leader-asks':
        return this.#ask(this.#apps[step.app]!.leader());
      case 'member-asks':
        return this.#ask(this.#apps[step.app]!.member('executor', step.i));
      case 'leader-binds':
        return this.#bindAnswered(this.#apps[step.app]!.leader());
      case 'member-binds':
        return this.#bindAnswered(this.#apps[step.app]!.member('executor', step.i));
      case 'answered-ask':
        for (const { pod: one } of [...this.#answered.values()]) this.#ask(one);
        return;
      case 'answered-gone':
        for (const { pod: one } of [...this.#answered.values()]) this.#end(one);
        return;
      case 'leader-gone':
        return this.#end(this.#apps[step.app]!.leader());
      case 'member-gone':
        return this.#end(this.#apps[step.app]!.member('executor', step.i));
      case 'wait':
        return this.world.wait(step.ms);
      case 'admit':
        this.log.push(JSON.stringify(this.world.scheduler.admitWaiting(this.world.nowMs)));
        this.world.scheduler.checkInvariants();
        return;
      case 'restart':
        return this.#restart();
      default:
        return this.#others(step);
    }
  }

  /** A new muster knows what the API server has: nodes, bound pods, and what is written on bound leaders. */
  #restart(): void {
    const before = this.world;
    this.#answered.clear();
    this.world = new World([...before.nodes.values()], this.#policy, false, [], this.#runTimes);
    this.world.nowMs = before.nowMs;
    for (const { pod: one, node: at } of this.#bound.values()) {
      const written = one.membership?.spec && before.scheduler.reservation(one.membership.gang);
      const text = JSON.stringify(written && [...written.slots].map(([role, nodes]) => [role, [...nodes]]));
      this.world.bind(written ? { ...one, reservation: { text, slots: written.slots } } : one, at);
    }
    for (const [uid, { pod: one, node: at }] of this.#intruders)
      if (before.nodes.has(at)) this.world.bind({ ...one, uid }, at);
    this.world.sync();
  }

  #others(step: Extract<Step, { at: number }>): void {
    const name = `n${step.at}`;
    switch (step.kind) {
      case 'foreign':
        this.log.push(this.world.ask(pod(`f${step.i}`, { cpu: 1 + (step.i % 3) })));
        return;
      case 'preempt': {
        const there = [...this.#bound.values()].filter(({ node: its }) => its === name).map(({ pod: { uid } }) => uid);
        const asker = pod(`f${step.i}`, { cpu: 1 + (step.i % 3), priority: 1 });
        this.log.push(this.world.preempt(asker, { [name]: there }));
        return;
      }
      case 'intruder':
        return this.#bindForeign(`x${step.i}`, step);
      case 'foreign-binds':
        return this.#bindForeign(`f${step.i}`, step);
      case 'foreign-gone':
        for (const uid of [`x${step.i}`, `f${step.i}`]) {
          this.#intruders.delete(uid);
          this.world.gone(pod(uid));
        }
        return;
      case 'node':
        return this.world.node(
          node(name, { cpu: step.cpu, unschedulable: step.cordon, labels: { rack: `r${step.cpu}` } }),
        );
      case 'node-gone':
        for (const [uid, { node: its }] of this.#answered) if (its === name) this.#answered.delete(uid);
        return this.world.removeNode(name);
    }
  }

  #bindForeign(uid: string, { i: size, at: n }: { readonly i: number; readonly at: number }): void {
    if (!this.world.nodes.has(`n${n}`)) return;
    const one = pod(uid, { cpu: 1 + (size % 3) });
    this.#intruders.set(uid, { pod: one, node: `n${n}` });
    this.world.bind(one, `n${n}`);
  }

  #start(asking: PodInfo): void {
    this.#ask(asking);
    this.#bindAnswered(asking);
  }

  #ask(asking: PodInfo): void {
    const { uid } = asking;
    if (this.#bound.has(uid)) return;
    this.#live.set(uid, asking);
    const answer = this.world.ask(asking);
    expect(this.world.ask(asking)).toBe(answer);
    this.log.push(`${uid} ${answer}`);
    this.#answered.delete(uid);
    if (!answer.startsWith('-> ')) return;
    const name = answer.slice(3);
    expect(this.world.nodes.has(name)).toBe(true);
    this.#answered.set(uid, { pod: asking, node: name });
  }

  #bindAnswered({ uid }: PodInfo): void {
    const answered = this.#answered.get(uid);
    if (!answered || !this.world.nodes.has(answered.node)) return;
    this.#answered.delete(uid);
    this.#bound.set(uid, answered);
    this.world.bind(answered.pod, answered.node);
  }

  #end(ending: PodInfo): void {
    this.#live.delete(ending.uid);
    this.#bound.delete(ending.uid);
    this.#answered.delete(ending.uid);
    this.world.gone(ending);
  }

  /** Room is held for every answered pod where it was answered to go, until it is bound or gone or the node is gone. */
  expectAnsweredKeepRoom(): void {
    const { ledger } = this.world.scheduler.inside;
    for (const [
      uid,
      {
        pod: { request },
        node: name,
      },
    ] of this.#answered) {
      if (!this.world.nodes.has(name)) continue;
      const held = ledger.slotOf(uid) ?? ledger.podHoldOf(uid);
      expect([uid, held?.node, held?.vector[0]]).toEqual([uid, name, request.get('cpu')]);
    }
  }

  /** cpu of what muster placed, per node, must be within the node's. */
  expectNoOvercommit(): void {
    const used = new Map<string, number>();
    for (const {
      pod: { request },
      node: name,
    } of this.#bound.values())
      used.set(name, (used.get(name) ?? 0) + request.get('cpu')!);
    for (const [name, cpu] of used)
      expect(cpu).toBeLessThanOrEqual(this.world.nodes.get(name)!.allocatable.get('cpu')!);
  }

  /** Every gang whose leader is bound can start all its minimum members now. */
  expectNoPartialGang(): void {
    for (const one of this.#apps) {
      if (!this.#bound.has(one.leader().uid)) continue;
      const { min } = one.spec.roles[1]!;
      const running = [0, 1, 2, 3, 4, 5, 6].filter((n) => {
        const { uid } = one.member('executor', n);
        return this.#bound.has(uid) || this.#answered.has(uid);
      }).length;
      for (let n = running; n < min; n++) {
        const successor = { ...one.member('executor', 0), uid: `${one.spec.name}-late-${n}` };
        const answer = this.world.start(successor);
        expect(answer).toMatch(/^-> /);
        this.#bound.set(successor.uid, { pod: successor, node: answer.slice(3) });
      }
    }
  }
}
