import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusalOf } from '../../src/core/gang/gang.ts';
import { reconsider } from '../../src/core/gang/transitions.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import {
  NO_QUOTA,
  OPEN_TENANCY,
  PRIORITY_REACHES,
  TURN_ORDERS,
  type QueueSpec,
  type Tenancy,
} from '../../src/core/policy/tenancy.ts';
import { node, pod, queueWith } from '../support/builders.ts';
import { wildRunTimes } from '../support/play.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { cpu, cpuShare, group, queue, rule, tenancy } from '../support/tenancies.ts';
import { without } from '../support/without.ts';
import { World } from '../support/world.ts';

/** A failure prints its seed and path. */
const RUNS = { numRuns: propertyRuns(150), seed: 20331 };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const APPS = Array.from({ length: 9 }, (_, i) => {
  const [namespace, user, named] = [`n${i % 3}`, `u${i % 2}`, ['default', 'a', 'b.x', 'c', 'nowhere'][i % 5]!];
  const executors = 2 + (i % 3);
  return new TenantApp(`app${i}`, {
    namespace,
    user,
    queue: named,
    executors,
    min: 1 + (i % 3),
    cpu: 1 + (i % 2),
    gated: true,
  });
});

/** Mostly there is none: a gang should wait for other things as well. */
const seldom = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const limit = seldom(Infinity, 1, 2, 4, 8);
const max = seldom(NO_QUOTA, cpu(2), cpu(4), cpu(6), cpuShare(0.3), cpuShare(0.6));
const yields = fc.constantFrom(undefined, { from: 60, to: 300, zone: 'UTC' });
const spec = (name: string, queues: readonly QueueSpec[] = []): fc.Arbitrary<QueueSpec> =>
  fc
    .record({
      max,
      guaranteed: fc.constantFrom(NO_QUOTA, cpu(2), cpu(4), cpuShare(0.5)),
      gangs: limit,
      pods: limit,
      perNamespace: limit,
      userMax: max,
      userGangs: limit,
      weight: fc.constantFrom(1, 3, 0.01),
      order: fc.constantFrom(undefined, 'fair' as const),
      exclusive: fc.constantFrom(undefined, undefined, undefined, 'namespace' as const),
      yields,
    })
    .map(({ gangs, pods, perNamespace, userMax, userGangs, order, exclusive, yields: hours, ...one }) =>
      queue(name, {
        ...one,
        queues,
        ...(order ? { order } : {}),
        ...(exclusive ? { exclusive } : {}),
        ...(hours ? { yields: hours } : {}),
        users: { max: userMax, gangs: userGangs, of: new Map([['u1', { max: userMax, gangs: 3 }]]) },
        running: { gangs, pods, podsPerNamespace: perNamespace },
      }),
    );
const rules = fc.subarray([
  rule('a', { namespaces: ['n0'] }),
  rule('b.{user}', { users: ['u*'] }),
  rule('a', { labels: new Map([['team', 'a']]) }),
  rule('c.{namespace}', { namespaces: ['n*'] }),
]);
const rate = fc.constantFrom(undefined, undefined, { perSecond: 0.1, burst: 5 });
const pool = { key: 'zone', size: 6, sizes: new Map([['z0', 3]]), keep: 0, cooldownMs: 30_000 };
const file: fc.Arbitrary<Tenancy> = fc
  .record({
    a: spec('a'),
    b: spec('x').chain((x) => spec('b', [x])),
    c: spec('c'),
    rules,
    pods: limit,
    rate,
    addresses: fc.constantFrom([], [pool]),
    priority: fc.constantFrom(...PRIORITY_REACHES),
    turns: fc.constantFrom('share' as const, ...TURN_ORDERS),
  })
  .map((one) =>
    tenancy([one.a, one.b, { ...one.c, each: queue('', { max: cpu(9) }) }], {
      rules: one.rules,
      groups: [group('g', ['n1', 'n2'], { pods: one.pods })],
      addresses: one.addresses,
      ...(one.rate ? { rates: { ...OPEN_TENANCY.rates, pods: one.rate } } : {}),
      fairness: { ...OPEN_TENANCY.fairness, priority: one.priority, turns: one.turns },
    }),
  );

type Step =
  | { readonly kind: 'submit' | 'claim' | 'driver-gone' | 'end' | 'by-others'; readonly app: number }
  | { readonly kind: 'executor' | 'executor-gone' | 'executor-by-others'; readonly app: number; readonly i: number }
  | { readonly kind: 'relabel'; readonly app: number; readonly queue: string | undefined; readonly team: string }
  | { readonly kind: 'single' | 'single-gone'; readonly i: number; readonly at: number; readonly cpu: number }
  | { readonly kind: 'node'; readonly at: number; readonly cpu: number; readonly zone: number }
  | { readonly kind: 'node-gone'; readonly at: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reload'; readonly file: Tenancy };
const [app, i, at] = [fc.nat({ max: APPS.length - 1 }), fc.nat({ max: 4 }), fc.nat({ max: 2 })];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('submit', 'submit', 'submit', 'claim', 'end', 'driver-gone', 'by-others'),
      app,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('executor', 'executor-gone', 'executor-by-others'), app, i }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('relabel'),
      app,
      queue: fc.constantFrom(undefined, undefined, 'default', 'a', 'b.x', 'c.n0'),
      team: fc.constantFrom('a', 'b'),
    }),
  },
  fc.record({ kind: fc.constantFrom('single', 'single-gone'), i, at, cpu: fc.nat({ max: 3 }) }),
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('node'), at, cpu: fc.nat({ max: 8 }), zone: fc.nat({ max: 1 }) }),
  },
  fc.record({ kind: fc.constant('node-gone'), at }),
  fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(250, 10_000, 100_000, HOUR) }),
  fc.record({ kind: fc.constant('reload'), file }),
);
const setting = fc.record({
  blockAfterMs: fc.constantFrom(0, 1, 1, 1, 10 * MINUTE, Infinity),
  backfill: fc.constantFrom('reserve' as const, 'reserve' as const, 'off' as const),
  seed: fc.nat({ max: 1000 }),
  first: file,
});
type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

/** Three nodes in two zones, tenants on them, and what a person or a reload does. */
class Tenants {
  world: World;
  readonly #setting: Setting;
  #file: Tenancy;
  readonly #nodes = new Map([0, 1, 2].map((n) => [`n${n}`, node(`n${n}`, { cpu: 5, labels: { zone: `z${n % 2}` } })]));
  /** As the API server has them, by UID. */
  readonly #pods = new Map<string, PodInfo>();

  constructor(chosen: Setting) {
    this.#setting = chosen;
    this.#file = chosen.first;
    this.world = this.#newWorld(0);
    this.world.sync();
  }

  get #policy(): Policy {
    const { blockAfterMs, backfill } = this.#setting;
    const rules = queueWith({ blockAfterMs, backfill, patience: { times: 0, mostMs: 0 }, overrun: 'wait' });
    return { ...DEFAULT_POLICY, queue: rules, preemption: { ...DEFAULT_POLICY.preemption, mode: 'off' } };
  }

  #newWorld(nowMs: number): World {
    const world = new World([], this.#policy, false, [], wildRunTimes(this.#setting));
    world.nowMs = nowMs;
    world.scheduler.setRules({ policies: [this.#policy], tenancy: this.#file }, nowMs);
    for (const one of this.#nodes.values()) world.node(one);
    return world;
  }

  step(one: Step): void {
    const { world } = this;
    switch (one.kind) {
      case 'submit':
        return this.#put(APPS[one.app]!.driver());
      case 'relabel': {
        const labelled = APPS[one.app]!.driver({
          labels: { team: one.team },
          ...(one.queue === undefined ? {} : { queue: one.queue }),
        });
        // What a gang holds counts where it began to hold it. A new muster does not know where that was.
        const holds = world.scheduler.inside.usage.ofGang(APPS[one.app]!.spec.key);
        if (this.#pods.has(labelled.uid) && !holds) this.#put(labelled);
        return;
      }
      case 'claim':
        return this.#claim(APPS[one.app]!, one.app % 2 === 0);
      case 'driver-gone':
        return this.#gone(APPS[one.app]!.driver());
      case 'end':
        for (let n = 0; n < 5; n++) this.#gone(APPS[one.app]!.executor(n));
        return this.#gone(APPS[one.app]!.driver());
      case 'by-others':
        return this.#bind(APPS[one.app]!.driver(), 'n0');
      case 'executor':
        return void this.#start(APPS[one.app]!.executor(one.i));
      case 'executor-gone':
        return this.#gone(APPS[one.app]!.executor(one.i));
      case 'executor-by-others':
        return this.#bind(APPS[one.app]!.executor(one.i), 'n1');
      case 'single':
        return this.#bind({ ...pod(`single-${one.i}`, { cpu: one.cpu }), namespace: `n${one.i % 3}` }, `n${one.at}`);
      case 'single-gone':
        return this.#gone(pod(`single-${one.i}`));
      case 'node': {
        const changed = node(`n${one.at}`, { cpu: one.cpu, labels: { zone: `z${one.zone}` } });
        this.#nodes.set(changed.name, changed);
        return world.node(changed);
      }
      case 'node-gone': {
        const name = `n${one.at}`;
        for (const known of [...this.#pods.values()]) if (known.node === name) this.#gone(known);
        this.#nodes.delete(name);
        return world.removeNode(name);
      }
      case 'wait':
        return world.wait(one.ms);
      case 'reload':
        this.#file = one.file;
        world.scheduler.setRules({ policies: [this.#policy], tenancy: one.file }, world.nowMs);
        return world.scheduler.checkInvariants();
    }
  }

  #put(one: PodInfo): void {
    const known = this.#pods.get(one.uid);
    if (known?.node !== undefined && one.node === undefined) return;
    const createdMs = known?.createdMs ?? this.world.nowMs;
    const there = { ...one, createdMs };
    this.#pods.set(one.uid, there);
    this.world.learn({ kind: 'pod', pod: there });
  }

  #bind(one: PodInfo, name: string): void {
    if (!this.#nodes.has(name) || this.#pods.get(one.uid)?.node !== undefined) return;
    this.#put({ ...without({ ...this.#pods.get(one.uid), ...one }, 'gated'), node: name });
  }

  #gone(one: PodInfo): void {
    this.#pods.delete(one.uid);
    this.world.gone(one);
  }

  #start(one: PodInfo): boolean {
    if (this.#pods.get(one.uid)?.node !== undefined) return true;
    const answer = this.world.ask({ ...one, createdMs: this.world.nowMs }, [...this.#nodes.keys()]);
    if (answer.startsWith('-> ')) this.#bind(one, answer.slice(3));
    return answer.startsWith('-> ');
  }

  /** An admitted app starts, whole or with its driver alone. */
  #claim(one: TenantApp, isWhole: boolean): void {
    const driver = this.#pods.get(one.driver().uid);
    const gang = this.world.scheduler.inside.gangs.get(one.spec.key);
    if (!driver || gang?.state.kind !== 'admitted') return;
    if (this.#start(without(driver, 'gated')) && isWhole)
      for (let n = 0; n < one.spec.roles[1]!.min; n++) this.#start(one.executor(n));
  }

  /** Rounds of admission until nothing starts any more; whoever was admitted starts. @returns who was */
  rest(world = this.world, isPlayed = true): string[] {
    const out: string[] = [];
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (const ms of [250, 10 * MINUTE, 10 * MINUTE, 10 * MINUTE]) {
        world.wait(ms);
        const effects = world.scheduler.admitWaiting(world.nowMs);
        world.scheduler.checkInvariants();
        for (const effect of effects) if (effect.kind === 'gang-admitted') out.push(effect.gang);
        isMoving ||= effects.some(({ kind }) => kind === 'gang-admitted');
        if (isPlayed) for (const one of APPS) this.#claim(one, true);
        else if (isMoving) return out;
      }
    }
    return out;
  }

  /** A new muster that hears what the API server has. */
  restarted(): World {
    const { inside } = this.world.scheduler;
    const world = this.#newWorld(this.world.nowMs);
    for (const one of this.#pods.values()) {
      const gang = inside.gangs.get(one.membership?.gang ?? '');
      const isLeader = one.membership?.spec !== undefined;
      const startedMs = gang?.startedMs;
      const written =
        isLeader && one.node !== undefined ? this.world.scheduler.reservation(gang?.key ?? '') : undefined;
      const text = JSON.stringify(written && [...written.slots].map(([role, nodes]) => [role, [...nodes]]));
      world.learn({
        kind: 'pod',
        pod: {
          ...one,
          ...(startedMs === undefined ? {} : { evictionTraits: { startedMs } }),
          ...(written ? { reservation: { text, slots: written.slots } } : {}),
        },
      });
    }
    world.sync();
    return world;
  }
}

const waiting = ({ scheduler: { inside } }: World) =>
  Object.fromEntries([...inside.queues.waiting()].map((gang) => [gang.key, JSON.stringify(refusalOf(gang))]));

test('when everything has come to rest, no gang waits that would start if it were looked at anew, or after a restart', () => {
  const waits = new Map<string, number>();
  fc.assert(
    fc.property(setting, fc.array(step, { minLength: 15, maxLength: 50, size: 'max' }), (chosen, steps) => {
      const tenants = new Tenants(chosen);
      const { world } = tenants;
      for (const one of steps) {
        tenants.step(one);
        world.wait(250);
        world.scheduler.admitWaiting(world.nowMs);
        world.scheduler.checkInvariants();
      }
      for (let n = 0; n < 2; n++) {
        tenants.rest();
        const why = waiting(world);
        for (const gang of world.scheduler.inside.queues.waiting()) {
          const refusal = refusalOf(gang);
          const kind = refusal?.kind === 'quota' ? refusal.limit : (refusal?.kind ?? 'none');
          waits.set(kind, (waits.get(kind) ?? 0) + 1);
        }
        // Whoever has a place that was never claimed may lose it at a restart: that is no wake-up.
        const started = tenants.rest(tenants.restarted(), false).filter((key) => key in why);
        expect(started, `after a restart, of ${JSON.stringify(why)}`).toEqual([]);
        for (const gang of world.scheduler.inside.queues.waiting()) reconsider(gang);
        expect(tenants.rest(), `anew, of ${JSON.stringify(why)}`).toEqual([]);
        // Other hours: queues yield, or do not any more.
        world.wait(5 * HOUR);
      }
    }),
    RUNS,
  );
  for (const kind of ['room', 'turn', 'max', 'user', 'running pods', 'addresses'])
    expect(waits.get(kind) ?? 0, kind).toBeGreaterThan(0);
});
