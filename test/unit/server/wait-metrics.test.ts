import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import type { Effect } from '../../../src/core/effects.ts';
import { WAIT_KINDS } from '../../../src/core/explanation/wait-kind.ts';
import type { WaitGroup } from '../../../src/core/explanation/waits.ts';
import { MOST_PAIRS, MOST_POLICIES, MOST_WAITING_QUEUES, waitMetrics } from '../../../src/server/wait-metrics.ts';
import { GangBuilder, node, pod } from '../../support/builders.ts';
import type { PodInfo } from '../../../src/core/model.ts';
import { queue, tenancyOf } from '../../support/tenancies.ts';
import { worldWith } from '../../support/tenants.ts';

const POLICY = 'default';

/** 10 cores; etl may hold 4 of them. */
function setUp() {
  const world = worldWith([node('n', { cpu: 10 })], tenancyOf([queue('etl', { max: 4 }), queue('adhoc')]));
  const registry = new Registry();
  const onEffect = waitMetrics(registry, { scheduler: world.scheduler, nowMs: () => world.nowMs });
  let told = 0;
  const tell = () => {
    for (; told < world.effects.length; told++) onEffect(world.effects[told]!);
  };
  const gang = (name: string, cpu: number, of: string) =>
    new GangBuilder(name, { driver: { count: 1, cpu: 1 }, executor: { count: cpu - 1, cpu: 1 } }, { queue: of });
  /** kube-scheduler asks, and binds where there is a node; effects are told right after the call that had them. */
  const startPod = (one: PodInfo) => {
    const answer = world.ask(one);
    tell();
    if (answer.startsWith('-> ')) world.bind(one, answer.slice(3));
    tell();
  };
  const start = (one: GangBuilder, createdMs = world.nowMs) => startPod({ ...one.leader(), createdMs });
  const member = (one: GangBuilder, i: number) => startPod(one.member('executor', i));
  const lines = async (name: string) => {
    const text = await registry.metrics();
    // Two scrapes come in two turns of the event loop.
    await new Promise(setImmediate);
    return text.split('\n').filter((line) => line.startsWith(name) && !line.includes('_bucket'));
  };
  return { world, registry, gang, start, member, tell, lines };
}

const counts = (of: readonly string[]) => of.filter((line) => line.includes('_count')).map((line) => line.slice(30));

describe('how long gangs waited', () => {
  test('until reserved and until complete, since the leader was created', async () => {
    const { world, gang, start, member, lines } = setUp();
    world.nowMs = 50_000;
    const one = gang('a', 3, 'etl');
    start(one, 10_000);
    world.wait(20_000);
    member(one, 0);
    expect(await lines('muster_gang_wait_seconds_sum')).toEqual([
      `muster_gang_wait_seconds_sum{until="reserved",queue="etl",policy="${POLICY}"} 40`,
      `muster_gang_wait_seconds_sum{until="complete",queue="etl",policy="${POLICY}"} 0`,
    ]);
    member(one, 1);
    expect(await lines('muster_gang_wait_seconds_')).toEqual([
      `muster_gang_wait_seconds_sum{until="reserved",queue="etl",policy="${POLICY}"} 40`,
      `muster_gang_wait_seconds_count{until="reserved",queue="etl",policy="${POLICY}"} 1`,
      `muster_gang_wait_seconds_sum{until="complete",queue="etl",policy="${POLICY}"} 60`,
      `muster_gang_wait_seconds_count{until="complete",queue="etl",policy="${POLICY}"} 1`,
    ]);
  });

  test('a series begins at 0 when a gang of the queue comes to wait, so that rates see its start', async () => {
    const { gang, start, lines } = setUp();
    start(gang('wide', 20, 'adhoc'));
    expect(counts(await lines('muster_gang_wait_seconds'))).toEqual([
      `{until="reserved",queue="adhoc",policy="${POLICY}"} 0`,
      `{until="complete",queue="adhoc",policy="${POLICY}"} 0`,
    ]);
    start(gang('a', 1, 'adhoc'));
    start(gang('wider', 30, 'adhoc'));
    expect(counts(await lines('muster_gang_wait_seconds'))[0]).toMatch(/ 1$/);
  });

  test('a gang that was complete, and starts again in another place, has not waited anew', async () => {
    const { world, gang, start, tell, lines } = setUp();
    const one = gang('lone', 1, 'etl');
    start(one);
    world.ask({ ...one.leader(), uid: 'successor' });
    world.gone(one.leader());
    world.wait(600_000);
    world.ask({ ...one.leader(), uid: 'successor' });
    tell();
    expect(world.kinds().filter((kind) => kind === 'gang-admitted')).toHaveLength(2);
    expect(counts(await lines('muster_gang_wait_seconds'))).toEqual([
      `{until="reserved",queue="etl",policy="${POLICY}"} 1`,
      `{until="complete",queue="etl",policy="${POLICY}"} 1`,
    ]);
  });
});

describe('who waits now', () => {
  test('by queue and by policy, and what for', async () => {
    const { world, gang, start, lines } = setUp();
    start(gang('runs', 2, 'etl'));
    start(gang('limit', 3, 'etl'));
    start(gang('limit-2', 3, 'etl'));
    start(gang('huge', 20, 'adhoc'));
    world.bind(pod('other', { cpu: 4 }), 'n');
    start(gang('room', 8, 'adhoc'));
    expect(await lines('muster_gangs_waiting{')).toEqual([
      'muster_gangs_waiting{queue="etl",reason="quota"} 2',
      'muster_gangs_waiting{queue="adhoc",reason="unschedulable"} 1',
      'muster_gangs_waiting{queue="adhoc",reason="room"} 1',
    ]);
    expect(await lines('muster_policy_gangs_waiting{')).toEqual([
      `muster_policy_gangs_waiting{policy="${POLICY}",reason="quota"} 2`,
      `muster_policy_gangs_waiting{policy="${POLICY}",reason="unschedulable"} 1`,
      `muster_policy_gangs_waiting{policy="${POLICY}",reason="room"} 1`,
    ]);
  });

  test('the oldest that can start is told apart from those that cannot as they are declared', async () => {
    const { world, gang, start, lines } = setUp();
    world.bind(pod('other', { cpu: 4 }), 'n');
    start(gang('huge', 20, 'adhoc'));
    // Beyond the max of its queue by itself.
    start(gang('never', 5, 'etl'));
    world.wait(60_000);
    start(gang('room', 8, 'adhoc'));
    world.wait(30_000);
    expect((await lines('muster_oldest_waiting_seconds{')).sort()).toEqual([
      'muster_oldest_waiting_seconds{queue="adhoc",can_start="no"} 90',
      'muster_oldest_waiting_seconds{queue="adhoc",can_start="yes"} 30',
      'muster_oldest_waiting_seconds{queue="etl",can_start="no"} 90',
    ]);
  });

  test('a pod whose declaration is wrong waits in no queue', async () => {
    const { world, gang, lines } = setUp();
    const broken = { ...gang('bad', 2, 'adhoc').leader() };
    const membership = { gang: 'jobs/bad', role: '', problem: 'muster.dev/roles: is no JSON' } as const;
    world.ask({ ...broken, membership });
    world.wait(5000);
    expect(await lines('muster_gangs_waiting{')).toEqual([
      'muster_gangs_waiting{queue="(none)",reason="declaration"} 1',
    ]);
    expect(await lines('muster_oldest_waiting_seconds{')).toEqual([
      'muster_oldest_waiting_seconds{queue="(none)",can_start="no"} 5',
    ]);
  });

  test('a gang whose leader ran before muster knew of it has no age', async () => {
    const { world, gang, lines } = setUp();
    world.nowMs = 90_000_000;
    world.bind({ ...gang('old', 3, 'adhoc').leader(), createdMs: 0 }, 'n');
    expect(await lines('muster_gangs_waiting{')).toHaveLength(1);
    expect(await lines('muster_oldest_waiting_seconds{')).toEqual([]);
  });

  test('a replica that follows says nothing', async () => {
    const { world, gang, start, lines } = setUp();
    start(gang('huge', 20, 'adhoc'));
    expect(await lines('muster_gangs_waiting{')).toHaveLength(1);
    world.scheduler.followOthers(true, 0);
    for (const name of ['gangs', 'policy_gangs', 'oldest']) expect(await lines(`muster_${name}_waiting`)).toEqual([]);
  });
});

describe('names that tenants invent', () => {
  const ref = { namespace: 'jobs', name: 'x', uid: 'x' };
  const standing = {
    sinceMs: 0,
    limit: undefined,
    user: '',
    priority: 0,
    members: 1,
    isAwaited: true,
    traceParent: undefined,
  };

  test('make at most so many series, and lose no gang', async () => {
    const registry = new Registry();
    const groups = Array.from({ length: 4000 }, (_, i): WaitGroup => {
      const kind = WAIT_KINDS[i % WAIT_KINDS.length]!;
      return { queue: `q${i % 1000}`, policy: `p${i % 300}`, kind, canStart: i % 2 === 0, gangs: 2, oldestMs: i };
    });
    const onEffect = waitMetrics(registry, {
      nowMs: () => 10_000,
      scheduler: {
        waits: () => groups,
        standing: (gang) => ({ ...standing, queue: gang, policy: `p${gang.length}` }),
      },
    });
    const effects: Effect[] = groups.flatMap(({ queue: gang }, i) => [
      { kind: 'gang-admitted', gang: `${gang}-${i}`, leader: ref, slots: [] },
      { kind: 'gang-complete', gang: `${gang}-${i}`, leader: ref, sinceMs: 0 },
    ]);
    effects.forEach(onEffect);
    const text = (await registry.metrics()).split('\n');
    const series = (name: string) => text.filter((line) => line.startsWith(`${name}{`));
    const sum = (of: readonly string[]) => of.reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
    expect(series('muster_gangs_waiting').length).toBeLessThanOrEqual((MOST_WAITING_QUEUES + 1) * WAIT_KINDS.length);
    expect(series('muster_policy_gangs_waiting').length).toBeLessThanOrEqual((MOST_POLICIES + 1) * WAIT_KINDS.length);
    expect(series('muster_oldest_waiting_seconds').length).toBeLessThanOrEqual(2 * (MOST_WAITING_QUEUES + 1));
    for (const name of ['muster_gangs_waiting', 'muster_policy_gangs_waiting']) expect(sum(series(name))).toBe(8000);
    expect(series('muster_gang_wait_seconds_count')).toHaveLength(2 * (MOST_PAIRS + 1));
    expect(sum(series('muster_gang_wait_seconds_count'))).toBe(8000);
    // The oldest of the others, which have queues of their own no longer, is the oldest of them all.
    expect(series('muster_oldest_waiting_seconds')).toContainEqual(
      expect.stringMatching(/queue="\(others\)",can_start="yes"} \d/),
    );
    expect(text.length).toBeLessThan(7500);
  });
});

test('a scrape reads what waits once', async () => {
  const registry = new Registry();
  let reads = 0;
  const waits = () => {
    reads++;
    return [];
  };
  waitMetrics(registry, { scheduler: { waits, standing: () => undefined }, nowMs: () => 0 });
  await registry.metrics();
  expect(reads).toBe(1);
});
