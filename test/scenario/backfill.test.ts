import { describe, expect, test } from 'vitest';
import type { Forecast } from '../../src/core/history/run-times.ts';
import type { NodeInfo } from '../../src/core/model.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { GangBuilder, node, pod, queueWith } from '../support/builders.ts';
import { queue, tenancyOf } from '../support/tenancies.ts';
import { ENDLESS, exactly, ToldRunTimes } from '../support/told-run-times.ts';
import { World } from '../support/world.ts';

const MINUTE = 60_000;
const SECOND = 1000;

/** Whoever waits for a millisecond has lost its patience. */
const RESERVE = queueWith({
  blockAfterMs: 1,
  backfill: 'reserve',
  order: 'fifo',
  patience: { times: 0, mostMs: 0 },
  overrun: 'wait',
});
const LATER = 'waits: gang waits behind a start time';
const NO_ROOM = 'waits: gang waits for room';

type GangOptions = { readonly priority?: number; readonly queue?: string; readonly on?: string };

/** A gang of so many members of a core each. `on`: only on nodes of this zone. */
const slots = (name: string, count: number, { on, ...options }: GangOptions = {}) =>
  new GangBuilder(name, { worker: { count, cpu: 1, ...(on ? { nodeSelector: { zone: on } } : {}) } }, options);

/** A cluster on which gangs run for as long as is told, in minutes or as a forecast. */
class Pool {
  readonly world: World;
  readonly #told = new ToldRunTimes();
  readonly #refused = new Set<GangBuilder>();

  constructor(nodes: readonly NodeInfo[] = [node('n', { cpu: 10 })], policy: Partial<Policy> = { queue: RESERVE }) {
    this.world = new World(nodes, policy, true, [], this.#told);
  }

  /** The file says these queues. */
  share(...args: Parameters<typeof tenancyOf>): void {
    const { scheduler } = this.world;
    scheduler.setRules({ policies: scheduler.policies, tenancy: tenancyOf(...args) }, this.world.nowMs);
  }

  lasts(name: string, forecast: number | Forecast | undefined): void {
    const told = typeof forecast === 'number' ? exactly(forecast * MINUTE) : forecast;
    if (told) this.#told.told.set(name, told);
  }

  /** Its leader asks; as long as it is refused, again every 5 minutes. */
  ask(gang: GangBuilder, forecast?: number | Forecast): string {
    this.lasts(gang.spec.name, forecast);
    const answer = this.world.ask(gang.leader());
    if (answer.startsWith('waits')) this.#refused.add(gang);
    else this.#refused.delete(gang);
    return answer;
  }

  /** Asks, and a second later it has waited too long. */
  head(gang: GangBuilder, forecast?: number | Forecast): void {
    expect(this.ask(gang, forecast)).toMatch(/^waits/);
    this.world.wait(SECOND);
  }

  /** Runs whole from now on. */
  run(gang: GangBuilder, forecast?: number | Forecast): void {
    this.lasts(gang.spec.name, forecast);
    for (const one of membersOf(gang)) expect(this.world.start(one)).toMatch(/^-> /);
  }

  end(gang: GangBuilder): void {
    this.#refused.delete(gang);
    for (const one of membersOf(gang)) this.world.gone(one);
  }

  at(minute: number): void {
    for (let leftMs = minute * MINUTE - this.world.nowMs; leftMs > 0; leftMs -= 5 * MINUTE) {
      this.world.wait(Math.min(leftMs, 5 * MINUTE));
      for (const gang of [...this.#refused]) this.ask(gang);
    }
  }

  /** The heads that a gang of lowest priority must mind, with their start times in minutes. */
  starts(queue = 'default', priority = 0): Readonly<Record<string, number>> {
    const { inside } = this.world.scheduler;
    const probe = [...inside.gangs.values()].find((one) => one.spec.queue === queue && one.priority === priority);
    const gang = { ...(probe ?? [...inside.gangs.values()][0]!), priority, key: 'jobs/probe' };
    const heads = inside.startPlans.headsBefore(inside, gang, this.world.nowMs);
    return Object.fromEntries(heads.map(({ gang: { spec }, startMs }) => [spec.name, startMs / MINUTE]));
  }

  /** What has been admitted, in order. */
  get admitted(): readonly string[] {
    return this.world.effects.flatMap((one) => (one.kind === 'gang-admitted' ? one.gang.replace('jobs/', '') : []));
  }
}

const membersOf = (gang: GangBuilder) =>
  Array.from({ length: gang.spec.roles[0]!.count }, (_, i) => (i === 0 ? gang.leader() : gang.member('worker', i)));

const R1 = slots('r1', 6);
const H = slots('h', 8);
const STARTS = '-> n';

/** R1 has 6 of 10 until 60; H needs 8 and has waited too long. */
function pool(): Pool {
  const one = new Pool();
  one.run(R1, 60);
  one.head(H, 100);
  return one;
}

/** After B4: C runs beside H's start. */
function spareTaken(): Pool {
  const one = pool();
  one.run(slots('c', 2), 1000);
  return one;
}

describe('B.11: 10 places, of which R1 has 6 until 60, and H needs 8', () => {
  test('B1: H starts at 60, and 2 are spare', () => {
    expect(pool().starts()).toEqual({ h: 60 });
    expect(pool().ask(slots('c', 2), 1000)).toBe(STARTS);
    expect(pool().ask(slots('c', 3), 1000)).toBe(LATER);
  });

  test('B2: who needs 4 until 50 starts', () => {
    expect(pool().ask(slots('c', 4), 50)).toBe(STARTS);
  });

  test('B3: who needs 4 until 90 waits', () => {
    expect(pool().ask(slots('c', 4), 90)).toBe(LATER);
  });

  test('B4: who needs 2 until 1000 starts, and nothing is spare after that', () => {
    const one = spareTaken();
    one.world.wait(SECOND);
    expect(one.starts()).toEqual({ h: 60 });
    expect(one.ask(slots('d', 1), 1000)).toBe(LATER);
  });

  test('B5: after B4, who needs 2 until 30 starts', () => {
    expect(spareTaken().ask(slots('d', 2), 30)).toBe(STARTS);
  });

  test('B6: after B4, who needs 2 until 61 waits', () => {
    expect(spareTaken().ask(slots('d', 2), 61)).toBe(LATER);
  });

  test('B7: R1 ends at 20: H starts first, whoever asks', () => {
    const one = pool();
    one.at(20);
    one.end(R1);
    expect(one.ask(slots('c', 2), 1000)).toBe(STARTS);
    expect(one.admitted).toEqual(['r1', 'h', 'c']);
    expect(one.ask(slots('d', 1), 1)).toBe(NO_ROOM);
  });

  test('B8: R1 overruns: H starts at 120, and who ends before that passes', () => {
    const one = new Pool();
    one.run(R1, { ...exactly(0), endsWithin: (_share, ranMs) => (ranMs < 60 * MINUTE ? 60 : 120) * MINUTE });
    one.head(H, 100);
    expect(one.ask(slots('c', 4), 70)).toBe(LATER);
    one.at(60);
    one.world.wait(SECOND);
    expect(one.starts()).toEqual({ h: 120 });
    expect(one.ask(slots('d', 4), 50)).toBe(STARTS);
  });

  test('B9: of two that run, until 30 and 90, H needs both ends', () => {
    const one = new Pool();
    one.run(slots('a', 3), 30);
    one.run(slots('b', 3), 90);
    one.head(H, 100);
    expect(one.starts()).toEqual({ h: 90 });
    expect(one.ask(slots('c', 3), 1000)).toBe(LATER);
    expect(one.ask(slots('d', 2), 1000)).toBe(STARTS);
  });

  describe('B10: a second head', () => {
    function two(h2: number, { first = 20, ...second }: GangOptions & { first?: number } = {}) {
      const one = new Pool();
      one.run(R1, 60);
      one.head(slots('h', 8, { priority: first }), 100);
      one.head(slots('h2', h2, { priority: 10, ...second }), 100);
      return one;
    }

    test('starts when the first has ended, and who leaves room for both starts', () => {
      const one = two(5);
      expect(one.ask(slots('wide', 3), 500)).toBe(LATER);
      const { h, h2 } = one.starts();
      expect([h, Math.round(h2!)]).toEqual([60, 160]);
      expect(one.ask(slots('c', 2), 500)).toBe(STARTS);
    });

    test.each([
      ['of higher priority than the gang that asks counts', {}, LATER],
      ['so it does in another queue', { queue: 'other' }, LATER],
      ['in its line, behind the first of its own priority, does not', { first: 0, priority: 0 }, STARTS],
    ])('%s', (_what, options, expected) => {
      const one = two(10, options);
      expect(one.ask(slots('c', 2), 500)).toBe(expected);
    });
  });

  test('B11: who is unknown starts in what is spare, and not beyond', () => {
    expect(pool().ask(slots('c', 2))).toBe(STARTS);
    expect(pool().ask(slots('c', 4))).toBe(LATER);
  });

  test('B12: R1 never ends: what is free stays free where H may go, and nowhere else', () => {
    const one = new Pool(['a', 'b'].map((zone) => node(zone, { cpu: 10, labels: { zone } })));
    one.run(slots('r1', 6, { on: 'a' }), ENDLESS);
    one.head(slots('h', 8, { on: 'a' }), 100);
    expect(one.ask(slots('c', 2, { on: 'a' }), 1)).toBe(LATER);
    expect(one.starts()).toEqual({ h: Infinity });
    expect(one.ask(slots('d', 2), 1)).toBe('-> b');
  });

  test.each([
    ['ends before H starts: all have places', 40, [STARTS, STARTS, STARTS]],
    ['runs on: two are spare', 400, [STARTS, STARTS, 'waits: no spare room for a member beyond the minimum']],
  ])('B13: three members beyond the minimum of a gang that %s', (_what, minutes, expected) => {
    const one = new Pool();
    one.run(slots('r1', 5), 60);
    const grows = new GangBuilder('grows', { driver: { count: 1, cpu: 1 }, executor: { count: 3, min: 0, cpu: 1 } });
    one.lasts('grows', exactly(minutes * MINUTE));
    one.world.start(grows.leader());
    one.head(slots('h', 7), 100);
    expect([0, 1, 2].map((i) => one.world.start(grows.member('executor', i)))).toEqual(expected);
  });

  describe('B14: a node goes', () => {
    const nodes = [
      node('r', { cpu: 6, labels: { zone: 'r' } }),
      node('one', { cpu: 1 }),
      node('two', { cpu: 2 }),
      node('last', { cpu: 1 }),
    ];
    function without(...names: readonly string[]) {
      const one = new Pool(nodes);
      one.run(slots('r1', 6, { on: 'r' }), 60);
      one.head(H, 100);
      one.ask(slots('wide', 4), 100);
      for (const name of names) one.world.removeNode(name);
      one.world.wait(SECOND);
      return one;
    }

    test('and 2 places: H just fits at 60', () => {
      const one = without('two');
      expect(one.ask(slots('c', 1), 1000)).toBe(LATER);
      expect(one.starts()).toEqual({ h: 60 });
    });

    test('and 3 places: H can never start and stops nobody', () => {
      expect(without('two', 'last').ask(slots('c', 1), 1000)).toBe('-> one');
    });
  });

  test('B15: one of higher priority loses its patience: it comes first', () => {
    const one = pool();
    one.at(10);
    one.head(slots('p', 10, { priority: 10 }), 100);
    expect(one.ask(slots('c', 2), 200)).toBe(LATER);
    const { p, h } = one.starts();
    expect([p, Math.round(h!)]).toEqual([60, 160]);
  });

  test('B19: a pod of another scheduler takes 3 of the free places: H starts when that is gone', () => {
    const one = pool();
    expect(one.ask(slots('c', 3), 1000)).toBe(LATER);
    one.at(30);
    const foreign = pod('foreign', { cpu: 3, schedulerName: 'other' });
    one.world.bind(foreign, 'n');
    one.world.wait(SECOND);
    expect(one.starts()).toEqual({ h: Infinity });
    expect(one.ask(slots('d', 1), 1000)).toBe(LATER);
    one.world.gone(foreign);
    one.world.wait(SECOND);
    expect(one.ask(slots('d', 2), 1000)).toBe(STARTS);
  });

  test('B26: topology require: the zone that is free first, and spare room in that zone alone is taken into account', () => {
    const zones = ['z1', 'z2'].map((zone) => node(zone, { cpu: 8, labels: { zone } }));
    const topology = { mode: 'require', keys: ['zone'], leader: true } as const;
    const one = new Pool(zones, { queue: RESERVE, topology });
    one.run(slots('r1', 6, { on: 'z1' }), 40);
    one.run(slots('r2', 6, { on: 'z2' }), 90);
    one.head(H, 100);
    expect(one.ask(slots('c', 2, { on: 'z1' }), 1000)).toBe(LATER);
    expect(one.starts()).toEqual({ h: 40 });
    expect(one.ask(slots('d', 2), 1000)).toBe('-> z2');
  });

  test('B27: of nothing known: nobody is refused who is not behind one that has waited too long', () => {
    const one = new Pool([node('n', { cpu: 10 })], { queue: { ...RESERVE, blockAfterMs: 10 * MINUTE } });
    one.run(R1);
    one.ask(slots('h', 10));
    one.at(9);
    expect(one.ask(slots('c', 2))).toBe(STARTS);
    one.at(11);
    expect(one.ask(slots('d', 2), 1000)).toBe(LATER);
    expect(one.starts()['h']).toBeGreaterThan(300);
  });
});

describe('what the start time is made from is made anew', () => {
  test('when a pod of another scheduler takes what was spare', () => {
    const one = pool();
    one.head(slots('wide', 3), 1000);
    expect(one.ask(slots('wide', 3))).toBe(LATER);
    one.world.bind(pod('foreign', { cpu: 2, schedulerName: 'other' }), 'n');
    one.world.wait(SECOND);
    expect(one.ask(slots('c', 1), 1000)).toBe(LATER);
  });

  test.each([0, SECOND])('when a gang of lower priority than all before comes, %i ms after the last plan', (ms) => {
    const one = new Pool();
    one.run(slots('r1', 6, { priority: 10 }), 60);
    one.head(slots('h', 8, { priority: 10 }), 100);
    one.head(slots('wide', 3, { priority: 10 }), 1000);
    expect(one.ask(slots('wide', 3, { priority: 10 }))).toBe(LATER);
    one.world.wait(ms);
    expect(one.ask(slots('c', 3, { queue: 'other' }), 1000)).toBe(LATER);
  });

  test('when a gang of higher priority, or of another queue, takes what was spare', () => {
    for (const options of [{ priority: 10 }, { queue: 'other' }]) {
      const one = pool();
      expect(one.ask(slots('wide', 3), 1000)).toBe(LATER);
      expect(one.ask(slots('p', 2, options), 1000)).toBe(STARTS);
      expect(one.ask(slots('c', 1), 1000)).toBe(LATER);
    }
  });
});

describe('which heads a gang must mind', () => {
  test('all of higher priority, of whatever queue', () => {
    const one = new Pool();
    one.run(slots('r1', 6), 60);
    one.head(slots('a', 6, { priority: 10, queue: 'qa' }), 100);
    one.head(slots('b', 7, { priority: 20, queue: 'qb' }), 30);
    one.head(slots('c', 5, { priority: 30, queue: 'qc' }), 30);
    expect(one.ask(slots('d', 4), 1000)).toBe(LATER);
    const { a, b, c } = one.starts();
    expect([c, b, a].map((start) => Math.round(start!))).toEqual([60, 90, 120]);
    expect(one.ask(slots('e', 4), 1000)).toBe(LATER);
    expect(one.ask(slots('f', 3), 1000)).toBe(STARTS);
    expect(one.ask(slots('g', 1), 1000)).toBe(LATER);
    expect(one.ask(slots('i', 1), 50)).toBe(STARTS);
  });

  test('none of lower priority', () => {
    expect(pool().ask(slots('p', 4, { priority: 1 }), 1000)).toBe(STARTS);
  });

  test('none of its own priority in another queue, be it as large as the cluster', () => {
    const one = new Pool();
    one.run(R1, 60);
    one.head(slots('h', 10), 100);
    expect(one.ask(slots('c', 4, { queue: 'other' }), 1000)).toBe(STARTS);
  });

  test('in every branch of the line behind a head whose start is unknown', () => {
    const one = new Pool(['a', 'b'].map((zone) => node(zone, { cpu: 10, labels: { zone } })));
    one.run(slots('r1', 6, { on: 'a' }), ENDLESS);
    one.run(slots('r2', 6, { on: 'b' }), 60);
    one.head(slots('never', 8, { on: 'a', priority: 20 }), 100);
    one.head(slots('h', 8, { on: 'b', priority: 10 }), 100);
    expect(one.ask(slots('c', 3, { on: 'b' }), 1000)).toBe(LATER);
    expect(one.starts()).toEqual({ never: Infinity, h: 60 });
  });

  test('one whose start is unknown stops its own queue alone', () => {
    const one = new Pool();
    one.run(R1, ENDLESS);
    one.head(slots('h', 8, { priority: 10 }), 100);
    expect(one.ask(slots('c', 4), 50)).toBe(LATER);
    expect(one.ask(slots('d', 4, { queue: 'other' }), 50)).toBe(STARTS);
  });
});

describe('heads of other queues', () => {
  /** 200 places; g is guaranteed all of them and runs a gang of 100 for an hour. */
  function guaranteed(): Pool {
    const one = new Pool([node('n', { cpu: 200, pods: 1000 })]);
    one.share([queue('g', { guaranteed: { cpu: 200 } }), queue('be')]);
    one.run(slots('runs', 100, { queue: 'g' }), 60);
    one.head(slots('waits', 200, { queue: 'g' }), 100);
    return one;
  }

  test.each([
    [59, STARTS],
    [61, LATER],
  ])('A18: who borrows for %d min while the guaranteed waits for 60: %s', (minutes, answer) => {
    expect(guaranteed().ask(slots('be', 100, { queue: 'be' }), minutes)).toBe(answer);
  });

  test('A18: what is borrowed is not held up by one that borrows too', () => {
    const one = new Pool([node('n', { cpu: 200, pods: 1000 })]);
    one.share([queue('g'), queue('be')]);
    one.run(slots('runs', 100, { queue: 'g' }), 60);
    one.head(slots('waits', 200, { queue: 'g' }), 100);
    const be = slots('be', 100, { queue: 'be' });
    one.ask(be, 61);
    // What its queue is entitled to was computed just before it came.
    one.world.wait(SECOND);
    expect(one.ask(be)).toBe(STARTS);
  });

  /** 10 places, of which R1 of queue r has 6 until 60; what is asked of c is beyond its share. */
  function tenants(a: Parameters<typeof queue>[1], b: Parameters<typeof queue>[1]): Pool {
    const one = new Pool();
    one.share([queue('r'), queue('a', a), queue('b', b), queue('c', { weight: 0.001 })]);
    one.run(slots('r1', 6, { queue: 'r' }), 60);
    return one;
  }

  test('B16: a gang of a queue within its guarantee comes before a head of one within its share', () => {
    const one = tenants({ weight: 100 }, { guaranteed: { cpu: 7 } });
    one.head(slots('h', 7, { queue: 'a' }), 100);
    expect(one.ask(slots('c', 4, { queue: 'c' }), 200)).toBe(LATER);
    expect(one.starts('c')).toEqual({ h: 60 });
    one.head(slots('p', 7, { queue: 'b' }), 100);
    expect(one.ask(slots('c', 4, { queue: 'c' }), 200)).toBe(LATER);
    expect(one.starts('c')).toMatchObject({ p: 60 });
    expect(one.starts('c')).not.toHaveProperty('h');
    expect(one.starts('a')).toMatchObject({ p: 60 });
  });

  test('B17: a head is none for other queues once another admission has taken what was its share', () => {
    const one = tenants({ guaranteed: { cpu: 7 }, weight: 0.001 }, {});
    one.head(slots('h', 7, { queue: 'a' }), 100);
    expect(one.ask(slots('c', 4, { queue: 'c' }), 200)).toBe(LATER);
    one.run(slots('small', 1, { queue: 'a' }), 200);
    one.world.wait(SECOND);
    expect(one.ask(slots('c', 3, { queue: 'c' }), 200)).toBe(STARTS);
  });

  test('a gang that a limit of its queue keeps from starting is no head', () => {
    const one = tenants({ max: { cpu: 4 } }, {});
    expect(one.ask(slots('h', 5, { queue: 'a', priority: 10 }), 100)).toMatch(/^waits: queue a /);
    one.world.wait(SECOND);
    expect(one.ask(slots('c', 4, { queue: 'c' }), 200)).toBe(STARTS);
    expect(one.ask(slots('d', 1, { queue: 'a' }), 200)).toBe(NO_ROOM);
  });

  test('nor is one that waited for room when its queue reached the limit', () => {
    const one = tenants({ weight: 100, max: { cpu: 8 } }, {});
    one.head(slots('h', 7, { queue: 'a' }), 100);
    expect(one.ask(slots('c', 4, { queue: 'c' }), 200)).toBe(LATER);
    one.run(slots('other', 2, { queue: 'a' }), 10);
    one.world.wait(SECOND);
    expect(one.starts('a')).toEqual({});
    expect(one.starts('r')).toEqual({});
  });

  test('priority says nothing of the queue of another', () => {
    const one = tenants({}, {});
    one.head(slots('h', 8, { queue: 'a', priority: 10 }), 100);
    expect(one.ask(slots('c', 4, { queue: 'c' }), 200)).toBe(STARTS);
  });

  test('unless it reaches there', () => {
    for (const priority of ['across', 'first'] as const) {
      const one = new Pool();
      one.share([queue('a'), queue('c')], { priority });
      one.run(slots('r1', 6, { queue: 'a' }), 60);
      one.head(slots('h', 5, { queue: 'a', priority: 10 }), 100);
      expect(one.ask(slots('c', 4, { queue: 'c' }), 50)).toBe(STARTS);
      one.world.wait(SECOND);
      expect(one.ask(slots('d', 6, { queue: 'c' }), 500)).not.toBe(STARTS);
    }
  });

  test('nor of a queue in the hours in which it yields', () => {
    for (const to of [120, 0]) {
      const one = tenants({ guaranteed: { cpu: 7 }, yields: { from: 0, to, zone: 'UTC' } }, {});
      one.head(slots('h', 7, { queue: 'a' }), 100);
      expect(one.ask(slots('c', 4, { queue: 'c' }), 200)).toBe(to > 0 ? STARTS : LATER);
    }
  });

  test('heads never wait for each other in a circle', () => {
    const one = new Pool([node('n', { cpu: 32 })]);
    const below = [queue('x', { weight: 0.001 }), queue('y', { guaranteed: { cpu: 12 } })];
    const p = queue('p', { guaranteed: { cpu: 20 }, queues: below });
    one.share([p, queue('q', { weight: 1000 }), queue('r', { weight: 0.001 })]);
    one.run(slots('x', 10, { queue: 'p.x' }), ENDLESS);
    one.run(slots('r', 3, { queue: 'r' }), ENDLESS);
    const filler = slots('filler', 19, { queue: 'r' });
    one.run(filler, 60);
    // In p, y stays within its share where x would not; with the gang of y, p would not, where q does; with that of x, p
    // stays within its guarantee, where q does not. No two of them fit.
    const three = [
      slots('gx', 10, { queue: 'p.x' }),
      slots('gy', 12, { queue: 'p.y' }),
      slots('gq', 11, { queue: 'q' }),
    ];
    for (const gang of three) one.head(gang, 100);
    one.end(filler);
    one.world.wait(SECOND);
    for (const gang of three) one.ask(gang);
    expect(one.admitted.filter((name) => name.startsWith('g'))).toHaveLength(1);
  });

  test('nor do gangs that let nobody pass, each of which has a head of the other queue behind it', () => {
    const one = new Pool();
    one.share([queue('a'), queue('b'), queue('c', { weight: 0.001 })]);
    const { scheduler } = one.world;
    const [standard] = scheduler.policies;
    const match = { namespaces: [], labels: new Map([['line', 'strict']]), classes: [] };
    const strict = { ...standard!, match, queue: { ...RESERVE, backfill: 'off' as const } };
    scheduler.setPolicies([strict, ...scheduler.policies], 0);
    const filler = slots('filler', 10, { queue: 'c' });
    one.run(filler, 60);
    const barriers = ['a', 'b'].map((queue) => slots(`barrier-${queue}`, 6, { queue }));
    const leaders = barriers.map((gang) => ({ ...gang.leader(), labels: new Map([['line', 'strict']]) }));
    for (const leader of leaders) expect(one.world.ask(leader)).toBe(NO_ROOM);
    for (const queue of ['a', 'b']) one.ask(slots(`h${queue}`, 5, { queue }), 100);
    one.world.wait(SECOND);
    one.end(filler);
    one.world.wait(SECOND);
    const answers = leaders.map((leader) => one.world.ask(leader));
    expect(answers).toContain(STARTS);
  });
});

test.each([0, 1])('gangs that let nobody pass stand beside others in one queue, blockAfter %i', (blockAfterMs) => {
  const one = new Pool();
  one.run(R1, 60);
  const { policies } = one.world.scheduler;
  const [standard] = policies;
  const strict = {
    ...standard!,
    match: { namespaces: [], labels: new Map([['line', 'strict']]), classes: [] },
    queue: { ...RESERVE, ...(blockAfterMs === 0 ? { blockAfterMs } : { backfill: 'off' as const }) },
  };
  one.world.scheduler.setPolicies([strict, ...policies], 0);
  const barrier = slots('barrier', 8);
  const leader = { ...barrier.leader(), labels: new Map([['line', 'strict']]) };
  expect(one.world.ask(leader)).toBe(NO_ROOM);
  one.world.wait(SECOND);
  one.head(slots('h', 8), 100);
  expect(one.ask(slots('c', 1), 1)).toBe('waits: gang waits for its turn');
  one.end(R1);
  one.world.wait(SECOND);
  expect(one.ask(slots('c', 1), 1)).toBe('waits: gang waits for its turn');
  expect(one.world.ask(leader)).toBe(STARTS);
});

describe('a refusal behind a start time stands no longer than its reason', () => {
  const nodes = ['a', 'b'].map((zone) => node(zone, { cpu: 6, labels: { zone } }));
  /** On node a, H needs all in an hour; on node b, 4 are spare. */
  function besideA() {
    const one = new Pool(nodes);
    one.run(slots('r1', 3, { on: 'a' }), 60);
    one.head(slots('h', 6, { on: 'a' }), 100);
    return one;
  }

  test('other nodes are offered', () => {
    const one = besideA();
    const c = slots('c', 2);
    one.lasts('c', 1000);
    expect(one.world.ask(c.leader(), ['a'])).toBe('waits: no offered node suits role worker');
    expect(one.world.ask(c.leader(), ['a', 'b'])).toBe('-> b');
  });

  test('a pod in flight, which might have gone to any node, is gone', () => {
    const one = besideA();
    one.world.node(node('b', { cpu: 2 }));
    one.world.ask(pod('single', { cpu: 1 }));
    expect(one.ask(slots('c', 2), 1000)).toBe(LATER);
    one.world.gone(pod('single'));
    expect(one.ask(slots('c', 2))).toBe('-> b');
  });
});

describe('a head', () => {
  test('that kube-scheduler offers no node to keeps what it needs and no more', () => {
    const one = new Pool(['a', 'b'].map((name) => node(name, { cpu: 5 })));
    expect(one.world.ask(H.leader(), [])).toBe('waits: no offered node suits role worker');
    one.world.wait(SECOND);
    expect(one.ask(slots('wide', 3), 1000)).toBe(LATER);
    expect(one.ask(slots('c', 2), 1000)).toMatch(/^-> /);
    expect(one.admitted).toEqual(['c']);
  });

  test('that did not claim its slots is not started again before kube-scheduler asks', () => {
    const policy = { queue: RESERVE, reservation: { unclaimedMs: MINUTE, successorMs: MINUTE } };
    const one = new Pool([node('n', { cpu: 10 })], policy);
    const blocker = slots('blocker', 10);
    one.run(blocker, 60);
    one.head(H, 100);
    one.end(blocker);
    one.ask(slots('c', 1), 1);
    expect(one.admitted).toEqual(['blocker', 'h', 'c']);
    one.world.wait(2 * MINUTE);
    one.ask(slots('d', 1), 1);
    expect(one.admitted).toEqual(['blocker', 'h', 'c', 'd']);
  });

  test('that is gone stops nobody', () => {
    const one = pool();
    const wide = slots('wide', 4);
    expect(one.ask(wide, 1000)).toBe(LATER);
    one.end(H);
    one.world.wait(SECOND);
    expect(one.ask(wide)).toBe(STARTS);
  });

  test('that needs less now starts earlier', () => {
    const one = pool();
    expect(one.ask(slots('h', 5))).toBe(NO_ROOM);
    expect(one.ask(slots('h', 4))).toBe(STARTS);
  });

  test('of three roles starts when all of them fit together', () => {
    const one = new Pool([node('a', { cpu: 4 }), node('b', { cpu: 4, labels: { zone: 'b' } })]);
    one.run(slots('r1', 4, { on: 'b' }), 60);
    const roles = { driver: { count: 1, cpu: 2 }, small: { count: 2, cpu: 1 }, large: { count: 1, cpu: 3 } };
    const three = new GangBuilder('three', roles);
    expect(one.ask(three, 100)).toBe(NO_ROOM);
    one.world.wait(SECOND);
    expect(one.ask(slots('c', 2), 1000)).toBe(LATER);
    expect(one.starts()).toEqual({ three: 60 });
    expect(one.ask(slots('d', 1), 1000)).toBe('-> a');
    expect(one.ask(slots('e', 1), 1000)).toBe(LATER);
  });
});
