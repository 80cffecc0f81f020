import type { EvictionTraits, GangSpec, PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import { GangBuilder, node, pod } from './builders.ts';
import { cores, queue, tenancyOf } from './reclaim-tenancies.ts';
import { World } from './world.ts';

/** Numbers from a seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 <= number < below */
  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  /** True once in so many times. */
  isOne(of: number): boolean {
    return this.roll(of) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)]!;
  }
}

const START_MS = 36_000_000;
const QUEUES = ['a', 'b.c', 'b.d'];

function rules(dice: Dice): Partial<Policy> {
  const { preemption } = DEFAULT_POLICY;
  const few = () => (dice.isOne(4) ? 1 + dice.roll(6) : 1000);
  const topology = dice.isOne(3)
    ? { mode: 'require' as const, keys: dice.isOne(2) ? ['rack'] : ['rack', 'zone'], leader: dice.isOne(2) }
    : DEFAULT_POLICY.topology;
  return {
    topology,
    preemption: {
      ...preemption,
      mode: 'enforce',
      wholeGangs: dice.isOne(2),
      victims: dice.pick(['gangs', 'scheduler', 'any'] as const),
      queues: dice.isOne(6) ? ['a', 'b.c'] : [],
      minRuntimeMs: dice.pick([0, 0, 60_000]),
      maxGraceMs: dice.pick([600_000, 600_000, 10_000]),
      protectedShare: dice.pick([1, 1, 0.05]),
      budget: { ...preemption.budget, perMinute: few(), perQueue: few(), perGang: few() },
    },
  };
}

function traits(dice: Dice, nowMs: number): EvictionTraits {
  return {
    ...(dice.isOne(20) ? {} : { startedMs: nowMs - dice.pick([0, 30, 90, 600, 3600, 36_000]) * 1000 }),
    ...(dice.isOne(8) ? { restarts: dice.roll(3) } : {}),
    ...(dice.isOne(8) ? { deletionCost: dice.pick([4000, -1_000_000]) } : {}),
    ...(dice.isOne(15) ? { isPinned: true as const } : {}),
    ...(dice.isOne(10) ? { graceMs: dice.pick([5000, 3_600_000]) } : {}),
    ...(dice.isOne(8) ? { priorityClass: 'mid' } : {}),
  };
}

/** The pods of a gang that runs, or that waits: its leader comes first. */
function gangOf(dice: Dice, name: string, terms: { readonly priority: number; readonly members: number }): PodInfo[] {
  const { priority, members } = terms;
  const cpu = 1 + dice.roll(3);
  const min = Math.max(1, members - dice.roll(4));
  const options = { priority, queue: dice.pick(QUEUES) };
  const isSingle = dice.isOne(5);
  const roles = {
    ...(isSingle ? {} : { driver: { count: 1, cpu: 1 } }),
    worker: { count: members, min, cpu },
    ...(dice.isOne(5) && !isSingle ? { helper: { count: 2, cpu: 2 } } : {}),
  };
  const builder = new GangBuilder(name, roles, options);
  const spec: GangSpec = {
    ...builder.spec,
    ...(dice.isOne(3) ? { givesUp: { label: 'leaves', value: 'yes' } } : {}),
    ...(dice.isOne(4) ? { keeps: dice.pick(['volumes', 'store', 'peers'] as const) } : {}),
  };
  const declaring = (one: PodInfo): PodInfo => ({
    ...one,
    membership: { gang: spec.key, role: one.membership!.role, spec },
  });
  if (isSingle) return Array.from({ length: members }, (_, i) => declaring(builder.leader(`${name}-${i}`)));
  const helpers = spec.roles.length > 2 ? [0, 1].map((i) => builder.member('helper', i)) : [];
  const workers = Array.from({ length: members }, (_, i) => builder.member('worker', i));
  return [declaring(builder.leader()), ...workers, ...helpers];
}

/** A full cluster with much of what a search for victims must heed. */
export class VictimScene {
  readonly world: World;
  readonly dice: Dice;
  readonly #nodes: number;
  #pods = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    const { dice } = this;
    this.#nodes = 3 + dice.roll(10);
    const nodes = Array.from({ length: this.#nodes }, (_, i) =>
      node(`n${i}`, {
        cpu: 8 + dice.roll(17),
        labels: { rack: `r${i % 3}`, zone: `z${i % 2}` },
        taints: dice.isOne(8) ? [{ key: 'karpenter.sh/disrupted', value: '', effect: 'PreferNoSchedule' }] : [],
      }),
    );
    this.world = new World(nodes, rules(dice));
    this.world.nowMs = START_MS;
    if (dice.isOne(3)) this.#queues();
    this.world.learn({ kind: 'priority-class', priorityClass: { name: 'mid', value: dice.pick([0, 20, 200]) } });
    for (let i = 0; i < 2; i++) if (dice.isOne(3)) this.#disruptionBudget(i);
    const gangs = 4 + dice.roll(20);
    for (let g = 0; g < gangs; g++) this.#run(`g${g}`);
    for (let i = dice.roll(15); i > 0; i--) this.#bind(this.#single(`s${i}`));
    for (let i = dice.roll(4); i > 0; i--) this.change();
    for (let i = 1 + dice.roll(2); i > 0; i--) this.#ask(`wants${i}`);
  }

  #queues(): void {
    const { scheduler, nowMs } = this.world;
    const guaranteed = () => ({ guaranteed: cores(this.dice.roll(20)) });
    const below = { queues: [queue('c', guaranteed()), queue('d', guaranteed())] };
    const tenancy = tenancyOf([queue('a', guaranteed()), queue('b', { ...guaranteed(), ...below })]);
    scheduler.setRules({ policies: scheduler.policies, tenancy }, nowMs);
  }

  #disruptionBudget(i: number): void {
    const selector = this.dice.isOne(2) ? [] : [{ key: 'tier', operator: 'In' as const, values: ['web'] }];
    const budget = { key: `jobs/b${i}`, namespace: 'jobs', selector, allowed: this.dice.roll(4) };
    this.world.learn({ kind: 'budget', budget });
  }

  #single(name: string): PodInfo {
    const { dice } = this;
    const schedulerName = dice.isOne(4) ? 'other' : 'muster';
    return pod(name, { cpu: 1 + dice.roll(3), priority: dice.pick([0, 0, 10, 50, 150]), schedulerName });
  }

  #run(name: string): void {
    const { dice, world } = this;
    const priority = dice.pick([0, 0, 0, 10, 50, 150]);
    const pods = gangOf(dice, name, { priority, members: 1 + dice.roll(10) });
    for (const one of pods) this.#bind(one);
    const idle = { taskSeconds: dice.roll(100), keptBytes: dice.roll(2) * 2 ** 31 };
    if (dice.isOne(6))
      world.learn({ kind: 'figures', gang: `jobs/${name}`, figures: new Map(pods.map(({ uid }) => [uid, idle])) });
  }

  #bind(one: PodInfo): void {
    const { dice, world } = this;
    const row = this.#rowFor(one);
    if (row === undefined) return;
    this.#pods++;
    const labels = new Map([
      ...(dice.isOne(6) ? [['leaves', 'yes'] as const] : []),
      ...(dice.isOne(4) ? [['tier', 'web'] as const] : []),
    ]);
    const membership = one.membership && !one.membership.spec && dice.isOne(10) ? { isElastic: true as const } : {};
    const full = {
      ...one,
      labels,
      evictionTraits: traits(dice, world.nowMs),
      ...(one.membership ? { membership: { ...one.membership, ...membership } as PodInfo['membership'] & object } : {}),
    };
    world.bind(full, `n${row}`);
  }

  /** A node with room for the pod; undefined: a few are full. */
  #rowFor({ request }: PodInfo): number | undefined {
    const { table } = this.world.scheduler.inside.cluster;
    for (let tries = 0; tries < 4; tries++) {
      const row = this.dice.roll(this.#nodes);
      if (table.free[0]![row]! >= request.get('cpu')!) return row;
    }
    return undefined;
  }

  /** Something happens to a pod that runs, or a new one comes. */
  change(): void {
    const { dice, world } = this;
    const bound = [...world.scheduler.inside.cluster.boundPods.values()];
    if (bound.length === 0) return;
    const { pod: one, node: at } = dice.pick(bound);
    switch (dice.roll(6)) {
      case 0:
        return world.gone(one);
      case 1:
        return world.learn({ kind: 'pod', pod: { ...one, node: at, deleting: true } });
      case 2:
        return world.bind({ ...one, labels: new Map([['leaves', 'yes']]) }, at);
      case 3:
        return world.scheduler.inside.evictions.refuse(one.uid, world.nowMs);
      case 4:
        return this.#bind(this.#single(`late${this.#pods}`));
      default:
        return world.bind({ ...one, evictionTraits: traits(dice, world.nowMs) }, at);
    }
  }

  #ask(name: string): void {
    const { dice, world } = this;
    const [leader] = gangOf(dice, name, { priority: dice.pick([100, 100, 30]), members: 1 + dice.roll(8) });
    world.ask(leader!);
  }
}
