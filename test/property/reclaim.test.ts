import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { QueueSpec } from '../../src/core/policy/tenancy.ts';
import { pathTo, type QueueNode } from '../../src/core/queue/tree.ts';
import { GangBuilder, node } from '../support/builders.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { cores, queue, tenancyOf } from '../support/reclaim-tenancies.ts';
import { World } from '../support/world.ts';

const RUNS = { numRuns: propertyRuns(60), seed: 20291 };
const TIMEOUT = { timeout: 60_000 + RUNS.numRuns * 500 };

const CPU = 24;
const MEMORY = 48;
const GIB = 2 ** 30;

const leaf = fc.record({
  guaranteed: fc.constantFrom(0, 0, 4, 8),
  guaranteedGib: fc.constantFrom(0, 0, 8, 16),
  weight: fc.integer({ min: 1, max: 3 }),
  to: fc.constantFrom('share' as const, 'share' as const, 'guarantee' as const),
});
/** Leaves of the root, or below one queue of it. */
const tops = fc.array(fc.record({ leaves: fc.array(leaf, { minLength: 1, maxLength: 2 }) }), {
  minLength: 2,
  maxLength: 3,
});
const job = fc.record({
  queue: fc.nat({ max: 5 }),
  members: fc.integer({ min: 1, max: 4 }),
  cpu: fc.integer({ min: 1, max: 2 }),
  memory: fc.integer({ min: 1, max: 4 }),
  isSpark: fc.boolean(),
  priority: fc.constantFrom(0, 0, 10),
});
const scene = fc.record({
  tops,
  jobs: fc.array(job, { minLength: 6, maxLength: 24, size: 'max' }),
  /** The gangs of this queue come first. */
  first: fc.nat({ max: 5 }),
  resources: fc.constantFrom(['cpu'], ['cpu', 'memory']),
});
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

function queuesOf({ tops: list }: Scene): { specs: QueueSpec[]; paths: string[] } {
  const paths: string[] = [];
  const specs = list.map(({ leaves }, t) => {
    const below = leaves.map(({ guaranteed, guaranteedGib, weight, to }, i) =>
      queue(leaves.length === 1 ? `q${t}` : `l${i}`, {
        guaranteed: cores(guaranteed, { memory: guaranteedGib * GIB }),
        weight,
        reclaim: { to },
      }),
    );
    paths.push(...below.map(({ name }) => (leaves.length === 1 ? name : `q${t}.${name}`)));
    return leaves.length === 1 ? below[0]! : queue(`q${t}`, { queues: below });
  });
  return { specs, paths };
}

function gangFor({ members, cpu, memory, isSpark, priority }: Scene['jobs'][number], name: string, path: string) {
  const amounts = { cpu, memoryGib: memory };
  const roles = isSpark
    ? { driver: { count: 1, ...amounts }, executor: { count: members, ...amounts } }
    : { worker: { count: members, ...amounts } };
  return new GangBuilder(name, roles, { queue: path, priority });
}

function membersOf(gang: GangBuilder): PodInfo[] {
  const [first, second] = gang.spec.roles;
  const leaders = Array.from({ length: first!.count }, (_, i) => gang.leader(`${gang.spec.name}-${first!.name}-${i}`));
  const others = Array.from({ length: second?.count ?? 0 }, (_, i) => gang.member(second!.name, i));
  return [...leaders, ...others];
}

/** Gangs that are there for ever: whoever is evicted waits again, so that demand never changes. */
class Standing {
  readonly world: World;
  readonly #gangs: readonly GangBuilder[];
  readonly #bound = new Set<string>();

  constructor(one: Scene) {
    const { specs, paths } = queuesOf(one);
    const { preemption, queue: rules } = DEFAULT_POLICY;
    const budget = { ...preemption.budget, perMinute: 1000, perQueue: 1000, perGang: 1000 };
    this.world = new World([node('n', { cpu: CPU, memoryGib: MEMORY, pods: 1000 })], {
      queue: { ...rules, blockAfterMs: Infinity },
      preemption: { ...preemption, mode: 'off', wholeGangs: true, minRuntimeMs: 0, cascadeMs: 0, budget },
    });
    this.world.nowMs = 36_000_000;
    const tenancy = tenancyOf(specs, { resources: one.resources });
    const { scheduler } = this.world;
    scheduler.setRules({ policies: scheduler.policies, tenancy }, this.world.nowMs);
    this.#gangs = one.jobs.map((job, i) => gangFor(job, `g${i}`, paths[job.queue % paths.length]!));
    // Whoever comes first gets what there is: queues begin far from their shares.
    const path = paths[one.first % paths.length];
    for (const gang of this.#gangs) if (gang.spec.queue === path) this.#start(gang);
    for (const gang of this.#gangs) this.#start(gang);
  }

  /** Admits and evicts once. @returns whether anything changed */
  step(): boolean {
    const { world } = this;
    world.wait(3_600_000);
    for (const gang of this.#gangs) this.#start(gang);
    const before = world.effects.length;
    // Shares are brought up to date a moment later.
    world.wait(1000);
    world.makeRoom();
    this.#evict();
    for (const gang of this.#gangs) this.#start(gang);
    return world.effects.slice(before).some(({ kind }) => kind === 'eviction-planned' || kind === 'gang-admitted');
  }

  /** Which pods run. */
  get state(): string {
    return this.#gangs.flatMap((gang) => membersOf(gang).map(({ uid }) => Number(this.#bound.has(uid)))).join('');
  }

  #start(gang: GangBuilder): void {
    for (const pod of membersOf(gang)) {
      if (this.#bound.has(pod.uid)) continue;
      if (!this.world.start(pod).startsWith('->')) return;
      this.#bound.add(pod.uid);
    }
  }

  /** Victims go, and are there again at once: a Spark app runs on with the members that it has, and waits for the others. */
  #evict(): void {
    for (const uid of [...this.world.scheduler.inside.evictions.beneficiary.keys()]) {
      this.#bound.delete(uid);
      this.world.learn({ kind: 'pod-gone', uid });
    }
  }
}

/** What each leaf holds, by column. */
type Held = ReadonlyMap<string, Float64Array>;

function heldIn(world: World): Held {
  const { tree, shares, cluster } = world.scheduler.inside;
  const of = (one: QueueNode) => Float64Array.from({ length: cluster.columns.size }, (_, c) => shares.usedOf(one, c));
  return new Map([...tree.nodes()].filter(({ isLeaf }) => isLeaf).map((one) => [one.path, of(one)]));
}

/** What is served of all that queues are entitled to, in parts of the cluster. */
function served(world: World, held: Held): number {
  const { tree, shares } = world.scheduler.inside;
  let sum = 0;
  for (const [path, used] of held)
    for (const c of shares.columns)
      sum += Math.min(used[c]!, shares.of(tree.find(path)!).entitled[c] ?? 0) / (shares.capacity[c] || 1);
  return sum;
}

type Planned = Extract<Effect, { kind: 'eviction-planned' }>;
const plansIn = (world: World) => world.effects.filter((one): one is Planned => one.kind === 'eviction-planned');

test(
  'with fixed demand reclaims end, no state comes back, and each serves more of what queues are entitled to',
  TIMEOUT,
  () => {
    let reclaims = 0;
    fc.assert(
      fc.property(scene, (one) => {
        const standing = new Standing(one);
        const { world } = standing;
        const seen = new Set<string>();
        let isMoving = true;
        for (let step = 0; isMoving; step++) {
          expect(step).toBeLessThan(100);
          const plans = plansIn(world).length;
          const before = { state: standing.state, held: heldIn(world) };
          isMoving = standing.step();
          const more = plansIn(world).length - plans;
          reclaims += more;
          if (more === 0) continue;
          expect(seen.has(standing.state)).toBe(false);
          seen.add(before.state);
          expect(served(world, heldIn(world))).toBeGreaterThan(served(world, before.held) + 1e-9);
        }
      }),
      RUNS,
    );
    expect(reclaims).toBeGreaterThan(RUNS.numRuns / 10);
  },
);

/** The queues below the common ancestor, down to the leaf. */
const chainOf = (to: QueueNode, from: QueueNode) => {
  const other = pathTo(from);
  return pathTo(to).filter((one, i) => one !== other[i]);
};

test('no gang of a queue within its guarantee, or within its share, loses a pod to another queue', TIMEOUT, () => {
  let victims = 0;
  fc.assert(
    fc.property(scene, (one) => {
      const { world } = new Standing(one);
      world.wait(1000);
      world.effects.push(...world.scheduler.admitWaiting(world.nowMs));
      const { inside } = world.scheduler;
      const used = new Map<QueueNode, Float64Array>();
      for (const each of inside.tree.nodes())
        used.set(
          each,
          Float64Array.from(inside.shares.capacity, (_, c) => inside.shares.usedOf(each, c)),
        );
      world.makeRoom();
      const { shares } = inside;
      const [plan] = plansIn(world);
      if (!plan) return;
      const leafOf = (key: string) => inside.gangs.get(key)!.queue;
      for (const { gang } of plan.victims) {
        victims++;
        const chain = chainOf(leafOf(gang!), leafOf(plan.gang));
        expect(chain.length).toBeGreaterThan(0);
        for (const each of chain) {
          const { guaranteed, entitled } = shares.of(each);
          const over = shares.columns.filter((c) => used.get(each)![c]! > Math.max(guaranteed[c]!, entitled[c]!));
          expect(over.length).toBeGreaterThan(0);
        }
      }
      for (const each of chainOf(leafOf(plan.gang), leafOf(plan.victims[0]!.gang!))) {
        const { entitled } = shares.of(each);
        for (const c of shares.columns)
          if (inside.gangs.get(plan.gang)!.ask[c]! > 0)
            expect(shares.usedOf(each, c)).toBeLessThanOrEqual(entitled[c]! + 1);
      }
    }),
    RUNS,
  );
  expect(victims).toBeGreaterThan(RUNS.numRuns / 10);
});
