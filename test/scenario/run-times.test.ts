import { describe, expect, test } from 'vitest';
import { forecastOf } from '../../src/core/gang/run-identity.ts';
import { RunHistory } from '../../src/core/history/run-history.ts';
import type { EndedRun, RunIdentity, RunTimes } from '../../src/core/history/run-times.ts';
import { NO_RUN_TIMES } from '../../src/core/history/no-run-times.ts';
import type { PodInfo } from '../../src/core/model.ts';
import { boundTo, GangBuilder, node, pod } from '../support/builders.ts';
import { World } from '../support/world.ts';

const MINUTE_MS = 60_000;

/** Keeps what it is taught. */
class Notes implements RunTimes {
  readonly learned: { readonly run: RunIdentity; readonly ended: EndedRun }[] = [];
  forecast(run: RunIdentity) {
    return NO_RUN_TIMES.forecast(run);
  }
  learn(run: RunIdentity, ended: EndedRun): void {
    this.learned.push({ run, ended });
  }
  get ends(): readonly string[] {
    return this.learned.map(({ run: { name }, ended }) => `${name} ${ended.how} ${ended.ranMs / MINUTE_MS}`);
  }
}

const NODES = ['a', 'b', 'c'].map((name) => node(name, { cpu: 1 }));

function setUp(synced = true) {
  const notes = new Notes();
  const world = new World(NODES, {}, synced, [], notes);
  return { notes, world };
}

const app = (name = 'etl') => {
  const gang = new GangBuilder(name, { driver: { count: 1, cpu: 1 }, executor: { count: 2, min: 1, cpu: 1 } });
  return { leader: gang.leader(), executors: [0, 1].map((i) => gang.member('executor', i)) as [PodInfo, PodInfo] };
};

/** The leader runs at 0 and its executor a minute later. */
function running(leaderAs: Partial<PodInfo> = {}) {
  const { notes, world } = setUp();
  const { leader: bare, executors } = app();
  const leader = { ...bare, ...leaderAs };
  world.start(leader);
  world.wait(MINUTE_MS);
  world.start(executors[0]);
  return { notes, world, leader, executors };
}

const wanted = (world: World) => world.effects.filter(({ kind }) => kind === 'outcome-wanted');

describe('what is learned of a run', () => {
  test('it begins with the last member that the gang needs and ends with its leader', () => {
    const { notes, world, leader, executors } = running({
      recurrence: { app: 'etl-#', user: 'ann', capMs: 9_000_000 },
      priorityRequest: { expectedMs: 5 * MINUTE_MS },
    });
    world.wait(2 * MINUTE_MS);
    world.start(executors[1]);
    world.gone(executors[0]);
    world.wait(MINUTE_MS);
    world.learn({ kind: 'pod-gone', uid: leader.uid, outcome: 'succeeded' });
    expect(notes.ends).toEqual(['etl succeeded 3']);
    expect(notes.learned[0]!.run).toEqual({
      namespace: 'jobs',
      name: 'etl',
      queue: 'default',
      members: 2,
      app: 'etl-#',
      user: 'ann',
      capMs: 9_000_000,
      expectedMs: 5 * MINUTE_MS,
    });
    expect(wanted(world)).toEqual([]);
  });

  test('a gang that never had all its members has not run', () => {
    const { notes, world } = setUp();
    const { leader } = app();
    world.start(leader);
    world.wait(MINUTE_MS);
    world.learn({ kind: 'pod-gone', uid: leader.uid, outcome: 'failed' });
    expect(notes.learned).toEqual([]);
  });

  test('less than a second is no run', () => {
    const { notes, world, leader } = running();
    world.wait(999);
    world.learn({ kind: 'pod-gone', uid: leader.uid, outcome: 'succeeded' });
    expect(notes.learned).toEqual([]);
  });

  test.each<[string, Partial<PodInfo>]>([
    ['deleted', { deleting: true }],
    ['deleted and failed', { deleting: true, terminal: true }],
  ])('a run whose leader was %s would have taken longer', (_how, change) => {
    const { notes, world, leader } = running();
    world.wait(MINUTE_MS);
    world.learn({ kind: 'pod', pod: { ...boundTo(leader, 'a'), deleting: true } });
    world.learn({ kind: 'pod', pod: { ...boundTo(leader, 'a'), ...change } });
    world.learn({ kind: 'pod-gone', uid: leader.uid, outcome: 'failed' });
    expect(notes.ends).toEqual(['etl cut 1']);
  });

  test('so would one whose node is gone', () => {
    const { notes, world, leader } = running();
    world.wait(MINUTE_MS);
    world.removeNode('a');
    world.gone(leader);
    expect(notes.ends).toEqual(['etl cut 1']);
  });

  test('one that succeeded while it was being deleted succeeded', () => {
    const { notes, world, leader } = running();
    world.wait(MINUTE_MS);
    world.learn({ kind: 'pod', pod: { ...boundTo(leader, 'a'), deleting: true } });
    world.learn({ kind: 'pod-gone', uid: leader.uid, outcome: 'succeeded' });
    expect(notes.ends).toEqual(['etl succeeded 1']);
  });

  test('after a restart it has begun with the latest of the first starts that it needed', () => {
    const { notes, world } = setUp(false);
    const { leader, executors } = app();
    const since = (one: PodInfo, at: string, startedMs: number): PodInfo => ({
      ...boundTo(one, at),
      evictionTraits: { startedMs },
    });
    world.nowMs = 60 * MINUTE_MS;
    world.learn({ kind: 'pod', pod: since(executors[1], 'c', 50 * MINUTE_MS) });
    world.learn({ kind: 'pod', pod: since(executors[0], 'b', 20 * MINUTE_MS) });
    world.learn({ kind: 'pod', pod: since(leader, 'a', 10 * MINUTE_MS) });
    world.sync();
    world.learn({ kind: 'pod-gone', uid: leader.uid, outcome: 'succeeded' });
    expect(notes.ends).toEqual(['etl succeeded 40']);
  });

  test('a replica that follows learns nothing', () => {
    const { notes, world, leader } = running();
    world.scheduler.followOthers(true, world.nowMs);
    world.wait(MINUTE_MS);
    world.learn({ kind: 'pod-gone', uid: leader.uid, outcome: 'succeeded' });
    world.gone(leader);
    expect([notes.learned, wanted(world)]).toEqual([[], []]);
  });

  test('a pod of no gang has run since it started; those of other schedulers are not learned', () => {
    const { notes, world } = setUp();
    world.nowMs = 10 * MINUTE_MS;
    const single = { ...pod('single'), recurrence: { app: 'single' }, evictionTraits: { startedMs: 4 * MINUTE_MS } };
    world.bind(single, 'a');
    world.bind({ ...pod('others', { schedulerName: 'x' }), evictionTraits: { startedMs: MINUTE_MS } }, 'b');
    world.bind(pod('unknown'), 'c');
    for (const uid of ['single', 'others', 'unknown']) world.learn({ kind: 'pod-gone', uid, outcome: 'succeeded' });
    expect(notes.ends).toEqual(['single succeeded 6']);
    expect(notes.learned[0]!.run).toMatchObject({ app: 'single', members: 1 });
  });
});

describe('how a run ended is asked for', () => {
  function over() {
    const all = running();
    all.world.wait(10 * MINUTE_MS);
    all.world.gone(all.leader);
    return all;
  }

  test('where nothing tells', () => {
    const { notes, world, leader } = over();
    const { namespace, name, uid } = leader;
    expect(wanted(world)).toEqual([{ kind: 'outcome-wanted', gang: 'jobs/etl', leader: { namespace, name, uid } }]);
    expect(notes.learned).toEqual([]);
    world.learn({ kind: 'run-outcome', uid, outcome: 'failed' });
    world.learn({ kind: 'run-outcome', uid, outcome: 'succeeded' });
    expect(notes.ends).toEqual(['etl failed 10']);
  });

  test('and when it ended, which counts if muster heard of it later', () => {
    const { notes, world, leader } = over();
    world.learn({ kind: 'run-outcome', uid: leader.uid, outcome: 'succeeded', endedMs: 3 * MINUTE_MS });
    expect(notes.ends).toEqual(['etl succeeded 2']);
    const later = over();
    later.world.learn({ kind: 'run-outcome', uid: leader.uid, outcome: 'succeeded', endedMs: 99 * MINUTE_MS });
    expect(later.notes.ends).toEqual(['etl succeeded 10']);
  });

  test.each<[string, (world: World, uid: string) => void]>([
    ['nobody knows', (world, uid) => world.learn({ kind: 'run-outcome', uid })],
    ['nobody answers for a minute', (world) => world.wait(MINUTE_MS)],
  ])('it would have taken longer if %s', (_what, then) => {
    const { notes, world, leader } = over();
    world.wait(MINUTE_MS - 1);
    expect(notes.learned).toEqual([]);
    then(world, leader.uid);
    expect(notes.ends).toEqual(['etl cut 10']);
  });

  test('of at most a thousand runs at a time', () => {
    const { notes, world } = setUp();
    for (let i = 0; i < 1003; i++) {
      world.bind({ ...pod(`p${i}`), evictionTraits: { startedMs: -MINUTE_MS } }, 'a');
      world.gone(pod(`p${i}`));
    }
    expect(notes.ends).toEqual(['p0 cut 1', 'p1 cut 1', 'p2 cut 1']);
    expect(world.scheduler.inside.outcomes.size).toBe(1000);
  });

  test('not of an unknown pod', () => {
    const { notes, world } = setUp();
    world.learn({ kind: 'run-outcome', uid: 'x', outcome: 'succeeded' });
    expect(notes.learned).toEqual([]);
  });
});

test('a gang whose members have all gone begins another run', () => {
  const { notes, world } = setUp();
  const gang = new GangBuilder('mpi', { worker: { count: 2, cpu: 1 } });
  const [first, second, third, fourth] = [1, 2, 3, 4].map((i) => gang.leader(`mpi-${i}`));
  world.start(first!);
  world.start(second!);
  world.wait(10 * MINUTE_MS);
  world.start(third!, []);
  world.gone(first!);
  world.gone(second!);
  expect(notes.learned).toEqual([]);
  world.wait(60 * MINUTE_MS);
  expect(world.scheduler.inside.gangs.get('jobs/mpi')).toMatchObject({
    state: { kind: 'waiting' },
    ranSinceMs: undefined,
  });
  world.start(third!);
  world.start(fourth!);
  world.wait(2 * MINUTE_MS);
  world.gone(third!);
  world.learn({ kind: 'pod-gone', uid: fourth!.uid, outcome: 'succeeded' });
  expect(notes.ends).toEqual(['mpi succeeded 2']);
});

test('what three runs took is foretold of the fourth, whatever it is called and whoever evicted another', () => {
  const world = new World(NODES, {}, true, [], new RunHistory());
  const start = (name: string) => {
    const { leader, executors } = app(name);
    const recurring = { ...leader, recurrence: { app: 'etl-#' } };
    world.start(recurring);
    world.start(executors[0]);
    return { leader: recurring, executor: executors[0] };
  };
  const run = (name: string, minutes: number, change: Partial<PodInfo> = {}) => {
    const { leader, executor } = start(name);
    world.wait(minutes * MINUTE_MS);
    world.learn({ kind: 'pod', pod: { ...boundTo(leader, 'a'), ...change } });
    world.learn({ kind: 'pod-gone', uid: leader.uid, ...(change.deleting ? {} : { outcome: 'succeeded' }) });
    world.gone(executor);
  };
  run('etl-1', 30);
  run('etl-2', 30);
  run('evicted', 2, { deleting: true });
  run('etl-3', 30);
  start('etl-4');
  const { inside } = world.scheduler;
  const forecast = forecastOf(inside, inside.gangs.get('jobs/etl-4')!);
  expect(forecast).toMatchObject({ isKnown: true, runs: 3, basis: 'app etl-#, 2 to 3 members' });
  expect(forecast.endsWithin(0.5, 0) / MINUTE_MS).toBeCloseTo(30, 0);
  expect(forecast.endsWithin(0.9, 40 * MINUTE_MS)).toBe(80 * MINUTE_MS);
});
