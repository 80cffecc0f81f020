import { expect, test } from 'vitest';
import { ROOM_STATES, type RoomState } from '../../src/core/account/states.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { OPEN_TENANCY, plainQueue, type Tenancy } from '../../src/core/policy/tenancy.ts';
import { seeded } from '../../src/replay/random.ts';
import { boundTo, node, offer, pod, spark } from '../support/builders.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { OpenScheduler } from '../support/world.ts';

const EVENTS = propertyRuns(100_000);
const NODES = 8;
const GANGS = 12;
const QUEUES = ['a', 'b', 'c'];

const tenancy = (names: readonly string[], fallback: number): Tenancy => ({
  ...OPEN_TENANCY,
  queues: names.map(plainQueue),
  prices: [
    { kind: 'label', labels: new Map(), key: 'price' },
    { kind: 'fixed', labels: new Map(), perHour: fallback },
  ],
});

/** The sums that the meter should have, from the scheduler's own nodes, pods and slots at every step. */
class Oracle {
  readonly cores = new Map<string, number>();
  #money = 0;

  get bill(): number {
    return this.#money / 3_600_000;
  }

  /** For `ms` all was as it is now. */
  pass({ inside: { cluster, ledger, gangs } }: OpenScheduler, ms: number, fallback: number): void {
    const book = (key: string, vector: Float64Array) => {
      const queue = gangs.get(key)?.queue.path ?? 'none';
      this.cores.set(queue, (this.cores.get(queue) ?? 0) + (vector[0]! / 1000) * (ms / 1000));
    };
    const isThere = (name: string) => cluster.table.rowOf(name) !== undefined;
    for (const { pod: one, node: at, vector, isLeaving } of cluster.boundPods.values())
      if (isThere(at) && !isLeaving) book(one.membership?.gang ?? '', vector);
    for (const { gang, vector } of ledger.podHolds.values()) book(gang, vector);
    for (const { slots } of gangs.values())
      for (const { gang, state, vector } of slots) if (state === 'reserved' || state === 'assumed') book(gang, vector);
    for (let row = 0; row < cluster.table.rows; row++) {
      const one = cluster.table.nodeAt(row);
      if (one) this.#money += Number(one.labels.get('price') ?? fallback) * ms;
    }
  }
}

/** A random cluster: gangs and single pods come and go, nodes come, go and change their price, the file is reloaded. */
class Story {
  readonly oracle = new Oracle();
  scheduler!: OpenScheduler;
  readonly #draws = seeded(7, 'cost');
  #nowMs = 0;
  #countedMs = 0;
  #fallback = 2;
  readonly #bound = new Map<string, PodInfo>();
  readonly #prices = new Map<string, string | undefined>();

  constructor() {
    this.#begin();
  }

  get seconds(): number {
    return this.#countedMs / 1000;
  }

  step(): void {
    const ms = this.#draws.uniform() < 0.5 ? 0 : 1 + this.#nat(20_000);
    this.oracle.pass(this.scheduler, ms, this.#fallback);
    this.#nowMs += ms;
    this.#countedMs += ms;
    const draw = this.#draws.uniform();
    if (draw < 0.35) this.#askLeader();
    else if (draw < 0.7) this.#askMember();
    else if (draw < 0.85) this.#end();
    else if (draw < 0.9) this.#single();
    else if (draw < 0.95) this.#changeNode();
    else if (draw < 0.96) this.#reload();
    else if (draw < 0.98) this.scheduler.makeRoom(this.#nowMs);
    else this.scheduler.tick(this.#nowMs);
  }

  #begin(): void {
    const preemption = { ...DEFAULT_POLICY.preemption, mode: 'enforce' as const, minRuntimeMs: 0 };
    const policies = [{ ...DEFAULT_POLICY, preemption }];
    this.scheduler = new OpenScheduler({ policies, schedulerNames: ['muster'], tenancy: tenancy(QUEUES, 2) });
    for (let i = 0; i < NODES; i++) this.#putNode(`n${i}`, undefined);
    this.scheduler.observe({ kind: 'synced' }, this.#nowMs);
  }

  #nat(below: number): number {
    return Math.floor(this.#draws.uniform() * below);
  }

  #gang() {
    const i = this.#nat(GANGS);
    return spark(`g${i}`, 1 + (i % 4), {
      min: 1 + (i % 3 === 0 ? 0 : i % 4),
      queue: QUEUES[i % 3]!,
      priority: 100 * (i % 2),
    });
  }

  #ask(one: PodInfo): void {
    if (this.#bound.has(one.uid)) return;
    const names = [...this.#prices.keys()];
    const { answer } = this.scheduler.filter({ pod: one, candidates: offer(names) }, this.#nowMs);
    if (answer.kind !== 'one' || this.#draws.uniform() < 0.2) return;
    this.#bound.set(one.uid, one);
    this.scheduler.observe({ kind: 'pod', pod: boundTo(one, answer.node) }, this.#nowMs);
  }

  #askLeader(): void {
    this.#ask(this.#gang().leader());
  }

  #askMember(): void {
    this.#ask(this.#gang().member('executor', this.#nat(6)));
  }

  #single(): void {
    const one = pod(`single-${this.#nat(5)}`, { cpu: 1 });
    const names = [...this.#prices.keys()];
    if (this.#bound.has(one.uid) || names.length === 0) return;
    this.#bound.set(one.uid, one);
    this.scheduler.observe({ kind: 'pod', pod: boundTo(one, names[this.#nat(names.length)]!) }, this.#nowMs);
  }

  /** A pod ends, or its deletion is told first; or a pod that waits goes. */
  #end(): void {
    const uids = [...this.#bound.keys()];
    const uid = uids[this.#nat(Math.max(1, uids.length))] ?? this.#gang().leader().uid;
    this.#bound.delete(uid);
    this.scheduler.observe({ kind: 'pod-gone', uid }, this.#nowMs);
  }

  #changeNode(): void {
    const name = `n${this.#nat(NODES)}`;
    if (this.#prices.has(name) && this.#draws.uniform() < 0.3) {
      this.#prices.delete(name);
      this.scheduler.observe({ kind: 'node-gone', name }, this.#nowMs);
    } else this.#putNode(name, this.#draws.uniform() < 0.3 ? undefined : String(this.#nat(1000) / 100));
  }

  #putNode(name: string, price: string | undefined): void {
    this.#prices.set(name, price);
    const cpu = 3 + this.#nat(4);
    const one = node(name, { cpu, memoryGib: 8 + this.#nat(64), labels: price === undefined ? {} : { price } });
    this.scheduler.observe({ kind: 'node', node: one }, this.#nowMs);
  }

  #reload(): void {
    this.#fallback = this.#nat(500) / 100;
    const names = QUEUES.filter(() => this.#draws.uniform() < 0.7);
    const { policies } = this.scheduler.rules;
    this.scheduler.setRules({ policies, tenancy: tenancy(names, this.#fallback) }, this.#nowMs);
  }

  costs() {
    return this.scheduler.costs(this.#nowMs);
  }
}

test(`E5 over ${EVENTS} events what is booked is what a recount gives, and all of it together is the bill`, () => {
  const story = new Story();
  for (let i = 0; i < EVENTS; i++) {
    story.step();
    if (i % 1000 === 0) story.scheduler.checkInvariants();
  }
  const { seconds, queues, overhead, idle, bill } = story.costs();
  expect(seconds).toBe(story.seconds);
  expect(queues.length).toBeGreaterThan(2);
  expect(bill.cost / story.oracle.bill).toBeCloseTo(1, 8);
  const parts = [...queues.map(({ total }) => total), overhead, idle];
  const money = parts.reduce((sum, { cost }) => sum + cost, 0);
  expect(Math.abs(money / bill.cost - 1)).toBeLessThan(1e-9);
  expect(idle.cost).toBeGreaterThan(0);
  let booked = 0;
  for (const { queue, total } of queues) {
    const cores = total.resourceSeconds.get('cpu') ?? 0;
    booked += cores;
    // What is left of a gang that is over stays with its queue; the oracle does not know whose it was.
    expect(cores).toBeGreaterThanOrEqual((story.oracle.cores.get(queue) ?? 0) * (1 - 1e-9));
  }
  const all = [...story.oracle.cores.values()].reduce((sum, cores) => sum + cores, 0);
  const rest = overhead.resourceSeconds.get('cpu') ?? 0;
  expect((booked + rest) / all).toBeCloseTo(1, 9);
  // Every state and both marks have come up.
  const everywhere = (state: RoomState) =>
    queues.reduce((sum, { states }) => sum + (states[state].resourceSeconds.get('cpu') ?? 0), 0);
  for (const state of ROOM_STATES) expect(everywhere(state), state).toBeGreaterThan(0);
  expect(queues.some(({ caused }) => caused.resourceSeconds.size > 0)).toBe(true);
}, 600_000);
