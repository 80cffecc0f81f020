import { describe, expect, test } from 'vitest';
import { refusalOf } from '../../src/core/gang/gang.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { QueueSpec, Tenancy, UserLimit } from '../../src/core/policy/tenancy.ts';
import { boundTo, node, pod, resources } from '../support/builders.ts';
import { TenantApp, type AppOptions } from '../support/tenant-apps.ts';
import { cpu, cpuShare, group, queue, rule, tenancy, type QueueOptions } from '../support/tenancies.ts';
import { World } from '../support/world.ts';

const app = (name: string, options: AppOptions = {}) => new TenantApp(name, options);

function reload(world: World, file: Tenancy) {
  const moves = world.scheduler.setRules({ policies: [DEFAULT_POLICY], tenancy: file }, world.nowMs);
  world.scheduler.checkInvariants();
  return moves;
}

/** A cluster of 100 cores. */
function worldOf(file: Tenancy): World {
  const world = new World([node('n', { cpu: 100 })]);
  reload(world, file);
  return world;
}

/** One queue `default`, with these limits. */
const limited = (said: QueueOptions, more: Partial<Tenancy> = {}) => worldOf(tenancy([queue('default', said)], more));

const users = (said: Partial<UserLimit>, of: Readonly<Record<string, Partial<UserLimit>>> = {}) => {
  const limit = (one: Partial<UserLimit>): UserLimit => ({ max: cpu(1000), gangs: Infinity, ...one });
  return { ...limit(said), of: new Map(Object.entries(of).map(([user, one]) => [user, limit(one)])) };
};

const RUNNING = { gangs: Infinity, pods: Infinity, podsPerNamespace: Infinity };

/** Starts the app whole. @returns the answer to its driver */
function run(world: World, one: TenantApp): string {
  const answer = world.start(one.driver());
  const { min } = one.spec.roles[1]!;
  if (answer.startsWith('->')) for (let i = 0; i < min; i++) world.start(one.executor(i));
  return answer;
}

function end(world: World, one: TenantApp): void {
  for (let i = 0; i < one.spec.roles[1]!.count; i++) world.gone(one.executor(i));
  world.gone(one.driver());
}

function admitted(world: World): string[] {
  const effects = world.scheduler.admitWaiting(world.nowMs);
  world.effects.push(...effects);
  world.scheduler.checkInvariants();
  return effects.flatMap((effect) => (effect.kind === 'gang-admitted' ? [effect.gang] : []));
}

const refusal = (world: World, key: string) => refusalOf(world.scheduler.inside.gangs.get(key)!);

describe('max', () => {
  test('a gang that its queue has no quota for waits, and starts when enough is given back, though nobody asks', () => {
    const world = limited({ max: cpu(10) });
    const [a, b, c] = [app('a', { executors: 5 }), app('b', { executors: 5 }), app('c', { executors: 3 })];
    expect(run(world, a)).toBe('-> n');
    expect(world.ask(b.driver())).toBe('waits: queue default is at its max of cpu');
    // It blocks nobody.
    expect(run(world, c)).toBe('-> n');
    expect(admitted(world)).toEqual([]);
    end(world, c);
    expect(admitted(world)).toEqual([]);
    end(world, a);
    expect(admitted(world)).toEqual(['jobs/b']);
  });

  test('that of a queue above counts, and of those that stand in the way the lowest is told', () => {
    const file = tenancy([queue('prod', { max: cpu(10), queues: [queue('etl', { max: cpu(8) }), queue('ml')] })]);
    const world = worldOf(file);
    expect(run(world, app('a', { queue: 'prod.etl', executors: 6 }))).toBe('-> n');
    expect(world.ask(app('b', { queue: 'prod.ml', executors: 3 }).driver())).toBe(
      'waits: queue prod is at its max of cpu',
    );
    expect(world.ask(app('c', { queue: 'prod.etl', executors: 3 }).driver())).toBe(
      'waits: queue prod.etl is at its max of cpu',
    );
    expect(run(world, app('d', { queue: 'prod.ml', executors: 2 }))).toBe('-> n');
  });

  test('a part of the cluster grows with it', () => {
    const world = limited({ max: cpuShare(0.1) });
    expect(run(world, app('a', { executors: 5 }))).toBe('-> n');
    const b = app('b', { executors: 5 });
    expect(world.ask(b.driver())).toBe('waits: queue default is at its max of cpu');
    world.node(node('m', { cpu: 20 }));
    world.wait(250);
    expect(admitted(world)).toEqual(['jobs/b']);
  });

  test('a queue that was made for the gang a moment ago has its limits at once', () => {
    const file = tenancy([queue('adhoc', { each: queue('', { max: cpu(4) }) })], {
      rules: [rule('adhoc.{namespace}')],
    });
    const world = worldOf(file);
    expect(run(world, app('a', { namespace: 'x', executors: 3 }))).toBe('-> n');
    expect(world.ask(app('b', { namespace: 'x', executors: 3 }).driver())).toBe(
      'waits: queue adhoc.x is at its max of cpu',
    );
    expect(run(world, app('b', { namespace: 'y', executors: 3 }))).toBe('-> n');
  });

  test('a gang whose minimum alone is above it never starts, blocks nobody and is no demand', () => {
    const world = limited({ max: cpu(10) });
    const huge = app('huge', { executors: 10 });
    expect(world.ask(huge.driver())).toBe('waits: queue default allows less cpu than the gang needs');
    expect(run(world, app('a', { executors: 9 }))).toBe('-> n');
    end(world, app('a', { executors: 9 }));
    world.wait(1000);
    expect(admitted(world)).toEqual([]);
    const { shares, tree } = world.scheduler.inside;
    expect(shares.of(tree.leaf('default')).demand[0]).toBe(0);
  });

  test('A27: a reload that lowers it evicts nobody, and nothing starts until less is held', () => {
    const world = limited({ max: cpu(100) });
    const running = Array.from({ length: 8 }, (_, i) => app(`r${i}`, { executors: 9 }));
    for (const one of running) expect(run(world, one)).toBe('-> n');
    reload(world, tenancy([queue('default', { max: cpu(50) })]));
    const next = app('next', { executors: 4 });
    expect(world.ask(next.driver())).toBe('waits: queue default is at its max of cpu');
    for (const one of running.slice(0, 3)) {
      end(world, one);
      expect(admitted(world)).toEqual([]);
    }
    end(world, running[3]!);
    expect(admitted(world)).toEqual(['jobs/next']);
    expect(world.kinds().filter((kind) => kind.startsWith('eviction'))).toEqual([]);
  });

  test('a gang that waits is tried again when its own members come by other ways', () => {
    const world = limited({ max: cpu(10) });
    const [a, b] = [app('a', { executors: 5 }), app('b', { executors: 5 })];
    run(world, a);
    expect(world.ask(b.driver())).toBe('waits: queue default is at its max of cpu');
    // Bound by another scheduler, and smaller than declared.
    world.bind({ ...b.executor(0), request: resources({ cpu: 0.1 }, 1) }, 'n');
    expect(refusal(world, 'jobs/b')?.kind).toBe('quota');
    for (const i of [1, 2]) world.bind({ ...b.executor(i), request: resources({ cpu: 0.1 }, 1) }, 'n');
    expect(admitted(world)).toEqual(['jobs/b']);
  });
});

describe('A21: max 50, a gang that needs 30 and asks 40 beyond', () => {
  const big = app('big', { executors: 69, min: 29 });
  const label = (i: number, world: World) =>
    world.learn({ kind: 'pod', pod: boundTo(big.executor(i, { labels: { decommissioned: 'true' } }), 'n') });

  function start(): World {
    const world = limited({ max: cpu(50) });
    run(world, big);
    return world;
  }
  const extras = (world: World, from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => world.start(big.executor(from + i)));

  test('20 of them come, and 20 are refused', () => {
    const answers = extras(start(), 29, 69);
    expect(answers.filter((answer) => answer === '-> n')).toHaveLength(20);
    expect(answers.slice(20)).toEqual(Array.from({ length: 20 }, () => 'waits: queue is at its max'));
  });

  test('5 that are given up are replaced before they are gone, and no more', () => {
    const world = start();
    extras(world, 29, 49);
    for (let i = 29; i < 34; i++) label(i, world);
    const answers = extras(world, 49, 56);
    expect(answers.filter((answer) => answer === '-> n')).toHaveLength(5);
    // Once they are gone, the queue is at its max again, and not below.
    for (let i = 29; i < 34; i++) world.gone(big.executor(i));
    expect(extras(world, 54, 56)).toEqual(['waits: queue is at its max', 'waits: queue is at its max']);
  });

  test('whoever gives up all goes no more than a tenth beyond', () => {
    const world = start();
    extras(world, 29, 49);
    for (let i = 0; i < 49; i++) label(i, world);
    expect(extras(world, 49, 69).filter((answer) => answer === '-> n')).toHaveLength(5);
  });

  test('a member that claims its slot is never refused', () => {
    const world = limited({ max: cpu(50) });
    expect(world.start(big.driver())).toBe('-> n');
    reload(world, tenancy([queue('default', { max: cpu(10) })]));
    for (let i = 0; i < 29; i++) expect(world.start(big.executor(i))).toBe('-> n');
    expect(world.start(big.executor(29))).toBe('waits: queue is at its max');
  });

  test('a member of three times its declared size needs quota for the difference', () => {
    const world = limited({ max: cpu(50) });
    world.start(big.driver());
    for (let i = 0; i < 10; i++) expect(world.start(big.executor(i, { cpu: 3 }))).toBe('-> n');
    expect(world.start(big.executor(10, { cpu: 3 }))).toBe('waits: queue is at its max');
    expect(world.start(big.executor(10, { cpu: 2 }))).toBe('-> n');
  });
});

describe('users', () => {
  test('A22: a user has no more gangs than the limit, and another starts at once', () => {
    const world = limited({ users: users({ gangs: 10 }) });
    const all = Array.from({ length: 100 }, (_, i) => app(`a${i}`, { user: 'u1' }));
    const answers = all.map((one) => run(world, one));
    expect(answers.filter((answer) => answer === '-> n')).toHaveLength(10);
    expect(answers[10]).toBe('waits: user u1 runs 10 gangs, the limit of queue default');
    expect(run(world, app('b', { user: 'u2' }))).toBe('-> n');
    for (const one of all.slice(0, 3)) {
      end(world, one);
      expect(admitted(world)).toHaveLength(1);
    }
  });

  test('what one user may hold, and another by name', () => {
    const world = limited({ users: users({ max: cpu(4) }, { alice: { max: cpu(8) } }) });
    expect(run(world, app('b1', { user: 'bob', executors: 2 }))).toBe('-> n');
    expect(world.ask(app('b2', { user: 'bob', executors: 2 }).driver())).toBe(
      'waits: user bob is at the limit of queue default',
    );
    expect(world.ask(app('b3', { user: 'bob', executors: 4 }).driver())).toBe(
      'waits: queue default allows a user less cpu than the gang needs',
    );
    expect(run(world, app('a1', { user: 'alice', executors: 7 }))).toBe('-> n');
    // Who says no user is the user of its namespace.
    expect(run(world, app('c1', { namespace: 'c', executors: 3 }))).toBe('-> n');
  });

  test('a limit of a queue above counts what the user holds in all below it', () => {
    const file = tenancy([queue('adhoc', { users: users({ gangs: 1 }), queues: [queue('x'), queue('y')] })]);
    const world = worldOf(file);
    expect(run(world, app('a', { user: 'u', queue: 'adhoc.x' }))).toBe('-> n');
    expect(world.ask(app('b', { user: 'u', queue: 'adhoc.y' }).driver())).toBe(
      'waits: user u runs 1 gangs, the limit of queue adhoc',
    );
    end(world, app('a', { user: 'u', queue: 'adhoc.x' }));
    expect(admitted(world)).toEqual(['jobs/b']);
  });

  test('a user that holds nothing any more and then something again is another count: no refusal stands for ever', () => {
    const world = limited({ users: users({ gangs: 1 }) });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => app(name, { user: 'u' }));
    run(world, a!);
    for (const one of [b!, c!]) expect(world.ask(one.driver())).toMatch(/^waits: user u runs/);
    end(world, a!);
    expect(admitted(world)).toEqual(['jobs/b']);
    end(world, b!);
    expect(admitted(world)).toEqual(['jobs/c']);
  });
});

describe('running gangs and pods', () => {
  test('gangs of a queue', () => {
    const world = limited({ running: { ...RUNNING, gangs: 2 } });
    for (const name of ['a', 'b']) expect(run(world, app(name))).toBe('-> n');
    expect(world.ask(app('c').driver())).toBe('waits: queue default runs its 2 gangs');
    end(world, app('a'));
    expect(admitted(world)).toEqual(['jobs/c']);
  });

  test('pods of a queue, those beyond the minimum too', () => {
    const world = limited({ running: { ...RUNNING, pods: 5 } });
    const one = app('a', { executors: 9, min: 3 });
    expect(run(world, one)).toBe('-> n');
    expect(world.ask(app('b').driver())).toBe('waits: queue default is at its limit of 5 pods');
    expect(world.start(one.executor(3))).toBe('-> n');
    expect(world.start(one.executor(4))).toBe('waits: queue default is at its limit of 5 pods');
  });

  test('A23: pods of a namespace, of muster or not, but none that stay with a node', () => {
    const world = limited({ running: { ...RUNNING, podsPerNamespace: 50 } });
    const foreign = (i: number, pinned = false): PodInfo => ({
      ...pod(`web-${i}`, { cpu: 0.1, schedulerName: 'default-scheduler' }),
      ...(pinned ? { evictionTraits: { isPinned: true } } : {}),
    });
    for (let i = 0; i < 40; i++) world.bind(foreign(i), 'n');
    for (let i = 40; i < 60; i++) world.bind(foreign(i, true), 'n');
    const large = app('large', { executors: 19 });
    expect(world.ask(large.driver())).toBe('waits: namespace jobs is at its limit of 50 pods');
    expect(run(world, app('small', { executors: 7 }))).toBe('-> n');
    for (let i = 0; i < 18; i++) world.gone(foreign(i));
    expect(admitted(world)).toEqual(['jobs/large']);
  });

  test('pods of a group of namespaces together, and of each of them', () => {
    const groups = [group('data', ['data-*'], { pods: 6, podsPerNamespace: 4 })];
    const world = limited({}, { groups });
    const of = (name: string, namespace: string, executors: number) => app(name, { namespace, executors });
    expect(run(world, of('a', 'data-1', 3))).toBe('-> n');
    expect(world.ask(of('b', 'data-1', 1).driver())).toBe('waits: namespace data-1 is at its limit of 4 pods');
    expect(world.ask(of('c', 'data-2', 2).driver())).toBe('waits: namespace group data is at its limit of 6 pods');
    expect(run(world, of('d', 'data-2', 1))).toBe('-> n');
    expect(run(world, of('e', 'other', 9))).toBe('-> n');
    end(world, of('a', 'data-1', 3));
    expect(admitted(world).sort()).toEqual(['data-1/b']);
  });
});

describe('the size of a pod', () => {
  const podSize = new Map([
    ['cpu', 2000],
    ['memory', 64 * 2 ** 30],
  ]);

  test('a gang with a larger member never starts', () => {
    const world = limited({ podSize });
    expect(world.ask(app('a', { cpu: 4 }).driver())).toBe(
      'waits: a member asks 4 of cpu, queue default allows 2 a pod',
    );
    const driver = app('b').driver();
    const large = { ...driver, request: new Map([...driver.request, ['memory', 128 * 2 ** 30]]) };
    expect(world.ask(large)).toBe('waits: a member asks 128Gi of memory, queue default allows 64Gi a pod');
    expect(run(world, app('c', { cpu: 2 }))).toBe('-> n');
    expect(admitted(world)).toEqual([]);
    reload(world, tenancy([queue('default')]));
    expect(admitted(world).sort()).toEqual(['jobs/a', 'jobs/b']);
  });

  test('that of a group counts too, and for members beyond the minimum', () => {
    const groups = [group('data', ['jobs'], { podSize })];
    const world = limited({}, { groups });
    expect(world.ask(app('a', { cpu: 4 }).driver())).toBe(
      'waits: a member asks 4 of cpu, namespace group data allows 2 a pod',
    );
    const one = app('b', { executors: 3, min: 1 });
    run(world, one);
    expect(world.start(one.executor(1, { cpu: 3 }))).toBe(
      'waits: a member asks 3 of cpu, namespace group data allows 2 a pod',
    );
    expect(world.start(one.executor(1))).toBe('-> n');
  });
});

describe('pods of no gang', () => {
  const file = (singles: QueueSpec['singles']) =>
    tenancy([queue('web', { singles, max: cpu(3) })], { rules: [rule('web', { labels: new Map([['app', 'web']]) })] });
  const web = (i: number, schedulerName = 'muster') => pod(`web-${i}`, { labels: { app: 'web' }, schedulerName });
  const held = (world: World) => world.scheduler.inside.tree.leaf('web').holds.vector[0] ?? 0;

  test('gate: they are refused at the max, those that are not bound yet among those that count', () => {
    const world = worldOf(file('gate'));
    for (const i of [0, 1]) world.bind(web(i), 'n');
    expect(world.ask(web(2))).toBe('any');
    expect(world.ask(web(3))).toBe('waits: queue is at its max');
    // Asked about again, the same pod does not count twice.
    expect(world.ask(web(2))).toBe('any');
    // A pod of another scheduler is counted, and nothing else.
    expect(world.ask(web(4, 'default-scheduler'))).toBe('any');
    expect(world.ask(pod('other'))).toBe('any');
    world.bind(web(2), 'n');
    world.gone(web(0));
    // It is in flight all the same.
    expect(world.ask(web(3))).toBe('waits: queue is at its max');
    world.gone(web(4));
    expect(world.ask(web(3))).toBe('any');
  });

  test('count: they only count; ignore: not even that', () => {
    const counting = worldOf(file('count'));
    for (let i = 0; i < 5; i++) expect(counting.start(web(i))).toBe('any');
    for (let i = 0; i < 5; i++) counting.bind(web(i), 'n');
    expect(held(counting)).toBe(5000);
    reload(counting, file('ignore'));
    expect(held(counting)).toBe(0);
    reload(counting, file('gate'));
    expect(held(counting)).toBe(5000);
  });
});

describe('which queue', () => {
  const file = tenancy([queue('prod', { namespaces: ['etl'] }), queue('adhoc', { each: queue('') }), queue('batch')], {
    rules: [rule('adhoc.{namespace}', { namespaces: ['bob', 'etl'] })],
  });
  const notes = (world: World) =>
    world.effects.flatMap((effect) => (effect.kind === 'queue-ignored' ? [effect.note] : []));
  const queueOf = (world: World, key: string) => world.scheduler.inside.gangs.get(key)!.queue.path;

  test('A24: a gang that names a queue which is closed to it runs in its own, and is told once', () => {
    const world = worldOf(file);
    const one = app('a', { namespace: 'bob', queue: 'prod' });
    for (let i = 0; i < 3; i++) world.ask(one.driver());
    expect(run(world, one)).toBe('-> n');
    expect(queueOf(world, 'bob/a')).toBe('adhoc.bob');
    const note = 'Queue prod, which the gang names, is not open to namespace bob; queue adhoc.bob is used.';
    expect(notes(world)).toEqual([note]);
    expect(world.scheduler.inside.gangs.get('bob/a')!.queueNote).toBe(note);
  });

  test('a gang that waits may choose another queue, and one that holds room stays', () => {
    const world = worldOf(
      tenancy([...file.queues.slice(0, 2), queue('batch', { max: cpu(1) })], { rules: file.rules }),
    );
    const one = app('a', { namespace: 'bob', queue: 'batch' });
    expect(world.ask(one.driver())).toBe('waits: queue batch allows less cpu than the gang needs');
    expect(world.start(one.driver({ queue: 'adhoc.bob' }))).toBe('-> n');
    world.learn({ kind: 'pod', pod: boundTo(one.driver({ queue: 'batch' }), 'n') });
    world.start(one.executor(0));
    expect(queueOf(world, 'bob/a')).toBe('adhoc.bob');
    expect(notes(world)).toEqual([]);
  });

  test('a gang whose driver another scheduler bound holds room while it waits, and stays in its queue', () => {
    const world = worldOf(file);
    const one = app('a', { namespace: 'bob', queue: 'batch', executors: 200 });
    world.ask(one.driver());
    world.bind(one.driver(), 'n');
    world.bind(one.driver({ queue: 'adhoc.bob' }), 'n');
    expect(queueOf(world, 'bob/a')).toBe('batch');
  });

  test('a reload moves what gangs and single pods hold, and says what it moved', () => {
    const world = worldOf(file);
    for (const name of ['a', 'b']) run(world, app(name, { namespace: 'bob', queue: 'batch' }));
    run(world, app('c', { namespace: 'etl', queue: 'prod' }));
    world.ask(app('d', { namespace: 'x', queue: 'batch', executors: 200 }).driver());
    world.bind({ ...pod('single'), namespace: 'bob' }, 'n');
    const moves = reload(world, tenancy([queue('prod'), queue('fresh')], { rules: [rule('fresh')] }));
    expect(moves).toEqual([{ from: 'batch', to: 'fresh', gangs: 2, isGone: true }]);
    const { tree } = world.scheduler.inside;
    expect([tree.leaf('prod').holds.gangs, tree.leaf('fresh').holds.gangs]).toEqual([1, 2]);
    expect(tree.leaf('fresh').holds.vector[0]).toBe(5000);
    expect(queueOf(world, 'x/d')).toBe('fresh');
    expect(reload(world, { ...world.scheduler.rules.tenancy })).toEqual([]);
  });

  test('members that nobody declares count as if they were in no gang, and with their gang once it is declared', () => {
    const world = worldOf(file);
    const one = app('a', { namespace: 'bob', queue: 'batch' });
    world.bind(one.executor(0), 'n');
    const { tree } = world.scheduler.inside;
    expect(tree.leaf('adhoc.bob').holds.parts).toBe(1);
    world.start(one.driver());
    expect([tree.leaf('adhoc.bob').holds.parts, tree.leaf('batch').holds.parts]).toEqual([0, 2]);
    world.gone(one.driver());
    expect([tree.leaf('adhoc.bob').holds.parts, tree.leaf('batch').holds.parts]).toEqual([1, 0]);
    world.gone(one.executor(0));
    expect(tree.root.holds.parts).toBe(0);
  });
});
