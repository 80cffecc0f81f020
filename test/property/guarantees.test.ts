import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { QueueSpec } from '../../src/core/policy/tenancy.ts';
import { pathTo, type QueueNode } from '../../src/core/queue/tree.ts';
import { GangBuilder, node, pod } from '../support/builders.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { rule } from '../support/tenancies.ts';
import { cores, queue, tenancyOf } from '../support/reclaim-tenancies.ts';
import { World } from '../support/world.ts';

const RUNS = { numRuns: propertyRuns(200), seed: 20317 };
const TIMEOUT = { timeout: 60_000 + RUNS.numRuns * 200 };
const GIB = 2 ** 30;
const LEAVES = ['a', 'b.x', 'b.y', 'c'];

const leaf = fc.record({
  cpu: fc.constantFrom(0, 0, 2, 4, 6),
  memory: fc.constantFrom(0, 0, 0, 8),
  to: fc.constantFrom('share' as const, 'guarantee' as const),
  indivisible: fc.constantFrom('spare' as const, 'spare' as const, 'allow' as const),
});
const rules = fc.record({
  leaves: fc.tuple(leaf, leaf, leaf, leaf),
  above: fc.constantFrom(0, 0, 6),
  priority: fc.constantFrom('within' as const, 'across' as const, 'first' as const),
  resources: fc.constantFrom(['cpu'], ['cpu', 'memory']),
});
type FileRules = typeof rules extends fc.Arbitrary<infer T> ? T : never;

function tenancyFor({ leaves, above, priority, resources }: FileRules) {
  const [a, x, y, c] = leaves.map(({ cpu, memory, to, indivisible }, i): QueueSpec => {
    const guaranteed = cores(cpu, { memory: memory * GIB });
    return queue(LEAVES[i]!.split('.').at(-1)!, { guaranteed, reclaim: { to, indivisible } });
  });
  const b = queue('b', { guaranteed: cores(above), queues: [x!, y!] });
  const singles = LEAVES.map((path) => rule(path, { labels: new Map([['queue', path]]) }));
  return { ...tenancyOf([a!, b, c!], { priority, resources }), rules: singles };
}

/** What a queue is guaranteed in cores or bytes, computed from the file alone. */
function guaranteedTo({ leaves, above }: FileRules, path: string, resource: 'cpu' | 'memory'): number {
  const of = (name: string) => {
    const { cpu, memory } = leaves[LEAVES.indexOf(name)]!;
    return resource === 'cpu' ? cpu * 1000 : memory * GIB;
  };
  if (path !== 'b') return of(path);
  return Math.max(resource === 'cpu' ? above * 1000 : 0, of('b.x') + of('b.y'));
}

const APPS: readonly GangBuilder[] = Array.from({ length: 12 }, (_, i) => {
  const amounts = { cpu: 1 + (i % 3 === 2 ? 1 : 0), memoryGib: i % 4 };
  const roles =
    i % 2 === 0
      ? { driver: { count: 1, cpu: 1 }, executor: { count: 2 + (i % 3), min: 1 + (i % 3), ...amounts } }
      : { worker: { count: 1 + (i % 4), ...amounts } };
  return new GangBuilder(`g${i}`, roles, { queue: LEAVES[i % 4]!, priority: [0, 10, 50][i % 3]! });
});

const podsOf = (gang: GangBuilder): PodInfo[] => {
  const [first, second] = gang.spec.roles;
  const leaders = Array.from({ length: first!.count }, (_, n) => gang.leader(`${gang.spec.name}-${first!.name}-${n}`));
  return [...leaders, ...Array.from({ length: second?.count ?? 0 }, (_, n) => gang.member(second!.name, n))];
};

const singleOf = (i: number, priority: number): PodInfo =>
  pod(`s${i}`, { cpu: 1 + (i % 3), priority, labels: { queue: LEAVES[i % 4]! } });

type Step =
  | { readonly kind: 'start' | 'end'; readonly app: number }
  | { readonly kind: 'single' | 'preempt'; readonly i: number; readonly priority: number; readonly at: number }
  | { readonly kind: 'dying' | 'single-gone'; readonly i: number }
  | { readonly kind: 'node'; readonly at: number; readonly cpu: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'make-room'; readonly leave: boolean }
  | { readonly kind: 'leave' | 'restart' }
  | { readonly kind: 'reload'; readonly rules: FileRules };

const app = fc.nat({ max: APPS.length - 1 });
const i = fc.nat({ max: 7 });
const at = fc.nat({ max: 1 });
const priority = fc.constantFrom(0, 20, 100, 1_000_000_000);
const start = fc.record({ kind: fc.constant('start' as const), app });
const step: fc.Arbitrary<Step> = fc.oneof(
  start,
  start,
  start,
  fc.record({ kind: fc.constant('end' as const), app }),
  fc.record({ kind: fc.constant('single' as const), i, priority: fc.constantFrom(0, 20), at }),
  fc.record({ kind: fc.constant('preempt' as const), i, priority, at }),
  fc.record({ kind: fc.constant('preempt' as const), i, priority, at }),
  fc.record({ kind: fc.constantFrom('dying' as const, 'single-gone' as const), i: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant('node' as const), at, cpu: fc.integer({ min: 4, max: 9 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1000, 60_000, 3_600_000) }),
  fc.record({ kind: fc.constant('make-room' as const), leave: fc.boolean() }),
  fc.record({ kind: fc.constant('make-room' as const), leave: fc.constant(true) }),
  fc.record({ kind: fc.constantFrom('leave' as const, 'restart' as const) }),
  fc.record({ kind: fc.constant('reload' as const), rules }),
);
const story = fc.record({
  rules,
  first: fc.shuffledSubarray([...APPS.keys()]),
  steps: fc.array(step, { maxLength: 40, size: 'max' }),
});

/** What all victims that queues lost are: pods by themselves, and gangs that went whole. */
const seen = { pods: 0, gangs: 0, byKubeScheduler: 0, kept: 0 };

type Planned = Extract<Effect, { kind: 'eviction-planned' }>;
/** By resource. */
type Amounts = Readonly<Record<'cpu' | 'memory', number>>;
const RESOURCES = ['cpu', 'memory'] as const;

class Cluster {
  world: World;
  #rules: FileRules;
  readonly #bound = new Map<string, { readonly pod: PodInfo; readonly node: string }>();

  constructor(file: FileRules) {
    this.#rules = file;
    this.world = this.#newWorld([node('n0', { cpu: 8, memoryGib: 16 }), node('n1', { cpu: 6, memoryGib: 16 })], true);
    this.world.nowMs = 36_000_000;
  }

  play(one: Step): void {
    const { world } = this;
    switch (one.kind) {
      case 'start':
        return this.#start(APPS[one.app]!);
      case 'end':
        for (const each of podsOf(APPS[one.app]!)) this.#gone(each.uid);
        return;
      case 'single': {
        const single = singleOf(one.i, one.priority);
        const answer = world.ask(single, [`n${one.at}`]);
        if (answer === 'any' || answer.includes(`n${one.at}`)) this.#bind(single, `n${one.at}`);
        return;
      }
      case 'preempt':
        return this.#preempt(singleOf(one.i + 10, one.priority), `n${one.at}`);
      case 'dying': {
        const bound = [...this.#bound.values()][one.i];
        if (bound) this.#bind({ ...bound.pod, deleting: true }, bound.node);
        return;
      }
      case 'single-gone':
        return this.#gone(`s${one.i}`);
      case 'node':
        return world.node(node(`n${one.at}`, { cpu: one.cpu, memoryGib: 16 }));
      case 'wait':
        world.wait(one.ms);
        world.effects.push(...world.scheduler.admitWaiting(world.nowMs));
        return;
      case 'make-room':
        this.#makeRoom();
        if (one.leave) this.#leave();
        return;
      case 'leave':
        return this.#leave();
      case 'restart':
        return this.#restart();
      case 'reload':
        this.#rules = one.rules;
        return void world.scheduler.setRules(
          { policies: world.scheduler.policies, tenancy: tenancyFor(one.rules) },
          world.nowMs,
        );
    }
  }

  #newWorld(nodes: Parameters<World['node']>[0][], isSynced: boolean): World {
    const { preemption, queue: waiting } = DEFAULT_POLICY;
    const budget = { ...preemption.budget, perMinute: 1000, perQueue: 1000, perGang: 1000 };
    const world = new World(
      nodes,
      {
        queue: { ...waiting, blockAfterMs: Infinity },
        preemption: { ...preemption, mode: 'enforce', wholeGangs: true, minRuntimeMs: 0, cascadeMs: 0, budget },
      },
      isSynced,
    );
    world.scheduler.setRules({ policies: world.scheduler.policies, tenancy: tenancyFor(this.#rules) }, 0);
    return world;
  }

  #restart(): void {
    const { nodes, nowMs } = this.world;
    this.world = this.#newWorld([...nodes.values()], false);
    this.world.nowMs = nowMs;
    for (const { pod: one, node: name } of this.#bound.values()) this.world.bind(one, name);
    this.world.sync();
  }

  #start(gang: GangBuilder): void {
    for (const one of podsOf(gang)) {
      if (this.#bound.has(one.uid)) continue;
      const answer = this.world.ask(one);
      if (!answer.startsWith('->')) return;
      this.#bind({ ...one, evictionTraits: { startedMs: this.world.nowMs } }, answer.slice(3));
    }
  }

  #bind(one: PodInfo, name: string): void {
    this.#bound.set(one.uid, { pod: one, node: name });
    this.world.bind(one, name);
  }

  #gone(uid: string): void {
    this.#bound.delete(uid);
    this.world.learn({ kind: 'pod-gone', uid });
  }

  /** Whatever is being evicted or deleted is gone. */
  #leave(): void {
    const { evictions, nominated } = this.world.scheduler.inside;
    for (const [uid, { pod: one }] of [...this.#bound])
      if (one.deleting || evictions.beneficiary.has(uid) || nominated.isVictim(uid)) this.#gone(uid);
  }

  /**
   * The gang's queue, or that of the label, and those above it; the root is none of them. What a gang leaves that is over
   * counts in no queue.
   */
  #chainOf(one: PodInfo): readonly QueueNode[] {
    const { tree, usage } = this.world.scheduler.inside;
    if (one.membership && !usage.ownerOf(one.membership.gang)) return [];
    const gang = APPS.find(({ spec }) => spec.key === one.membership?.gang);
    return pathTo(tree.find(gang?.spec.queue ?? one.labels.get('queue')!)!);
  }

  /** What each queue holds, as muster counts it, without what is being deleted. */
  #held(): Map<string, Record<'cpu' | 'memory', number>> {
    const { tree, shares, cluster } = this.world.scheduler.inside;
    const columns = { cpu: cluster.columns.indexOf('cpu')!, memory: cluster.columns.indexOf('memory')! };
    const held = new Map<string, Record<'cpu' | 'memory', number>>();
    for (const each of tree.nodes())
      held.set(each.path, {
        cpu: shares.usedOf(each, columns.cpu),
        memory: shares.usedOf(each, columns.memory),
      });
    for (const { pod: one } of this.#bound.values())
      if (one.deleting && !cluster.boundPod(one.uid)!.isLeaving)
        this.#add(held, this.#chainOf(one), amountsOf([one]), -1);
    return held;
  }

  #add(
    held: Map<string, Record<'cpu' | 'memory', number>>,
    chain: readonly QueueNode[],
    of: Amounts,
    sign: 1 | -1,
  ): void {
    for (const { path } of chain) for (const r of RESOURCES) held.get(path)![r] += sign * of[r];
  }

  /** Before the largest of them goes, the last, the queue holds more than its guarantee of one resource at least. */
  #expectBeyondGuarantee(path: string, held: Amounts, victims: readonly Amounts[]): void {
    const shared = this.#rules.resources as readonly ('cpu' | 'memory')[];
    const isBeyond = shared.some((r) => {
      const all = victims.reduce((sum, one) => sum + one[r], 0);
      const largest = Math.max(...victims.map((one) => one[r]));
      return held[r] - (all - largest) > guaranteedTo(this.#rules, path, r);
    });
    expect({ path, held, victims, isBeyond }).toMatchObject({ isBeyond: true });
  }

  #makeRoom(): void {
    const { world } = this;
    const held = this.#held();
    const { beneficiary } = world.scheduler.inside.evictions;
    const going = new Set(beneficiary.keys());
    const from = world.effects.length;
    world.makeRoom();
    const plans = world.effects.slice(from).filter((one): one is Planned => one.kind === 'eviction-planned');
    for (const plan of plans) {
      const claimant = APPS.find(({ spec }) => spec.key === plan.gang)!;
      const own = this.#chainOf(claimant.leader());
      const victims = plan.victims.filter(({ pod: { uid } }) => !going.has(uid));
      for (const {
        pod: { uid },
      } of victims)
        going.add(uid);
      this.#judge(held, own, victims);
      const { queue: leafOfClaimant, ask } = world.scheduler.inside.gangs.get(plan.gang)!;
      const { columns } = world.scheduler.inside.cluster;
      const asked = { cpu: ask[columns.indexOf('cpu')!]!, memory: ask[columns.indexOf('memory')!]! };
      this.#add(held, pathTo(leafOfClaimant), asked, 1);
    }
  }

  #judge(
    held: Map<string, Record<'cpu' | 'memory', number>>,
    own: readonly QueueNode[],
    victims: readonly { readonly pod: { readonly uid: string }; readonly gang?: string }[],
  ): void {
    // Gangs of one role go whole or not at all.
    const whole = new Set(victims.flatMap((one) => ('isLeader' in one && one.isLeader === true ? one.gang : [])));
    for (const { spec } of APPS) if (spec.roles.length === 1) whole.add(spec.key);
    const units = new Map<string, PodInfo[]>();
    for (const {
      pod: { uid },
      gang,
    } of victims) {
      const key = gang !== undefined && whole.has(gang) ? gang : uid;
      units.set(key, [...(units.get(key) ?? []), this.#bound.get(uid)!.pod]);
    }
    const byQueue = new Map<QueueNode, Amounts[]>();
    for (const pods of units.values()) {
      const chain = this.#chainOf(pods[0]!).filter((each) => !own.includes(each));
      if (chain.length > 0 && pods.length > 1) seen.gangs++;
      else if (chain.length > 0) seen.pods++;
      for (const each of chain) byQueue.set(each, [...(byQueue.get(each) ?? []), amountsOf(pods)]);
    }
    for (const [{ path }, amounts] of byQueue) this.#expectBeyondGuarantee(path, held.get(path)!, amounts);
    for (const pods of units.values()) this.#add(held, this.#chainOf(pods[0]!), amountsOf(pods), -1);
  }

  #preempt(single: PodInfo, name: string): void {
    const { world } = this;
    const there = [...this.#bound.values()].filter(
      ({ node: its, pod: one }) => its === name && one.priority < single.priority,
    );
    const proposed = there.sort((a, b) => b.pod.priority - a.pod.priority).map(({ pod: { uid } }) => uid);
    const held = this.#held();
    const { cluster } = world.scheduler.inside;
    const stays = (uid: string) => !this.#bound.get(uid)!.pod.deleting && !cluster.boundPod(uid)!.isLeaving;
    const going = new Set(proposed.filter((uid) => !stays(uid)));
    const answer = world.preempt(single, { [name]: proposed });
    if (answer === 'nobody') return void (seen.kept += proposed.length > 0 ? 1 : 0);
    const victims = answer
      .replace(/^\w+: /, '')
      .split(' ')
      .filter((uid) => !uid.startsWith('!') && !going.has(uid));
    seen.byKubeScheduler += victims.length;
    this.#judge(
      held,
      this.#chainOf(single),
      victims.map((uid) => ({ pod: { uid } })),
    );
  }
}

const amountsOf = (pods: readonly PodInfo[]): Amounts => {
  const sum = (name: string) => pods.reduce((all, { request }) => all + (request.get(name) ?? 0), 0);
  return { cpu: sum('cpu'), memory: sum('memory') };
};

test('no queue within its guarantee loses a pod or a gang to another, whoever evicts', TIMEOUT, () => {
  fc.assert(
    fc.property(story, ({ rules: file, first, steps }) => {
      const cluster = new Cluster(file);
      for (const each of first) cluster.play({ kind: 'start', app: each });
      for (const one of steps) cluster.play(one);
    }),
    RUNS,
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS.numRuns / 40);
});
